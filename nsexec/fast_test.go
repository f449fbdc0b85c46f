//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// The tests here are of what makes the engine fast: see TestSame_stepByStep in
// scripts, too.

// newSpaces makes named namespaces by the engine, in one Run.
func newSpaces(t *testing.T, e *nsexec.Engine, n int) []nsexec.Ref {
	t.Helper()
	var refs []nsexec.Ref
	var steps []nsexec.Step
	for i := range n {
		name := fmt.Sprintf("fast%d", i)
		refs = append(refs, nsexec.Named(name))
		steps = append(steps, nsexec.Step{Action: nsexec.NewNS(name, true)})
		t.Cleanup(func() { _ = nsexec.DeleteNamedNS(name) })
	}
	if err := e.Run(t.Context(), steps...); err != nil {
		t.Fatal(err)
	}
	return refs
}

// byIP is an action that runs a program which changes links behind the engine.
func byIP(commands ...[]string) nsexec.Action {
	return thread(func(*nsexec.Conn) error {
		for _, args := range commands {
			if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
				return fmt.Errorf("ip %q: %w: %s", args, err, out)
			}
		}
		return nil
	})
}

func words(s ...string) []string { return s }

func wantIndex(t *testing.T, ns nsexec.Ref, link string, want float64) {
	t.Helper()
	if got := nstest.Link(t, ns, link)["ifindex"]; got != want {
		t.Errorf("%s in %s has index %v, want %v", link, ns, got, want)
	}
}

// TestRun_indexes: links get the indexes that the kernel would give them.
func TestRun_indexes(t *testing.T) {
	nstest.NoLeaks(t)
	e := newEngine(t)
	spaces := newSpaces(t, e, 2)
	a, b := spaces[0], spaces[1]
	near := nsexec.LinkConfig{Kind: "veth", Name: "v", Peer: &nsexec.LinkConfig{Name: "w", NS: b}}
	both := nsexec.LinkConfig{Kind: "veth", Name: "x", Peer: &nsexec.LinkConfig{Name: "y", NS: a}}
	err := e.Run(t.Context(),
		nsexec.Step{NS: a, Action: bridge("br0")},
		nsexec.Step{NS: a, Action: nsexec.NewLink(near)},
		nsexec.Step{NS: a, Action: nsexec.NewLink(both)},
		nsexec.Step{NS: a, Action: nsexec.SetUp(nsexec.ByName("y"))},
		nsexec.Step{NS: b, Action: nsexec.SetUp(nsexec.ByName("w"))})
	if err != nil {
		t.Fatal(err)
	}
	wantIndex(t, a, "br0", 2)
	wantIndex(t, a, "v", 3)
	wantIndex(t, b, "w", 2)
	wantIndex(t, a, "y", 4)
	wantIndex(t, a, "x", 5)
}

// TestRun_indexTaken: where others have made links, too, the kernel chooses.
func TestRun_indexTaken(t *testing.T) {
	e := newEngine(t)
	spaces := newSpaces(t, e, 2)
	a, b := spaces[0], spaces[1]
	pair := nsexec.LinkConfig{Kind: "veth", Name: "v", Up: true, Peer: &nsexec.LinkConfig{Name: "w", NS: b}}
	err := e.Run(t.Context(),
		nsexec.Step{NS: a, Action: byIP(words("link", "add", "other", "type", "bridge"), words("link", "add", "more", "type", "bridge"))},
		nsexec.Step{NS: b, Action: byIP(words("link", "add", "other", "type", "bridge"))},
		nsexec.Step{NS: a, Action: nsexec.NewLink(pair)},
		nsexec.Step{NS: b, Action: nsexec.SetUp(nsexec.ByName("w"))},
		nsexec.Step{NS: a, Action: bridge("br0")},
		nsexec.Step{NS: a, Action: nsexec.SetLink(nsexec.ByName("v"), "master", "master v br0", nsexec.LinkChange{Master: nsexec.ByName("br0")})})
	if err != nil {
		t.Fatal(err)
	}
	wantIndex(t, a, "v", 4)
	wantIndex(t, b, "w", 3)
	wantIndex(t, a, "br0", 5)
	if l := nstest.Link(t, a, "v"); l["master"] != "br0" {
		t.Errorf("v is %v", l)
	}
	err = e.Run(t.Context(), nsexec.Step{NS: a, Action: bridge("br0")})
	if !errors.Is(err, unix.EEXIST) {
		t.Errorf("a second br0: %v", err)
	}
}

// TestRun_namesChange: what is known of names does not outlive an action that
// may change them.
func TestRun_namesChange(t *testing.T) {
	e := newEngine(t)
	a := newSpaces(t, e, 1)[0]
	err := e.Run(t.Context(),
		nsexec.Step{NS: a, Action: bridge("br0")},
		nsexec.Step{NS: a, Action: bridge("br1")},
		nsexec.Step{NS: a, Action: nsexec.LASetName(nsexec.LPName("br0"), "br2")},
		nsexec.Step{NS: a, Action: nsexec.LASetName(nsexec.LPName("br1"), "br0")},
		nsexec.Step{NS: a, Action: nsexec.SetUp(nsexec.ByName("br0"))}, // index 3
		nsexec.Step{NS: a, Action: byIP(words("link", "del", "br2"), words("link", "add", "br2", "type", "bridge"))},
		nsexec.Step{NS: a, Action: nsexec.SetUp(nsexec.ByName("br2"))})
	if err != nil {
		t.Fatal(err)
	}
	wantIndex(t, a, "br0", 3)
	for _, name := range []string{"br0", "br2"} {
		if got := flags(nstest.Link(t, a, name)); !got["UP"] {
			t.Errorf("%s has flags %v", name, got)
		}
	}
}

func flags(link map[string]any) map[string]bool {
	out := map[string]bool{}
	list, _ := link["flags"].([]any)
	for _, f := range list {
		out[fmt.Sprint(f)] = true
	}
	return out
}

// TestRun_gone: a link that is known, and that somebody else deletes, is said to
// be missing, with those that are there.
func TestRun_gone(t *testing.T) {
	e := newEngine(t)
	a := newSpaces(t, e, 1)[0]
	cfg := nsexec.LinkConfig{Kind: "veth", Name: "v", Peer: &nsexec.LinkConfig{Name: "w", NS: a}}
	up := nsexec.Step{NS: a, Action: nsexec.SetUp(nsexec.ByName("w"))}
	// A link whose other end goes, goes too, without an action on it.
	err := e.Run(t.Context(), nsexec.Step{NS: a, Action: nsexec.NewLink(cfg)}, up,
		nsexec.Step{NS: a, Action: nsexec.DelLink(nsexec.ByName("v"), "")}, up)
	var none *nsexec.NoLinkError
	if !errors.As(err, &none) || len(none.Have) != 1 || none.Have[0] != "lo" {
		t.Errorf("got %v", err)
	}
}

// TestRun_fused: steps that are one message fail as if they were not.
func TestRun_fused(t *testing.T) {
	e := newEngine(t)
	br0 := nsexec.ByName("br0")
	hw := func(last byte) nsexec.Action {
		mac := []byte{2, 0, 0, 0, 0, last}
		if last == 0 {
			mac = []byte{1, 0, 0, 0, 0, 1} // a multicast address
		}
		return nsexec.SetLink(br0, "hw", "hw br0", nsexec.LinkChange{Attrs: []nsexec.Attr{{Type: unix.IFLA_ADDRESS, Data: mac}}})
	}
	master := nsexec.SetLink(br0, "master", "master br0 nobody", nsexec.LinkChange{Master: nsexec.ByName("nobody")})
	for _, c := range []struct {
		name  string
		then  []nsexec.Action
		fails int // the index of the step; -1 for none
		hw    string
		up    bool
	}{
		{"all", []nsexec.Action{hw(7), nsexec.SetUp(br0)}, -1, "02:00:00:00:00:07", true},
		{"the later one", []nsexec.Action{hw(7), hw(8), nsexec.SetUp(br0)}, -1, "02:00:00:00:00:08", true},
		{"up first", []nsexec.Action{nsexec.SetUp(br0), hw(9)}, -1, "02:00:00:00:00:09", true},
		{"a bad address", []nsexec.Action{hw(7), hw(0), nsexec.SetUp(br0)}, 2, "02:00:00:00:00:07", false},
		{"no master", []nsexec.Action{hw(7), nsexec.SetUp(br0), master, hw(8)}, 3, "02:00:00:00:00:07", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ns := nstest.NS(t)
			steps := []nsexec.Step{{NS: ns, Action: bridge("br0")}}
			for _, a := range c.then {
				steps = append(steps, nsexec.Step{NS: ns, Action: a})
			}
			err := e.Run(t.Context(), steps...)
			var failed *nsexec.StepError
			switch {
			case c.fails < 0 && err != nil:
				t.Fatal(err)
			case c.fails >= 0 && (!errors.As(err, &failed) || failed.Index != c.fails):
				t.Errorf("got %v", err)
			}
			link := nstest.Link(t, ns, "br0")
			if link["address"] != c.hw || flags(link)["UP"] != c.up {
				t.Errorf("br0 is %v", link)
			}
		})
	}
}

// TestRun_ahead: namespaces that were made ahead, and not used, are gone.
func TestRun_ahead(t *testing.T) {
	e := newEngine(t)
	newSpaces(t, e, 1) // fast0 is there
	nstest.NoLeaks(t)
	before, err := nsexec.Namespaces()
	if err != nil {
		t.Fatal(err)
	}
	var steps []nsexec.Step
	for i := range 40 {
		steps = append(steps, nsexec.Step{Action: nsexec.NewNS(fmt.Sprintf("fast%d", (i+37)%40), true)})
	}
	u := e.Begin(nil)
	ctx := u.Context(context.Background())
	err = e.Run(ctx, steps...)
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 3 || !errors.Is(err, unix.EEXIST) {
		t.Fatalf("got %v", err)
	}
	if n, err := u.Back(ctx, 0); n != 3 || err != nil {
		t.Errorf("%d were undone: %v", n, err)
	}
	if err := u.Commit(); err != nil {
		t.Error(err)
	}
	if after, err := nsexec.Namespaces(); err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("there are %v, %v; there were %v", after, err, before)
	}
}

// TestRun_waits: what waits is done before what needs it, and fails as the first.
func TestRun_waits(t *testing.T) {
	nstest.NoLeaks(t)
	e := newEngine(t)
	pair := func(i int) []nsexec.Step {
		a, b := nsexec.Named("fast0"), nsexec.Named(fmt.Sprintf("fast%d", i))
		peer := &nsexec.LinkConfig{Name: "w", NS: b}
		return []nsexec.Step{
			{Action: nsexec.NewNS(b.Name, true)},
			{NS: a, Action: nsexec.NewLink(nsexec.LinkConfig{Kind: "veth", Name: fmt.Sprintf("v%d", i), Up: true, Peer: peer})},
			{NS: b, Action: nsexec.SetUp(nsexec.ByName("w"))},
			{NS: b, Action: nsexec.AddAddr(nsexec.AddrConfig{Link: nsexec.ByName("w"), Prefix: netip.MustParsePrefix("10.0.0.1/24")})},
		}
	}
	first := []nsexec.Step{{Action: nsexec.NewNS("fast0", true)}}
	bad := func(ns string) nsexec.Step { // the address is there already
		return nsexec.Step{NS: nsexec.Named(ns), Action: nsexec.AddAddr(nsexec.AddrConfig{Link: nsexec.ByName("w"), Prefix: netip.MustParsePrefix("10.0.0.1/24")})}
	}
	gone := nsexec.Step{NS: nsexec.Named("fast0"), Action: nsexec.SetUp(nsexec.ByName("nobody"))}
	looks := nsexec.Step{NS: nsexec.Named("fast0"), Action: nsexec.ActionFunc("look", "", false, func(_ context.Context, c *nsexec.Conn) error {
		l, err := c.Link(nsexec.ByName("v1"))
		if err == nil && l.Attrs().RawFlags&unix.IFF_LOWER_UP == 0 {
			err = errors.New("v1 has no carrier")
		}
		return err
	})}
	for _, test := range []struct {
		name  string
		steps []nsexec.Step
		fails int // the index of the step; -1 for none
	}{
		{"all", slices.Concat(first, pair(1), pair(2)), -1},
		{"a look", slices.Concat(first, pair(1), pair(2), []nsexec.Step{looks}), -1},
		{"one that waits", slices.Concat(first, pair(1), []nsexec.Step{bad("fast1")}, pair(2)), 5},
		{"the last one", slices.Concat(first, pair(1), []nsexec.Step{bad("fast1")}), 5},
		{"one that waits, before another", slices.Concat(first, pair(1), []nsexec.Step{bad("fast1"), gone}, pair(2)), 5},
		{"another", slices.Concat(first, pair(1), []nsexec.Step{gone}, pair(2)), 5},
	} {
		for _, inOrder := range []bool{false, true} {
			u := e.Begin(nil)
			ctx := u.Context(t.Context())
			if inOrder {
				ctx = nsexec.InOrder(ctx)
			}
			err := e.Run(ctx, test.steps...)
			var failed *nsexec.StepError
			if test.fails < 0 && err != nil || test.fails >= 0 && (!errors.As(err, &failed) || failed.Index != test.fails) {
				t.Errorf("%s: got %v", test.name, err)
			}
			if err == nil {
				if l := nstest.IP(t, "-n", "fast2", "addr", "show", "dev", "w"); len(l) != 1 || !flags(l[0])["LOWER_UP"] || !strings.Contains(fmt.Sprint(l), "10.0.0.1") {
					t.Errorf("%s: w is %v", test.name, l)
				}
			}
			if _, err := u.Back(ctx, 0); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if err := u.Commit(); err != nil {
				t.Error(err)
			}
		}
	}
}

// eachWay is a test with an engine that tells Go's scheduler of its calls, and
// with one that does not.
func eachWay(t *testing.T, f func(*testing.T, *nsexec.Engine)) {
	t.Run("told", func(t *testing.T) { f(t, newEngine(t)) })
	t.Run("held", func(t *testing.T) { f(t, newEngine(t, nsexec.HoldProcessor())) })
}

// TestRun_manyRefused: where the kernel refuses nearly all of many messages that
// went together, none of its answers is lost, and what was not refused is gone.
func TestRun_manyRefused(t *testing.T) { eachWay(t, manyRefused) }

func manyRefused(t *testing.T, e *nsexec.Engine) {
	a := newSpaces(t, e, 1)[0]
	address := func(prefix string) nsexec.Step {
		return nsexec.Step{NS: a, Action: nsexec.AddAddr(nsexec.AddrConfig{Link: nsexec.ByName("br0"), Prefix: netip.MustParsePrefix(prefix)})}
	}
	steps := []nsexec.Step{{NS: a, Action: bridge("br0")}}
	for range 1000 {
		steps = append(steps, address("10.0.0.1/24"))
	}
	steps[200] = address("10.0.0.2/24")
	steps[254] = address("10.0.0.3/24")
	err := e.Run(t.Context(), steps...)
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 2 || !errors.Is(err, unix.EEXIST) {
		t.Fatalf("the address again: %v", err)
	}
	if err := e.Run(t.Context(), address("10.0.0.2/24"), address("10.0.0.4/24"), address("10.0.0.5/24")); err != nil {
		t.Fatal(err)
	}
	has := fmt.Sprint(nstest.IP(t, "-n", a.Name, "addr", "show", "dev", "br0"))
	for addr, want := range map[string]bool{"10.0.0.1": true, "10.0.0.2": true, "10.0.0.3": false, "10.0.0.4": true, "10.0.0.5": true} {
		if strings.Contains(has, addr) != want {
			t.Errorf("%s is there: %t, in %s", addr, !want, has)
		}
	}
}

// TestRun_linksTogether: plain links go to the kernel together. Where one is
// refused, those behind it are not there, and the next gets the index that it would
// have had.
func TestRun_linksTogether(t *testing.T) { eachWay(t, linksTogether) }

func linksTogether(t *testing.T, e *nsexec.Engine) {
	a := newSpaces(t, e, 1)[0]
	steps := func(names ...string) (out []nsexec.Step) {
		for _, name := range names {
			addr := nsexec.AddrConfig{Link: nsexec.ByName(name), Prefix: netip.MustParsePrefix("10.0.0.1/24")}
			out = append(out, nsexec.Step{NS: a, Action: bridge(name)}, nsexec.Step{NS: a, Action: nsexec.AddAddr(addr)})
		}
		return out
	}
	err := e.Run(t.Context(), steps("br0", "br1", "br0", "br2", "br3")...)
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 4 || !errors.Is(err, unix.EEXIST) {
		t.Fatalf("a second br0: %v", err)
	}
	if err := e.Run(t.Context(), steps("br4", "br2")...); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"br0": 2, "br1": 3, "br4": 4, "br2": 5} {
		wantIndex(t, a, name, want)
		if has := nstest.IP(t, "-n", a.Name, "addr", "show", "dev", name); !strings.Contains(fmt.Sprint(has), "10.0.0.1") {
			t.Errorf("%s has no address", name)
		}
	}
	others := nsexec.Step{NS: a, Action: byIP(words("link", "add", "other", "type", "bridge"), words("link", "del", "br1"))}
	if err := e.Run(t.Context(), append(append(steps("br5"), others), steps("br6", "br7")...)...); err != nil {
		t.Fatal(err)
	}
	wantIndex(t, a, "other", 7)
	wantIndex(t, a, "br7", 9)
}
