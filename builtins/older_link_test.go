//go:build linux

package builtins_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestReplace_older: a link that an earlier run has made is out of the way of one
// with the same identifier, port or ends, and back as it was if the run fails.
func TestReplace_older(t *testing.T) {
	for _, m := range makers {
		if m.needs == "" || m.verb == "link" || builtins.Lookup(m.verb).Group == builtins.Joining || !nstest.HasKind(t, m.verb) {
			continue
		}
		t.Run(m.verb, func(t *testing.T) {
			ns, err := runOn(t, pair, fmt.Sprintf("%s k0 %s\n", m.verb, m.needs))
			if err != nil {
				t.Fatal(err)
			}
			defer drop(t, ns)
			replace := outOfTheWay
			if strings.Contains(m.values, "apart") {
				replace = inTheWay
			}
			ensureAndDelete(t, ns, m.verb, m.needs, replace(t, ns, m.verb, m.needs))
		})
	}
}

// outOfTheWay has k0, which an earlier run has made, be replaced by its like, once
// by a run that fails, and returns its index.
func outOfTheWay(t *testing.T, ns nsexec.Ref, verb, needs string) (index string) {
	t.Helper()
	before := linkShown(t, ns, "k0")
	_, err := run(t, fmt.Sprintf("in %s < del link k0; %s k9 %s; fail 'now' >", ns, verb, needs))
	if err == nil || !strings.Contains(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
		t.Fatalf("it failed with %v", err)
	}
	after := linkShown(t, ns, "k0")
	delete(before, "permaddr") // of an IPv6 tunnel the kernel makes one up
	delete(after, "permaddr")
	if !maps.Equal(before, after) || rawLink(t, ns, "k9") != nil {
		t.Errorf("it was\n%v\nand is\n%v", before, after)
	}
	if _, err := run(t, fmt.Sprintf("in %s < replace %s k0 %s alias new >", ns, verb, needs)); err != nil {
		t.Fatal(err)
	}
	made := linkShown(t, ns, "k0")
	if alias := made["ifalias"]; alias != "new" {
		t.Errorf("its alias is %q", alias)
	}
	see(t, "replace "+verb)
	return made["ifindex"]
}

// inTheWay has the replacing of k0 be refused, and leave it as it is. It returns the
// link's index.
func inTheWay(t *testing.T, ns nsexec.Ref, verb, needs string) (index string) {
	t.Helper()
	before := linkShown(t, ns, "k0")
	if _, err := run(t, fmt.Sprintf("in %s < replace %s k0 %s >", ns, verb, needs)); !errors.Is(err, unix.EADDRINUSE) {
		t.Error(err)
	}
	if after := linkShown(t, ns, "k0"); !maps.Equal(before, after) {
		t.Errorf("it was\n%v\nand is\n%v", before, after)
	}
	tried("replace " + verb)
	return before["ifindex"]
}

// ensureAndDelete has k0, which an earlier run has made with an index, be given an
// alias, and go.
func ensureAndDelete(t *testing.T, ns nsexec.Ref, verb, needs, index string) {
	t.Helper()
	does := func(stmt string) {
		t.Helper()
		if _, err := run(t, fmt.Sprintf("in %s < %s >", ns, stmt)); err != nil {
			t.Fatal(err)
		}
	}
	does(fmt.Sprintf("ensure %s k0 %s alias other", verb, needs))
	if is := linkShown(t, ns, "k0"); is["ifindex"] != index || is["ifalias"] != "other" {
		t.Errorf("it is ensured, and is %v", is)
	} else {
		see(t, "ensure "+verb)
	}
	does(fmt.Sprintf("del %s k0", verb))
	if rawLink(t, ns, "k0") != nil {
		t.Error("it is deleted, and still there")
	} else {
		see(t, "del "+verb)
	}
}

// TestVLAN_undo: an older vlan comes back with the switches that it had.
func TestVLAN_undo(t *testing.T) {
	nstest.NeedKind(t, "vlan")
	for _, switches := range []string{"reorder_hdr off", "reorder_hdr off gvrp on", ""} {
		undoes(t, "ip link add v10 link eth0 type vlan id 10 "+switches+" egress-qos-map 1:3",
			[]string{"del link v10; vlan v11 link eth0 id 10; ensure vlan v11 loose_binding on; replace vlan v10 link eth0 id 11 up"})
	}
}
