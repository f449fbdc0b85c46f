//go:build linux

package nstest

import (
	"encoding/binary"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// VLANTrees are the spanning trees that VLANs of bridges follow, other than the
// first: what `bridge vlan global show` tells from its version 6.9 on.
func VLANTrees(ns nsexec.Ref) ([]string, error) {
	var out []string
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("vlan", func() error {
		req := nl.NewNetlinkRequest(unix.RTM_GETVLAN, unix.NLM_F_DUMP)
		flags := nl.NewRtAttr(1, nl.Uint32Attr(2)) // BRIDGE_VLANDB_DUMP_FLAGS, BRIDGE_VLANDB_DUMPF_GLOBAL
		req.AddRawData(append([]byte{unix.AF_BRIDGE, 0, 0, 0, 0, 0, 0, 0}, flags.Serialize()...))
		msgs, err := req.Execute(unix.NETLINK_ROUTE, 0)
		for _, m := range msgs {
			list, _ := nl.ParseRouteAttr(m[8:])
			for _, options := range list {
				out = append(out, treeText(options.Value)...)
			}
		}
		return err
	}))
	return out, err
}

// treeText is of one BRIDGE_VLANDB_GLOBAL_OPTIONS.
func treeText(b []byte) []string {
	values := map[uint16]uint16{}
	list, _ := nl.ParseRouteAttr(b)
	for _, a := range list {
		if len(a.Value) == 2 {
			values[a.Attr.Type] = binary.NativeEndian.Uint16(a.Value)
		}
	}
	const id, last, msti = 1, 2, 18
	if values[msti] == 0 {
		return nil
	}
	var out []string
	for vid := values[id]; vid <= max(values[id], values[last]); vid++ {
		out = append(out, fmt.Sprintf("vid %d msti %d", vid, values[msti]))
	}
	return out
}
