//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

func TestPairs_asIP(t *testing.T) {
	nstest.NeedKind(t, "vxcan")
	asBridge(t, "", []sameAs{
		{"vxcan c0 c1", "ip link add c0 type vxcan peer name c1"},
		{"vxcan c0 c1 up mtu 72", "ip link add c0 mtu 72 type vxcan peer name c1 mtu 72\nip link set c0 up\nip link set c1 up"},
		{"link t1 type team hw 02:00:00:00:00:09", "ip link add t1 address 02:00:00:00:00:09 type team"},
	}, "link show type vxcan", "link show type team")
}

// TestPairs_undo: a run that fails leaves older pairs of CAN links, and a link of
// a kind without a verb, as they were.
func TestPairs_undo(t *testing.T) {
	nstest.NeedKind(t, "vxcan")
	nstest.NeedKind(t, "team")
	undoes(t, `ip link add c0 mtu 72 type vxcan peer name c1 mtu 72
ip link set c0 up
ip link set c1 up
ip link add t1 type team
ip addr add 10.7.0.1/24 dev t1`, []string{
		"del vxcan c0; vxcan c0 c9; ensure link t1 type team mtu 1300",
		"ns elsewhere; move c1 ns elsewhere; del link t1; link t1 type team",
	})
}
