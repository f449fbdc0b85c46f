//go:build linux

package nsexec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

func isUnsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EPROTONOSUPPORT)
}

// bothFamilies are those that have routes, addresses, rules and neighbours.
var bothFamilies = []uint8{unix.AF_INET, unix.AF_INET6}

// routes lists the routes of all tables that fit, and those of labels.
func (c *Conn) routes(fits func(m message, a attrs) bool) ([]message, error) {
	var all, out []message
	for _, family := range bothFamilies {
		list, err := c.list(unix.RTM_NEWROUTE, &nl.RtMsg{RtMsg: unix.RtMsg{Family: family}})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	labels, err := c.mplsRoutes()
	if err != nil {
		return nil, err
	}
	for _, m := range append(all, labels...) {
		if binary.NativeEndian.Uint32(m.body[8:])&unix.RTM_F_CLONED == 0 && fits(m, m.attrs()) {
			out = append(out, m.route())
		}
	}
	return out, nil
}

// route is a route's message as it can be sent to make it again: without the
// state that the kernel keeps of it, which it refuses to be told.
func (m message) route() message {
	a := m.attrs()
	object := a.has(rtaNHID)
	out := m.uncounted().without(func(kind uint16) bool {
		switch kind {
		case unix.RTA_CACHEINFO, unix.RTA_IIF, unix.RTA_UID:
			return true
		case unix.RTA_GATEWAY, unix.RTA_OIF, unix.RTA_MULTIPATH, unix.RTA_VIA, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE:
			return object // the nexthop object says it
		}
		return false
	})
	flags := binary.NativeEndian.Uint32(out.body[8:])
	binary.NativeEndian.PutUint32(out.body[8:], flags&unix.RTNH_F_ONLINK)
	if hops := a.get(unix.RTA_MULTIPATH); hops != nil && !object {
		clean := slices.Clone(hops)
		eachHop(clean, func(hop []byte) { hop[2] &= unix.RTNH_F_ONLINK })
		out = out.without(func(kind uint16) bool { return kind == unix.RTA_MULTIPATH })
		out.body = appendAttr(out.body, Attr{Type: unix.RTA_MULTIPATH, Data: clean})
	}
	if expires := routeExpires(a); expires > 0 {
		out.body = appendUint32(out.body, unix.RTA_EXPIRES, expires)
	}
	return out
}

// routeExpires is how many seconds an IPv6 route has left; 0 is for ever. It
// stands in struct rta_cacheinfo of linux/rtnetlink.h, in hundredths.
func routeExpires(a attrs) uint32 {
	info := a.get(unix.RTA_CACHEINFO)
	if len(info) < 12 {
		return 0
	}
	left := int32(binary.NativeEndian.Uint32(info[8:]))
	return uint32(max(left, 0)) / 100
}

// eachHop calls f with each struct rtnexthop of RTA_MULTIPATH.
func eachHop(data []byte, f func(hop []byte)) {
	for len(data) >= unix.SizeofRtNexthop {
		n := int(binary.NativeEndian.Uint16(data))
		if n < unix.SizeofRtNexthop || n > len(data) {
			return
		}
		f(data[:n])
		data = data[min(len(data), (n+3)&^3):]
	}
}

// routeUses reports whether a route leads over one of the links, or needs one
// of the addresses.
func routeUses(a attrs, indexes map[int]bool, addrs [][]byte) bool {
	if indexes[a.int(unix.RTA_OIF)] {
		return true
	}
	uses := false
	eachHop(a.get(unix.RTA_MULTIPATH), func(hop []byte) {
		uses = uses || indexes[int(int32(binary.NativeEndian.Uint32(hop[4:])))]
	})
	src := a.get(unix.RTA_PREFSRC)
	return uses || src != nil && slices.ContainsFunc(addrs, func(ip []byte) bool { return bytes.Equal(ip, src) })
}

// routeKey is what tells the routes of a namespace apart.
func (m message) routeKey() string {
	a := m.attrs()
	key := slices.Concat(m.body[:4], a.get(unix.RTA_DST), a.get(unix.RTA_SRC))
	key = binary.NativeEndian.AppendUint32(key, m.routeTable(a))
	return string(binary.NativeEndian.AppendUint32(key, uint32(a.number(unix.RTA_PRIORITY))))
}

// hasNoRoute reports whether there is no route where a new one is to be.
func (c *Conn) hasNoRoute(m message) (bool, error) {
	family := m.body[0]
	if !m.attrs().has(unix.RTA_PRIORITY) && family == unix.AF_INET6 {
		m = message{m.kind, appendUint32(bytes.Clone(m.body), unix.RTA_PRIORITY, ip6DefaultMetric)}
	}
	return c.isAbsent(listingKind{m.kind, family}, m.routeKey(), func(add func(string)) error {
		list, err := c.list(m.kind, &nl.RtMsg{RtMsg: unix.RtMsg{Family: family}})
		for _, h := range list {
			if binary.NativeEndian.Uint32(h.body[8:])&unix.RTM_F_CLONED == 0 {
				add(h.routeKey())
			}
		}
		return err
	})
}

func (m message) routeTable(a attrs) uint32 {
	if a.has(unix.RTA_TABLE) {
		return uint32(a.number(unix.RTA_TABLE))
	}
	return uint32(m.body[4])
}

// sameAttrs reports whether two messages are alike but for the order of their
// attributes, and for what identified has added.
func sameAttrs(x, y message) bool {
	head := headers[x.kind]
	if !bytes.Equal(x.body[:head], y.body[:head]) {
		return false
	}
	a, b := x.attrs(), y.attrs()
	if a.count() != b.count() {
		return false
	}
	for kind, v := range a.all() {
		if w, ok := b.find(kind); !ok || !bytes.Equal(v, w) && !(kind == encapAttrs[x.kind].encap && sameEncap(x, y)) {
			return false
		}
	}
	return true
}

// restoreRoutes adds the nexthop objects and the routes that are missing, in as
// many passes as it takes: a gateway has to be reachable before what leads over
// it can be. With replaced, routes that have taken the place of one go.
func (c *Conn) restoreRoutes(nexthops, want []message, replaced bool) error {
	if len(want) == 0 && len(nexthops) == 0 {
		return nil
	}
	// Those that can be have to be there before routes are compared: what a route
	// is depends on what its nexthop object is. The others need some route first.
	nexthops, _ = c.addRoutes(nexthops)
	keys := map[string]bool{}
	for _, m := range want {
		keys[m.routeKey()] = true
	}
	have, err := c.routes(func(m message, _ attrs) bool { return keys[m.routeKey()] })
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(want), func(w message) bool {
		return w.comesWithAddr() || slices.ContainsFunc(have, func(h message) bool { return sameAttrs(w, h) })
	})
	if replaced {
		if err := c.dropOthers(want, have); err != nil {
			return err
		}
	}
	missing, err = c.addRoutes(slices.Concat(nexthops, missing))
	if len(missing) == 0 {
		return nil
	}
	// A script that took the rules away had the routes stay; to come back they
	// need a rule by which their gateways are found.
	drop, added := c.addMainRules()
	if !added {
		return err
	}
	defer drop()
	if missing, err = c.addRoutes(missing); len(missing) > 0 {
		return err
	}
	return nil
}

// addRoutes adds routes in passes, until none of them is of any use. It returns
// those that are left, and why.
func (c *Conn) addRoutes(missing []message) (left []message, err error) {
	for len(missing) > 0 {
		var failed []message
		for _, m := range missing {
			if e := c.restoreRoute(m); e != nil {
				failed, err = append(failed, m), e
			}
		}
		if len(failed) == len(missing) {
			return failed, err
		}
		missing = failed
	}
	return nil, nil
}

// comesWithAddr reports whether a route is one that only the kernel can make,
// with an IPv6 address: it has no metric, and others get one.
func (m message) comesWithAddr() bool {
	return m.body[0] == unix.AF_INET6 && m.body[5] == unix.RTPROT_KERNEL && m.attrs().number(unix.RTA_PRIORITY) == 0
}

// awaitRoutes waits for the routes that the kernel makes in its own time. It
// makes none while a link has no carrier, so it does not wait for long.
func (c *Conn) awaitRoutes(want []message) error {
	const most, step = time.Second, 2 * time.Millisecond
	keys := map[string]bool{}
	for _, m := range want {
		if m.comesWithAddr() {
			keys[m.routeKey()] = true
		}
	}
	if len(keys) == 0 {
		return nil
	}
	_, err := poll(most, step, func() (bool, error) {
		have, err := c.routes(func(m message, _ attrs) bool { return keys[m.routeKey()] })
		found := map[string]bool{}
		for _, m := range have {
			found[m.routeKey()] = true
		}
		return len(found) == len(keys), err
	})
	return err
}

// dropOthers deletes the routes that are not among those that are wanted. What
// the kernel makes for itself stays: each link may have one of those.
func (c *Conn) dropOthers(want, have []message) error {
	for _, h := range have {
		if h.body[5] == unix.RTPROT_KERNEL || slices.ContainsFunc(want, func(w message) bool { return sameAttrs(w, h) }) {
			continue
		}
		if err := c.remove(h); err != nil && !isMissing(err) {
			return err
		}
	}
	return nil
}

// dropKernelRoutes deletes the routes that the kernel has made by itself over
// some links, and that were not there: it leaves them when a link loses the
// carrier that it has made them for.
func (c *Conn) dropKernelRoutes(links, want []message) error {
	indexes := map[int]bool{}
	for _, m := range links {
		indexes[m.linkIndex()] = true
	}
	if len(indexes) == 0 {
		return nil
	}
	have, err := c.routes(func(m message, a attrs) bool {
		return m.body[0] == unix.AF_INET6 && m.body[5] == unix.RTPROT_KERNEL && a.int(unix.RTA_PRIORITY) == kernelMetric && indexes[a.int(unix.RTA_OIF)]
	})
	if err != nil {
		return err
	}
	return c.eachMissing(have, want, func(m message) error { return c.removeThere(m) })
}

// eachMissing calls f with those messages that are not among others.
func (c *Conn) eachMissing(list, among []message, f func(message) error) error {
	for _, m := range list {
		if slices.ContainsFunc(among, func(o message) bool { return sameAttrs(m, o) }) {
			continue
		}
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

// restoreRoute adds a route, or a nexthop object.
func (c *Conn) restoreRoute(m message) error {
	if m.kind == unix.RTM_NEWNEXTHOP {
		return c.restoreNexthop(m)
	}
	m, done, err := m.withPrograms()
	if err != nil {
		return err
	}
	defer done()
	err = c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	if errors.Is(err, unix.EEXIST) {
		how := unix.NLM_F_APPEND // one of several with that key, or the same, come with an address
		several := m.attrs().has(unix.RTA_MULTIPATH)
		if several && m.body[0] == unix.AF_INET6 || m.body[0] == unix.AF_MPLS {
			how = unix.NLM_F_REPLACE // some of its hops may be there
		}
		err = c.add(m, unix.NLM_F_CREATE|how)
	}
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}
