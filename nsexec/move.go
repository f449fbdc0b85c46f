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
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	link := nl.NewIfInfomsg(unix.AF_UNSPEC)
	link.Index = index
	req.AddData(link)
	req.AddData(nl.NewRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(fd))))
	if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return err
	}
	return c.space.moved(int(index), linkAttr(msg, unix.IFLA_IFNAME), ref, fd)
}

func (o moveOp) target(c *Conn) (ref Ref, fd int, release func(), err error) {
	if o.open == nil {
		fd, release, err = c.NsFd(o.ref)
		return o.ref, fd, release, err
	}
	fd, ref, err = o.open()
	return ref, fd, func() { unix.Close(fd) }, err
}
