//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// spanType is a number or a range of numbers, 10-20 or 10..20: a span.
type spanType struct{ least, most uint32 }

type span struct{ first, last uint32 }

func (t spanType) String() string { return "N[-N]" }

func (t spanType) Parse(v value.Value) (any, error) {
	var s span
	if r, ok := v.(value.Range); ok {
		if r.First < 0 || r.Last < r.First || int64(r.Last) > int64(t.most) {
			return nil, fmt.Errorf("%s is no range from %d to %d", r, t.least, t.most)
		}
		s = span{uint32(r.First), uint32(r.Last)}
	} else {
		r, err := numberRange(v.String(), uint64(t.most))
		if err != nil {
			return nil, err
		}
		s = span{r[0], r[1]}
	}
	if s.first < t.least {
		return nil, fmt.Errorf("%d is not in %d..%d", s.first, t.least, t.most)
	}
	return s, nil
}

// vlanAttrs are the options of a VLAN of a link, BRIDGE_VLANDB_ENTRY_* of
// linux/if_bridge.h.
var vlanAttrs = []kindOption{
	{name: "state", attr: 3, typ: portState, encode: u8, doc: "the spanning tree's state of the VLAN here"},
	{name: "mcast_router", attr: 6, typ: number(0, 3), encode: u8, doc: "whether a multicast router is in it here: 0 no, 1 as learnt, 2 yes, 3 for a while"},
	{name: "mcast_max_groups", attr: 8, typ: number(0, 1<<32-1), encode: u32, doc: "the most groups that may be joined in it here, 0 for no bound (Linux 6.3)"},
	{name: "neigh_suppress", attr: 9, typ: switchType, encode: u8, doc: "answer ARP and neighbour discovery in it from what is known (Linux 6.4)"},
}

var bvlanSpec = &Spec{
	Name: "bvlan", Group: Bridging,
	Doc:     "have a port of a bridge, or the bridge itself, be in VLANs",
	Example: "bvlan eth0 vid 10-20 30",
	Params:  []Param{{Name: "LINK", Type: linkType, Doc: "the port, or the bridge"}},
	Options: append([]Option{
		{Name: "vid", Type: spanType{1, 4094}, Many: true, Doc: "the VLANs, as 10, 10-20 or several of these"},
		{Name: "pvid", Doc: "packets that come without a tag are in this VLAN, and no more in that which it was"},
		{Name: "untagged", Doc: "packets go out without a tag"},
		{Name: "self", Doc: "of the link itself; so it is for a bridge"},
		{Name: "master", Doc: "of the link as a port of its bridge; so it is for others"},
		{Name: "tunnel_info", Options: []Option{
			{Name: "id", Type: spanType{0, 1<<24 - 1}, Doc: "the tunnel, such as a VXLAN's VNI; of several VLANs the first one's or as many, as 1010-1020"},
		}, Doc: "the tunnel that the VLAN is mapped to, for a port with vlan_tunnel on; del with it takes only that away"},
	}, asOptions(vlanAttrs)...),
	ModParams: map[Modifiers][]Param{Flush: {{Name: "LINK", Type: linkType}}},
	Modifiers: Del | Ensure | Flush,
	Verify:    verifyVLANs,
	Compile:   compileVLANs,
}

// asOptions are the options as a verb has them.
func asOptions(list []kindOption) []Option {
	var out []Option
	for _, o := range list {
		out = append(out, Option{Name: o.name, Aliases: o.aliases, Type: o.typ, Many: o.many, Doc: o.doc})
	}
	return out
}

func verifyVLANs(c *Call) *ArgError {
	vids, ok := c.Option("vid")
	switch {
	case c.Modifier == Flush && len(c.Options()) > 0:
		return &ArgError{Arg: c.Options()[0].Arg, Msg: `"flush bvlan" takes no options: it means all VLANs of the link`}
	case c.Modifier == Flush:
		return nil
	case !ok:
		return &ArgError{Arg: -1, Msg: `"bvlan" needs "vid": the VLANs`, Help: "for example: " + c.Spec.Example}
	}
	if c.Modifier == Del {
		for _, o := range vlanAttrs {
			if g, ok := c.Option(o.name); ok {
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf(`"del bvlan" takes no %q`, o.name)}
			}
		}
	}
	n := 0
	for _, v := range vids.Values {
		s, known := v.(span)
		if !known {
			return nil
		}
		n += int(s.last-s.first) + 1
	}
	if g, ok := c.Option("pvid"); ok && n > 1 {
		return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf(`packets without a tag are in one VLAN, so "pvid" is for one, not %d`, n)}
	}
	if g, ok := c.Option("tunnel_info"); ok && len(g.Given) > 0 {
		if id, known := g.Given[0].Value().(span); known && id.last != id.first && int(id.last-id.first)+1 != n {
			return &ArgError{Arg: g.Given[0].Arg, Msg: fmt.Sprintf("%d tunnels for %d VLANs", id.last-id.first+1, n)}
		}
	}
	return nil
}

func compileVLANs(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	if c.Modifier == Flush {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.FlushBridgeVLANs(link.Link)}}, nil
	}
	cfg, err := vlansConfig(c)
	if err != nil {
		return nil, err
	}
	action := nsexec.SetBridgeVLANs(c.String(), cfg)
	if c.Modifier == Del {
		action = nsexec.DelBridgeVLANs(c.String(), cfg)
	}
	return []nsexec.Step{{NS: link.NS, Action: action}}, nil
}

func vlansConfig(c *Call) (nsexec.BridgeVLANConfig, error) {
	vids, _ := c.Option("vid")
	cfg := nsexec.BridgeVLANConfig{Link: c.Link("LINK").Link, VLANs: vlanRanges(vids)}
	for name, flag := range map[string]uint16{"pvid": nl.BRIDGE_VLAN_INFO_PVID, "untagged": nl.BRIDGE_VLAN_INFO_UNTAGGED} {
		if c.Has(name) {
			cfg.Flags |= flag
		}
	}
	for name, place := range map[string]int{"self": nl.BRIDGE_FLAGS_SELF, "master": nl.BRIDGE_FLAGS_MASTER} {
		if c.Has(name) {
			cfg.Place |= place
		}
	}
	if g, ok := c.Option("tunnel_info"); ok {
		id := g.Given[0].Value().(span).first
		cfg.Tunnel = &id
	}
	for _, o := range vlanAttrs {
		g, ok := c.Option(o.name)
		if !ok {
			continue
		}
		data, err := o.encode(g.Value())
		if err != nil {
			return cfg, fmt.Errorf("%q: %w", o.name, err)
		}
		cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: o.attr, Data: data})
	}
	// Who says only what a VLAN is mapped to, or an option, means no other change.
	cfg.Keep = cfg.Flags == 0 && (cfg.Tunnel != nil || len(cfg.Attrs) > 0)
	return cfg, nil
}
