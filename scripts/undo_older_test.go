//go:build linux

package scripts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec/nstest"
)

var (
	longScript = filepath.Join("testdata", "undo", "long.nes")
	vmScript   = filepath.Join("testdata", "undo", "vm.nes")
)

// TestFaultPoints_older has long.nes fail in every way, in a system full of what
// NEScript has not made and must put back. Such a run takes seconds of the
// kernel's own time, so it does every one only where it is to be thorough.
func TestFaultPoints_older(t *testing.T) {
	nstest.NoLeaks(t)
	h := newHunt(t, newWorld(t, manyOlder), longScript, nil)
	h.step = nstest.Sample(1, 43, 97)
	reached := map[int32]bool{}
	h.afterStatements(t, reached)
	h.allReached(t, reached)
	h.faultPoints(t)
	report(t, longScript, h.tally)
}

// TestFaultPoints_vm has vm.nes fail in the same ways, on a kernel that has what
// it is about. There a run takes a second or more.
func TestFaultPoints_vm(t *testing.T) {
	for _, kind := range []string{"dummy", "vlan", "bond", "vrf", "ipvlan", "gre", "sit", "ipip", "wireguard"} {
		nstest.NeedKind(t, kind)
	}
	nstest.NeedBridgeVLANs(t)
	for _, what := range []string{"qdisc netem", "qdisc prio", "filter flower", "filter basic", "action pedit", "action ct", "action gact"} {
		nstest.NeedTraffic(t, what)
	}
	nstest.NeedLayer3(t, "mpls")
	nstest.NoLeaks(t)
	h := newHunt(t, newWorld(t, vmOlder), vmScript, nil)
	h.step = nstest.Sample(1, 61, 97)
	reached := map[int32]bool{}
	h.afterStatements(t, reached)
	h.faultPoints(t)
	report(t, vmScript, h.tally)
}

// TestWorld: a run that changes nothing shows as none, one that changes
// something as one, and the world can be made anew.
func TestWorld(t *testing.T) {
	w := newWorld(t, manyOlder)
	if err := attempt(t, "nothing", "let all = links(\"old1\")", nil, &faults{at: -1}); err != nil {
		t.Fatal(err)
	}
	if diff := w.left(t); diff != "" {
		t.Errorf("nothing was done, and that changed\n%s", diff)
	}
	if err := attempt(t, "something", "mtu hx 1400", nil, &faults{at: -1}); err != nil {
		t.Fatal(err)
	}
	if diff := w.left(t); !strings.Contains(diff, "mtu = 1400") {
		t.Errorf("the MTU of hx has changed, and the dump has\n%s", diff)
	}
	w.remake(t)
	if diff := w.left(t); diff != "" {
		t.Errorf("made anew, it is\n%s", diff)
	}
}

// TestLong_complete: long.nes has every verb with every modifier that it takes,
// but what some kernels lack and what is for journals only.
func TestLong_complete(t *testing.T) {
	src, err := os.ReadFile(longScript)
	if err != nil {
		t.Fatal(err)
	}
	file, err := lang.Parse(longScript, src)
	if err != nil {
		t.Fatal(err)
	}
	has := verbsOf(file)
	for _, spec := range builtins.Table() {
		if spec.Group == builtins.Undoing || spec.Group == builtins.Links && !slices.Contains(commonKinds, spec.Name) || slices.Contains(rare, spec.Name) {
			continue
		}
		if !spec.ModOnly && !has[spec.Name] {
			t.Errorf("long.nes has no %s", spec.Name)
		}
		for modifier := range strings.SplitSeq(spec.Modifiers.String(), ", ") {
			if modifier != "" && !has[modifier+" "+spec.Name] {
				t.Errorf("long.nes has no %s %s", modifier, spec.Name)
			}
		}
	}
}

// commonKinds are the kinds of links that long.nes can have on any kernel. It
// runs from top to bottom, so it can't have what some kernels lack.
var commonKinds = []string{"bridge", "ifb", "macvlan", "macvtap", "tap", "tun", "vxlan"}

// rare are other verbs of what some kernels lack.
// Those of IPv6 address labels have an undo test of their own: in this script,
// which undoes them hundreds of times, Linux 6.18 came to list them without end.
// Of what is generic netlink's the root of a sandbox may not change half, and
// kernels lack the rest.
var rare = []string{"addrlabel", "peer", "xfrm state", "bvlan", "bvlan global", "netkit", "slave", "vxcan",
	"sr tunsrc", "ioam namespace", "ioam schema", "fou port", "l2tp tunnel", "mptcp endpoint", "mptcp limits", "tcp_metrics", "macsec tx", "macsec rx"}

// verbsOf are the verbs of a script, each with its modifier; a check's starts
// with expect.
func verbsOf(file *lang.File) map[string]bool {
	has, checks := map[string]bool{}, map[*lang.Command]bool{}
	for n := range lang.Preorder(file) {
		switch n := n.(type) {
		case *lang.Expect:
			if n.Check != nil {
				checks[n.Check] = true
				has["expect "+n.Check.Verb.Raw] = true
			}
		case *lang.Command:
			switch {
			case n.Modifier != nil:
				has[n.Modifier.Raw+" "+verbOf(n)] = true
			case !checks[n]:
				has[verbOf(n)] = true
			}
		}
	}
	return has
}

// verbOf is a command's verb, which may be of two words.
func verbOf(c *lang.Command) string {
	if len(c.Args) > 0 {
		if w, ok := c.Args[0].(*lang.Word); ok && builtins.Lookup(c.Verb.Raw+" "+w.Raw) != nil {
			return c.Verb.Raw + " " + w.Raw
		}
	}
	return c.Verb.Raw
}
