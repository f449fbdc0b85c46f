//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"

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
	return linkAction("new-"+cfg.Kind, LinkRef{Name: cfg.Name}, newLink(cfg))
}

type newLinkOp struct {
	cfg   LinkConfig
	flags int
	far   int // the index of cfg.Peer where that has none of its own; 0 leaves it to the kernel
}

// newLink is of a link that there may not be yet.
func newLink(cfg LinkConfig) *newLinkOp {
	return &newLinkOp{cfg: cfg, flags: unix.NLM_F_CREATE | unix.NLM_F_EXCL}
}

func (o *newLinkOp) String() string {
	if o.cfg.Peer != nil {
		return fmt.Sprintf("%s %s %s", o.cfg.Kind, o.cfg.Name, o.cfg.Peer.Name)
	}
	return o.cfg.Kind + " " + o.cfg.Name
}

// prepare gives the links that are made in older namespaces indexes, by which
// they are known when they are to go again.
func (o *newLinkOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
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
	known := *o
	if known.cfg.Index == 0 {
		known.cfg.Index = u.index()
	}
	u.hasMadeLink(c.id, known.cfg.Index)
	if o.cfg.Peer != nil {
		peer := *o.cfg.Peer
		if peer.Index == 0 {
			peer.Index = u.index()
		}
		known.cfg.Peer = &peer
		u.hasMadeLink(farID, peer.Index)
		if !olderNear { // with one end the other goes, too
			return &known, u.note(ctx, far, unmakeLinkOp{peer.Name, peer.Index})
		}
	}
	return &known, u.note(ctx, c.cookieRef(), unmakeLinkOp{known.cfg.Name, known.cfg.Index})
}

// prepareChange notes what a link that is there and its new master are.
func (o *newLinkOp) prepareChange(ctx context.Context, c *Conn, u *Undo) error {
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
func (o *newLinkOp) farEnd(c *Conn) (Ref, uint64, error) {
	if o.cfg.Peer == nil || o.cfg.Peer.NS == c.ref {
		return c.cookieRef(), c.id, nil
	}
	id, err := c.cookieAt(o.cfg.Peer.NS)
	return Cookie(id, o.cfg.Peer.NS.hint()), id, err
}

func (o *newLinkOp) act(ctx context.Context, c *Conn) error {
	if err := o.make(c); err != nil || o.cfg.Alias == "" {
		return err
	}
	link := LinkRef{Name: o.cfg.Name}
	change := LinkChange{Attrs: []Attr{{Type: unix.IFLA_IFALIAS, Data: []byte(o.cfg.Alias)}}}
	err := setLinkOp{link: link, change: &change}.act(ctx, c) // of a link made just now: it goes with that
	if err != nil && o.flags&unix.NLM_F_EXCL != 0 {
		_ = delLinkOp{link: link}.act(ctx, c) // it was made just now, and half of it is none
	}
	return err
}

// make makes the link, with an index of our choice where we may choose it.
func (o *newLinkOp) make(c *Conn) error {
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
func (o *newLinkOp) farConn(c *Conn) (far *Conn, release func(), err error) {
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
func (o *newLinkOp) request(c *Conn) error {
	b, release, err := o.appendTo(headerRoom(), c)
	defer release()
	if err != nil {
		return err
	}
	_, err = c.requestOf(unix.RTM_NEWLINK, o.flags|unix.NLM_F_ACK, b).Execute(unix.NETLINK_ROUTE, 0)
	if err != nil {
		return unknownKind(o.cfg, err)
	}
	return nil
}

// appendMessage is of a link that goes into a batch: one that names no other.
func (o *newLinkOp) appendMessage(b []byte, c *Conn) (out []byte, typ, flags int, err error) {
	out, release, err := o.appendTo(b, c)
	release()
	return out, unix.RTM_NEWLINK, o.flags, err
}

// retractable is true of a new link that changes no other.
func (o *newLinkOp) retractable() bool {
	cfg := &o.cfg
	return o.flags&unix.NLM_F_EXCL != 0 && fusesAsMade[cfg.Kind] && cfg.Peer == nil && cfg.Alias == "" &&
		cfg.Master == (LinkRef{}) && cfg.Parent == (LinkRef{}) && cfg.Refs == nil
}

func (o *newLinkOp) alone() bool { return !o.retractable() }

// appendTo appends the body of the message. release is never nil; what the message
// names stays until it is called.
func (o *newLinkOp) appendTo(b []byte, c *Conn) (out []byte, release func(), err error) {
	cfg, creates := &o.cfg, o.flags&unix.NLM_F_CREATE != 0
	b = appendIfInfo(b, cfg.Index, cfg.Up)
	if creates { // otherwise the index says which; a name would be a new one, which an old kernel refuses a link that is up
		b = appendText(b, unix.IFLA_IFNAME, cfg.Name)
	}
	b = appendAttrs(b, cfg.attrs())
	if b, err = cfg.appendRefs(b, c); err != nil {
		return b, func() {}, err
	}
	if !creates && len(cfg.Data) == 0 && len(cfg.Refs) == 0 { // some kinds take no change of theirs without any value
		return b, func() {}, nil
	}
	b, at := openAttr(b, unix.IFLA_LINKINFO)
	b = appendAttr(b, Attr{Type: nl.IFLA_INFO_KIND, Data: []byte(cfg.Kind)})
	b, release, err = o.appendData(b, c)
	return closeAttr(b, at), release, err
}

// appendIfInfo appends a struct ifinfomsg.
func appendIfInfo(b []byte, index int, up bool) []byte {
	flags := uint32(0)
	if up {
		flags = unix.IFF_UP
	}
	b = append(b, unix.AF_UNSPEC, 0, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, uint32(index))
	b = binary.NativeEndian.AppendUint32(b, flags)
	return binary.NativeEndian.AppendUint32(b, flags) // those that are meant
}

// appendRefs appends the attributes that name other links.
func (cfg *LinkConfig) appendRefs(b []byte, c *Conn) ([]byte, error) {
	if cfg.Parent != (LinkRef{}) {
		index, err := c.indexOf(cfg.Parent)
		if err != nil {
			return b, err
		}
		b = appendUint32(b, unix.IFLA_LINK, uint32(index))
	}
	if cfg.Master == (LinkRef{}) {
		return b, nil
	}
	index, err := c.indexOf(cfg.Master)
	return appendUint32(b, unix.IFLA_MASTER, uint32(index)), err
}

// appendData appends IFLA_INFO_DATA. release is never nil.
func (o *newLinkOp) appendData(b []byte, c *Conn) (out []byte, release func(), err error) {
	cfg := &o.cfg
	if len(cfg.Data) == 0 && cfg.Peer == nil && len(cfg.Refs) == 0 {
		return b, func() {}, nil
	}
	b, at := openAttr(b, nl.IFLA_INFO_DATA)
	b = appendAttrs(b, cfg.Data)
	for _, ref := range cfg.Refs {
		index, err := c.indexOf(ref.Link)
		if err != nil {
			return b, func() {}, err
		}
		b = appendUint32(b, ref.Type, uint32(index))
	}
	if cfg.Peer == nil {
		return closeAttr(b, at), func() {}, nil
	}
	b, release, err = cfg.Peer.appendPeer(b, c, o.farIndex())
	return closeAttr(b, at), release, err
}

// appendPeer appends VETH_INFO_PEER of the end that cfg is. release is never nil.
func (cfg *LinkConfig) appendPeer(b []byte, c *Conn, index int) (out []byte, release func(), err error) {
	b, at := openAttr(b, nl.VETH_INFO_PEER)
	b = appendText(appendIfInfo(b, index, false), unix.IFLA_IFNAME, cfg.Name)
	b = appendAttrs(b, cfg.attrs())
	if cfg.NS == c.Ref() {
		return closeAttr(b, at), func() {}, nil
	}
	fd, release, err := c.NsFd(cfg.NS)
	if err != nil {
		return b, func() {}, err
	}
	return closeAttr(appendUint32(b, unix.IFLA_NET_NS_FD, uint32(fd)), at), release, nil
}

// attrs are the attributes that name nothing, but for the link's name.
func (cfg *LinkConfig) attrs() []Attr {
	var out []Attr
	if cfg.Hw != nil {
		out = append(out, Attr{Type: unix.IFLA_ADDRESS, Data: cfg.Hw})
	}
	if cfg.MTU != 0 {
		out = append(out, Attr{Type: unix.IFLA_MTU, Data: nl.Uint32Attr(uint32(cfg.MTU))})
	}
	if out == nil {
		return slices.Clip(cfg.Attrs)
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
