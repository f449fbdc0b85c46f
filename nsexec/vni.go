//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// VNIConfig says which identifiers a vxlan is to take, and where the packets of
// each go unless its table says so.
type VNIConfig struct {
	Link LinkRef
	VNIs []VNIRange
	To   netip.Addr // an end or a group; none: that of the link
	Keep bool       // those that the link takes stay as they are
}

// VNIRange are the identifiers from one to another.
type VNIRange struct{ First, Last uint32 }

// SetVNIs adds identifiers to those that a vxlan made with vnifilter takes, or
// changes where theirs go (RTM_NEWTUNNEL of linux/if_link.h, Linux 5.18). text is
// the statement that errors show. It needs CAP_NET_ADMIN.
func SetVNIs(text string, cfg VNIConfig) LinkAction {
	return linkAction("vni", cfg.Link, vniOp{text, cfg, false})
}

// DelVNIs takes identifiers away from them.
func DelVNIs(text string, cfg VNIConfig) LinkAction {
	return linkAction("del-vni", cfg.Link, vniOp{text, cfg, true})
}

type vniOp struct {
	text string
	cfg  VNIConfig
	del  bool
}

func (o vniOp) String() string { return o.text }

// prepare notes those of the identifiers that the link takes, and which of them
// are new to it.
func (o vniOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.cfg.Link)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	have, err := c.vniFilterOf(index)
	if err != nil {
		return nil, err
	}
	was, fresh := vniFilter{}, vniFilter{}
	for vni := range o.vnis {
		if to, ok := have[vni]; ok {
			was[vni] = to
		} else if !o.del {
			fresh[vni] = netip.Addr{}
		}
	}
	return o, u.noteParts(ctx, c, o.cfg.Link.String(), was.messages(index), fresh.messages(index))
}

// vnis yields the identifiers that are meant.
func (o vniOp) vnis(yield func(uint32) bool) {
	for _, r := range o.cfg.VNIs {
		for vni := r.First; vni <= r.Last; vni++ {
			if !yield(vni) {
				return
			}
		}
	}
}

func (o vniOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.cfg.Link)
	if err != nil {
		return err
	}
	kind := rtmNewTunnel
	if o.del {
		kind = rtmDelTunnel
	}
	entries, err := o.entries(c, index)
	if err != nil {
		return err
	}
	return o.explain(c.sendSome(kind, tunnelMsg{index}, entries))
}

// explain says of a vxlan what the kernel says with a number alone.
func (o vniOp) explain(err error) error {
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("%s is no vxlan made with vnifilter: %w", o.cfg.Link, err)
	case !o.del || !errors.Is(err, unix.ENOENT):
		return err
	}
	return fmt.Errorf("%s does not take all of these VNIs: %w", o.cfg.Link, err)
}

func (o vniOp) entries(c *Conn, index int) ([]Attr, error) {
	if o.cfg.Keep {
		have, err := c.vniFilterOf(index)
		lacking := vniFilter{}
		for vni := range o.vnis {
			if _, ok := have[vni]; !ok {
				lacking[vni] = o.cfg.To
			}
		}
		return lacking.entries(), err
	}
	var out []Attr
	for _, r := range o.cfg.VNIs {
		out = append(out, vniEntry(r, o.cfg.To))
	}
	return out, nil
}

// FlushVNIs takes all identifiers away from a vxlan.
func FlushVNIs(link LinkRef) LinkAction { return linkAction("flush-vni", link, flushVNIsOp{link}) }

type flushVNIsOp struct{ link LinkRef }

func (o flushVNIsOp) String() string { return "flush vni " + o.link.String() }

func (o flushVNIsOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.link)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	have, err := c.vniFilterOf(index)
	if err != nil {
		return nil, err
	}
	return o, u.noteParts(ctx, c, o.link.String(), have.messages(index), nil)
}

func (o flushVNIsOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.link)
	if err != nil {
		return err
	}
	have, err := c.vniFilterOf(index)
	if err != nil {
		return err
	}
	return c.sendSome(rtmDelTunnel, tunnelMsg{index}, have.entries())
}

// Of linux/rtnetlink.h.
const (
	rtmNewTunnel = 120
	rtmDelTunnel = 121
)

const sizeofTunnelMsg = 8 // struct tunnel_msg of linux/if_link.h

// tunnelMsg is struct tunnel_msg, which is laid out as struct br_vlan_msg.
type tunnelMsg struct{ index int }

func (m tunnelMsg) Len() int { return sizeofTunnelMsg }

func (m tunnelMsg) Serialize() []byte { return vlanMsg(m).Serialize() }
