//go:build linux

package builtins

import (
	"github.com/nescript/nescript/nsexec"
)

// globalVLANAttrs are the options that a VLAN has on a bridge as a whole,
// BRIDGE_VLANDB_GOPTS_* of linux/if_bridge.h. Times are in hundredths of a second, as
// bridge takes them.
var globalVLANAttrs = []kindOption{
	{name: "mcast_snooping", attr: 3, typ: switchType, encode: u8, doc: "learn who listens to which group in it, where the bridge has mcast_vlan_snooping"},
	{name: "mcast_querier", attr: 15, typ: switchType, encode: u8, doc: "send multicast queries in it"},
	{name: "mcast_igmp_version", attr: 4, typ: number(2, 3), encode: u8, doc: "the version of IGMP"},
	{name: "mcast_mld_version", attr: 5, typ: number(1, 2), encode: u8, doc: "the version of MLD"},
	{name: "mcast_last_member_count", attr: 6, typ: number(0, 1<<32-1), encode: u32, doc: "queries after a leave"},
	{name: "mcast_last_member_interval", attr: 8, typ: number(0, 1<<62), encode: u64, doc: "between queries after a leave, in hundredths of a second"},
	{name: "mcast_startup_query_count", attr: 7, typ: number(0, 1<<32-1), encode: u32, doc: "queries at the start"},
	{name: "mcast_startup_query_interval", attr: 14, typ: number(0, 1<<62), encode: u64, doc: "between queries at the start, in hundredths of a second"},
	{name: "mcast_membership_interval", attr: 10, typ: number(0, 1<<62), encode: u64, doc: "how long a listener is remembered, in hundredths of a second"},
	{name: "mcast_querier_interval", attr: 11, typ: number(0, 1<<62), encode: u64, doc: "how long another querier is remembered, in hundredths of a second"},
	{name: "mcast_query_interval", attr: 12, typ: number(0, 1<<62), encode: u64, doc: "between queries, in hundredths of a second"},
	{name: "mcast_query_response_interval", attr: 13, typ: number(0, 1<<62), encode: u64, doc: "time to answer a query, in hundredths of a second"},
	{name: "msti", attr: 18, typ: number(0, 4094), encode: u16, doc: "the spanning tree that it follows, where the bridge has mst_enabled (Linux 5.18)"},
}

var globalVLANSpec = &Spec{
	Name: "bvlan global", Group: Bridging,
	Doc:     "change how a bridge treats VLANs that it or its ports are in, on all ports alike",
	Example: "bvlan global br0 vid 10-20 mcast_snooping on mcast_querier on",
	Params:  []Param{{Name: "BRIDGE", Type: linkType}},
	Options: append([]Option{
		{Name: "vid", Type: spanType{1, 4094}, Many: true, Doc: "the VLANs, as 10, 10-20 or several of these"},
	}, asOptions(globalVLANAttrs)...),
	Verify:  verifyGlobalVLANs,
	Compile: compileGlobalVLANs,
}

func verifyGlobalVLANs(c *Call) *ArgError {
	if !c.Has("vid") {
		return &ArgError{Arg: -1, Msg: `"bvlan global" needs "vid": the VLANs`, Help: "for example: " + c.Spec.Example}
	}
	if len(c.Options()) == 1 {
		return &ArgError{Arg: -1, Msg: `"bvlan global" changes options of VLANs and was given none`, Help: `"bvlan" has a link be in VLANs`}
	}
	return nil
}

func compileGlobalVLANs(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	bridge := c.Link("BRIDGE")
	vids, _ := c.Option("vid")
	cfg := nsexec.GlobalVLANConfig{Bridge: bridge.Link, VLANs: vlanRanges(vids)}
	var err error
	if cfg.Attrs, err = encoded(c, globalVLANAttrs); err != nil {
		return nil, err
	}
	return []nsexec.Step{{NS: bridge.NS, Action: nsexec.SetGlobalVLANs(c.String(), cfg)}}, nil
}

// vlanRanges are the VLANs of an option that takes spans.
func vlanRanges(g Given) []nsexec.VLANRange {
	var out []nsexec.VLANRange
	for _, v := range g.Values {
		s := v.(span)
		out = append(out, nsexec.VLANRange{First: uint16(s.first), Last: uint16(s.last)})
	}
	return out
}
