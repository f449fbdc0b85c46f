//go:build linux

package interp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// recorder is a Runner that does nothing: it writes each step down as
// `NS: action`, and fails at actions called boom.
type recorder struct {
	mu   sync.Mutex
	log  []string
	runs int // how often Run was called
	news int
}

var errBoom = errors.New("boom")

func (r *recorder) Run(ctx context.Context, steps ...nsexec.Step) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs++
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return &nsexec.StepError{Index: i, Step: s, Err: err}
		}
		if s.Action.Name() == "boom" {
			return &nsexec.StepError{Index: i, Step: s, Err: errBoom}
		}
		text := s.Action.String()
		if s.NS != nsexec.Host() {
			text = s.NS.String() + ": " + text
		}
		r.log = append(r.log, text)
	}
	return nil
}

func (r *recorder) Look(context.Context, nsexec.Ref, func(*nsexec.Conn) error) error {
	return errors.New("the recorder has no kernel")
}

func (r *recorder) NewAnonymous(context.Context) (nsexec.Ref, error) {
	r.news++
	r.log = append(r.log, fmt.Sprintf("made %d", r.news))
	return nsexec.Ref{Kind: nsexec.RefAnonymous, TID: r.news}, nil
}

func (r *recorder) Drop(ref nsexec.Ref) error {
	r.log = append(r.log, fmt.Sprintf("dropped %d", ref.TID))
	return nil
}

// anything is an argument of any type.
type anything struct{}

func (anything) String() string                   { return "any" }
func (anything) Parse(v value.Value) (any, error) { return v, nil }
func (anything) Source(v any) string              { return value.Source(v.(value.Value)) }

// testVerbs are `say X…`, whose action is its arguments with their types, `show
// X`, which takes a list as one, and `boom`, which fails.
func testVerbs() []*builtins.Spec {
	step := func(name, text string) []nsexec.Step {
		f := func(context.Context, *nsexec.Conn) error { return nil }
		return []nsexec.Step{{Action: nsexec.ActionFunc(name, text, false, f)}}
	}
	say := &builtins.Spec{
		Name: "say", Group: builtins.Programs, Doc: "say it", Example: "say x",
		Params: []builtins.Param{{Name: "X", Type: anything{}, Many: true, Optional: true}},
		Compile: func(c *builtins.Call) ([]nsexec.Step, error) {
			var words []string
			for _, v := range c.Param("X") {
				words = append(words, value.Source(v.(value.Value)))
			}
			steps := step("say", strings.Join(words, " "))
			steps[0].NS = c.Env.NS
			return steps, nil
		},
	}
	boom := &builtins.Spec{
		Name: "boom", Group: builtins.Programs, Doc: "fail", Example: "boom",
		Compile: func(c *builtins.Call) ([]nsexec.Step, error) {
			steps := step("boom", "boom")
			steps[0].NS = c.Env.NS
			return steps, nil
		},
	}
	show := &builtins.Spec{
		Name: "show", Group: builtins.Programs, Doc: "say one value", Example: "show x",
		Params: []builtins.Param{{Name: "X", Type: anything{}}},
		Compile: func(c *builtins.Call) ([]nsexec.Step, error) {
			steps := step("show", value.Source(builtins.One[value.Value](c, "X")))
			steps[0].NS = c.Env.NS
			return steps, nil
		},
	}
	return []*builtins.Spec{say, show, boom}
}

// newTest is an Interp with the test verbs on a recorder.
func newTest(t testing.TB, opts ...interp.Option) (*interp.Interp, *recorder) {
	t.Helper()
	r := &recorder{}
	in, err := interp.New(append([]interp.Option{interp.Engine(r), interp.Verbs(testVerbs()...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in, r
}

// evalTests are scripts with what their `say`s say, or with what the error has.
var evalTests = []struct {
	name, src, want, wantErr string
}{
	{"words", `say a "b c" 'd$x' 1`, `"a" "b c" "d\$x" "1"`, ""},
	{"types", `let x = 1; let y = "1"; say $x $y (x) ${x} a$x`, `1 "1" 1 1 "a1"`, ""},
	{"spread", `let l = [1, "b"]; say $l x; show (l); say [3, 4]`, "1 \"b\" \"x\"\n[1, \"b\"]\n3 4", ""},
	{"braces", `say h{1..3} {3..1} {01..03} {a..c} {a,b}{1,2} x{a,{b,c}}y`,
		`"h1" "h2" "h3" "3" "2" "1" "01" "02" "03" "a" "b" "c" "a1" "a2" "b1" "b2" "xay" "xby" "xcy"`, ""},
	{"braces with variables", `let n = 2; say e{1..$n}-$n {a,$n}`, `"e1-2" "e2-2" "a" "2"`, ""},
	{"int", `say (1 + 2 * 3) (7 / 2) (-7 % 3) (-(3)) (2 - 5)`, `7 3 -1 -3 -3`, ""},
	{"float", `say (1.5 + 1) (7 / 2.0)`, `2.5 3.5`, ""},
	{"overflow", `say (9223372036854775807 + 1)`, "", "does not fit"},
	{"overflow at run time", "let x = 9223372036854775807\nfor i in 1..1 < say (x * (i + 1)) >", "", "does not fit"},
	{"division by zero", "for i in 0..0 < say (1 / i) >", "", "division by zero"},
	{"logic", `say (true and not false) (false or 1 == 1) (1 in [1, 2]) ("a" in {a: 1})`, `true true true true`, ""},
	{"short circuit", "for i in 0..0 < say (i != 0 and 1 / i == 1) (i == 0 or 1 / i == 1) >", `false true`, ""},
	{"comparing", `say (1 < 2) (10.0.0.2 > 10.0.0.1) ("a" <= "b") (1s >= 1000ms)`, `true true true true`, ""},
	{"text and address", `say ("10.0.0.1" == 10.0.0.1) ("2001:db8:0::1" == 2001:db8::1) ("x" == 10.0.0.1)`, `true true false`, ""},
	{"addresses", `let n = 10.0.0.0/24; say (n[5]) (n[5].ip) (10.0.0.1 + 5) (10.0.0.9 in n) (02:00:00:00:00:ff + 1)`,
		`10.0.0.5/24 10.0.0.5 10.0.0.6 true 02:00:00:00:01:00`, ""},
	{"prefix out of range", `for i in 256..256 < say (10.0.0.0/24[i]) >`, "", "has no address 256"},
	{"units", `say (250ms * 4) (10mbit / 2) (64kb + 64kb) (1s / 250ms)`, `1s 5mbit 128kb 4.0`, ""},
	{"lists", `let l = [1, 2] + [3]; say (l[2]) (len(l)); show (l)`, "3 3\n[1, 2, 3]", ""},
	{"index", `for i in 3..3 < say ([1][i]) >`, "", "index 3 is outside the list"},
	{"record", `let r = {name: "x", n: 1}; say (r.name) (r["n"]); show (keys(r))`, "\"x\" 1\n[\"name\", \"n\"]", ""},
	{"no field", `for r in [{name: 1}] < say (r.nam) >`, "", `no field "nam"`},
	{"if", `let x = 2; if (x == 1) < say a > else if (x == 2) < say b > else < say c >`, `"b"`, ""},
	{"if wants a bool", `for i in 1..1 < if (i) < say a > >`, "", "if needs true or false, this is an int"},
	{"for", `for i in 1..3 < say $i >`, "1\n2\n3", ""},
	{"for with index", `for i, x in ["a", "b"] < say $i $x >`, "0 \"a\"\n1 \"b\"", ""},
	{"for over a record", `for k, v in {a: 1, b: 2} < say $k $v >`, "\"a\" 1\n\"b\" 2", ""},
	{"empty range", `for i in 1..0 < say $i >; say end`, `"end"`, ""},
	{"scopes", `let x = 1; if true < let x = 2; say $x >; say $x`, "2\n1", ""},
	{"assign", `let x = 1; for i in 1..3 < x = x + i >; say $x`, `7`, ""},
	{"in", `in ns a b < say x >; in host < say y >; in pid 7 < say z >`, "ns a: \"x\"\nns b: \"x\"\n\"y\"\npid 7: \"z\"", ""},
	{"in nested", `in ns a < say 1; in ns b path /x < say 2 >; say 3 >`, "ns a: \"1\"\nns b: \"2\"\npath /x: \"2\"\nns a: \"3\"", ""},
	{"in new", `in new < say x >; say y`, "made 1\nnew: \"x\"\ndropped 1\n\"y\"", ""},
	{"in a list", `let l = ["a", "b"]; in ns $l < say x >`, "ns a: \"x\"\nns b: \"x\"", ""},
	{"def", `v 1 x mtu 9000; def v(a, b, mtu = 1500, q = 2) < say $a $b $mtu $q >`, `1 "x" 9000 2`, ""},
	{"def types", `def v(p, t) < say (p[1].ip) $t >; v 10.0.0.0/24 007`, `10.0.0.1 "007"`, ""},
	{"def in a namespace", `def v(a) < say $a >; in ns h < v 1 >`, `ns h: 1`, ""},
	{"def as a function", `def twice(n) < return n * 2 >; say (twice(4) + 1)`, `9`, ""},
	{"return ends", `def f(n) < for i in 1..9 < if (i == n) < return i > >; return 0 >; say (f(3)) (f(20))`, `3 0`, ""},
	{"def sees globals", `let g = 1; def v() < say $g; g = 2 >; v; say $g`, "1\n2", ""},
	{"recursion", `def f(n) < if (n == 0) < return 0 >; return n + f(n - 1) >; say (f(10))`, `55`, ""},
	{"too deep", `def f(n) < if (n < 0) < return >; f (n + 1) >; f 0`, "", "more than 200 deep"},
	{"defer", `say a; defer say z; defer say y; say b`, "\"a\"\n\"b\"\n\"y\"\n\"z\"", ""},
	{"defer after a failure", `defer say z; say a; boom; say b`, "\"a\"\n\"z\"", "boom"},
	{"defer in a loop", `for i in 1..2 < defer say z$i; say a$i >`, "\"a1\"\n\"z1\"\n\"a2\"\n\"z2\"", ""},
	{"expect", `let x = 1; expect (x == 1); expect not (x == 2)`, "", ""},
	{"expect fails", `expect fails < say a; boom; say b >; say c`, "\"a\"\n\"c\"", ""},
	{"expect fails but works", `expect fails < say a >`, `"a"`, "expected to fail"},
	{"expect false", `let x = 1; expect (x == 2)`, "", "expected x == 2"},
	{"retry", `let n = 0; retry within 1s every 1ms < n = n + 1; if (n < 3) < boom >; say $n >`, `3`, ""},
	{"retry gives up", `retry within 5ms every 1ms < boom >`, "", "boom"},
	{"failure keeps what came before", `say a; boom; say b`, `"a"`, "boom"},
	{"evaluation fails after what came before", `say a; for i in 0..0 < say (1 / i) >`, `"a"`, "division by zero"},
	{"try", `say a; if true < try < say b > catch e < say c > >`, `"a"`, "can't undo any"},
	{"try at the top", `say a; try < say b > catch e < say c >`, `"a"`, "can't undo any"},
	{"atomic", `if true < atomic < say b > >`, "", "can't undo any"},
	{"undo", `if true < undo < say b > >`, "", "can't undo any"},
	{"string interpolation", "let x = [1]; say \"a $x ${1 + 1}\" `raw $x`", "\"a [1] 2\" \"raw \\$x\"", ""},
	{"functions", `say (format("%02x-%s", 10, "a")) (join([1, 2], "-")) (len(split("a b"))) (upper("x")) (min(3, 1, 2)) (max([3, 4]))`,
		`"0a-a" "1-2" 2 "X" 1 4`, ""},
	{"json", `let r = json('{"b": [1, 2.5, null], "a": "x"}'); say (r.a); show (r.b); show (keys(r))`, "\"x\"\n[1, 2.5, null]\n[\"b\", \"a\"]", ""},
	{"subnet host mac", `say (subnet(10.0.0.0/16, 8, 3)) (host(10.0.0.0/24, 7)) (mac(258))`, `10.0.3.0/24 10.0.0.7 02:00:00:00:01:02`, ""},
	{"range function", `show (range(0, 6, 2)); show (range(3, 1, -1)); show (range(1, 0))`, "[0, 2, 4, 6]\n[3, 2, 1]\n[]", ""},
	{"sort", `show (sort([3, 1, 2])); show (sort(["b", "a"]))`, "[1, 2, 3]\n[\"a\", \"b\"]", ""},
}

func TestEval(t *testing.T) {
	for _, test := range evalTests {
		t.Run(test.name, func(t *testing.T) {
			in, r := newTest(t)
			err := in.RunString(t.Context(), "t.nes", test.src)
			if got := strings.Join(r.log, "\n"); got != test.want {
				t.Errorf("the log is wrong (-want +got):\n%s", cmp.Diff(test.want, got))
			}
			wantError(t, err, test.wantErr)
		})
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && err == nil:
		t.Errorf("no error, want one with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want one with %q", err, want)
	}
}
