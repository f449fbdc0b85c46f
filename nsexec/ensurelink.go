//go:build linux

package nsexec

import (
	"context"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// EnsureLink makes a link unless there is one of that name and kind, which it
// gives what cfg says otherwise. One of another kind is an error. Of a veth the
// near end is looked at alone.
func EnsureLink(cfg LinkConfig) LinkAction {
	return linkAction("ensure-"+cfg.Kind, LinkRef{Name: cfg.Name}, ensureLinkOp{newLinkOp{cfg, unix.NLM_F_CREATE | unix.NLM_F_EXCL}})
}

type ensureLinkOp struct{ newLinkOp }

func (o ensureLinkOp) String() string { return "ensure " + o.newLinkOp.String() }

func (o ensureLinkOp) act(ctx context.Context, c *Conn) error {
	link, err := c.Link(LinkRef{Name: o.cfg.Name})
	var none *NoLinkError
	if errors.As(err, &none) {
		return o.newLinkOp.act(ctx, c)
	}
	if err != nil {
		return err
	}
	if link.Type() != o.cfg.Kind {
		return &WrongKindError{Link: o.cfg.Name, Kind: link.Type(), Want: o.cfg.Kind}
	}
	change := o.newLinkOp
	change.flags = 0
	// A link's index, lower link and pair are fixed once it is made.
	change.cfg.Index, change.cfg.Peer, change.cfg.Parent = link.Attrs().Index, nil, LinkRef{}
	return change.act(ctx, c)
}

// ReplaceLink makes a link, after it has deleted one of that name.
func ReplaceLink(cfg LinkConfig) LinkAction {
	return linkAction("replace-"+cfg.Kind, LinkRef{Name: cfg.Name}, replaceLinkOp{newLinkOp{cfg, unix.NLM_F_CREATE | unix.NLM_F_EXCL}})
}

type replaceLinkOp struct{ newLinkOp }

func (o replaceLinkOp) String() string { return "replace " + o.newLinkOp.String() }

func (o replaceLinkOp) act(ctx context.Context, c *Conn) error {
	err := delLinkOp{link: LinkRef{Name: o.cfg.Name}}.act(ctx, c)
	var none *NoLinkError
	if err != nil && !errors.As(err, &none) {
		return err
	}
	return o.newLinkOp.act(ctx, c)
}

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
