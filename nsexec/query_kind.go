//go:build linux

package nsexec

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// linkKind reads IFLA_LINKINFO; nil where a link has no kind.
func linkKind(a attrs, nameOf func(int) string) *LinkKindRecord {
	info := a.nested(unix.IFLA_LINKINFO)
	if info == nil {
		return nil
	}
	r := &LinkKindRecord{Kind: info.text(unix.IFLA_INFO_KIND), SlaveKind: info.text(unix.IFLA_INFO_SLAVE_KIND)}
	if r.Kind == "" && r.SlaveKind == "" {
		return nil
	}
	r.Data = kindData(kindFields[r.Kind], info.nested(unix.IFLA_INFO_DATA), nameOf)
	r.SlaveData = kindData(portFields[r.SlaveKind], info.nested(unix.IFLA_INFO_SLAVE_DATA), nameOf)
	return r
}

func kindData(fields []kindField, data attrs, nameOf func(int) string) map[string]any {
	if len(data) == 0 {
		return nil
	}
	values := make(map[string]any, len(fields))
	for _, f := range fields {
		if data.has(f.attr) {
			if v := f.read(data, f.attr, nameOf); v != nil {
				values[f.name] = v
			}
		}
	}
	return values
}

// kindField says how an attribute of a kind of link shows.
type kindField struct {
	attr uint16
	name string // iproute2's
	read func(a attrs, attr uint16, nameOf func(int) string) any
}

// The ways to read an attribute. nil is for one that does not show.

func readInt(a attrs, attr uint16, _ func(int) string) any { return a.int(attr) }

func readBool(a attrs, attr uint16, _ func(int) string) any { return a.number(attr) != 0 }

func readPort(a attrs, attr uint16, _ func(int) string) any { return a.port(attr) }

func readIP(a attrs, attr uint16, _ func(int) string) any {
	if ip := a.addr(attr); ip.IsValid() && !ip.IsUnspecified() {
		return ip
	}
	return nil
}

func readMAC(a attrs, attr uint16, _ func(int) string) any {
	return net.HardwareAddr(a.get(attr)).String()
}

func readLink(a attrs, attr uint16, nameOf func(int) string) any {
	if index := a.int(attr); index != 0 {
		return nameOf(index)
	}
	return nil
}

func readHex(a attrs, attr uint16, _ func(int) string) any {
	return fmt.Sprintf("%#x", a.number(attr))
}

func readName(names map[uint64]string) func(attrs, uint16, func(int) string) any {
	return func(a attrs, attr uint16, _ func(int) string) any { return named(names, a.number(attr)) }
}

func readEtherType(a attrs, attr uint16, _ func(int) string) any {
	switch p := a.port(attr); p {
	case unix.ETH_P_8021Q:
		return "802.1Q"
	case unix.ETH_P_8021AD:
		return "802.1ad"
	default:
		return fmt.Sprintf("%#x", p)
	}
}

var macvlanModes = map[uint64]string{1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}

var macvlanFields = []kindField{{nl.IFLA_MACVLAN_MODE, "mode", readName(macvlanModes)}}

var ipvlanFields = []kindField{
	{nl.IFLA_IPVLAN_MODE, "mode", readName(map[uint64]string{0: "l2", 1: "l3", 2: "l3s"})},
}

var greFields = []kindField{
	{nl.IFLA_GRE_LOCAL, "local", readIP},
	{nl.IFLA_GRE_REMOTE, "remote", readIP},
	{nl.IFLA_GRE_TTL, "ttl", readInt},
	{nl.IFLA_GRE_PMTUDISC, "pmtudisc", readBool},
	{nl.IFLA_GRE_LINK, "link", readLink},
}

// kindFields are the attributes that are shown of each kind of link. Of other
// kinds only the kind is.
var kindFields = map[string][]kindField{
	"macvlan": macvlanFields,
	"macvtap": macvlanFields,
	"ipvlan":  ipvlanFields,
	"ipvtap":  ipvlanFields,
	"gre":     greFields,
	"gretap":  greFields,
	"vlan": {
		{nl.IFLA_VLAN_PROTOCOL, "protocol", readEtherType},
		{nl.IFLA_VLAN_ID, "id", readInt},
	},
	"vrf": {{nl.IFLA_VRF_TABLE, "table", readInt}},
	"vxlan": {
		{nl.IFLA_VXLAN_ID, "id", readInt},
		{nl.IFLA_VXLAN_GROUP, "group", readGroup(true)},
		{nl.IFLA_VXLAN_GROUP, "remote", readGroup(false)},
		{nl.IFLA_VXLAN_GROUP6, "group6", readGroup(true)},
		{nl.IFLA_VXLAN_GROUP6, "remote6", readGroup(false)},
		{nl.IFLA_VXLAN_LOCAL, "local", readIP},
		{nl.IFLA_VXLAN_LOCAL6, "local6", readIP},
		{nl.IFLA_VXLAN_LINK, "link", readLink},
		{nl.IFLA_VXLAN_PORT, "port", readPort},
		{nl.IFLA_VXLAN_LEARNING, "learning", readBool},
		{nl.IFLA_VXLAN_TTL, "ttl", readInt},
		{nl.IFLA_VXLAN_AGEING, "ageing", readInt},
		{nl.IFLA_VXLAN_UDP_CSUM, "udp_csum", readBool},
		{nl.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx", readBool},
		{nl.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx", readBool},
	},
	"geneve": {
		{nl.IFLA_GENEVE_ID, "id", readInt},
		{nl.IFLA_GENEVE_REMOTE, "remote", readIP},
		{nl.IFLA_GENEVE_REMOTE6, "remote6", readIP},
		{nl.IFLA_GENEVE_TTL, "ttl", readInt},
		{nl.IFLA_GENEVE_PORT, "port", readPort},
	},
	"bridge": {
		{nl.IFLA_BR_FORWARD_DELAY, "forward_delay", readInt},
		{nl.IFLA_BR_HELLO_TIME, "hello_time", readInt},
		{nl.IFLA_BR_MAX_AGE, "max_age", readInt},
		{nl.IFLA_BR_AGEING_TIME, "ageing_time", readInt},
		{nl.IFLA_BR_STP_STATE, "stp_state", readInt},
		{nl.IFLA_BR_PRIORITY, "priority", readInt},
		{nl.IFLA_BR_VLAN_FILTERING, "vlan_filtering", readInt},
		{nl.IFLA_BR_VLAN_PROTOCOL, "vlan_protocol", readEtherType},
		{nl.IFLA_BR_VLAN_DEFAULT_PVID, "vlan_default_pvid", readInt},
		{nl.IFLA_BR_ROOT_PORT, "root_port", readInt},
		{nl.IFLA_BR_ROOT_PATH_COST, "root_path_cost", readInt},
		{nl.IFLA_BR_GROUP_ADDR, "group_addr", readMAC},
		{nl.IFLA_BR_MCAST_SNOOPING, "mcast_snooping", readInt},
		{nl.IFLA_BR_MCAST_ROUTER, "mcast_router", readInt},
		{nl.IFLA_BR_MCAST_QUERIER, "mcast_querier", readInt},
		{nl.IFLA_BR_MCAST_HASH_MAX, "mcast_hash_max", readInt},
	},
}

// readGroup reads a VXLAN's group where that is a multicast one, or its remote
// end where it is not: they are one attribute, of two names.
func readGroup(multicast bool) func(attrs, uint16, func(int) string) any {
	return func(a attrs, attr uint16, _ func(int) string) any {
		if ip := a.addr(attr); ip.IsValid() && !ip.IsUnspecified() && ip.IsMulticast() == multicast {
			return ip
		}
		return nil
	}
}

// portFields are the attributes that are shown of the ports of each kind.
var portFields = map[string][]kindField{
	"bridge": {
		{nl.IFLA_BRPORT_STATE, "state", readName(map[uint64]string{0: "disabled", 1: "listening", 2: "learning", 3: "forwarding", 4: "blocking"})},
		{nl.IFLA_BRPORT_PRIORITY, "priority", readInt},
		{nl.IFLA_BRPORT_COST, "cost", readInt},
		{nl.IFLA_BRPORT_MODE, "hairpin", readBool},
		{nl.IFLA_BRPORT_GUARD, "guard", readBool},
		{nl.IFLA_BRPORT_PROTECT, "root_block", readBool},
		{nl.IFLA_BRPORT_FAST_LEAVE, "fastleave", readBool},
		{nl.IFLA_BRPORT_LEARNING, "learning", readBool},
		{nl.IFLA_BRPORT_UNICAST_FLOOD, "flood", readBool},
		{nl.IFLA_BRPORT_PROXYARP, "proxy_arp", readBool},
		{nl.IFLA_BRPORT_MCAST_FLOOD, "mcast_flood", readBool},
		{nl.IFLA_BRPORT_MCAST_TO_UCAST, "mcast_to_unicast", readBool},
		{nl.IFLA_BRPORT_NEIGH_SUPPRESS, "neigh_suppress", readBool},
		{nl.IFLA_BRPORT_ISOLATED, "isolated", readBool},
		{nl.IFLA_BRPORT_ID, "id", readHex},
		{nl.IFLA_BRPORT_NO, "no", readHex},
	},
}
