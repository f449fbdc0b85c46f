//go:build linux

package builtins_test

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// dumpWitnesses are options of other things than links that the ip and the bridge
// at hand do not show: what the kernel itself says, in hexadecimal, of an attribute
// of the one thing of its kind that there is.
var dumpWitnesses = []struct {
	before, script string
	read           func(t *testing.T, ns nsexec.Ref) string
	want           string
	since          string // the kernel that has it
}{
	{snooping, "bvlan eth0 vid 10 mcast_max_groups 7", vlanAttr(8), "07000000", "6.3"},                                // BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS
	{snooping, "bvlan eth0 vid 10 neigh_suppress on", vlanAttr(9), "01", "6.4"},                                       // BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS
	{"", "xfrm state " + ends + "proto esp spi 0x100 " + enc + " " + auth + " dir out", stateDirection, "02", "6.10"}, // XFRM_SA_DIR_OUT
	{"", "xfrm state " + ends + "proto esp spi 0x100 " + enc + " " + auth + " replay-window 32 dir in", stateDirection, "01", "6.10"},
}

// TestOptions_dumps is of kernels that are newer than the usual VM's.
func TestOptions_dumps(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	needESP(t)
	for _, w := range dumpWitnesses {
		if since, _ := parseRelease(w.since); release(t) < since {
			continue
		}
		ns, err := runIn(t, w.before+w.script)
		if err != nil {
			t.Errorf("%s: %v", w.script, err)
			continue
		}
		says := func(ns nsexec.Ref) bool { return w.read(t, ns) == w.want }
		if !says(ns) {
			t.Errorf("%s: the kernel has %q, want %q", w.script, w.read(t, ns), w.want)
		}
		claim(t, w.before, w.script, says)
	}
}

// vlanAttr reads an attribute of VLAN 10 of eth0.
func vlanAttr(attr uint16) func(t *testing.T, ns nsexec.Ref) string {
	return func(t *testing.T, ns nsexec.Ref) string {
		t.Helper()
		const sizeofVLANMsg, entry, info, rangeEnd = 8, 1, 1, 2 // struct br_vlan_msg, BRIDGE_VLANDB_ENTRY, …_INFO, …_RANGE
		index := linkIndex(t, ns, "eth0")
		for _, m := range dumped(t, ns, unix.NETLINK_ROUTE, unix.RTM_GETVLAN, append([]byte{unix.AF_BRIDGE}, make([]byte, sizeofVLANMsg-1)...)) {
			if binary.NativeEndian.Uint32(m[4:]) != index {
				continue
			}
			list, err := nl.ParseRouteAttr(m[sizeofVLANMsg:])
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range list {
				attrs := rawAttrs(t, a.Value)
				if a.Attr.Type&^unix.NLA_F_NESTED != entry || len(attrs[info]) != 4 {
					continue
				}
				first := binary.NativeEndian.Uint16(attrs[info][2:])
				last := first
				if b := attrs[rangeEnd]; len(b) == 2 {
					last = binary.NativeEndian.Uint16(b)
				}
				if first <= 10 && 10 <= last {
					return hex.EncodeToString(attrs[attr])
				}
			}
		}
		return "none"
	}
}

// stateDirection reads what the one state is for.
func stateDirection(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	msgs := dumped(t, ns, unix.NETLINK_XFRM, nl.XFRM_MSG_GETSA, make([]byte, nl.SizeofXfrmUsersaId))
	if len(msgs) != 1 {
		return "none"
	}
	return hex.EncodeToString(rawAttrs(t, msgs[0][nl.SizeofXfrmUsersaInfo:])[nl.XFRMA_SA_DIR])
}

// linkIndex is the index of a link.
func linkIndex(t *testing.T, ns nsexec.Ref, name string) uint32 {
	t.Helper()
	var index int
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("index", func() error {
		link, err := net.InterfaceByName(name)
		if err == nil {
			index = link.Index
		}
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return uint32(index)
}

// dumped are the messages of a dump.
func dumped(t *testing.T, ns nsexec.Ref, family, proto int, header []byte) [][]byte {
	t.Helper()
	var msgs [][]byte
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("dump", func() error {
		req := nl.NewNetlinkRequest(proto, unix.NLM_F_DUMP)
		req.AddRawData(header)
		var err error
		msgs, err = req.Execute(family, 0)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return msgs
}
