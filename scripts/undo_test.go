//go:build linux

package scripts_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// small are the params that every example is made to fail with: enough for each
// of its statements to run. Those of one script together must reach them all.
var small = map[string][]map[string]string{
	"ecmp.nes":     {{"paths": "2"}, {"paths": "3"}},
	"founding.nes": {nil},
	"grid.nes":     {{"side": "3"}},
	"macvlan.nes":  {{"hosts": "2"}},
	"overlay.nes":  {{"leaves": "2", "tenants": "1"}},
	"ring.nes":     {{"routers": "3"}},
	"router.nes":   {{"hosts": "2"}},
	"segments.nes": {{"vlans": "2", "hosts": "1"}},
	"star.nes":     {{"hosts": "3"}},
	"wan.nes":      {{"delay": "1ms"}},
}

// TestFaultPoints has every example fail after each of its statements, and at
// each point at which one of its actions can fail. Nothing may be left of it.
func TestFaultPoints(t *testing.T) {
	nstest.NoLeaks(t)
	var all tally
	for _, file := range slices.Sorted(maps.Keys(small)) {
		if elsewhere(file) {
			continue
		}
		t.Run(file, func(t *testing.T) {
			need(t, file)
			world := newWorld(t, "")
			reached := map[int32]bool{}
			var last *hunt
			for _, params := range small[file] {
				last = newHunt(t, world, file, params)
				last.afterStatements(t, reached)
				last.faultPoints(t)
				t.Log(params, last.tally)
				all.add(last.tally)
			}
			last.allReached(t, reached)
		})
	}
	report(t, "examples", all)
}

// TestFaultPoints_all fails for an example that TestFaultPoints leaves out.
func TestFaultPoints_all(t *testing.T) {
	files, err := filepath.Glob("*.nes")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := small[file]; !ok {
			t.Errorf("TestFaultPoints does not run %s", file)
		}
	}
}

// report says how many there were, also to those who do not ask with -v.
func report(t *testing.T, what string, n tally) {
	t.Helper()
	t.Log(n)
	fmt.Printf("%s: %s\n", what, n)
	if n.failed == 0 || n.restored != n.failed {
		t.Errorf("%d runs left something", n.failed-n.restored)
	}
}
