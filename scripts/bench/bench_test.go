//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/nsexec"
)

// TestMain has the test binary serve as the program's other parts, too, and
// runs the tests in a sandbox, so that they need no root.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && parts()[os.Args[1]] != nil {
		main()
		return
	}
	code, inside, err := nsexec.Sandbox()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if inside {
		code = m.Run()
	}
	os.Exit(code)
}

// tiny are workloads of every family that take no time.
var tiny = []string{
	"star-3", "grid-2", "fattree-2", "fattree-4", "addrs-10", "routes-10", "links-5", "mixed-10",
	"check-20", "down-star-3", "down-grid-2",
}

// TestTools has every tool that needs no more than iproute2 build each workload.
// A request fails where what was built is not what was planned; ip, as a second
// witness, must see no difference either.
func TestTools(t *testing.T) {
	cfg := config{NEScript: filepath.Join(t.TempDir(), "nescript")}
	if err := buildNEScript(cfg.NEScript); err != nil {
		t.Fatal(err)
	}
	for _, name := range tiny {
		t.Run(name, func(t *testing.T) { testTools(t, cfg, name) })
	}
}

func testTools(t *testing.T, cfg config, name string) {
	w, err := parseWorkload(name)
	if err != nil {
		t.Fatal(err)
	}
	ask, spaces := askIP, w.plan(w.n).spaces
	if len(spaces) > 10 {
		ask = "" // three processes for each would take long
	}
	seen := map[string]string{}
	for _, tl := range []tool{floorTool, nescriptTool, goNetlinkTool, batchTool, shellTool} {
		if tl.does[w.does] == nil {
			continue
		}
		res, err := runInside(request{config: cfg, Tool: tl.name, Workload: name, Ask: ask})
		if err != nil {
			t.Errorf("%s: %v", tl.name, err)
			continue
		}
		if res.Seconds <= 0 || res.RSS <= 0 {
			t.Errorf("%s: measured %+v", tl.name, res)
		}
		seen[tl.name] = res.Answer
	}
	if w.does == check || ask == "" {
		return
	}
	for _, space := range spaces {
		if !strings.Contains(seen["floor"], "== "+space+"\n") {
			t.Errorf("no %s in what the floor has built", space)
		}
	}
	for tool, text := range seen {
		if diff := cmp.Diff(seen["floor"], text); diff != "" {
			t.Errorf("what the floor and %s have built differs (-floor +%s):\n%s", tool, tool, diff)
		}
	}
}

// askIP writes what ip sees, without what a tool may choose, such as indexes,
// and without what comes in its own time, such as carriers.
const askIP = `set -e
for ns in $(ls /run/netns); do
	echo "== $ns"
	ip -n $ns -o link | sed 's/^[0-9]*: //; s/@[^:]*//; s/\\.*//; s/ qdisc [a-z]*//; s/ state [A-Z]*//; s/NO-CARRIER,//; s/,LOWER_UP//' | sort
	ip -n $ns -4 -o addr | sed 's/^[0-9]*: //; s/\\.*//' | sort
	ip -n $ns -4 route | sed 's/ *linkdown//; s/ *$//' | sort
done`

// TestEveryFamilyIsTested fails for a family that TestTools leaves out.
func TestEveryFamilyIsTested(t *testing.T) {
	for _, f := range families() {
		if !slices.ContainsFunc(tiny, func(name string) bool {
			w, err := parseWorkload(name)
			return err == nil && w.name == f.name
		}) {
			t.Errorf("no tiny workload of %s", f.name)
		}
	}
}

// Each round begins with another tool. Those that are measured once take their turn
// in the first.
func TestTurns(t *testing.T) {
	r, err := newRunner([]string{"--tools", "floor,nescript,ip-batch,mininet", "--once", "ip-batch", "routes-2"})
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for round := range 3 {
		var names []string
		for _, tool := range r.turns(r.workloads[0], round) {
			names = append(names, tool.name)
		}
		got = append(got, names)
	}
	want := [][]string{{"floor", "nescript", "ip-batch"}, {"nescript", "floor"}, {"floor", "nescript"}}
	if diff := cmp.Diff(want, got); diff != "" { // mininet builds no routes
		t.Error(diff)
	}
}

func TestReadTicks(t *testing.T) {
	then, err := readTicks()
	if err != nil {
		t.Fatal(err)
	}
	if then.all == 0 || then.work > then.all {
		t.Errorf("%d of %d", then.work, then.all)
	}
	if got := (ticks{30, 200}).busySince(ticks{20, 100}); got != 0.1 {
		t.Errorf("busy for %v of the time, want 0.1", got)
	}
}

// Tools that are measured once take their turn in the first round.
func TestCompare_once(t *testing.T) {
	r, err := newRunner([]string{"--rounds", "3", "--tools", "floor,ip-batch", "--once", "ip-batch", "star-2"})
	if err != nil {
		t.Fatal(err)
	}
	r.calm = func() error { return nil } // nothing is measured
	c, err := r.compare(r.workloads[0])
	if err != nil {
		t.Fatal(err)
	}
	if floor, batch := len(c.results["floor"]), len(c.results["ip-batch"]); floor != 3 || batch != 1 {
		t.Errorf("the floor took %d turns, ip-batch %d", floor, batch)
	}
}
