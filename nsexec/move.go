//go:build linux

package nsexec

import (
	"context"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// MoveLink moves a link to another namespace. It keeps its name, is down
// afterwards and has lost its addresses. Some kinds can't be moved: bridge,
// bond, vrf, loopback.
func MoveLink(link LinkRef, to Ref) NsAction {
	return nsAction("move", moveOp{link: link, ref: to})
}

// moveOp moves a link. With open set, that finds the namespace, otherwise ref
// names it.
type moveOp struct {
	link LinkRef
	ref  Ref
	open func() (int, Ref, error)
	// index is what the link is to have there; 0 is as it comes.
	index int
}

func (o moveOp) String() string { return "move " + o.link.String() + " " + o.ref.String() }

func (o moveOp) act(_ context.Context, c *Conn) error {
	ref, fd, release, err := o.target(c)
	if err != nil {
		return err
	}
	defer release()
	msg, err := c.getLink(o.link)
	if err != nil {
		return err
	}
	index := nl.DeserializeIfInfomsg(msg).Index
	attrs := []Attr{{Type: unix.IFLA_NET_NS_FD, Data: u32(fd)}}
	if o.index != 0 {
		attrs = append(attrs, Attr{Type: unix.IFLA_NEW_IFINDEX, Data: u32(o.index)})
	}
	if err := c.setLink(int(index), 0, 0, attrs...); err != nil {
		return err
	}
	return c.space.moved(int(index), linkAttr(msg, unix.IFLA_IFNAME), ref, fd)
}

// prepare notes how an older link comes back. What a run has made and moves to
// an older namespace gets an index there that it is known by.
func (o moveOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.link)
	if err != nil {
		return nil, err
	}
	_, fd, release, err := o.target(c)
	if err != nil {
		return nil, err
	}
	defer release()
	to, err := cookieOf(fd)
	if err != nil || to == c.id {
		return o, err
	}
	there := Cookie(to, o.ref.hint())
	if u.ownsLink(c, index) {
		if u.owns(to) {
			return o, nil
		}
		o.index = u.index()
		u.hasMadeLink(to, o.index)
		return o, u.note(ctx, there, unmakeLinkOp{o.link.String(), o.index})
	}
	o.index = u.index()
	if err := u.notePeer(ctx, c, index); err != nil {
		return nil, err
	}
	if err := u.noteLost(ctx, c, index); err != nil {
		return nil, err
	}
	record, err := c.recordOf([]int{index}, true)
	if err != nil {
		return nil, err
	}
	if err := c.withOwnEntries(record, index); err != nil {
		return nil, err
	}
	back := RestoreConfig{Text: o.link.String(), Record: record, Index: o.index, FromNS: there}
	if o.ref.Kind == RefAnonymous { // it ends before the run does
		held, err := dup(fd)
		if err != nil {
			return nil, err
		}
		if back.From, err = u.hold(held); err != nil {
			return nil, err
		}
		back.FromNS = Ref{}
	}
	u.hosts(to)
	return o, u.note(ctx, c.cookieRef(), restoreOp{back})
}

func (o moveOp) target(c *Conn) (ref Ref, fd int, release func(), err error) {
	if o.open == nil {
		fd, release, err = c.NsFd(o.ref)
		return o.ref, fd, release, err
	}
	fd, ref, err = o.open()
	return ref, fd, func() { unix.Close(fd) }, err
}
