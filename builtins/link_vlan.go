//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// vlanFlags are VLAN_FLAG_* of linux/if_vlan.h, by the options that set them.
var vlanFlags = []struct {
	name string
	bit  uint32
	doc  string
}{
	{"reorder_hdr", 1, "put the tag where the packet's reader expects it"},
	{"gvrp", 2, "register the VLAN by GVRP"},
	{"loose_binding", 4, "do not follow the lower link's state"},
	{"mvrp", 8, "register the VLAN by MVRP"},
	{"bridge_binding", 16, "follow the state of the bridge's ports"},
}

var vlanKind = kind{
	name: "vlan", doc: "make a VLAN on a link (IEEE 802.1Q)", example: "vlan eth0.10 link eth0 id 10 up", parent: true, needs: []string{"link", "id"},
	options: append([]kindOption{
		{name: "id", attr: nl.IFLA_VLAN_ID, typ: number(0, 4094), encode: u16, doc: "the VLAN"},
		{name: "protocol", aliases: []string{"proto"}, attr: nl.IFLA_VLAN_PROTOCOL, typ: oneOf(word{"802.1Q", 0x8100}, word{"802.1ad", 0x88a8}), encode: be16, doc: "the tag's protocol"},
		{name: "ingress-qos-map", typ: qosMap, many: true, doc: "from the tag's priority to the packet's, as 1:2 3:4"},
		{name: "egress-qos-map", typ: qosMap, many: true, doc: "from the packet's priority to the tag's, as 1:2 3:4"},
	}, vlanFlagOptions()...),
	finish: finishVlan,
}

func vlanFlagOptions() []kindOption {
	var out []kindOption
	for _, f := range vlanFlags {
		out = append(out, kindOption{name: f.name, typ: switchType, doc: f.doc})
	}
	return out
}

// qosMap is one FROM:TO.
var qosMap = ofText("FROM:TO", func(s string) ([2]uint32, error) {
	from, to, ok := strings.Cut(s, ":")
	a, err := strconv.ParseUint(from, 10, 32)
	b, err2 := strconv.ParseUint(to, 10, 32)
	if !ok || err != nil || err2 != nil {
		return [2]uint32{}, fmt.Errorf("%q is no pair of priorities, as 1:2 is", s)
	}
	return [2]uint32{uint32(a), uint32(b)}, nil
})

// vlanMaps are the options that are lists of FROM:TO.
var vlanMaps = []struct {
	name string
	attr uint16
}{{"ingress-qos-map", nl.IFLA_VLAN_INGRESS_QOS}, {"egress-qos-map", nl.IFLA_VLAN_EGRESS_QOS}}

func finishVlan(c *Call, cfg *nsexec.LinkConfig) {
	var flags, mask uint32
	for _, f := range vlanFlags {
		if on, ok := GivenAs[bool](c.Options(), f.name); ok {
			mask |= f.bit
			if on {
				flags |= f.bit
			}
		}
	}
	if mask != 0 { // struct ifla_vlan_flags
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: nl.IFLA_VLAN_FLAGS, Data: append(nl.Uint32Attr(flags), nl.Uint32Attr(mask)...)})
	}
	for _, m := range vlanMaps {
		g, ok := c.Option(m.name)
		if !ok {
			continue
		}
		list := nsexec.Attr{Type: m.attr}
		for _, v := range g.Values { // struct ifla_vlan_qos_mapping
			pair := v.([2]uint32)
			list.Nested = append(list.Nested, nsexec.Attr{Type: vlanQOSMapping, Data: append(nl.Uint32Attr(pair[0]), nl.Uint32Attr(pair[1])...)})
		}
		cfg.Data = append(cfg.Data, list)
	}
}

const vlanQOSMapping = 1 // IFLA_VLAN_QOS_MAPPING
