//go:build linux

package nsexec

import (
	"context"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// AltName gives a link an alternative name, or takes it away (RTM_NEWLINKPROP).
func AltName(link LinkRef, name string, del bool) LinkAction {
	return linkAction("altname", link, altNameOp{link, name, del})
}

type altNameOp struct {
	link LinkRef
	name string
	del  bool
}

func (o altNameOp) String() string {
	if o.del {
		return "del altname " + o.link.String() + " " + o.name
	}
	return "altname " + o.link.String() + " " + o.name
}

func (o altNameOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.link)
	if err != nil {
		return nil, err
	}
	return o, u.noteAttrs(ctx, c, index)
}

func (o altNameOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.link)
	if err != nil {
		return err
	}
	proto, flags := unix.RTM_NEWLINKPROP, unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_APPEND
	if o.del {
		proto, flags = unix.RTM_DELLINKPROP, unix.NLM_F_ACK
	}
	req := c.Request(proto, flags)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(index)
	req.AddData(msg)
	req.AddData(rtAttr(Attr{Type: unix.IFLA_PROP_LIST | unix.NLA_F_NESTED, Nested: []Attr{
		{Type: unix.IFLA_ALT_IFNAME, Data: nl.ZeroTerminated(o.name)},
	}}))
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
