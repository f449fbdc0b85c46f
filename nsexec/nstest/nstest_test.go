//go:build linux

package nstest_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestNS(t *testing.T) {
	var was nsexec.Ref
	t.Run("lasts as long as the test", func(t *testing.T) {
		nstest.NoLeaks(t)
		was = nstest.NS(t)
		if other := nstest.NS(t); other == was {
			t.Errorf("both are %s", was)
		}
		if lo := nstest.Link(t, was, "lo"); lo["ifindex"] != 1.0 || lo["operstate"] != "UNKNOWN" {
			t.Errorf("lo is %v", lo)
		}
	})
	if err := nsexec.DeleteNamedNS(was.Name); err == nil {
		t.Errorf("%s is still there", was)
	}
}

func TestHasKind(t *testing.T) {
	for range 2 { // the second time it knows
		if !nstest.HasKind(t, "veth") || nstest.HasKind(t, "nosuchkind") {
			t.Error("this kernel has no veth, or a kind called nosuchkind")
		}
	}
}

// failing notes what a helper does to a test.
type failing struct {
	testing.TB
	failed, skipped bool
}

func (f *failing) Helper()               {}
func (f *failing) Fatalf(string, ...any) { f.failed = true }
func (f *failing) Skipf(string, ...any)  { f.skipped = true }

func TestNeedKind(t *testing.T) {
	for env, want := range map[string]bool{"": false, "veth": false, "veth,nosuchkind": true, "all": true} {
		t.Setenv(nstest.RequireEnv, env)
		f := &failing{TB: t}
		nstest.NeedKind(f, "nosuchkind")
		if f.failed != want || want == false && !f.skipped {
			t.Errorf("%q: failed %v, skipped %v", env, f.failed, f.skipped)
		}
	}
}
