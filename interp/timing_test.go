//go:build linux

package interp_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nescript/nescript/interp"
)

// counts are the verbs of a Timing, by name.
func counts(timing interp.Timing) map[string][2]int {
	out := map[string][2]int{}
	for _, v := range timing.Verbs {
		out[v.Name] = [2]int{v.Calls, v.Steps}
	}
	return out
}

func TestTimed_verbs(t *testing.T) {
	var timing interp.Timing
	start := time.Now()
	mustKernel(t, `
		ns a b
		for i in 1..3 < in ns a < bridge br$i up; addr br$i 10.0.$i.1/24 > >
		del addr a:br1 10.0.1.1/24
		expect (exists("link", "a:br2"))`, interp.Timed(&timing))
	took := time.Since(start)

	got := counts(timing)
	for name, calls := range map[string]int{"ns": 1, "bridge": 3, "addr": 3, "del addr": 1} {
		if got[name][0] != calls || got[name][1] < calls {
			t.Errorf("%s: %d calls, %d steps; want %d calls", name, got[name][0], got[name][1], calls)
		}
	}
	if got["ns"][1] != 2 {
		t.Errorf("ns a b came to %d steps, want 2", got["ns"][1])
	}
	var verbs time.Duration
	for _, v := range timing.Verbs {
		if v.Time <= 0 {
			t.Errorf("%s took no time", v.Name)
		}
		verbs += v.Time
	}
	if verbs > timing.Execute {
		t.Errorf("the verbs took %s, all that was executed %s", verbs, timing.Execute)
	}
	if !slices.IsSortedFunc(timing.Verbs, func(a, b interp.VerbTiming) int { return int(b.Time - a.Time) }) {
		t.Errorf("not the longest first: %+v", timing.Verbs)
	}
	for name, d := range map[string]time.Duration{
		"parse": timing.Parse, "check": timing.Check, "evaluate": timing.Evaluate, "execute": timing.Execute, "commit": timing.Commit,
	} {
		if d <= 0 {
			t.Errorf("%s took %s", name, d)
		}
	}
	if timing.Undo != 0 {
		t.Errorf("nothing was undone, but that took %s", timing.Undo)
	}
	if total := timing.Total(); total > took {
		t.Errorf("the phases add up to %s, of %s", total, took)
	}
}

// TestTimed_parallel counts each phase once, however many are at it.
func TestTimed_parallel(t *testing.T) {
	var timing interp.Timing
	start := time.Now()
	mustKernel(t, `
		ns h{1..4}
		parallel for i in 1..4 < in ns h$i < bridge br0; for k in 1..20 < addr br0 (host(10.0.0.0/24, k)) > > >`,
		interp.Timed(&timing))
	took := time.Since(start)
	if got := counts(timing); got["addr"] != [2]int{80, 80} || got["bridge"][0] != 4 {
		t.Errorf("counted %v", got)
	}
	if total := timing.Total(); total > took {
		t.Errorf("the phases add up to %s, of %s", total, took)
	}
}

func TestTimed_undone(t *testing.T) {
	var timing interp.Timing
	_, err := kernel(t, `ns a; in ns a < bridge br0 >; up a:br1`, interp.Timed(&timing))
	if err == nil {
		t.Fatal("it did not fail")
	}
	if timing.Undo <= 0 {
		t.Errorf("undoing took %s", timing.Undo)
	}
	if got := counts(timing); got["up"] != [2]int{1, 1} || got["bridge"][0] != 1 {
		t.Errorf("counted %v, what failed is to count too", got)
	}
}

// TestTimed_inner has what an inner block undoes counted as that.
func TestTimed_inner(t *testing.T) {
	var timing interp.Timing
	mustKernel(t, `ns a; try < in ns a < bridge br0 >; up a:br1 > catch e < print $e.line >`, interp.Timed(&timing))
	if timing.Undo <= 0 || timing.Evaluate <= 0 || timing.Execute <= 0 {
		t.Errorf("took %+v", timing)
	}
}

func TestTimed_addsUp(t *testing.T) {
	var timing interp.Timing
	in, err := interp.New(interp.Engine(nothing{}), interp.Timed(&timing))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for range 2 {
		before := timing
		if err := in.RunString(t.Context(), "t.nes", `for i in 1..1000 < up lo >`); err != nil {
			t.Fatal(err)
		}
		if timing.Check <= before.Check || timing.Evaluate <= before.Evaluate || timing.Execute <= before.Execute {
			t.Errorf("after %+v: %+v", before, timing)
		}
	}
	if len(timing.Verbs) != 0 {
		t.Errorf("this engine tells of no steps, but there are %+v", timing.Verbs)
	}
}

// TestTimed_wrong has a script that is wrong take the time of its check alone.
func TestTimed_wrong(t *testing.T) {
	var timing interp.Timing
	_, err := kernel(t, `nonsense`, interp.Timed(&timing))
	if err == nil || errors.Is(err, interp.ErrNoUndo) {
		t.Fatal(err)
	}
	if timing.Check <= 0 || timing.Evaluate != 0 || timing.Execute != 0 {
		t.Errorf("took %+v", timing)
	}
}
