//go:build linux

package nsexec

import (
	"context"
	"fmt"
	"net"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attr is a netlink attribute: Data, or where there are Nested ones, those.
type Attr struct {
	Type   uint16
	Data   []byte
	Nested []Attr
}

// add puts the attribute into a message or another attribute.
func (a Attr) add(to interface {
	AddRtAttr(attrType int, data []byte) *nl.RtAttr
}) {
	at := to.AddRtAttr(int(a.Type), a.Data)
	for _, n := range a.Nested {
		n.add(at)
	}
}

// LinkConfig is a link to make. A zero field is left to the kernel.
type LinkConfig struct {
	Kind   string // as in IFLA_INFO_KIND
	Name   string
	NS     Ref // of a Peer: where it is made. A link itself is made where the action runs
	Index  int
	Hw     net.HardwareAddr
	MTU    int
	Alias  string     // set by a message of its own: the kernel takes none of a link that it makes; of a Peer left out
	Master LinkRef    // in the link's own namespace
	Parent LinkRef    // IFLA_LINK, in the namespace that the action runs in
	Refs   []LinkAttr // links that attributes of Data name
	Up     bool
	Attrs  []Attr      // further attributes of the link
	Data   []Attr      // IFLA_INFO_DATA
	Peer   *LinkConfig // the other end of a veth; its Master and Up take a message of their own
}

// NewLink makes a link, in one RTM_NEWLINK message whatever is set (see
// rtnetlink(7)). A peer is made where it belongs by the same message. It needs
// CAP_NET_ADMIN over the namespaces.
func NewLink(cfg LinkConfig) LinkAction {
	return linkAction("new-"+cfg.Kind, LinkRef{Name: cfg.Name}, newLinkOp{cfg, unix.NLM_F_CREATE | unix.NLM_F_EXCL})
}

type newLinkOp struct {
	cfg   LinkConfig
	flags int
}

func (o newLinkOp) String() string {
	if o.cfg.Peer != nil {
		return fmt.Sprintf("%s %s %s", o.cfg.Kind, o.cfg.Name, o.cfg.Peer.Name)
	}
	return o.cfg.Kind + " " + o.cfg.Name
}

// prepare gives the links that are made in older namespaces indexes, by which
// they are known when they are to go again.
func (o newLinkOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if o.flags&unix.NLM_F_CREATE == 0 { // it is there, and gets what it lacks
		return o, o.prepareChange(ctx, c, u)
	}
	far, farID, err := o.farEnd(c)
	if err != nil {
		return nil, err
	}
	olderNear, olderFar := !u.owns(c.id), o.cfg.Peer != nil && !u.owns(farID)
	if !olderNear && !olderFar {
		return o, nil
	}
	if o.cfg.Master != (LinkRef{}) && olderNear {
		master, err := c.indexOf(o.cfg.Master)
		if err != nil {
			return nil, err
		}
		if err := u.noteMaster(ctx, c, master, o.cfg.MTU); err != nil {
			return nil, err
		}
	}
	if o.cfg.Index == 0 {
		o.cfg.Index = u.index()
	}
	u.hasMadeLink(c.id, o.cfg.Index)
	if o.cfg.Peer != nil {
		peer := *o.cfg.Peer
		if peer.Index == 0 {
			peer.Index = u.index()
		}
		o.cfg.Peer = &peer
		u.hasMadeLink(farID, peer.Index)
		if !olderNear { // with one end the other goes, too
			return o, u.note(ctx, far, unmakeLinkOp{peer.Name, peer.Index})
		}
	}
	return o, u.note(ctx, c.cookieRef(), unmakeLinkOp{o.cfg.Name, o.cfg.Index})
}

// prepareChange notes what a link that is there and its new master are.
func (o newLinkOp) prepareChange(ctx context.Context, c *Conn, u *Undo) error {
	if o.cfg.Master != (LinkRef{}) && !u.owns(c.id) {
		master, err := c.indexOf(o.cfg.Master)
		if err != nil {
			return err
		}
		mtu, err := c.mtuAfter(o.cfg.Index, []Attr{{Type: unix.IFLA_MTU, Data: u32(o.cfg.MTU)}})
		if err != nil {
			return err
		}
		if err := u.noteMaster(ctx, c, master, mtu); err != nil {
			return err
		}
	}
	switch {
	case u.ownsLink(c, o.cfg.Index):
		return nil
	case isTooSmall(o.cfg.MTU):
		return u.noteShrinking(ctx, c, o.cfg.Index)
	}
	return u.noteLink(ctx, c, o.cfg.Index)
}

// farEnd is where the other end of a pair is made.
func (o newLinkOp) farEnd(c *Conn) (Ref, uint64, error) {
	if o.cfg.Peer == nil || o.cfg.Peer.NS == c.ref {
		return c.cookieRef(), c.id, nil
	}
	id, err := c.cookieAt(o.cfg.Peer.NS)
	return Cookie(id, o.cfg.Peer.NS.hint()), id, err
}

func (o newLinkOp) act(ctx context.Context, c *Conn) error {
	if err := o.make(c); err != nil || o.cfg.Alias == "" {
		return err
	}
	link := LinkRef{Name: o.cfg.Name}
	change := LinkChange{Attrs: []Attr{{Type: unix.IFLA_IFALIAS, Data: []byte(o.cfg.Alias)}}}
	err := setLinkOp{link, "", change}.act(ctx, c) // of a link made just now: it goes with that
	if err != nil && o.flags&unix.NLM_F_EXCL != 0 {
		_ = delLinkOp{link: link}.act(ctx, c) // it was made just now, and half of it is none
	}
	return err
}

// make makes the link, with an index of our choice where we may choose it.
func (o newLinkOp) make(c *Conn) error {
	far, release, err := o.farConn(c)
	if err != nil {
		return err
	}
	defer release()
	chosen, did := o.withIndexes(c, far)
	err = chosen.request(c)
	if err == nil {
		chosen.learnMade(c, far)
		return nil
	}
	if !did {
		return err
	}
	chosen.giveBack(c, far)
	if !isTaken(err) {
		return err
	}
	if err := o.request(c); err != nil {
		return err
	}
	if far != nil { // first, since it has the lower index where both are in one namespace
		far.goOnBehind(o.cfg.Peer.Name)
	}
	c.goOnBehind(o.cfg.Name)
	return nil
}

// farConn is the connection to where the other end of a pair is made; nil where
// there is none, or none that is kept.
func (o newLinkOp) farConn(c *Conn) (far *Conn, release func(), err error) {
	p, ok := c.space.(*pool)
	switch {
	case o.cfg.Peer == nil || !ok:
		return nil, func() {}, nil
	case o.cfg.Peer.NS == c.ref:
		return c, func() {}, nil
	}
	pc, err := p.get(context.Background(), o.cfg.Peer.NS, p.runOf(c))
	if err != nil {
		return nil, nil, err
	}
	return &pc.Conn, func() { p.put(pc) }, nil
}

// request makes the link by one message.
func (o newLinkOp) request(c *Conn) error {
	cfg := o.cfg
	req := c.Request(unix.RTM_NEWLINK, o.flags|unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(cfg.Index)
	if cfg.Up {
		msg.Flags, msg.Change = unix.IFF_UP, unix.IFF_UP
	}
	req.AddData(msg)
	attrs := cfg.attrs()
	if o.flags&unix.NLM_F_CREATE == 0 {
		attrs = attrs[1:] // the index says which; a name would be a new one, which an old kernel refuses a link that is up
	}
	for _, a := range attrs {
		req.AddData(rtAttr(a))
	}
	if err := o.refs(c, req); err != nil {
		return err
	}
	if o.flags&unix.NLM_F_CREATE != 0 || len(cfg.Data) > 0 || len(cfg.Refs) > 0 { // some kinds take no change of theirs without any value
		info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
		info.AddRtAttr(nl.IFLA_INFO_KIND, []byte(cfg.Kind))
		release, err := o.data(c, info)
		defer release()
		if err != nil {
			return err
		}
		req.AddData(info)
	}
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	if err != nil {
		return unknownKind(cfg, err)
	}
	return nil
}

// refs adds the attributes that name other links.
func (o newLinkOp) refs(c *Conn, req *Request) error {
	for _, r := range []struct {
		attr int
		link LinkRef
	}{{unix.IFLA_LINK, o.cfg.Parent}, {unix.IFLA_MASTER, o.cfg.Master}} {
		if r.link == (LinkRef{}) {
			continue
		}
		index, err := c.indexOf(r.link)
		if err != nil {
			return err
		}
		req.AddData(nl.NewRtAttr(r.attr, nl.Uint32Attr(uint32(index))))
	}
	return nil
}

// data adds IFLA_INFO_DATA. release is never nil.
func (o newLinkOp) data(c *Conn, info *nl.RtAttr) (release func(), err error) {
	release = func() {}
	if len(o.cfg.Data) == 0 && o.cfg.Peer == nil && len(o.cfg.Refs) == 0 {
		return release, nil
	}
	data := info.AddRtAttr(nl.IFLA_INFO_DATA, nil)
	for _, a := range o.cfg.Data {
		a.add(data)
	}
	for _, ref := range o.cfg.Refs {
		index, err := c.indexOf(ref.Link)
		if err != nil {
			return release, err
		}
		data.AddRtAttr(int(ref.Type), nl.Uint32Attr(uint32(index)))
	}
	if o.cfg.Peer == nil {
		return release, nil
	}
	p := *o.cfg.Peer
	peer := data.AddRtAttr(nl.VETH_INFO_PEER, nil)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(p.Index)
	peer.AddChild(msg)
	for _, a := range p.attrs() {
		a.add(peer)
	}
	if p.NS == c.Ref() {
		return release, nil
	}
	fd, release, err := c.NsFd(p.NS)
	if err != nil {
		return func() {}, err
	}
	peer.AddRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(fd)))
	return release, nil
}

// attrs are the attributes that name nothing else, the link's name first.
func (cfg LinkConfig) attrs() []Attr {
	out := []Attr{{Type: unix.IFLA_IFNAME, Data: nl.ZeroTerminated(cfg.Name)}}
	if cfg.Hw != nil {
		out = append(out, Attr{Type: unix.IFLA_ADDRESS, Data: cfg.Hw})
	}
	if cfg.MTU != 0 {
		out = append(out, Attr{Type: unix.IFLA_MTU, Data: nl.Uint32Attr(uint32(cfg.MTU))})
	}
	return append(out, cfg.Attrs...)
}

// LinkAttr is an attribute whose value is the index of a link.
type LinkAttr struct {
	Type uint16
	Link LinkRef
}

func rtAttr(a Attr) *nl.RtAttr {
	out := nl.NewRtAttr(int(a.Type), a.Data)
	for _, n := range a.Nested {
		n.add(out)
	}
	return out
}
