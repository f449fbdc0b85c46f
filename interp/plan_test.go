//go:build linux

package interp_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/lang"
)

var planTests = []struct{ name, src, want string }{
	{"flat", `let n = 2; for i in 1..n < say a$i >`, "say a1\nsay a2\n"},
	{"groups", `in ns a < say 1; say 2 >; in ns b < say 3 >; say 4; in ns b < say 5 >`,
		"in ns a <\n    say 1\n    say 2\n>\nin ns b <\n    say 3\n>\nsay 4\nin ns b <\n    say 5\n>\n"},
	{"new", `in new < say 1; in ns b < say 2 >; say 3; in host < say 4 > >; say 5`,
		"in new <\n    say 1\n    in ns b <\n        say 2\n    >\n    say 3\n    in host <\n        say 4\n    >\n>\nsay 5\n"},
	{"def", `def v(a) < say $a; defer say end >; in ns x < v 1 >`, "in ns x <\n    say 1\n    say end\n>\n"},
	{"expect", `let x = 1; in ns h < expect within 2s (x == 1 and len(links()) > x) >`,
		"in ns h <\n    expect within 2s (1 == 1 and len(links()) > 1)\n>\n"},
	{"check", `let a = 10.0.0.1; expect not ping $a`, "expect not ping 10.0.0.1\n"},
	{"fails", `expect fails < say a; boom >`, "expect fails <\n    say a\n    boom\n>\n"},
	{"retry", `in ns a < retry within 2s < say b > >`, "in ns a <\n    retry within 2s every 100ms <\n        say b\n    >\n>\n"},
}

func TestPlan(t *testing.T) {
	for _, test := range planTests {
		t.Run(test.name, func(t *testing.T) {
			got := plan(t, test.src)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the plan is wrong (-want +got):\n%s", diff)
			}
			if again := plan(t, got); again != got {
				t.Errorf("the plan of the plan differs (-want +got):\n%s", cmp.Diff(got, again))
			}
		})
	}
}

// TestPlan_doesTheSame runs scripts and their plans, and compares what was done.
func TestPlan_doesTheSame(t *testing.T) {
	for _, test := range evalTests {
		if test.wantErr != "" || strings.HasPrefix(test.name, "retry") || strings.HasPrefix(test.name, "expect fails") {
			continue // what is tried again or fails is not told apart by a plan
		}
		t.Run(test.name, func(t *testing.T) {
			in, r := newTest(t)
			if err := in.RunString(t.Context(), "plan.nes", plan(t, test.src)); err != nil {
				t.Fatal(err)
			}
			// A plan's arguments are words: what type they had is the verb's affair.
			words := strings.NewReplacer(`"`, "", "[", "", "]", "", ",", "", `\`, "")
			got, want := words.Replace(strings.Join(r.log, "\n")), words.Replace(test.want)
			if got != want {
				t.Errorf("the plan does something else (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func plan(t *testing.T, src string) string {
	t.Helper()
	f, err := lang.Parse("t.nes", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	in, r := newTest(t)
	if err := in.Plan(t.Context(), f, &b); err != nil {
		t.Fatal(err)
	}
	if len(r.log) > 0 {
		t.Errorf("planning did %q", r.log)
	}
	return b.String()
}

// TestPlan_examples plans the examples, and plans the plans again.
func TestPlan_examples(t *testing.T) {
	files, err := filepath.Glob("../scripts/*.nes")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			if strings.Contains(string(src), "neighs()") {
				f, err := lang.Parse(file, src)
				if err != nil {
					t.Fatal(err)
				}
				in, _ := newTest(t)
				wantError(t, in.Plan(t.Context(), f, io.Discard), "the recorder has no kernel")
				return
			}
			got := plan(t, string(src))
			if again := plan(t, got); again != got {
				t.Errorf("the plan of the plan differs (-want +got):\n%s", cmp.Diff(got, again))
			}
		})
	}
}
