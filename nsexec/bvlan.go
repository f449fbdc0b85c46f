//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// BridgeVLANConfig says which VLANs a port of a bridge, or the bridge itself, is
// to be in, and how.
type BridgeVLANConfig struct {
	Link  LinkRef
	VLANs []VLANRange
	// Flags are BRIDGE_VLAN_INFO_PVID and BRIDGE_VLAN_INFO_UNTAGGED. With Keep, a
	// VLAN that the link is in keeps those that it has.
	Flags uint16
	Keep  bool
	// Place is BRIDGE_FLAGS_SELF or BRIDGE_FLAGS_MASTER; 0 is self for a bridge,
	// master for others.
	Place int
	// Tunnel is the tunnel of the first VLAN; the others have those that follow.
	Tunnel *uint32
	Attrs  []Attr // BRIDGE_VLANDB_ENTRY_* that are options of a VLAN
}

// VLANRange are the VLANs from one to another.
type VLANRange struct{ First, Last uint16 }

// SetBridgeVLANs has a link be in VLANs (RTM_SETLINK of AF_BRIDGE and, for a
// VLAN's options, RTM_NEWVLAN). text is the statement that errors show. It needs
// CAP_NET_ADMIN.
func SetBridgeVLANs(text string, cfg BridgeVLANConfig) LinkAction {
	return linkAction("bvlan", cfg.Link, bvlanOp{text, cfg, false})
}

// DelBridgeVLANs takes a link out of VLANs; with a tunnel, it takes away that of
// the VLANs alone.
func DelBridgeVLANs(text string, cfg BridgeVLANConfig) LinkAction {
	return linkAction("del-bvlan", cfg.Link, bvlanOp{text, cfg, true})
}

type bvlanOp struct {
	text string
	cfg  BridgeVLANConfig
	del  bool
}

func (o bvlanOp) String() string { return o.text }

// prepare notes the VLANs that the link is in, of those that are meant, and which
// of them are new to it.
func (o bvlanOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	is, err := c.linkState(o.cfg.Link)
	if err != nil || u.ownsLink(c, is.index) {
		return o, err
	}
	have, err := c.vlansOf(is.index)
	if err != nil {
		return nil, err
	}
	was, fresh := bridgeVLANs{}, bridgeVLANs{}
	for vid := range o.vids() {
		if v, ok := have[vid]; ok {
			was[vid] = v
		} else if !o.del {
			fresh[vid] = bridgeVLAN{}
		}
	}
	for vid, v := range have { // another may be the one for untagged packets by now
		if !o.del && v.flags&nl.BRIDGE_VLAN_INFO_PVID != 0 {
			was[vid] = v
		}
	}
	msgs := was.messages(is.index)
	if o.del { // with its last link, a VLAN loses the options that it has on the bridge
		options, err := c.globalVLANsOf(is.bridgeOf(), o.vids())
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, options...)
	}
	return o, u.noteParts(ctx, c, o.cfg.Link.String(), msgs, fresh.messages(is.index))
}

// vids are the VLANs that are meant.
func (o bvlanOp) vids() iter.Seq[uint16] { return vidsOf(o.cfg.VLANs) }

// vidsOf are VLANs one by one.
func vidsOf(ranges []VLANRange) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for _, r := range ranges {
			for vid := r.First; vid <= r.Last; vid++ {
				if !yield(vid) {
					return
				}
			}
		}
	}
}

func (o bvlanOp) act(_ context.Context, c *Conn) error {
	is, err := c.linkState(o.cfg.Link)
	if err != nil {
		return err
	}
	if o.cfg.Tunnel == nil || !o.del {
		if err := o.setMembership(c, is); err != nil {
			return err
		}
	}
	if o.cfg.Tunnel == nil && len(o.cfg.Attrs) == 0 {
		return nil
	}
	return o.setOptions(c, is.index)
}

// setOptions sets the options of the VLANs, or takes away their tunnels.
func (o bvlanOp) setOptions(c *Conn, index int) error {
	have, err := c.vlansOf(index)
	if err != nil {
		return err
	}
	mapped := bridgeVLANs{}
	var entries []Attr
	n := uint32(0)
	for vid := range o.vids() {
		attrs := slices.Clone(o.cfg.Attrs)
		if o.cfg.Tunnel != nil {
			id := *o.cfg.Tunnel + n
			mapped[vid] = bridgeVLAN{tunnel: u32(int(id))}
			if o.del || !bytes.Equal(have[vid].tunnel, mapped[vid].tunnel) {
				attrs = append(attrs, tunnelAttr(id, o.del))
			}
		}
		if len(attrs) > 0 {
			entries = append(entries, vlanEntry(vid, vlanOnlyOptions, attrs...))
		}
		n++
	}
	if !o.del {
		if err := c.unmapVLANs(index, mapped, have); err != nil {
			return err
		}
	}
	return c.sendVLANs(unix.RTM_NEWVLAN, index, entries)
}

// setMembership has the link be in the VLANs, or not.
func (o bvlanOp) setMembership(c *Conn, is linkState) error {
	ranges := o.cfg.VLANs
	if o.cfg.Keep {
		have, err := c.vlansOf(is.index)
		if err != nil {
			return err
		}
		ranges = nil
		for vid := range o.vids() {
			if _, ok := have[vid]; !ok {
				ranges = append(ranges, VLANRange{vid, vid})
			}
		}
	}
	if len(ranges) == 0 {
		return nil
	}
	var spec []Attr
	place := o.cfg.Place
	if place == 0 && is.kind() == "bridge" {
		place = nl.BRIDGE_FLAGS_SELF
	}
	if place != 0 {
		spec = append(spec, Attr{Type: nl.IFLA_BRIDGE_FLAGS, Data: nl.Uint16Attr(uint16(place))})
	}
	for _, r := range ranges {
		info := func(vid, flags uint16) {
			spec = append(spec, Attr{Type: nl.IFLA_BRIDGE_VLAN_INFO, Data: vlanInfo(vid, o.cfg.Flags|flags)})
		}
		if r.First == r.Last {
			info(r.First, 0)
			continue
		}
		info(r.First, nl.BRIDGE_VLAN_INFO_RANGE_BEGIN)
		info(r.Last, nl.BRIDGE_VLAN_INFO_RANGE_END)
	}
	proto := unix.RTM_SETLINK
	if o.del {
		proto = unix.RTM_DELLINK
	}
	req := c.Request(proto, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_BRIDGE)
	msg.Index = int32(is.index)
	req.AddData(msg)
	req.AddData(rtAttr(Attr{Type: unix.IFLA_AF_SPEC | unix.NLA_F_NESTED, Nested: spec}))
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return c.withoutVLANs(err)
}

// withoutVLANs explains the error of a kernel without VLANs on bridges.
func (c *Conn) withoutVLANs(err error) error {
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	if _, lacks := c.dump(unix.RTM_GETVLAN, unix.RTM_NEWVLAN, vlanMsg{}); isUnsupported(lacks) {
		return fmt.Errorf("this kernel's bridges know no VLANs (CONFIG_BRIDGE_VLAN_FILTERING): %w", unix.EOPNOTSUPP)
	}
	return err
}

// FlushBridgeVLANs takes a link out of all VLANs.
func FlushBridgeVLANs(link LinkRef) LinkAction {
	return linkAction("flush-bvlan", link, flushVLANsOp{link})
}

type flushVLANsOp struct{ link LinkRef }

func (o flushVLANsOp) String() string { return "flush bvlan " + o.link.String() }

func (o flushVLANsOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	is, err := c.linkState(o.link)
	if err != nil || u.ownsLink(c, is.index) {
		return o, err
	}
	have, err := c.vlansOf(is.index)
	if err != nil {
		return nil, err
	}
	options, err := c.globalVLANsOf(is.bridgeOf(), maps.Keys(have))
	if err != nil {
		return nil, err
	}
	return o, u.noteParts(ctx, c, o.link.String(), append(have.messages(is.index), options...), nil)
}

func (o flushVLANsOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.link)
	if err != nil {
		return err
	}
	have, err := c.vlansOf(index)
	if err != nil {
		return err
	}
	return c.sendVLANs(unix.RTM_DELVLAN, index, have.entries())
}
