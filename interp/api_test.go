//go:build linux

package interp_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
)

func run(t *testing.T, in *interp.Interp, src string) error {
	t.Helper()
	return in.RunString(t.Context(), "t.nes", src)
}

func wantLog(t *testing.T, r *recorder, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.log); diff != "" {
		t.Errorf("the log is wrong (-want +got):\n%s", diff)
	}
}

func TestVars(t *testing.T) {
	in, r := newTest(t, interp.Vars(map[string]any{
		"n": 7, "s": "x", "b": true, "ip": netip.MustParseAddr("10.0.0.1"), "p": netip.MustParsePrefix("10.0.0.0/8"),
		"d": 250 * time.Millisecond, "l": []string{"a", "b"}, "m": map[string]int{"z": 1, "y": 2},
		"r": struct {
			Name string `json:"name"`
			Skip int    `json:"-"`
			Gone []int  `json:"gone,omitempty"`
		}{Name: "q"},
	}))
	err := run(t, in, `say (n + 1) $s (b) (ip + 1) (p[1]) (d * 4) $l (m) (r); let n = 1; say $n`)
	if err != nil {
		t.Fatal(err)
	}
	wantLog(t, r, `8 "x" true 10.0.0.2 10.0.0.1/8 1s "a" "b" {y: 2, z: 1} {name: "q"}`, `1`)
	if _, err := interp.New(interp.Vars(map[string]any{"c": make(chan int)})); err == nil {
		t.Error("a channel became a variable")
	}
}

func TestParams(t *testing.T) {
	const src = `param n = 3 "how many"; param s = "x"; param p = 10.0.0.0/8; param l = ["a"]; param d = 1s
say (n + 1) $s (p.len) $l (d)`
	for _, test := range []struct {
		params  map[string]string
		want    string
		wantErr string
	}{
		{nil, `4 "x" 8 "a" 1s`, ""},
		{map[string]string{"n": "5", "s": "7", "p": "192.168.0.0/16", "l": "b,c", "d": "2m"}, `6 "7" 16 "b" "c" 2m`, ""},
		{map[string]string{"n": "x"}, "", "n=x"},
		{map[string]string{"p": "1.2.3.4"}, "", "p=1.2.3.4"},
		{map[string]string{"nn": "1"}, "", `the script has no param "nn"`},
	} {
		in, r := newTest(t, interp.Params(test.params))
		err := run(t, in, src)
		wantError(t, err, test.wantErr)
		if got := strings.Join(r.log, "\n"); got != test.want {
			t.Errorf("%v: got %s, want %s", test.params, got, test.want)
		}
		var diags lang.Diagnostics
		if test.wantErr != "" && !errors.As(err, &diags) {
			t.Errorf("%v: the error is a %T, not of the check", test.params, err)
		}
	}
	in, _ := newTest(t)
	wantError(t, run(t, in, `param x "which"; say $x`), `param "x" has no default`)
	in, r := newTest(t, interp.Params(map[string]string{"x": "10.0.0.1"}))
	if err := run(t, in, `param x; say (x + 1)`); err != nil {
		t.Fatal(err)
	}
	wantLog(t, r, `10.0.0.2`)
}

func TestInclude(t *testing.T) {
	files := fstest.MapFS{
		"lab/lib.nes":       {Data: []byte("include \"more/deep.nes\"\nlet lib = 1\ndef v(a) < say v $a $deep >\nsay lib")},
		"lab/more/deep.nes": {Data: []byte("let deep = 2\nsay deep")},
		"lab/self.nes":      {Data: []byte(`include "self.nes"`)},
		"lab/a.nes":         {Data: []byte(`include "b.nes"`)},
		"lab/b.nes":         {Data: []byte(`include "a.nes"`)},
		"lab/bad.nes":       {Data: []byte("\nfrob x")},
		"lab/fails.nes":     {Data: []byte("\nboom")},
	}
	for _, test := range []struct{ src, want, wantErr string }{
		{`include "lib.nes"; include "lib.nes"; v $lib`, "\"deep\"\n\"lib\"\n\"v\" 1 2", ""},
		{`include "none.nes"`, "", "lab/main.nes:1:9: can't read"},
		{`include "self.nes"`, "", `lab/self.nes:1:9: "self.nes" includes itself`},
		{`include "a.nes"`, "", `lab/b.nes:1:9: "a.nes" includes itself`},
		{`include "main.nes"`, "", `includes itself`},
		{`include "bad.nes"`, "", `lab/bad.nes:2:1: unknown verb "frob"`},
		{`include "fails.nes"`, "", `lab/fails.nes:2:1: boom`},
		{`let x = "lib"; include "$x.nes"`, "", "fixed name"},
		{`include "../../etc/passwd"`, "", "can't read"},
	} {
		files["lab/main.nes"] = &fstest.MapFile{Data: []byte(test.src)}
		in, r := newTest(t, interp.FS(files))
		err := in.RunString(t.Context(), "lab/main.nes", test.src)
		wantError(t, err, test.wantErr)
		if got := strings.Join(r.log, "\n"); got != test.want {
			t.Errorf("%s: got %s, want %s", test.src, got, test.want)
		}
	}
}

func TestFilesOfFS(t *testing.T) {
	files := fstest.MapFS{"lab/x.txt": {Data: []byte("hello")}, "lab/y.txt": {}}
	in, r := newTest(t, interp.FS(files))
	err := in.RunString(t.Context(), "lab/main.nes", `say (file("x.txt")) ${glob("*.txt")} (len(glob("/*")))`)
	if err != nil {
		t.Fatal(err)
	}
	wantLog(t, r, `"hello" "x.txt" "y.txt" 0`)
}

func TestReuse(t *testing.T) {
	in, r := newTest(t)
	for _, src := range []string{`let x = 1`, `def v() < say $x >`, `let x = 2`, `v`, `x = 3; v`} {
		if err := run(t, in, src); err != nil {
			t.Fatalf("%s: %v", src, err)
		}
	}
	wantError(t, run(t, in, `let y = 5; boom`), "boom")
	wantError(t, run(t, in, `say $nope`), "not declared")
	if err := run(t, in, `say $x $y`); err != nil {
		t.Fatal(err)
	}
	wantLog(t, r, `2`, `3`, `3 5`)
	vars, defs := in.Names()
	if diff := cmp.Diff([]string{"args", "x", "y"}, vars); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"v"}, defs); diff != "" {
		t.Error(diff)
	}
}

// TestReuse_values has values that an earlier run left, which are not what a
// later one finds.
func TestReuse_values(t *testing.T) {
	in, r := newTest(t)
	for _, src := range []string{
		`let z = 0`, `z = 1; say (1 / z)`, `z = 0`,
		`def change() < z = 2 >`, `change; say (4 / z)`,
	} {
		if err := run(t, in, src); err != nil {
			t.Fatalf("%s: %v", src, err)
		}
	}
	wantLog(t, r, `1`, `2`)
	if err := in.CheckString("t.nes", `say ${args[0]}`); err != nil {
		t.Errorf("a check without arguments: %v", err)
	}
}

func TestArgs(t *testing.T) {
	in, r := newTest(t, interp.Args("a", "b c"))
	if err := run(t, in, `say $args (len(args))`); err != nil {
		t.Fatal(err)
	}
	wantLog(t, r, `"a" "b c" 2`)
}

func TestOnCall(t *testing.T) {
	var seen []string
	errVeto := errors.New("not today")
	mw := func(next interp.CallFunc) interp.CallFunc {
		return func(ctx context.Context, call *builtins.Call) error {
			if call.Spec.Name == "boom" {
				return errVeto
			}
			err := next(ctx, call)
			seen = append(seen, call.String())
			return err
		}
	}
	in, r := newTest(t, interp.OnCall(mw))
	err := run(t, in, `say a; say b; boom`)
	if !errors.Is(err, errVeto) {
		t.Errorf("the error is %v", err)
	}
	wantError(t, err, "t.nes:1:15: not today")
	wantLog(t, r, `"a"`, `"b"`)
	if r.runs != 2 {
		t.Errorf("the calls were run in %d goes, want one by one", r.runs)
	}
	if diff := cmp.Diff([]string{"say a", "say b"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestTrace(t *testing.T) {
	var b bytes.Buffer
	in, _ := newTest(t, interp.Trace(&b))
	if err := run(t, in, `let n = 2; in ns x < say a$n >; say ($n)`); err == nil {
		t.Error("$n in an expression passed")
	}
	if err := run(t, in, `let n = 2; in ns x < say a$n >; say (n)`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("in ns x < say a2 >\nsay 2\n", b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestChain(t *testing.T) {
	in, r := newTest(t)
	if err := run(t, in, `for i in 1..1000 < say $i >`); err != nil {
		t.Fatal(err)
	}
	if len(r.log) != 1000 || r.runs > 5 {
		t.Errorf("%d steps in %d goes", len(r.log), r.runs)
	}
}

func TestProgress(t *testing.T) {
	var seen []int
	in, r := newTest(t, interp.Progress(func(done int) { seen = append(seen, done) }))
	if err := run(t, in, `for i in 1..40000 < say $i >; boom`); err == nil {
		t.Fatal("no error")
	}
	if n := len(seen); n < 2 || !slices.IsSorted(seen) || seen[n-1] != 40000 || len(r.log) != 40000 {
		t.Errorf("it was told %v, of %d", seen, len(r.log))
	}
}

func TestErrorPlaces(t *testing.T) {
	in, _ := newTest(t)
	err := run(t, in, "def v(a) <\n  say $a\n  if (a == 2) < boom >\n>\nfor i in 1..3 <\n  v $i\n>\n")
	var e *interp.Error
	if !errors.As(err, &e) || !errors.Is(err, errBoom) {
		t.Fatalf("the error is %v", err)
	}
	if e.Start.Line != 3 || e.Start.Col != 17 || e.Done != 2 {
		t.Errorf("it is at %v, after %d", e.Start, e.Done)
	}
	var way []string
	for _, f := range e.Frames {
		way = append(way, f.String())
	}
	want := []string{"in v(2), t.nes:6:3", "in loop i = 2, t.nes:5:1"}
	if diff := cmp.Diff(want, way); diff != "" {
		t.Error(diff)
	}
	var b strings.Builder
	for _, d := range interp.Diagnose(err) {
		d.Render(&b, false)
	}
	for _, part := range []string{"error: boom", "--> t.nes:3:17", "2 statements before this one took effect and stay", "in v(2)"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is missing in\n%s", part, b.String())
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(next interp.CallFunc) interp.CallFunc {
		return func(ctx context.Context, call *builtins.Call) error {
			err := next(ctx, call)
			if call.String() == "say 3" {
				cancel()
			}
			return err
		}
	}
	in, r := newTest(t, interp.OnCall(stop))
	err := in.RunString(ctx, "t.nes", `defer say end; for i in 1..1000000000 < say $i >`)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	wantLog(t, r, `1`, `2`, `3`, `"end"`)
}

func TestCancelWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	in, _ := newTest(t)
	start := time.Now()
	err := in.RunString(ctx, "t.nes", `retry within 1h every 10m < boom >`)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("the error is %v after %v", err, time.Since(start))
	}
}

func TestNoFileWithABadStatementRuns(t *testing.T) {
	f, err := lang.Parse("t.nes", []byte("say a\nsay (1 +\n"))
	if err == nil {
		t.Fatal("it parsed")
	}
	in, r := newTest(t)
	if err := in.Run(t.Context(), f); err == nil || len(r.log) > 0 {
		t.Errorf("it ran %v, with %v", r.log, err)
	}
}
