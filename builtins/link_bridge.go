//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/vishvananda/netlink/nl"
)

// bridgeKind has the options of `ip link add type bridge help`, with the
// attributes IFLA_BR_* of linux/if_link.h. Times are in hundredths of a second,
// as ip takes them.
var bridgeKind = kind{
	name: "bridge", doc: "make a bridge", example: "bridge br0 stp_state on up",
	options: []kindOption{
		{name: "forward_delay", attr: nl.IFLA_BR_FORWARD_DELAY, typ: number(0, 1<<32-1), encode: u32, doc: "STP's forward delay, in hundredths of a second"},
		{name: "hello_time", attr: nl.IFLA_BR_HELLO_TIME, typ: number(0, 1<<32-1), encode: u32, doc: "STP's hello time, in hundredths of a second"},
		{name: "max_age", attr: nl.IFLA_BR_MAX_AGE, typ: number(0, 1<<32-1), encode: u32, doc: "STP's largest message age, in hundredths of a second"},
		{name: "ageing_time", attr: nl.IFLA_BR_AGEING_TIME, typ: number(0, 1<<32-1), encode: u32, doc: "how long an address is remembered, in hundredths of a second"},
		{name: "stp_state", attr: nl.IFLA_BR_STP_STATE, typ: switchType, encode: u32, doc: "speak the spanning tree protocol"},
		{name: "mst_enabled", attr: brMultiBool, typ: switchType, encode: boolOpt(2), doc: "multiple spanning trees"},
		{name: "priority", attr: nl.IFLA_BR_PRIORITY, typ: number(0, 65535), encode: u16, doc: "STP's priority"},
		{name: "group_fwd_mask", attr: nl.IFLA_BR_GROUP_FWD_MASK, typ: number(0, 65535), encode: u16, doc: "which link-local groups are forwarded"},
		{name: "group_address", attr: nl.IFLA_BR_GROUP_ADDR, typ: groupMAC, encode: mac, doc: "STP's multicast address"},
		{name: "vlan_filtering", attr: nl.IFLA_BR_VLAN_FILTERING, typ: switchType, encode: u8, doc: "keep VLANs apart"},
		{name: "vlan_protocol", attr: nl.IFLA_BR_VLAN_PROTOCOL, typ: oneOf(word{"802.1Q", 0x8100}, word{"802.1ad", 0x88a8}), encode: be16, doc: "the VLAN tag's protocol"},
		{name: "vlan_default_pvid", attr: nl.IFLA_BR_VLAN_DEFAULT_PVID, typ: number(0, 4094), encode: u16, doc: "the VLAN of untagged packets on new ports"},
		{name: "vlan_stats_enabled", attr: nl.IFLA_BR_VLAN_STATS_ENABLED, typ: switchType, encode: u8, doc: "count each VLAN"},
		{name: "vlan_stats_per_port", attr: brVlanStatsPort, typ: switchType, encode: u8, doc: "count each VLAN on each port"},
		{name: "mcast_snooping", attr: nl.IFLA_BR_MCAST_SNOOPING, typ: switchType, encode: u8, doc: "learn who listens to which group"},
		{name: "mcast_vlan_snooping", attr: brMultiBool, typ: switchType, encode: boolOpt(1), doc: "learn that for each VLAN"},
		{name: "mcast_router", attr: nl.IFLA_BR_MCAST_ROUTER, typ: number(0, 2), encode: u8, doc: "whether the bridge is a multicast router: 0 no, 1 as learnt, 2 yes"},
		{name: "mcast_query_use_ifaddr", attr: nl.IFLA_BR_MCAST_QUERY_USE_IFADDR, typ: switchType, encode: u8, doc: "query from the bridge's own address"},
		{name: "mcast_querier", attr: nl.IFLA_BR_MCAST_QUERIER, typ: switchType, encode: u8, doc: "send multicast queries"},
		{name: "mcast_hash_elasticity", attr: nl.IFLA_BR_MCAST_HASH_ELASTICITY, typ: number(0, 1<<32-1), encode: u32, doc: "without effect in new kernels"},
		{name: "mcast_hash_max", attr: nl.IFLA_BR_MCAST_HASH_MAX, typ: number(0, 1<<32-1), encode: u32, doc: "the most groups that are remembered"},
		{name: "mcast_last_member_count", attr: nl.IFLA_BR_MCAST_LAST_MEMBER_CNT, typ: number(0, 1<<32-1), encode: u32, doc: "queries after a leave"},
		{name: "mcast_startup_query_count", attr: nl.IFLA_BR_MCAST_STARTUP_QUERY_CNT, typ: number(0, 1<<32-1), encode: u32, doc: "queries at the start"},
		{name: "mcast_last_member_interval", attr: nl.IFLA_BR_MCAST_LAST_MEMBER_INTVL, typ: number(0, 1<<62), encode: u64, doc: "between queries after a leave, in hundredths of a second"},
		{name: "mcast_membership_interval", attr: nl.IFLA_BR_MCAST_MEMBERSHIP_INTVL, typ: number(0, 1<<62), encode: u64, doc: "how long a listener is remembered, in hundredths of a second"},
		{name: "mcast_querier_interval", attr: nl.IFLA_BR_MCAST_QUERIER_INTVL, typ: number(0, 1<<62), encode: u64, doc: "how long another querier is remembered, in hundredths of a second"},
		{name: "mcast_query_interval", attr: nl.IFLA_BR_MCAST_QUERY_INTVL, typ: number(0, 1<<62), encode: u64, doc: "between queries, in hundredths of a second"},
		{name: "mcast_query_response_interval", attr: nl.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, typ: number(0, 1<<62), encode: u64, doc: "time to answer a query, in hundredths of a second"},
		{name: "mcast_startup_query_interval", attr: nl.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, typ: number(0, 1<<62), encode: u64, doc: "between queries at the start, in hundredths of a second"},
		{name: "mcast_stats_enabled", attr: brMcastStats, typ: switchType, encode: u8, doc: "count multicast messages"},
		{name: "mcast_igmp_version", attr: brMcastIGMP, typ: number(2, 3), encode: u8, doc: "the version of IGMP"},
		{name: "mcast_mld_version", attr: brMcastMLD, typ: number(1, 2), encode: u8, doc: "the version of MLD"},
		{name: "nf_call_iptables", attr: nl.IFLA_BR_NF_CALL_IPTABLES, typ: switchType, encode: u8, doc: "show IPv4 packets to iptables"},
		{name: "nf_call_ip6tables", attr: nl.IFLA_BR_NF_CALL_IP6TABLES, typ: switchType, encode: u8, doc: "show IPv6 packets to ip6tables"},
		{name: "nf_call_arptables", attr: nl.IFLA_BR_NF_CALL_ARPTABLES, typ: switchType, encode: u8, doc: "show ARP packets to arptables"},
		{name: "no_linklocal_learn", attr: brMultiBool, typ: switchType, encode: boolOpt(0), doc: "learn nothing from link-local packets"},
		{name: "fdb_flush", attr: nl.IFLA_BR_FDB_FLUSH, encode: none, doc: "forget who is behind which port; for ensure"},
		{name: "fdb_max_learned", attr: brFdbMaxLearned, typ: number(0, 1<<32-1), encode: u32, doc: "the most addresses learnt, 0 for no bound (Linux 6.7)"},
	},
}

// Attributes of linux/if_link.h that the netlink library has no names for.
const (
	brMcastStats    = 42
	brMcastIGMP     = 43
	brMcastMLD      = 44
	brVlanStatsPort = 45
	brMultiBool     = 46
	brFdbMaxLearned = 49
)

// groupMAC is an address that a bridge takes for STP's: a link-local group
// other than those of pause frames, link aggregation and 802.1X.
var groupMAC = ofText("01:80:c2:00:00:0X", func(s string) (value.MAC, error) {
	m, err := value.ParseMAC(s)
	if err != nil {
		return m, err
	}
	if group := (value.MAC{0x01, 0x80, 0xc2, 0, 0, m[5]}); m != group || m[5] > 15 || m[5] >= 1 && m[5] <= 3 {
		return m, fmt.Errorf("%s is none of 01:80:c2:00:00:00 and 01:80:c2:00:00:04 to 0f", m)
	}
	return m, nil
})

// boolOpt encodes a bit of struct br_boolopt_multi: its value and its mask.
func boolOpt(bit uint) func(any) ([]byte, error) {
	return func(v any) ([]byte, error) {
		return append(nl.Uint32Attr(uint32(asInt(v))<<bit), nl.Uint32Attr(1<<bit)...), nil
	}
}
