//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// Attributes of linux/if_link.h that the netlink library has no names for.
const (
	bondPeerNotifDelay = 28
	bondLACPActive     = 29
	bondMissedMax      = 30
	bondNSIP6Target    = 31
)

// bondKind has the options of `ip link help bond`, with the attributes
// IFLA_BOND_* of linux/if_link.h. Times are in milliseconds.
var bondKind = kind{
	name: "bond", doc: "make a bond of several links (see the kernel's bonding.rst)", example: "bond bond0 mode active-backup miimon 100 up",
	options: []kindOption{
		{name: "mode", attr: nl.IFLA_BOND_MODE, typ: numbered("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"), encode: u8, doc: "how the links share the load"},
		{name: "active_slave", attr: nl.IFLA_BOND_ACTIVE_SLAVE, typ: localLink, link: true, doc: "the link in use; for ensure"},
		{name: "clear_active_slave", attr: nl.IFLA_BOND_ACTIVE_SLAVE, encode: func(any) ([]byte, error) { return nl.Uint32Attr(0), nil }, doc: "let the bond choose again; for ensure"},
		{name: "miimon", attr: nl.IFLA_BOND_MIIMON, typ: anyU32, encode: u32, doc: "how often carriers are looked at"},
		{name: "updelay", attr: nl.IFLA_BOND_UPDELAY, typ: anyU32, encode: u32, doc: "how long a carrier must be there"},
		{name: "downdelay", attr: nl.IFLA_BOND_DOWNDELAY, typ: anyU32, encode: u32, doc: "how long a carrier must be gone"},
		{name: "peer_notify_delay", attr: bondPeerNotifDelay, typ: anyU32, encode: u32, doc: "between the notifications after a failover"},
		{name: "use_carrier", attr: nl.IFLA_BOND_USE_CARRIER, typ: switchType, encode: u8, doc: "by the driver's carrier, not by MII"},
		{name: "arp_interval", attr: nl.IFLA_BOND_ARP_INTERVAL, typ: anyU32, encode: u32, doc: "how often ARP looks for the targets"},
		{name: "arp_validate", attr: nl.IFLA_BOND_ARP_VALIDATE, typ: numbered("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"), encode: u32, doc: "on which links answers are checked"},
		{name: "arp_all_targets", attr: nl.IFLA_BOND_ARP_ALL_TARGETS, typ: numbered("any", "all"), encode: u32, doc: "how many targets must answer"},
		{name: "arp_ip_target", typ: ip4Type, many: true, doc: "whom ARP looks for, up to 16"},
		{name: "ns_ip6_target", typ: ip6Type, many: true, doc: "whom neighbour discovery looks for, up to 16"},
		{name: "primary", attr: nl.IFLA_BOND_PRIMARY, typ: localLink, link: true, doc: "the link that is used where it can be; for ensure"},
		{name: "primary_reselect", attr: nl.IFLA_BOND_PRIMARY_RESELECT, typ: numbered("always", "better", "failure"), encode: u8, doc: "when the primary one is used again"},
		{name: "fail_over_mac", attr: nl.IFLA_BOND_FAIL_OVER_MAC, typ: numbered("none", "active", "follow"), encode: u8, doc: "whose MAC address the bond has"},
		{name: "xmit_hash_policy", attr: nl.IFLA_BOND_XMIT_HASH_POLICY, typ: numbered("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"), encode: u8, doc: "what chooses a packet's link"},
		{name: "resend_igmp", attr: nl.IFLA_BOND_RESEND_IGMP, typ: number(0, 255), encode: u32, doc: "IGMP reports after a failover"},
		{name: "num_grat_arp", aliases: []string{"num_unsol_na"}, attr: nl.IFLA_BOND_NUM_PEER_NOTIF, typ: number(0, 255), encode: u8, doc: "notifications after a failover"},
		{name: "all_slaves_active", attr: nl.IFLA_BOND_ALL_SLAVES_ACTIVE, typ: switchType, encode: u8, doc: "take packets that come by a backup link"},
		{name: "min_links", attr: nl.IFLA_BOND_MIN_LINKS, typ: anyU32, encode: u32, doc: "how many links it takes for a carrier"},
		{name: "lp_interval", attr: nl.IFLA_BOND_LP_INTERVAL, typ: number(1, 1<<31-1), encode: u32, doc: "between learning packets, in seconds"},
		{name: "packets_per_slave", attr: nl.IFLA_BOND_PACKETS_PER_SLAVE, typ: number(0, 65535), encode: u32, doc: "packets by one link before the next, 0 for at random"},
		{name: "tlb_dynamic_lb", attr: nl.IFLA_BOND_TLB_DYNAMIC_LB, typ: switchType, encode: u8, doc: "balance by load; only while it is down"},
		{name: "lacp_rate", attr: nl.IFLA_BOND_AD_LACP_RATE, typ: numbered("slow", "fast"), encode: u8, doc: "how often the partner is to send LACP"},
		{name: "lacp_active", attr: bondLACPActive, typ: switchType, encode: u8, doc: "send LACP unasked"},
		{name: "ad_select", attr: nl.IFLA_BOND_AD_SELECT, typ: numbered("stable", "bandwidth", "count"), encode: u8, doc: "which aggregator is used"},
		{name: "ad_user_port_key", attr: nl.IFLA_BOND_AD_USER_PORT_KEY, typ: number(0, 1023), encode: u16, doc: "the upper bits of the port key"},
		{name: "ad_actor_sys_prio", attr: nl.IFLA_BOND_AD_ACTOR_SYS_PRIO, typ: number(1, 65535), encode: u16, doc: "LACP's system priority"},
		{name: "ad_actor_system", attr: nl.IFLA_BOND_AD_ACTOR_SYSTEM, typ: ownMAC, encode: mac, doc: "LACP's system address"},
		{name: "arp_missed_max", attr: bondMissedMax, typ: number(0, 255), encode: u8, doc: "unanswered looks before a link counts as down"},
	},
	verify: verifyBond,
	finish: finishBond,
}

var anyU32 = number(0, 1<<32-1)

// numbered is one of some words, each standing for its place from 0, or that
// number.
func numbered(names ...string) Type {
	var words []word
	for i, name := range names {
		words = append(words, word{name, int64(i)})
	}
	return oneOf(words...)
}

// bondTargets are the options that are lists of addresses.
var bondTargets = []struct {
	name string
	attr uint16
}{{"arp_ip_target", nl.IFLA_BOND_ARP_IP_TARGET}, {"ns_ip6_target", bondNSIP6Target}}

func verifyBond(c *Call) *ArgError {
	const most = 16 // BOND_MAX_ARP_TARGETS
	for _, t := range bondTargets {
		if g, ok := c.Option(t.name); ok && len(g.Values) > most {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("a bond has %d of %q at most, these are %d", most, t.name, len(g.Values))}
		}
	}
	return nil
}

func finishBond(c *Call, cfg *nsexec.LinkConfig) {
	for _, t := range bondTargets {
		g, ok := c.Option(t.name)
		if !ok {
			continue
		}
		list := nsexec.Attr{Type: t.attr}
		for i, v := range g.Values {
			list.Nested = append(list.Nested, nsexec.Attr{Type: uint16(i), Data: v.(value.IP).AsSlice()})
		}
		cfg.Data = append(cfg.Data, list)
	}
}

var vrfKind = kind{
	name: "vrf", doc: "make a virtual routing and forwarding domain: its ports use a table of their own", example: "vrf blue table 10 up", needs: []string{"table"},
	options: []kindOption{
		{name: "table", attr: nl.IFLA_VRF_TABLE, typ: tableType, encode: u32, doc: "the routing table of its ports"},
	},
}

// xfrmKind has the options of `ip link help xfrm`.
var xfrmKind = kind{
	name: "xfrm", doc: "make a link for the IPsec policies of one identifier", example: "xfrm x0 dev eth0 if_id 7 up",
	options: []kindOption{
		{name: "dev", attr: nl.IFLA_XFRM_LINK, typ: localLink, link: true, doc: "the link below"},
		{name: "if_id", attr: nl.IFLA_XFRM_IF_ID, typ: ofText("ID", parseIfID), encode: u32, doc: "the identifier of its states and policies"},
		{name: "external", attr: 3, encode: none, doc: "let each packet's metadata say which"}, // IFLA_XFRM_COLLECT_METADATA
	},
	verify: func(c *Call) *ArgError {
		if c.Modifier != Ensure && !c.Has("if_id") && !c.Has("external") {
			return &ArgError{Arg: -1, Msg: `an xfrm needs "if_id" or "external"`, Help: "for example: xfrm x0 dev eth0 if_id 7"}
		}
		return nil
	},
}

func parseIfID(s string) (int64, error) {
	n, err := parseKey(s)
	if err == nil && n == 0 {
		return 0, fmt.Errorf("0 is no identifier")
	}
	return n, err
}

// ipvlanOf has the options of `ip link help ipvlan`.
func ipvlanOf(name, doc string) kind {
	return kind{
		name: name, doc: doc, example: name + " iv0 link eth0 mode l2 up", parent: true, needs: []string{"link"},
		options: []kindOption{
			{name: "mode", attr: nl.IFLA_IPVLAN_MODE, typ: numbered("l2", "l3", "l3s"), encode: u16, doc: "at which layer packets are told apart"},
			{name: "bridge", attr: nl.IFLA_IPVLAN_FLAG, encode: fixed16(0), doc: "the links of one lower link reach each other"},
			{name: "private", attr: nl.IFLA_IPVLAN_FLAG, encode: fixed16(1), doc: "they do not"},
			{name: "vepa", attr: nl.IFLA_IPVLAN_FLAG, encode: fixed16(2), doc: "they do by way of the switch outside"},
		},
	}
}

func fixed16(n uint16) func(any) ([]byte, error) {
	return func(any) ([]byte, error) { return nl.Uint16Attr(n), nil }
}

func be64(v any) ([]byte, error) { return binary.BigEndian.AppendUint64(nil, uint64(asInt(v))), nil }
