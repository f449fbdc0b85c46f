//go:build linux

package scripts_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestUndo_random runs random scripts on what older.sh makes, each of which
// fails: of itself, at a `fail` somewhere or at its end, or because an action is
// made to fail. Nothing of it may be left. -rapid.checks sets how many.
//
// The world is made anew only where something was left, so that each attempt to
// shorten a script starts from the same one.
func TestUndo_random(t *testing.T) {
	nstest.NoLeaks(t)
	drawn(t, nstest.Sample(2500, 200, 200)) // of which rapid does a fifth in short mode
	w := newWorld(t, manyOlder)
	var c chances
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		run := rapid.Custom(randomRun).Draw(rt, "run")
		diff := c.differs(t, func() string {
			f := &faults{at: run.fault}
			err := attempt(t, "random", run.src, nil, f)
			if err == nil {
				rt.Fatalf("the run passed:\n%s", run.src)
			}
			if errors.As(err, new(lang.Diagnostics)) {
				refused++ // by the checker, before anything was touched
				return ""
			}
			if diff := w.left(t); diff != "" {
				w.remake(t)
				return fmt.Sprintf("fault %q\nfailed (%v) and changed\n%s", f.name, err, head(diff, 60))
			}
			if isLeft(err) {
				return fmt.Sprintf("fault %q\nsays that something is left, but nothing is: %v", f.name, err)
			}
			return ""
		})
		if diff != "" {
			rt.Fatalf("%s\n%s", run.src, diff)
		}
	})
	c.check(t)
	t.Logf("%d scripts were refused before they ran", refused)
}

// aRun is a script, and the point at which an action is made to fail, or -1.
type aRun struct {
	src   string
	fault int
}

// randomRun draws a script of 1 to 12 statements that fails.
func randomRun(t *rapid.T) aRun {
	d := draws{t}
	blocks := make([]string, d.number(1, 12))
	for i := range blocks {
		blocks[i] = d.block()
	}
	fault := -1
	switch d.number(0, 2) {
	case 1: // so that the checker does not say that nothing runs after it
		blocks = slices.Insert(blocks, d.number(0, len(blocks)), "if (len(namespaces()) > 0) < fail 'somewhere' >")
	case 2:
		fault = d.number(0, 60)
	}
	return aRun{strings.Join(append(blocks, "fail 'at the end'"), "\n") + "\n", fault}
}
