//go:build linux

package nstest

import (
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// L3Stats are the links of a named namespace whose hardware is wanted to count what it
// forwards, and whether it does, as `ip stats show group offload subgroup
// hw_stats_info` says it.
func L3Stats(ns nsexec.Ref) ([]string, error) {
	var out []string
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("stats", func() (err error) {
		out, err = l3Stats()
		return err
	}))
	return out, err
}

// l3Stats writes a line for each link of the namespace of this thread that is to
// count. A kernel without them has none.
func (v *view) l3Stats() {
	lines, err := l3Stats()
	if err != nil {
		return
	}
	for _, line := range lines {
		v.line("l3_stats", line)
	}
}

func l3Stats() ([]string, error) {
	const size, offload, info, l3, request, used = 12, 4, 2, 3, 1, 2 // of linux/if_link.h
	head := make([]byte, size)
	head[8] = 1 << (offload - 1)
	filters := nl.NewRtAttr(1|unix.NLA_F_NESTED, nil) // IFLA_STATS_GET_FILTERS
	filters.AddRtAttr(offload, nl.Uint32Attr(1<<(info-1)))
	req := nl.NewNetlinkRequest(unix.RTM_GETSTATS, unix.NLM_F_DUMP)
	req.AddRawData(append(head, filters.Serialize()...))
	msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWSTATS)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range msgs {
		state := attrIn(m[size:], offload, info, l3)
		if numberText(attrIn(state, request)) != "1" {
			continue
		}
		link, err := net.InterfaceByIndex(int(nl.NativeEndian().Uint32(m[4:])))
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%s on used %s", link.Name, numberText(attrIn(state, used))))
	}
	slices.Sort(out)
	return out, nil
}

// attrIn is the attribute at the end of a path, nothing where there is none.
func attrIn(b []byte, path ...uint16) []byte {
	for _, kind := range path {
		list, _ := nl.ParseRouteAttr(b)
		b = nil
		for _, a := range list {
			if a.Attr.Type&^unix.NLA_F_NESTED == kind {
				b = a.Value
			}
		}
	}
	return b
}
