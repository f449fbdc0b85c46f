//go:build linux

package nsexec

import (
	"context"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// LinkChange is what one RTM_NEWLINK message changes of a link.
type LinkChange struct {
	Flags, Mask uint32  // IFF_ flags, and which of them are meant
	Attrs       []Attr  // attributes to set
	Master      LinkRef // IFLA_MASTER
	NoMaster    bool
	Port        []Attr   // IFLA_PROTINFO of a bridge port, IFLA_BRPORT_*
	PortLink    LinkAttr // one of those, that names a link
}

// SetLink changes a link, all of it in one message. text is the statement that
// errors show. It needs CAP_NET_ADMIN.
func SetLink(link LinkRef, name, text string, change LinkChange) LinkAction {
	return linkAction(name, link, setLinkOp{link: link, text: text, change: change.kept()})
}

// kept is a change where it can stay. Most take a link up and no more.
func (ch LinkChange) kept() *LinkChange {
	if ch.simple() && ch.Attrs == nil && ch.Master == (LinkRef{}) && ch.Mask != 0 {
		return &up
	}
	whole := ch
	return &whole
}

// SetUp takes a link up.
func SetUp(link LinkRef) LinkAction {
	return linkAction("up", link, setLinkOp{link: link, verb: "up", change: &up})
}

// SetDown takes a link down.
func SetDown(link LinkRef) LinkAction {
	return linkAction("down", link, setLinkOp{link: link, verb: "down", change: &down})
}

var ( // what a run may say of thousands of links
	up   = LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}
	down = LinkChange{Mask: unix.IFF_UP}
)

// setLinkOp is a change of a link. Its text is the verb and the link where there is
// a verb.
type setLinkOp struct {
	link       LinkRef
	verb, text string
	change     *LinkChange // not to be changed itself: others may have the same
}

func (o setLinkOp) String() string {
	if o.verb != "" {
		return o.verb + " " + o.link.String()
	}
	return o.text
}

// prepare notes what the link is, and for a change that others come with, what
// is on it.
func (o setLinkOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.indexOf(o.link)
	if err != nil {
		return nil, err
	}
	ch := o.change
	if ch.Master != (LinkRef{}) && !u.owns(c.id) {
		master, err := c.indexOf(ch.Master)
		if err != nil {
			return nil, err
		}
		mtu, err := c.mtuAfter(index, ch.Attrs)
		if err != nil {
			return nil, err
		}
		if err := u.noteMaster(ctx, c, master, mtu); err != nil {
			return nil, err
		}
	}
	if u.ownsLink(c, index) {
		return o, nil
	}
	if ch.isLocal() {
		return o, u.noteAttrs(ctx, c, index)
	}
	if slices.ContainsFunc(ch.Attrs, func(a Attr) bool { return a.Type == unix.IFLA_CARRIER }) {
		if err := u.noteCarrier(ctx, c, index); err != nil {
			return nil, err
		}
	}
	if ch.Mask&unix.IFF_UP != 0 {
		if err := u.notePeer(ctx, c, index); err != nil {
			return nil, err
		}
	}
	if mtu := attrMTU(ch.Attrs); isTooSmall(mtu) {
		return o, u.noteShrinking(ctx, c, index)
	}
	return o, u.noteLink(ctx, c, index)
}

// mtuAfter is the MTU that a link will have.
func (c *Conn) mtuAfter(index int, change []Attr) (int, error) {
	if mtu := attrMTU(change); mtu != 0 {
		return mtu, nil
	}
	is, err := c.linkState(ByIndex(index))
	return is.attrs.int(unix.IFLA_MTU), err
}

func attrMTU(list []Attr) int {
	for _, a := range list {
		if a.Type == unix.IFLA_MTU {
			return int(number(a.Data))
		}
	}
	return 0
}

// isLocal reports whether a change has no effect on what is on the link, above
// it or below it.
func (ch LinkChange) isLocal() bool {
	if ch.Mask&^(unix.IFF_PROMISC|unix.IFF_ALLMULTI) != 0 || ch.Master != (LinkRef{}) || ch.NoMaster {
		return false
	}
	if slices.ContainsFunc(ch.Port, func(a Attr) bool { return a.Type == nl.IFLA_BRPORT_VLAN_TUNNEL }) {
		return false // without it the port's VLANs lose their tunnels
	}
	for _, a := range ch.Attrs {
		switch a.Type {
		case unix.IFLA_IFALIAS, unix.IFLA_TXQLEN, unix.IFLA_GROUP:
		default:
			return false
		}
	}
	return true
}

func (o setLinkOp) act(_ context.Context, c *Conn) error { return c.send(o) }

func (o setLinkOp) retractable() bool { return false }
func (o setLinkOp) alone() bool       { return !o.keepsNames() }

func (o setLinkOp) appendMessage(b []byte, c *Conn) (out []byte, typ, flags int, err error) {
	index, err := c.indexOf(o.link)
	if err != nil {
		return nil, 0, 0, err
	}
	ch := *o.change
	if ch.PortLink != (LinkAttr{}) {
		other, err := c.indexOf(ch.PortLink.Link)
		if err != nil {
			return nil, 0, 0, err
		}
		ch.Port = append(slices.Clone(ch.Port), Attr{Type: ch.PortLink.Type, Data: nl.Uint32Attr(uint32(other))})
	}
	family, typ := unix.AF_UNSPEC, unix.RTM_NEWLINK
	if ch.Port != nil {
		family, typ = unix.AF_BRIDGE, unix.RTM_SETLINK
	}
	msg := nl.NewIfInfomsg(family)
	msg.Index = int32(index)
	msg.Flags, msg.Change = ch.Flags, ch.Mask
	b = appendAttrs(append(b, msg.Serialize()...), ch.Attrs)
	if ch.Port != nil {
		b = appendAttr(b, Attr{Type: unix.IFLA_PROTINFO | unix.NLA_F_NESTED, Nested: ch.Port})
	}
	switch {
	case ch.NoMaster:
		b = appendUint32(b, unix.IFLA_MASTER, 0)
	case ch.Master != (LinkRef{}):
		master, err := c.indexOf(ch.Master)
		if err != nil {
			return nil, 0, 0, err
		}
		b = appendUint32(b, unix.IFLA_MASTER, uint32(master))
	}
	return b, typ, 0, nil
}

// DelLink deletes a link; with a kind, only one of that kind.
func DelLink(link LinkRef, kind string) LinkAction {
	return linkAction("del-link", link, delLinkOp{link, kind})
}

type delLinkOp struct {
	link LinkRef
	kind string
}

func (o delLinkOp) String() string {
	if o.kind != "" {
		return "del " + o.kind + " " + o.link.String()
	}
	return "del link " + o.link.String()
}

func (o delLinkOp) act(_ context.Context, c *Conn) error {
	is, err := o.target(c)
	if err != nil {
		return err
	}
	return c.delLink(is.index)
}

// target is the link, if it is of the kind that it should be.
func (o delLinkOp) target(c *Conn) (linkState, error) {
	is, err := c.linkState(o.link)
	if err == nil && o.kind != "" {
		err = is.isOf(o.kind)
	}
	return is, err
}

// WrongKindError says that a link is of another kind than the statement wants.
type WrongKindError struct{ Link, Kind, Want string }

func (e *WrongKindError) Error() string {
	return "\"" + e.Link + "\" is a " + e.Kind + ", not a " + e.Want
}

// Unwrap returns EEXIST.
func (e *WrongKindError) Unwrap() error { return unix.EEXIST }
