//go:build linux

package nsexec

import (
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The kernel makes a route for the prefix of an IPv6 address, and deletes it
// with the last address of the prefix, but not with one that has a lifetime
// (ipv6_del_addr of net/ipv6/addrconf.c): there the route stays until it
// expires. So it is to be deleted too.

// newPrefixRoute is the route that an address is about to bring and that will
// not go with it; ok is false where there is none, or it is there already.
func (c *Conn) newPrefixRoute(index int, cfg AddrConfig) (way message, ok bool, err error) {
	if cfg.Prefix.Addr().Is4() || !(cfg.HasValid || cfg.HasPref) || cfg.Flags&unix.IFA_F_NOPREFIXROUTE != 0 {
		return message{}, false, nil
	}
	dst := cfg.Prefix.Masked()
	if cfg.Peer.IsValid() {
		dst = cfg.Peer.Masked()
	}
	metric := cfg.Metric
	if metric == 0 {
		metric = kernelMetric
	}
	body := (&nl.RtMsg{RtMsg: unix.RtMsg{
		Family: unix.AF_INET6, Dst_len: uint8(dst.Bits()), Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, Protocol: unix.RTPROT_KERNEL,
	}}).Serialize()
	for _, a := range []Attr{
		{Type: unix.RTA_DST, Data: dst.Addr().AsSlice()},
		{Type: unix.RTA_OIF, Data: u32(index)},
		{Type: unix.RTA_PRIORITY, Data: u32(metric)},
	} {
		body = append(body, rtAttr(a).Serialize()...)
	}
	way = message{unix.RTM_NEWROUTE, body}
	have, err := c.routes(func(m message, a attrs) bool { return m.routeKey() == way.routeKey() && a.int(unix.RTA_OIF) == index })
	return way, len(have) == 0, err
}

// kernelMetric is that of the routes that the kernel makes for IPv6 addresses:
// IP6_RT_PRIO_ADDRCONF.
const kernelMetric = 256

// isPrefixRoute reports whether a route is one that came with an IPv6 address.
func (m message) isPrefixRoute() bool {
	return m.kind == unix.RTM_NEWROUTE && m.body[0] == unix.AF_INET6 && m.body[5] == unix.RTPROT_KERNEL
}

// removePrefixRoute deletes a route that came with an IPv6 address, unless the
// link has another address of its prefix.
func (c *Conn) removePrefixRoute(m message) error {
	a := m.attrs()
	dst, _ := netip.AddrFromSlice(a[unix.RTA_DST])
	prefix := netip.PrefixFrom(dst, int(m.body[1]))
	others, err := c.addrs(func(other message) bool {
		ip, _ := netip.AddrFromSlice(other.attrs()[unix.IFA_ADDRESS])
		return other.addrIndex() == a.int(unix.RTA_OIF) && other.body[1] == m.body[1] && prefix.Contains(ip)
	})
	if err != nil || len(others) > 0 {
		return err
	}
	return c.remove(m)
}
