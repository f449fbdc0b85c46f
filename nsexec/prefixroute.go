//go:build linux

package nsexec

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The kernel makes a route for the prefix of an IPv6 address, and deletes it
// with the last address of the prefix, whatever metric that has, but not with one
// that has a lifetime (ipv6_del_addr of net/ipv6/addrconf.c): there it stays
// until it expires. With the first address of a link it also makes the multicast
// route of the link (addrconf_add_dev), and leaves that. So both are to be
// deleted too.

// prefixRoutes are the routes that a namespace has for IPv6 addresses, and those that
// the run's own bring, which are noted.
type prefixRoutes struct {
	mu      sync.Mutex
	changes uint64 // see pool.changes
	listing        // its keys are those of the routes, with the link
}

// takeNew returns those of the routes that there are not yet, as which they count
// from now on: they are about to be noted, and to be made.
func (p *prefixRoutes) takeNew(c *Conn, ways []message) ([]message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := func(m message) string { return m.routeKey() + " " + string(m.attrs().get(unix.RTA_OIF)) }
	changes := c.changes()
	if c.ageOf() == nil || changes != p.changes || time.Now().After(p.until) {
		l, err := listed(func(add func(string)) error {
			list, err := c.list(unix.RTM_NEWROUTE, &nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_INET6}})
			for _, m := range list {
				if m.isPrefixRoute() {
					add(key(m))
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		p.changes, p.listing = changes, *l
	}
	fresh := slices.DeleteFunc(ways, func(w message) bool { return p.keys[key(w)] })
	for _, w := range fresh {
		p.keys[key(w)] = true
	}
	return fresh, nil
}

// newPrefixRoutes are the routes that an address is about to bring and that
// will not go with it.
func (c *Conn) newPrefixRoutes(index int, cfg AddrConfig) ([]message, error) {
	if cfg.Prefix.Addr().Is4() {
		return nil, nil
	}
	ways := []message{prefixRoute(multicast6, index, kernelMetric, unix.RT_TABLE_LOCAL, unix.RTN_MULTICAST)}
	if cfg.Flags&unix.IFA_F_NOPREFIXROUTE == 0 {
		dst := cfg.Prefix.Masked()
		if cfg.Peer.IsValid() {
			dst = cfg.Peer.Masked()
		}
		metric := cfg.Metric
		if metric == 0 {
			metric = kernelMetric
		}
		ways = append(ways, prefixRoute(dst, index, metric, unix.RT_TABLE_MAIN, unix.RTN_UNICAST))
	}
	return c.prefixRoutes.takeNew(c, ways)
}

var multicast6 = netip.MustParsePrefix("ff00::/8")

// prefixRoute is a route that the kernel makes for a link.
func prefixRoute(dst netip.Prefix, index, metric int, table, kind uint8) message {
	body := (&nl.RtMsg{RtMsg: unix.RtMsg{
		Family: unix.AF_INET6, Dst_len: uint8(dst.Bits()), Table: table, Type: kind, Protocol: unix.RTPROT_KERNEL,
	}}).Serialize()
	for _, a := range []Attr{
		{Type: unix.RTA_DST, Data: dst.Addr().AsSlice()},
		{Type: unix.RTA_OIF, Data: u32(index)},
		{Type: unix.RTA_PRIORITY, Data: u32(metric)},
	} {
		body = appendAttr(body, a)
	}
	return message{unix.RTM_NEWROUTE, body}
}

// kernelMetric is that of the routes that the kernel makes for IPv6 addresses:
// IP6_RT_PRIO_ADDRCONF.
const kernelMetric = 256

// isPrefixRoute reports whether a route is one that came with an IPv6 address.
func (m message) isPrefixRoute() bool {
	return m.kind == unix.RTM_NEWROUTE && m.body[0] == unix.AF_INET6 && m.body[5] == unix.RTPROT_KERNEL
}

// removePrefixRoute deletes a route that came with an IPv6 address, unless the
// link has another address that it is for.
func (c *Conn) removePrefixRoute(m message) error {
	a := m.attrs()
	prefix := netip.PrefixFrom(a.addr(unix.RTA_DST), int(m.body[1]))
	others, err := c.addrs(func(other message) bool {
		if other.body[0] != unix.AF_INET6 || other.addrIndex() != a.int(unix.RTA_OIF) {
			return false
		}
		return prefix == multicast6 || other.body[1] == m.body[1] && other.metric() == a.int(unix.RTA_PRIORITY) &&
			prefix.Contains(other.attrs().addr(unix.IFA_ADDRESS))
	})
	if err != nil || len(others) > 0 {
		return err
	}
	return c.remove(m)
}

// metric is that of the route that comes with an IPv6 address.
func (m message) metric() int {
	if metric := m.attrs().int(ifaRtPriority); metric != 0 {
		return metric
	}
	return kernelMetric
}

// awaitNoDAD waits until the kernel is done with adding IPv6 addresses that do
// not ask whether they are taken. It adds the route of such an address a moment
// after the address (addrconf_dad_work), and counts it as a router's anycast
// address twice where forwarding is switched on between the two, but once when
// that is switched off: the anycast route would stay for ever.
func (c *Conn) awaitNoDAD() error {
	const most, step = 100 * time.Millisecond, time.Millisecond
	_, err := poll(most, step, func() (bool, error) {
		want, err := c.addrs(func(m message) bool {
			flags := m.addrFlags(m.attrs())
			return m.body[0] == unix.AF_INET6 && flags&unix.IFA_F_NODAD != 0 && flags&unix.IFA_F_TENTATIVE == 0
		})
		if err != nil || len(want) == 0 {
			return true, err
		}
		there := map[string]bool{}
		_, err = c.routes(func(m message, a attrs) bool {
			if m.body[0] == unix.AF_INET6 && m.body[7] == unix.RTN_LOCAL {
				there[string(a.get(unix.RTA_DST))] = true
			}
			return false
		})
		missing := slices.ContainsFunc(want, func(m message) bool { return !there[string(m.attrs().get(unix.IFA_ADDRESS))] })
		return !missing, err
	})
	return err
}
