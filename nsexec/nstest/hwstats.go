//go:build linux

package nstest

import (
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// HWStats are the groups of nexthops whose members hardware counts: what `ip -s
// nexthop show` tells from its version 6.9 on.
func HWStats(ns nsexec.Ref) ([]string, error) {
	var out []string
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("nexthop", func() error {
		req := nl.NewNetlinkRequest(unix.RTM_GETNEXTHOP, unix.NLM_F_DUMP)
		flags := nl.NewRtAttr(14, nl.Uint32Attr(1)) // NHA_OP_FLAGS, NHA_OP_FLAG_DUMP_STATS
		req.AddRawData(append(make([]byte, 8), flags.Serialize()...))
		msgs, err := req.Execute(unix.NETLINK_ROUTE, 0)
		for _, m := range msgs {
			values := map[uint16]string{}
			list, _ := nl.ParseRouteAttr(m[8:])
			for _, a := range list {
				values[a.Attr.Type] = numberText(a.Value)
			}
			const id, enabled = 1, 16 // NHA_ID, NHA_HW_STATS_ENABLE
			if values[enabled] == "1" {
				out = append(out, fmt.Sprintf("id %s hw_stats on", values[id]))
			}
		}
		return err
	}))
	return out, err
}
