//go:build linux

package nsexec

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// RouteRecord is a route as `ip -j -d route` shows it, by the same names.
type RouteRecord struct {
	Type string `json:"type"`
	// Dst is the text "default", the netip.Addr of a single host, or a
	// netip.Prefix.
	Dst      any             `json:"dst"`
	Gateway  netip.Addr      `json:"gateway,omitzero"`
	Via      *ViaRecord      `json:"via,omitempty"` // in place of Gateway, for one of the other family
	Dev      string          `json:"dev,omitempty"`
	Table    string          `json:"table"`
	Protocol string          `json:"protocol,omitempty"`
	Scope    string          `json:"scope,omitempty"`
	PrefSrc  netip.Addr      `json:"prefsrc,omitzero"`
	Metric   int             `json:"metric,omitempty"`
	Flags    []string        `json:"flags"` // "onlink", "linkdown", "dead", …
	Metrics  []RouteMetrics  `json:"metrics,omitempty"`
	Nexthops []NexthopRecord `json:"nexthops,omitempty"`
	Pref     string          `json:"pref,omitempty"` // IPv6: "medium", …
}

// ViaRecord is a gateway of another family than the route's.
type ViaRecord struct {
	Family string     `json:"family"`
	Host   netip.Addr `json:"host"`
}

// RouteMetrics are what a route says of the path.
type RouteMetrics struct {
	MTU    int `json:"mtu,omitempty"`
	AdvMSS int `json:"advmss,omitempty"`
}

// NexthopRecord is one of several next hops.
type NexthopRecord struct {
	Gateway netip.Addr `json:"gateway,omitzero"`
	Via     *ViaRecord `json:"via,omitempty"`
	Dev     string     `json:"dev,omitempty"`
	Weight  int        `json:"weight"`
	Flags   []string   `json:"flags"`
}

// Routes returns the routes of a table, in the kernel's order. The family is
// unix.AF_INET, unix.AF_INET6, or 0 for both; table 0 is the main one.
func Routes(c *Conn, family, table int) ([]RouteRecord, error) {
	if table == 0 {
		table = unix.RT_TABLE_MAIN
	}
	names, err := c.linkIndexes()
	if err != nil {
		return nil, err
	}
	families := []int{unix.AF_INET, unix.AF_INET6}
	if family != 0 {
		families = []int{family}
	}
	records := []RouteRecord{}
	for _, f := range families {
		msgs, err := c.dump(unix.RTM_GETROUTE, unix.RTM_NEWROUTE, &nl.RtMsg{RtMsg: unix.RtMsg{Family: uint8(f)}})
		if err != nil {
			return nil, err
		}
		for _, msg := range msgs {
			r, in, err := routeRecord(msg, names)
			if err != nil {
				return nil, err
			}
			if int(in) == table {
				records = append(records, r)
			}
		}
	}
	return records, nil
}

// RouteTo returns the route that a packet to dst takes now, as `ip -j route
// get` does. Where none is, the error is the kernel's: unix.ENETUNREACH, or what
// an unreachable or a prohibit route says.
func RouteTo(c *Conn, dst netip.Addr) (RouteRecord, error) {
	dst = dst.Unmap().WithZone("")
	names, err := c.linkIndexes()
	if err != nil {
		return RouteRecord{}, err
	}
	head := &nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_INET, Dst_len: uint8(dst.BitLen()), Flags: unix.RTM_F_LOOKUP_TABLE}}
	if dst.Is6() {
		head.Family = unix.AF_INET6
	}
	req := c.Request(unix.RTM_GETROUTE, 0)
	req.AddData(head)
	req.AddData(nl.NewRtAttr(unix.RTA_DST, dst.AsSlice()))
	msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
	if err != nil {
		return RouteRecord{}, err
	}
	if len(msgs) != 1 {
		return RouteRecord{}, unix.ENETUNREACH
	}
	r, _, err := routeRecord(msgs[0], names)
	return r, err
}

// routeRecord reads a route, and the number of its table.
func routeRecord(msg []byte, names map[int]string) (RouteRecord, uint32, error) {
	a, err := parseAttrs(msg, unix.SizeofRtMsg)
	if err != nil {
		return RouteRecord{}, 0, err
	}
	head := nl.DeserializeRtMsg(msg)
	table := uint32(head.Table)
	if a.has(unix.RTA_TABLE) {
		table = uint32(a.number(unix.RTA_TABLE))
	}
	r := RouteRecord{
		Type:     named(routeTypes, head.Type),
		Dst:      routeDst(a, int(head.Dst_len), head.Family),
		Gateway:  a.addr(unix.RTA_GATEWAY),
		Via:      readVia(a.get(unix.RTA_VIA)),
		Dev:      names[a.int(unix.RTA_OIF)],
		Table:    named(routeTables, table),
		Protocol: named(routeProtocols, head.Protocol),
		Scope:    named(scopes, head.Scope),
		PrefSrc:  a.addr(unix.RTA_PREFSRC),
		Metric:   a.int(unix.RTA_PRIORITY),
		Flags:    routeFlags(head.Flags),
		Nexthops: nexthops(a.get(unix.RTA_MULTIPATH), names),
	}
	if a.has(unix.RTA_PREF) {
		r.Pref = named(routePrefs, a.number(unix.RTA_PREF))
	}
	if m := a.nested(unix.RTA_METRICS); len(m) > 0 {
		r.Metrics = []RouteMetrics{{MTU: m.int(unix.RTAX_MTU), AdvMSS: m.int(unix.RTAX_ADVMSS)}}
	}
	return r, table, nil
}

func routeDst(a attrs, bits int, family uint8) any {
	ip := a.addr(unix.RTA_DST)
	switch {
	case !ip.IsValid() && bits == 0:
		return "default"
	case !ip.IsValid():
		return ""
	case bits == ip.BitLen():
		return ip
	}
	return netip.PrefixFrom(ip, bits)
}

// readVia reads struct rtvia of linux/rtnetlink.h.
func readVia(data []byte) *ViaRecord {
	if len(data) < 6 {
		return nil
	}
	host, ok := netip.AddrFromSlice(data[2:])
	if !ok {
		return nil
	}
	v := &ViaRecord{Family: "inet", Host: host}
	if binary.NativeEndian.Uint16(data) == unix.AF_INET6 {
		v.Family = "inet6"
	}
	return v
}

func routeFlags(flags uint32) []string {
	names := []string{}
	for _, f := range []struct {
		flag uint32
		name string
	}{
		{unix.RTNH_F_DEAD, "dead"},
		{unix.RTNH_F_ONLINK, "onlink"},
		{unix.RTNH_F_PERVASIVE, "pervasive"},
		{unix.RTNH_F_OFFLOAD, "offload"},
		{unix.RTNH_F_LINKDOWN, "linkdown"},
		{unix.RTNH_F_UNRESOLVED, "unresolved"},
	} {
		if flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// nexthops reads RTA_MULTIPATH: one struct rtnexthop after the other, each with
// attributes of its own.
func nexthops(data []byte, names map[int]string) []NexthopRecord {
	var hops []NexthopRecord
	for len(data) >= unix.SizeofRtNexthop {
		head := *(*unix.RtNexthop)(unsafe.Pointer(&data[0]))
		if int(head.Len) < unix.SizeofRtNexthop || int(head.Len) > len(data) {
			break
		}
		a, err := parseAttrs(data[:head.Len], unix.SizeofRtNexthop)
		if err != nil {
			break
		}
		hops = append(hops, NexthopRecord{
			Gateway: a.addr(unix.RTA_GATEWAY),
			Via:     readVia(a.get(unix.RTA_VIA)),
			Dev:     names[int(head.Ifindex)],
			Weight:  int(head.Hops) + 1,
			Flags:   routeFlags(uint32(head.Flags)),
		})
		data = data[min(len(data), (int(head.Len)+3)&^3):]
	}
	return hops
}
