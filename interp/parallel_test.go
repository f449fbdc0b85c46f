//go:build linux

package interp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec/nstest"
)

// workers is how many items go on at once.
var workers = max(2, runtime.NumCPU())

// parallelTests are scripts with what their `say`s say, sorted, or with what
// the error has.
var parallelTests = []struct {
	name, src, want, wantErr string
}{
	{"statements", `parallel < say a; say b; say c >; say d`, `"a" "b" "c" "d"`, ""},
	{"iterations", `parallel for i in 1..5 < say $i >`, "1 2 3 4 5", ""},
	{"key and value", `parallel for k, v in {a: 1, b: 2} < say $k$v >`, `"a1" "b2"`, ""},
	{"keys", `parallel for k in {a: 1, b: 2} < say $k >`, `"a" "b"`, ""},
	{"list", `parallel for i, x in ["a", "b"] < say $i$x >`, `"0a" "1b"`, ""},
	{"none", `parallel for i in 1..0 < say $i >; parallel < >`, "", ""},
	{"not a list", `for x in [1] < parallel for i in x < say $i > >`, "", "for goes over a list"},
	{"outer variables", `let x = 5; parallel for i in 1..3 < let y = x + i; y = y + 1; say $y >`, "7 8 9", ""},
	{"loop variable", `parallel for i in 1..2 < i = i + 1; say $i >`, "2 3", ""},
	{"def", `def twice(n) < let m = n; m = m * 2; return m >; parallel for i in 1..3 < say (twice(i)) >`, "2 4 6", ""},
	{"namespace", `in ns a < parallel < say x; in ns b < say y > > >`, `ns a: "x" ns b: "y"`, ""},
	{"nested", `parallel for i in 1..3 < parallel for j in 1..3 < parallel < say $i$j > > >`,
		`"11" "12" "13" "21" "22" "23" "31" "32" "33"`, ""},
	{"in a def", `def f() < parallel for i in 1..2 < say $i >; return 3 >; say (f())`, "1 2 3", ""},
	{"defer of an iteration", `parallel for i in 1..2 < defer say z$i; say a$i >`, `"a1" "a2" "z1" "z2"`, ""},
	{"deferred", `defer parallel < say y; say z >; say a`, `"a" "y" "z"`, ""},
	{"what came before is done", `say a; parallel < boom >`, `"a"`, "t.nes:1:19: boom"},
	{"evaluation fails", `parallel for i in 0..0 < say (1 / i) >`, "", "division by zero"},
	{"a def changes a global", `let n = 1; def f() < n = 2 >; parallel < f >`, "", `"n" is declared outside of this parallel block`},
	{"a def within changes it", `let n = 1; def f() < n = 2 >; def g() < if true < f > >; parallel for i in 1..3 < g >`, "",
		`t.nes:1:22: "n" is declared outside of this parallel block`},
	{"a def may later", `let n = 1; def f() < n = 2 >; parallel < say $n >; f; say $n`, "1 2", ""},
	{"changed within", `let n = 1; parallel < n = 2 >`, "", `"n" is declared outside of this parallel block`},
	{"changed deep within", `let n = 1; parallel for i in 1..3 < if (i == 1) < for j in 1..2 < n = n + j > > >`, "", `"n" is declared outside`},
	{"changed by the inner of two", `parallel for i in 1..3 < let n = 1; parallel < n = 2 > >`, "", `"n" is declared outside`},
	{"changed by what is deferred", `let n = 1; parallel for i in 1..3 < defer n = 2 >`, "", `"n" is declared outside`},
	{"changed in a def", `def f(n) < parallel < n = 2 > >`, "", `"n" is declared outside`},
	{"not declared", `parallel < n = 2 >`, "", `"n" is not declared`},
	{"let", `parallel < let n = 1; say a >`, "", "seen by no other statement"},
	{"let further in", `parallel < if true < let n = 1; n = 2; say $n > >`, "2", ""},
	{"defer", `parallel < defer say a; say b >`, "", "defer can't stand in a parallel block"},
	{"return", `def f() < parallel < return > >; f`, "", "return can't leave a parallel block"},
	{"return of an iteration", `def f() < for i in 1..2 < parallel for j in 1..2 < if (j == 1) < return j > > > >; f`, "", "return can't leave a parallel block"},
	{"return after it", `def f() < parallel < say a >; return 2 >; say (f())`, `"a" 2`, ""},
	{"twice", `parallel < bridge x; bridge x >`, "", "the same statement"},
}

func TestParallel(t *testing.T) {
	for _, test := range parallelTests {
		t.Run(test.name, func(t *testing.T) {
			nstest.NoLeaks(t)
			in, r := newTest(t)
			err := in.RunString(t.Context(), "t.nes", test.src)
			slices.Sort(r.log)
			got := strings.Fields(strings.Join(r.log, " "))
			want := strings.Fields(test.want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("it said %q, want %q", got, want)
			}
			wantError(t, err, test.wantErr)
		})
	}
}

// TestParallel_plan: a plan of it is flat, in order, and under the same rules.
func TestParallel_plan(t *testing.T) {
	got := plan(t, `parallel for i in 1..2 < say $i >; parallel < say a; say b >`)
	if want := "say 1\nsay 2\nsay a\nsay b\n"; got != want {
		t.Errorf("the plan is %q, want %q", got, want)
	}
	f, err := lang.Parse("t.nes", []byte(`let n = 1; def f(x) < n = x >; parallel < f 3 >`))
	if err != nil {
		t.Fatal(err)
	}
	in, _ := newTest(t)
	wantError(t, in.Plan(t.Context(), f, io.Discard), `"n" is declared outside`)
}

// TestParallel_place: an error of an item says where it is and how it was come
// to.
func TestParallel_place(t *testing.T) {
	in, _ := newTest(t)
	err := in.RunString(t.Context(), "t.nes", `
def f(n) <
    if (n == 2) < boom >
>
in ns a <
    parallel for i in 1..3 < f $i >
>`)
	var e *interp.Error
	if !errors.As(err, &e) || !errors.Is(err, errBoom) {
		t.Fatalf("error %v, want boom", err)
	}
	var way []string
	for _, f := range e.Frames {
		way = append(way, fmt.Sprintf("%s %d:%d", f.Name, f.Pos.Line, f.Pos.Col))
	}
	if want := []string{"f(2) 6:30", "loop i = 2 6:14"}; !slices.Equal(way, want) {
		t.Errorf("the way is %q, want %q", way, want)
	}
	if e.Start.Line != 3 || e.Start.Col != 19 || e.NS.String() != "ns a" {
		t.Errorf("it is at %d:%d in %s", e.Start.Line, e.Start.Col, e.NS)
	}
}

// gate holds calls up, by what they say.
type gate struct {
	mu      sync.Mutex
	started []string
	call    func(ctx context.Context, what string) error
}

func (g *gate) on(next interp.CallFunc) interp.CallFunc {
	return func(ctx context.Context, call *builtins.Call) error {
		what := strings.TrimPrefix(call.String(), "say ")
		g.mu.Lock()
		g.started = append(g.started, what)
		g.mu.Unlock()
		if err := g.call(ctx, what); err != nil {
			return err
		}
		return next(ctx, call)
	}
}

// TestParallel_firstFailure: what is under way when an item fails ends before
// its next step, and nothing else starts.
func TestParallel_firstFailure(t *testing.T) {
	nstest.NoLeaks(t)
	going := make(chan struct{}, 1000)
	g := &gate{call: func(ctx context.Context, what string) error {
		if what == "1" {
			<-going // so that there is somebody to stop
			return errBoom
		}
		going <- struct{}{}
		<-ctx.Done()
		return nil
	}}
	in, _ := newTest(t, interp.OnCall(g.on))
	err := in.RunString(t.Context(), "t.nes", `parallel for i in 1..1000 < say $i; say later$i >; say after`)
	if !errors.Is(err, errBoom) || errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want boom alone", err)
	}
	if got := interp.Diagnose(err); len(got) != 1 {
		t.Errorf("%d diagnostics, want 1: %v", len(got), err)
	}
	if n := len(g.started); n < 2 || n > workers {
		t.Errorf("%d items started, want 2 to %d", n, workers)
	}
	for _, what := range g.started {
		if strings.HasPrefix(what, "later") || what == "after" {
			t.Errorf("%s ran after the failure", what)
		}
	}
}

// TestParallel_deferred: what a stopped item has deferred runs, and where it
// fails too that is told beside the failure.
func TestParallel_deferred(t *testing.T) {
	going, failed := make(chan struct{}), make(chan struct{})
	errCleanup := errors.New("the cleanup went wrong")
	g := &gate{call: func(ctx context.Context, what string) error {
		switch what {
		case "wait":
			close(going)
			<-ctx.Done()
			return ctx.Err()
		case "fail":
			<-going
			return errBoom
		case "cleanup":
			defer close(failed)
			if ctx.Err() != nil {
				t.Errorf("the deferred statement runs with %v", ctx.Err())
			}
			return errCleanup
		}
		return nil
	}}
	in, r := newTest(t, interp.OnCall(g.on))
	err := in.RunString(t.Context(), "t.nes", `
def waits() < defer say last; defer say cleanup; say wait >
parallel < waits; say fail >`)
	<-failed
	if !errors.Is(err, errBoom) || !errors.Is(err, errCleanup) || errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want boom and the cleanup's", err)
	}
	if want := []string{`"last"`}; !slices.Equal(r.log, want) {
		t.Errorf("it said %q, want %q", r.log, want)
	}
}

// TestParallel_deferredGoesOn: a failure elsewhere does not stop what is
// deferred and already at work.
func TestParallel_deferredGoesOn(t *testing.T) {
	going := make(chan struct{})
	var item context.Context // ends once the failure is known
	g := &gate{call: func(ctx context.Context, what string) error {
		switch what {
		case "first":
			item = ctx
		case "cleanup":
			close(going)
			<-item.Done()
			return ctx.Err()
		case "fail":
			<-going
			return errBoom
		}
		return nil
	}}
	in, r := newTest(t, interp.OnCall(g.on))
	err := in.RunString(t.Context(), "t.nes", `
def cleans() < defer say more; defer say cleanup; say first >
parallel < cleans; say fail >`)
	if !errors.Is(err, errBoom) || errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want boom alone", err)
	}
	if want := []string{`"first"`, `"cleanup"`, `"more"`}; !slices.Equal(r.log, want) {
		t.Errorf("it said %q, want %q", r.log, want)
	}
}

// TestParallel_cancel: the end of the run's context is the error, as it is
// outside of a parallel statement.
func TestParallel_cancel(t *testing.T) {
	nstest.NoLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	g := &gate{call: func(ctx context.Context, what string) error {
		cancel()
		<-ctx.Done()
		return nil
	}}
	in, _ := newTest(t, interp.OnCall(g.on))
	err := in.RunString(ctx, "t.nes", `parallel for i in 1..1000 < say $i; say later >`)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if n := len(g.started); n > workers || slices.Contains(g.started, "later") {
		t.Errorf("%q went on", g.started)
	}
}

// TestParallel_cancelBetween: an end of the context that no item has come upon
// is not success as long as there are items that were not started.
func TestParallel_cancelBetween(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, _ := newTest(t, interp.OnCall(func(interp.CallFunc) interp.CallFunc {
		return func(context.Context, *builtins.Call) error {
			cancel()
			return nil
		}
	}))
	err := in.RunString(ctx, "t.nes", `parallel for i in 1..1000 < say $i >`)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// TestParallel_panic: a panic reaches whoever called Run, once nothing runs any
// more.
func TestParallel_panic(t *testing.T) {
	nstest.NoLeaks(t)
	g := &gate{call: func(ctx context.Context, what string) error {
		if what == "2" {
			panic("two")
		}
		return nil
	}}
	in, _ := newTest(t, interp.OnCall(g.on))
	defer func() {
		got, ok := recover().(*interp.ItemPanic)
		if !ok || got.Value != "two" || !bytes.Contains(got.Stack, []byte("parallel_test.go")) {
			t.Errorf("recovered %+v, want two, from here", got)
		}
	}()
	err := in.RunString(t.Context(), "t.nes", `parallel for i in 1..3 < say $i >`)
	t.Errorf("it returned %v", err)
}

// TestParallel_goexit: a function that ends its goroutine, as t.FailNow does,
// ends that of Run.
func TestParallel_goexit(t *testing.T) {
	g := &gate{call: func(context.Context, string) error { runtime.Goexit(); return nil }}
	in, _ := newTest(t, interp.OnCall(g.on))
	returned := true
	var run sync.WaitGroup
	run.Go(func() {
		returned = false
		_ = in.RunString(t.Context(), "t.nes", `parallel < say a; say b >`)
		returned = true
	})
	run.Wait()
	if returned {
		t.Error("it returned")
	}
}

// TestParallel_bound: however deep they nest, no more items are at work than
// there are workers.
func TestParallel_bound(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	g := &gate{call: func(context.Context, string) error {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}}
	in, r := newTest(t, interp.OnCall(g.on))
	err := in.RunString(t.Context(), "t.nes", `
def tree(n) < if (n > 0) < parallel for i in 1..4 < say $n; tree (n - 1) > > >
tree 4`)
	if err != nil {
		t.Fatal(err)
	}
	if want := 4 + 16 + 64 + 256; len(r.log) != want {
		t.Errorf("%d calls, want %d", len(r.log), want)
	}
	if most > workers {
		t.Errorf("%d calls at once, want %d at most", most, workers)
	}
}

// TestParallel_progress: reports come one at a time and go up to all there is.
// The race detector sees whether they are one at a time.
func TestParallel_progress(t *testing.T) {
	last := 0
	in, _ := newTest(t, interp.Progress(func(done int) {
		if done < last {
			t.Errorf("%d after %d", done, last)
		}
		last = done
	}))
	if err := in.RunString(t.Context(), "t.nes", `say a; parallel for i in 1..500 < say $i; say b >; say c`); err != nil {
		t.Fatal(err)
	}
	if last != 1002 {
		t.Errorf("%d statements done, want 1002", last)
	}
}

// TestParallel_context: a middleware that loses the context is told so.
func TestParallel_context(t *testing.T) {
	in, _ := newTest(t, interp.OnCall(func(next interp.CallFunc) interp.CallFunc {
		return func(_ context.Context, call *builtins.Call) error { return next(context.Background(), call) }
	}))
	err := in.RunString(t.Context(), "t.nes", `parallel < say a >`)
	wantError(t, err, "the context of this call is not one of its run")
}

// TestParallel_trace: calls are written down as whole lines, beside what they
// print.
func TestParallel_trace(t *testing.T) {
	var out bytes.Buffer
	mustKernel(t, `parallel for i in 1..40 < ns a$i; in ns a$i < bridge b >; print printed $i >`, interp.Stdio(nil, &out, &out), interp.Trace(&out))
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	var want []string
	for i := 1; i <= 40; i++ {
		want = append(want, fmt.Sprintf("ns a%d", i), fmt.Sprintf("in ns a%d < bridge b >", i), fmt.Sprintf("print printed %d", i), fmt.Sprintf("printed %d", i))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestParallel_many: what is made at once is all there.
func TestParallel_many(t *testing.T) {
	nstest.NoLeaks(t)
	mustKernel(t, `
ns r
in ns r < bridge br0 up >
parallel for i in 1..200 <
    ns h$i
    veth h$i:eth0 r:p$i master br0 up
    addr h$i:eth0 (10.0.0.0/16[i])
    expect (addrs("h$i:eth0")[0].local == 10.0.0.0/16[i].ip)
>
expect (len(namespaces()) == 201)`)
	if got := len(nstest.IP(t, "-n", "r", "link", "show", "master", "br0")); got != 200 {
		t.Errorf("br0 has %d ports, want 200", got)
	}
	addr := nstest.IP(t, "-n", "h177", "addr", "show", "eth0")[0]["addr_info"].([]any)[0].(map[string]any)
	if addr["local"] != "10.0.0.177" {
		t.Errorf("h177 has %v, want 10.0.0.177", addr["local"])
	}
}

// TestParallel_atOnce: programs that wait for each other both get on, also
// where the parallel statement is within another.
func TestParallel_atOnce(t *testing.T) {
	for name, src := range map[string]string{
		"statements": "parallel < sh `echo over > $1` $pipe; sh `cat $1` $pipe >",
		"iterations": "parallel for s in [`echo over > $1`, `cat $1`] < sh $s $pipe >",
		"nested":     "parallel < parallel < sh `echo over > $1` $pipe; sh `cat $1` $pipe > >",
	} {
		t.Run(name, func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := mustKernel(t, src, interp.Vars(map[string]any{"pipe": pipe})); got != "over\n" {
				t.Errorf("got %q, want over", got)
			}
		})
	}
}

// TestParallel_undone: a failure of one undoes all, also what others made.
func TestParallel_undone(t *testing.T) {
	nstest.NoLeaks(t)
	_, err := kernel(t, `parallel for i in 1..50 < ns h$i; in ns h$i < bridge d up; if (i == 40) < up nosuch > > >`)
	wantError(t, err, `no link "nosuch"`)
	if names, _ := filepath.Glob("/run/netns/*"); len(names) > 0 {
		t.Errorf("%q are left", names)
	}
}

// TestParallel_try: an item that is undone by itself leaves the others alone,
// and what it undoes writes whole lines too.
func TestParallel_try(t *testing.T) {
	out := mustKernel(t, `
parallel for i in 1..40 <
    try <
        ns h$i
        undo < print undone $i >
        if (i % 2 == 0) < fail no >
    > catch e < print caught $i >
>
expect (len(namespaces()) == 20)
expect (exists("ns", "h39"))`)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	slices.Sort(lines)
	var want []string
	for i := 2; i <= 40; i += 2 {
		want = append(want, fmt.Sprintf("undone %d", i), fmt.Sprintf("caught %d", i))
	}
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// TestParallel_kill: a run that is interrupted ends its programs and leaves
// nothing.
func TestParallel_kill(t *testing.T) {
	nstest.NoLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	in, err := interp.New(interp.Stdio(nil, writerFunc(func(p []byte) (int, error) {
		if out.Write(p); strings.Count(out.String(), "up\n") == 2 {
			cancel()
		}
		return len(p), nil
	}), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	err = in.RunString(ctx, "t.nes", "parallel for i in 1..100 < ns h$i; in ns h$i < sh `echo up; exec sleep 1000` > >")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if names, _ := filepath.Glob("/run/netns/*"); len(names) > 0 {
		t.Errorf("%q are left", names)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestParallel_lines: no line has text of two items, on whichever stream, and
// however many writes it takes.
func TestParallel_lines(t *testing.T) {
	script := "n=0; while [ $n -lt 30 ]; do printf %s $1-; printf %s $1- >&2; n=$((n+1)); done; echo; echo >&2"
	out := mustKernel(t, "parallel for i in 1..50 < let long = \"$i-\"; sh $script $i; print ${join(range(1, 9), long)} >",
		interp.Vars(map[string]any{"script": script}))
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 150 {
		t.Errorf("%d lines, want 150", len(lines))
	}
	count := map[string]int{}
	for _, line := range lines {
		count[line]++
	}
	for i := 1; i <= 50; i++ {
		item := fmt.Sprintf("%d-", i)
		if n := count[strings.Repeat(item, 30)]; n != 2 {
			t.Errorf("the line of %d is there %d times, want 2", i, n)
		}
	}
}

// TestParallel_unfinished: a last line without an end stays so, unless another
// item goes on.
func TestParallel_unfinished(t *testing.T) {
	for src, want := range map[string][]string{
		`parallel < sh "printf a" >; print x`:                             {"ax\n"},
		`parallel < sh "printf a"; sh "printf a" >`:                       {"a\na"},
		`parallel < sh "printf a"; sh "printf b >&2" >`:                   {"a\nb", "b\na"},
		`parallel < sh "printf a"; print b >`:                             {"a\nb\n", "b\na"},
		`parallel for i in 1..1 < sh "printf a"; sh "printf b" >`:         {"ab"},
		`parallel for i in 1..1 < sh "printf a"; parallel < print b > >`:  {"a\nb\n"},
		`parallel for i in 1..1 < sh "printf a"; parallel < >; print b >`: {"ab\n"},
	} {
		if got := mustKernel(t, src); !slices.Contains(want, got) {
			t.Errorf("%s wrote %q, want one of %q", src, got, want)
		}
	}
}

// TestParallel_stdin: several could not share it.
func TestParallel_stdin(t *testing.T) {
	var out bytes.Buffer
	in := interp.Stdio(strings.NewReader("secret"), &out, &out)
	mustKernel(t, `parallel < exec cat; exec cat >; print before; exec cat`, in)
	if got, want := out.String(), "before\nsecret"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
