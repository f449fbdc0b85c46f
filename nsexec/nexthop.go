//go:build linux

package nsexec

import (
	"context"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// NexthopConfig is a nexthop object: one way, or a group of such objects. A zero
// field is left to the kernel.
type NexthopConfig struct {
	ID        int
	Hop       NextHop // the way, without a weight
	Family    int     // where Hop.Via tells none; 0 is AF_INET
	Blackhole bool    // there is no way: packets are dropped
	FDB       bool    // for forwarding entries of a VXLAN rather than for routes
	Proto     int     // RTPROT_*: who set it
	Group     []NexthopMember
	Resilient bool   // the group keeps flows where they are
	Balance   []Attr // of a resilient group: NHA_RES_GROUP_* within NHA_RES_GROUP
	HWStats   *bool  // of a group: have hardware count what goes by each member
	Text      string // the statement, for people
}

// NexthopMember is a nexthop object in a group.
type NexthopMember struct {
	ID     int
	Weight int // 1 to 256; 0 is 1
}

// AddNexthop adds a nexthop object (RTM_NEWNEXTHOP, linux/nexthop.h). It needs
// CAP_NET_ADMIN.
func AddNexthop(cfg NexthopConfig) NsAction {
	return nsAction("nexthop", nexthopOp{cfg, unix.RTM_NEWNEXTHOP, unix.NLM_F_CREATE | unix.NLM_F_EXCL})
}

// ReplaceNexthop adds a nexthop object or changes the one with its number, for
// all routes that use it.
func ReplaceNexthop(cfg NexthopConfig) NsAction {
	return nsAction("replace-nexthop", nexthopOp{cfg, unix.RTM_NEWNEXTHOP, unix.NLM_F_CREATE | unix.NLM_F_REPLACE})
}

// DelNexthop deletes the nexthop object with cfg's number. With it go the routes
// that use it, and the groups that have no other.
func DelNexthop(cfg NexthopConfig) NsAction {
	return nsAction("del-nexthop", nexthopOp{cfg, unix.RTM_DELNEXTHOP, 0})
}

type nexthopOp struct {
	cfg   NexthopConfig
	proto int
	flags int
}

func (o nexthopOp) String() string { return o.cfg.Text }

// prepare notes how to delete an object that is new, or what there was: the
// object, the groups that it is in, and the routes that use any of them.
func (o nexthopOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	fresh := unmakeOp{o.text(), &Record{msgs: []message{m}}}
	if o.proto == unix.RTM_NEWNEXTHOP { // of one the kernel tells without a list of all
		if _, found, err := c.askNexthop(u32(o.cfg.ID)); err == nil && !found {
			return o, u.note(ctx, c.cookieRef(), fresh)
		}
	}
	had, err := c.nexthopRecord(func(_ message, a attrs) bool { return a.int(nhaID) == o.cfg.ID })
	if err != nil {
		return nil, err
	}
	switch {
	case had.IsEmpty() && o.proto == unix.RTM_NEWNEXTHOP:
		return o, u.note(ctx, c.cookieRef(), fresh)
	case had.IsEmpty() || o.flags&unix.NLM_F_EXCL != 0:
		return o, nil // the kernel will say that it is not there, or is
	}
	if err := canBeMadeAgain(had.msgs); err != nil {
		return nil, err
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.text(), Record: had}})
}

// text is what the operation is about.
func (o nexthopOp) text() string {
	_, text, _ := strings.Cut(o.cfg.Text, "nexthop ")
	return text
}

// nexthopRecord is what there is of the nexthop objects that fit, with the
// groups that they are in and the routes that use any of them.
func (c *Conn) nexthopRecord(fits func(m message, a attrs) bool) (*Record, error) {
	list, used, err := c.nexthopsWith(fits)
	if err != nil || len(list) == 0 {
		return &Record{}, err
	}
	routes, err := c.routes(func(_ message, a attrs) bool { return used[a.int(rtaNHID)] })
	return &Record{msgs: append(list, routes...)}, err
}

func (o nexthopOp) act(_ context.Context, c *Conn) error {
	hops, done, err := loaded(o.cfg.Hop)
	if err != nil {
		return err
	}
	defer done()
	o.cfg.Hop = hops[0]
	m, err := o.message(c)
	if err != nil {
		return err
	}
	if o.proto == unix.RTM_DELNEXTHOP {
		return c.remove(m)
	}
	return c.add(m, o.flags)
}

// message is the object that the operation is about.
func (o nexthopOp) message(c *Conn) (message, error) {
	cfg := o.cfg
	attrs := []Attr{{Type: nhaID, Data: nl.Uint32Attr(uint32(cfg.ID))}}
	flag := func(attr uint16, on bool) {
		if on {
			attrs = append(attrs, Attr{Type: attr})
		}
	}
	head := nhMsg{}.Serialize()
	head[2] = byte(cfg.Proto)
	if len(cfg.Group) == 0 {
		head[0] = byte(cfg.family())
	}
	if cfg.Hop.OnLink {
		byteOrder.PutUint32(head[4:], unix.RTNH_F_ONLINK)
	}
	flag(nhaBlackhole, cfg.Blackhole)
	flag(nhaFDB, cfg.FDB)
	if cfg.Hop.Via.IsValid() {
		attrs = append(attrs, Attr{Type: nhaGateway, Data: cfg.Hop.Via.AsSlice()})
	}
	if cfg.Hop.Dev != (LinkRef{}) {
		index, err := c.indexOf(cfg.Hop.Dev)
		if err != nil {
			return message{}, err
		}
		attrs = append(attrs, Attr{Type: nhaOIF, Data: nl.Uint32Attr(uint32(index))})
	}
	encap, err := cfg.Hop.Encap.attrs(c, nhaEncap, nhaEncapType)
	if err != nil {
		return message{}, err
	}
	attrs = append(append(attrs, encap...), cfg.group()...)
	m := message{unix.RTM_NEWNEXTHOP, head}
	for _, a := range attrs {
		m.body = appendAttr(m.body, a)
	}
	return m, nil
}

func (cfg NexthopConfig) family() int {
	switch {
	case cfg.Hop.Via.IsValid():
		return familyOf(cfg.Hop.Via)
	case cfg.Family != 0:
		return cfg.Family
	}
	return unix.AF_INET
}

// group are the attributes of a group.
func (cfg NexthopConfig) group() []Attr {
	if len(cfg.Group) == 0 {
		return nil
	}
	var members []byte
	for _, g := range cfg.Group { // struct nexthop_grp
		members = byteOrder.AppendUint32(members, uint32(g.ID))
		members = append(members, byte(max(g.Weight, 1)-1), 0, 0, 0)
	}
	out := []Attr{{Type: nhaGroup, Data: members}}
	if cfg.HWStats != nil {
		out = append(out, Attr{Type: nhaHWStatsEnable, Data: u32(map[bool]int{true: 1}[*cfg.HWStats])})
	}
	if !cfg.Resilient {
		return out
	}
	const resilient = 1 // NEXTHOP_GRP_TYPE_RES
	return append(out,
		Attr{Type: nhaGroupType, Data: nl.Uint16Attr(resilient)},
		Attr{Type: nhaResGroup | unix.NLA_F_NESTED, Nested: cfg.Balance})
}

// NexthopFilter says which nexthop objects FlushNexthops deletes: zero fields fit
// all.
type NexthopFilter struct {
	Dev    LinkRef
	Proto  int
	FDB    bool
	Groups bool
	Text   string // the statement, for people
}

// FlushNexthops deletes all nexthop objects that fit.
func FlushNexthops(f NexthopFilter) NsAction { return nsAction("flush-nexthop", flushNexthopOp{f}) }

type flushNexthopOp struct{ f NexthopFilter }

func (o flushNexthopOp) String() string { return o.f.Text }

func (o flushNexthopOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	fits, err := o.fits(c)
	if err != nil {
		return nil, err
	}
	had, err := c.nexthopRecord(fits)
	if err != nil || had.IsEmpty() {
		return o, err
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: "those flushed", Record: had}})
}

// fits tells the objects that are to go.
func (o flushNexthopOp) fits(c *Conn) (func(m message, a attrs) bool, error) {
	index := 0
	if o.f.Dev != (LinkRef{}) {
		var err error
		if index, err = c.indexOf(o.f.Dev); err != nil {
			return nil, err
		}
	}
	return func(m message, a attrs) bool {
		fdb := a.has(nhaFDB)
		group := a.has(nhaGroup)
		return (index == 0 || a.int(nhaOIF) == index) && (o.f.Proto == 0 || int(m.body[2]) == o.f.Proto) &&
			(!o.f.FDB || fdb) && (!o.f.Groups || group)
	}, nil
}

func (o flushNexthopOp) act(_ context.Context, c *Conn) error {
	fits, err := o.fits(c)
	if err != nil {
		return err
	}
	all, err := c.list(unix.RTM_NEWNEXTHOP, nhMsg{})
	if err != nil {
		return err
	}
	for _, m := range all {
		if !fits(m, m.attrs()) {
			continue
		}
		if err := c.removeThere(m); err != nil { // a group may be gone with its last member
			return err
		}
	}
	return nil
}
