//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// RouteConfig is a route. A zero field is left to the kernel.
type RouteConfig struct {
	Type    int          // RTN_*; 0 is unicast
	Dst     netip.Prefix // its host bits are cleared
	From    netip.Prefix // of IPv6: only for packets from there
	Hop     NextHop      // of a route with one way; zero with Hops or a NextHopID
	Hops    []NextHop    // of a multipath route
	NHID    int          // of a nexthop object
	Src     netip.Addr   // the address to send from
	Metric  int
	Table   int // 0 is main, or local for a local route
	Scope   int // RT_SCOPE_*; -1 is what `ip route` chooses
	Proto   int // RTPROT_*; 0 is boot
	Pref    int // RTA_PREF of IPv6, plus one
	TOS     int
	Expires int    // of IPv6: in so many seconds
	Metrics []Attr // RTAX_* within RTA_METRICS
}

// NextHop is one way of a route.
type NextHop struct {
	Via    netip.Addr // may be of the other family (RFC 5549)
	Dev    LinkRef
	Weight int // 1 to 256; 0 is 1
	OnLink bool
	Realms int    // of IPv4: the one from, shifted by 16, and the one to
	Encap  *Encap // what packets are wrapped in; nil for nothing
}

// AddRoute adds a route (RTM_NEWROUTE, see rtnetlink(7)). It needs
// CAP_NET_ADMIN.
func AddRoute(cfg RouteConfig) NsAction {
	return nsAction("route", newRouteOp(addRoute, cfg))
}

// ReplaceRoute adds a route, or changes the one with its destination, metric
// and TOS.
func ReplaceRoute(cfg RouteConfig) NsAction {
	return nsAction("replace-route", newRouteOp(replaceRoute, cfg))
}

// DelRoute deletes the route that cfg describes.
func DelRoute(cfg RouteConfig) NsAction {
	return nsAction("del-route", newRouteOp(delRoute, cfg))
}

// routeOp is what is done to a route. A run may hold thousands, most of which say
// no more than where to, and by which gateway and link.
type routeOp struct {
	how   *how
	dst   netip.Prefix
	via   netip.Addr
	dev   LinkRef
	whole *RouteConfig // nil where that is all
}

var (
	addRoute     = &how{"", unix.RTM_NEWROUTE, unix.NLM_F_CREATE | unix.NLM_F_EXCL}
	replaceRoute = &how{"replace ", unix.RTM_NEWROUTE, unix.NLM_F_CREATE | unix.NLM_F_REPLACE}
	delRoute     = &how{"del ", unix.RTM_DELROUTE, 0}
)

func newRouteOp(how *how, cfg RouteConfig) *routeOp {
	o := &routeOp{how: how, dst: cfg.Dst, via: cfg.Hop.Via, dev: cfg.Hop.Dev}
	if !cfg.plain() {
		whole := cfg
		o.whole = &whole
	}
	return o
}

// plain reports whether a route says no more than where to, and by which gateway
// and link.
func (cfg *RouteConfig) plain() bool {
	hop := NextHop{Via: cfg.Hop.Via, Dev: cfg.Hop.Dev}
	return cfg.Type == 0 && cfg.From == netip.Prefix{} && cfg.Hop == hop && cfg.Hops == nil &&
		cfg.NHID == 0 && cfg.Src == netip.Addr{} && cfg.Metric == 0 && cfg.Table == 0 && cfg.Scope == -1 &&
		cfg.Proto == 0 && cfg.Pref == 0 && cfg.TOS == 0 && cfg.Expires == 0 && cfg.Metrics == nil
}

func (o *routeOp) config() RouteConfig {
	if o.whole != nil {
		return *o.whole
	}
	return RouteConfig{Dst: o.dst, Hop: NextHop{Via: o.via, Dev: o.dev}, Scope: -1}
}

func (o *routeOp) String() string {
	s := o.how.mod + "route " + o.dst.String()
	if o.via.IsValid() {
		s += " via " + o.via.String()
	}
	if o.dev != (LinkRef{}) {
		s += " dev " + o.dev.String()
	}
	return s
}

// prepare notes the routes that one takes the place of or that may go, and how
// to delete the one that comes.
func (o *routeOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(strings.TrimPrefix(o.String(), o.how.mod), "route ")
	fresh := unmakeOp{text, &Record{msgs: []message{m.unwrapped()}}}
	if o.how.flags&unix.NLM_F_EXCL != 0 {
		switch none, err := c.hasNoRoute(m); {
		case err != nil:
			return nil, err
		case none:
			return o, u.note(ctx, c.cookieRef(), fresh)
		}
	}
	had, err := c.routes(func(h message, a attrs) bool { return o.reaches(m, h, a) })
	if err != nil {
		return nil, err
	}
	if len(had) > 0 && o.how.flags&unix.NLM_F_EXCL == 0 {
		if err := canBeMadeAgain(had); err != nil {
			return nil, err
		}
		err := u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: text, Record: &Record{msgs: had}, Replaced: o.how.proto == unix.RTM_NEWROUTE}})
		return o, err
	}
	if len(had) > 0 || o.how.proto == unix.RTM_DELROUTE {
		return o, nil // the kernel will say that it is there, or is not
	}
	return o, u.note(ctx, c.cookieRef(), fresh)
}

// reaches reports whether the operation on a route may change another one. A
// route that is deleted need not say its metric.
func (o *routeOp) reaches(m, h message, a attrs) bool {
	of := m.attrs()
	if !bytes.Equal(m.body[:4], h.body[:4]) || m.routeTable(of) != h.routeTable(a) ||
		!bytes.Equal(of.get(unix.RTA_DST), a.get(unix.RTA_DST)) || !bytes.Equal(of.get(unix.RTA_SRC), a.get(unix.RTA_SRC)) {
		return false
	}
	metric := o.config().Metric
	if metric == 0 && o.how.proto == unix.RTM_DELROUTE {
		return true
	}
	if metric == 0 && m.body[0] == unix.AF_INET6 {
		metric = ip6DefaultMetric
	}
	return a.int(unix.RTA_PRIORITY) == metric
}

const ip6DefaultMetric = 1024 // IP6_RT_PRIO_USER

// message is the route that the operation is about.
func (o *routeOp) message(c *Conn) (message, error) {
	body, err := o.appendTo(nil, c)
	return message{unix.RTM_NEWROUTE, body}, err
}

func (o *routeOp) act(_ context.Context, c *Conn) error {
	o, done, err := o.loaded()
	if err != nil {
		return err
	}
	defer done()
	return c.send(o)
}

func (o *routeOp) appendMessage(b []byte, c *Conn) (out []byte, typ, flags int, err error) {
	out, err = o.appendTo(b, c)
	return out, o.how.proto, o.how.flags, err
}

func (o *routeOp) retractable() bool { return o.how.flags&unix.NLM_F_EXCL != 0 && !o.runsBPF() }
func (o *routeOp) alone() bool       { return !o.retractable() }

func (o *routeOp) header(cfg *RouteConfig) unix.RtMsg {
	var msg unix.RtMsg
	msg.Family = uint8(familyOf(cfg.Dst.Addr()))
	msg.Dst_len = uint8(cfg.Dst.Bits())
	if cfg.From.IsValid() {
		msg.Src_len = uint8(cfg.From.Bits())
	}
	msg.Tos = uint8(cfg.TOS)
	msg.Type = uint8(cfg.kind())
	if t := cfg.table(); t < 256 {
		msg.Table = uint8(t)
	}
	if o.how.proto == unix.RTM_DELROUTE {
		msg.Scope = unix.RT_SCOPE_NOWHERE // any
		msg.Protocol = uint8(cfg.Proto)
		msg.Type = uint8(cfg.Type)
	} else {
		msg.Scope = cfg.scope()
		msg.Protocol = uint8(cfg.Proto)
		if cfg.Proto == 0 {
			msg.Protocol = unix.RTPROT_BOOT
		}
	}
	if cfg.Scope >= 0 {
		msg.Scope = uint8(cfg.Scope)
	}
	if cfg.Hop.OnLink {
		msg.Flags |= unix.RTNH_F_ONLINK
	}
	return msg
}

func (cfg *RouteConfig) kind() int {
	if cfg.Type == 0 {
		return unix.RTN_UNICAST
	}
	return cfg.Type
}

func (cfg *RouteConfig) table() int {
	if cfg.Table != 0 {
		return cfg.Table
	}
	switch cfg.Type {
	case unix.RTN_LOCAL, unix.RTN_BROADCAST, unix.RTN_ANYCAST:
		return unix.RT_TABLE_LOCAL
	}
	return unix.RT_TABLE_MAIN
}

// scope is what `ip route` chooses where nothing is said: host for addresses of
// our own, link for what is reached without a gateway.
func (cfg *RouteConfig) scope() uint8 {
	switch cfg.kind() {
	case unix.RTN_LOCAL:
		return unix.RT_SCOPE_HOST
	case unix.RTN_BROADCAST, unix.RTN_MULTICAST, unix.RTN_ANYCAST:
		return unix.RT_SCOPE_LINK
	case unix.RTN_UNICAST:
		if !cfg.Hop.Via.IsValid() && len(cfg.Hops) == 0 && cfg.NHID == 0 && cfg.Dst.Addr().Is4() {
			return unix.RT_SCOPE_LINK
		}
	}
	return unix.RT_SCOPE_UNIVERSE
}

// appendTo appends the message of the route: struct rtmsg and its attributes.
func (o *routeOp) appendTo(b []byte, c *Conn) ([]byte, error) {
	whole := o.config()
	cfg := &whole
	h := o.header(cfg)
	b = append(b, h.Family, h.Dst_len, h.Src_len, h.Tos, h.Table, h.Protocol, h.Scope, h.Type)
	b = binary.NativeEndian.AppendUint32(b, h.Flags)
	number := func(attr uint16, n int) {
		if n != 0 {
			b = appendUint32(b, attr, uint32(n))
		}
	}
	if cfg.Dst.Bits() > 0 {
		b = appendAddr(b, unix.RTA_DST, cfg.Dst.Masked().Addr())
	}
	if cfg.From.IsValid() {
		b = appendAddr(b, unix.RTA_SRC, cfg.From.Masked().Addr())
	}
	if cfg.Src.IsValid() {
		b = appendAddr(b, unix.RTA_PREFSRC, cfg.Src)
	}
	number(unix.RTA_PRIORITY, cfg.Metric)
	number(unix.RTA_TABLE, cfg.table())
	number(rtaNHID, cfg.NHID)
	number(unix.RTA_EXPIRES, cfg.Expires)
	if cfg.Pref != 0 {
		b = appendAttr(b, Attr{Type: unix.RTA_PREF, Data: []byte{byte(cfg.Pref - 1)}})
	}
	if len(cfg.Metrics) > 0 {
		b = appendAttr(b, Attr{Type: unix.RTA_METRICS, Nested: cfg.Metrics})
	}
	b, err := cfg.appendWay(b, c)
	if err != nil || len(cfg.Hops) == 0 {
		return b, err
	}
	hops, err := cfg.multipath(c)
	return appendAttr(b, Attr{Type: unix.RTA_MULTIPATH, Data: hops}), err
}

// appendWay appends a single next hop's gateway and link.
func (cfg *RouteConfig) appendWay(b []byte, c *Conn) ([]byte, error) {
	hop := &cfg.Hop
	b, err := cfg.appendUnlinked(b, c, hop)
	if err != nil || hop.Dev == (LinkRef{}) {
		return b, err
	}
	index, err := c.indexOf(hop.Dev)
	return appendUint32(b, unix.RTA_OIF, uint32(index)), err
}

// appendUnlinked appends what a next hop says of itself but for its link.
func (cfg *RouteConfig) appendUnlinked(b []byte, c *Conn, hop *NextHop) ([]byte, error) {
	encap, err := hop.Encap.attrs(c, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE)
	b = appendAttrs(b, encap)
	if hop.Realms != 0 {
		b = appendUint32(b, unix.RTA_FLOW, uint32(hop.Realms))
	}
	switch {
	case !hop.Via.IsValid():
	case hop.Via.Is4() == cfg.Dst.Addr().Is4():
		b = appendAddr(b, unix.RTA_GATEWAY, hop.Via)
	default: // struct rtvia: the family, then the address
		via := binary.NativeEndian.AppendUint16(nil, uint16(familyOf(hop.Via)))
		b = appendAttr(b, Attr{Type: unix.RTA_VIA, Data: appendIP(via, hop.Via)})
	}
	return b, err
}

// multipath is a run of struct rtnexthop, each with its attributes.
func (cfg *RouteConfig) multipath(c *Conn) ([]byte, error) {
	var out []byte
	for _, hop := range cfg.Hops {
		attrs, err := cfg.appendUnlinked(nil, c, &hop)
		if err != nil {
			return nil, err
		}
		index := 0
		if hop.Dev != (LinkRef{}) {
			if index, err = c.indexOf(hop.Dev); err != nil {
				return nil, err
			}
		}
		flags := byte(0)
		if hop.OnLink {
			flags = unix.RTNH_F_ONLINK
		}
		out = binary.NativeEndian.AppendUint16(out, uint16(unix.SizeofRtNexthop+len(attrs)))
		out = append(out, flags, byte(max(hop.Weight, 1)-1))
		out = binary.NativeEndian.AppendUint32(out, uint32(index))
		out = append(out, attrs...)
	}
	return out, nil
}

// FlushFilter says which routes FlushRoutes deletes: zero fields fit all, but
// the table, which is main where it is zero.
type FlushFilter struct {
	Table int
	Dev   LinkRef
	Proto int
	Dst   netip.Prefix
}

// FlushRoutes deletes all routes that fit, of both families.
func FlushRoutes(f FlushFilter) NsAction { return nsAction("flush-route", flushRouteOp{f}) }

type flushRouteOp struct{ f FlushFilter }

func (o flushRouteOp) String() string {
	parts := []string{"flush route"}
	if o.f.Table != 0 {
		parts = append(parts, fmt.Sprintf("table %d", o.f.Table))
	}
	if o.f.Dev != (LinkRef{}) {
		parts = append(parts, "dev "+o.f.Dev.String())
	}
	return strings.Join(parts, " ")
}

func (o flushRouteOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	routes, err := o.routes(c)
	if err != nil || len(routes) == 0 || u.owns(c.id) {
		return o, err
	}
	if err := canBeMadeAgain(routes); err != nil {
		return nil, err
	}
	text := strings.TrimSpace(strings.TrimPrefix(o.String(), "flush route"))
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: text, Record: &Record{msgs: routes}}})
}

// routes are those that fit.
func (o flushRouteOp) routes(c *Conn) ([]message, error) {
	index := 0
	if o.f.Dev != (LinkRef{}) {
		var err error
		if index, err = c.indexOf(o.f.Dev); err != nil {
			return nil, err
		}
	}
	table := uint32(o.f.Table)
	if table == 0 {
		table = unix.RT_TABLE_MAIN
	}
	return c.routes(func(m message, a attrs) bool {
		return m.body[0] != unix.AF_MPLS && m.routeTable(a) == table && (o.f.Proto == 0 || int(m.body[5]) == o.f.Proto) &&
			(index == 0 || routeUses(a, map[int]bool{index: true}, nil)) && (!o.f.Dst.IsValid() || m.goesTo(a, o.f.Dst))
	})
}

// goesTo reports whether a route is the one of that destination.
func (m message) goesTo(a attrs, dst netip.Prefix) bool {
	to := dst.Masked().Addr()
	return int(m.body[0]) == familyOf(to) && int(m.body[1]) == dst.Bits() && (dst.Bits() == 0 || a.addr(unix.RTA_DST) == to)
}

func (o flushRouteOp) act(_ context.Context, c *Conn) error {
	routes, err := o.routes(c)
	if err != nil {
		return err
	}
	for _, m := range routes {
		if err := c.remove(m); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

const rtaNHID = 30 // RTA_NH_ID of linux/rtnetlink.h
