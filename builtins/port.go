//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// portOptions are those of `bridge link set` and `ip link set type
// bridge_slave`, with the attributes IFLA_BRPORT_* of linux/if_link.h.
var portOptions = []kindOption{
	{name: "state", attr: nl.IFLA_BRPORT_STATE, typ: portState, encode: u8, doc: "the spanning tree's state of the port"},
	{name: "priority", attr: nl.IFLA_BRPORT_PRIORITY, typ: number(0, 63), encode: u16, doc: "the port's priority"},
	{name: "cost", attr: nl.IFLA_BRPORT_COST, typ: number(1, 65535), encode: u32, doc: "the path's cost"},
	{name: "hairpin", attr: nl.IFLA_BRPORT_MODE, typ: switchType, encode: u8, doc: "send packets back where they came from"},
	{name: "guard", attr: nl.IFLA_BRPORT_GUARD, typ: switchType, encode: u8, doc: "block the port when it gets STP messages"},
	{name: "root_block", attr: nl.IFLA_BRPORT_PROTECT, typ: switchType, encode: u8, doc: "never let it become the root port"},
	{name: "fastleave", attr: nl.IFLA_BRPORT_FAST_LEAVE, typ: switchType, encode: u8, doc: "forget a multicast listener at once"},
	{name: "learning", attr: nl.IFLA_BRPORT_LEARNING, typ: switchType, encode: u8, doc: "learn who is behind the port"},
	{name: "flood", attr: nl.IFLA_BRPORT_UNICAST_FLOOD, typ: switchType, encode: u8, doc: "send packets for unknown addresses"},
	{name: "proxy_arp", attr: nl.IFLA_BRPORT_PROXYARP, typ: switchType, encode: u8, doc: "answer ARP for what is behind the port"},
	{name: "proxy_arp_wifi", attr: nl.IFLA_BRPORT_PROXYARP_WIFI, typ: switchType, encode: u8, doc: "the same, as wireless needs it"},
	{name: "mcast_router", attr: nl.IFLA_BRPORT_MULTICAST_ROUTER, typ: number(0, 3), encode: u8, doc: "whether a multicast router is behind it: 0 no, 1 as learnt, 2 yes, 3 for a while"},
	{name: "mcast_flood", attr: nl.IFLA_BRPORT_MCAST_FLOOD, typ: switchType, encode: u8, doc: "send multicast for unknown groups"},
	{name: "mcast_to_unicast", attr: nl.IFLA_BRPORT_MCAST_TO_UCAST, typ: switchType, encode: u8, doc: "send multicast to each listener by itself"},
	{name: "vlan_tunnel", attr: nl.IFLA_BRPORT_VLAN_TUNNEL, typ: switchType, encode: u8, doc: "map VLANs to tunnels"},
	{name: "bcast_flood", attr: nl.IFLA_BRPORT_BCAST_FLOOD, typ: switchType, encode: u8, doc: "send broadcasts"},
	{name: "group_fwd_mask", attr: brportGroupFwdMask, typ: number(0, 65535), encode: u16, doc: "which link-local groups are forwarded"},
	{name: "neigh_suppress", attr: nl.IFLA_BRPORT_NEIGH_SUPPRESS, typ: switchType, encode: u8, doc: "answer ARP and neighbour discovery from what is known"},
	{name: "isolated", attr: brportIsolated, typ: switchType, encode: u8, doc: "keep it from other isolated ports"},
	{name: "mcast_hosts_limit", attr: brportEHTHostsLimit, typ: number(0, 1<<32-1), encode: u32, doc: "the most hosts whose listening is tracked"},
	{name: "mcast_max_groups", attr: brportMcastMaxGroups, typ: number(0, 1<<32-1), encode: u32, doc: "the most groups that may be joined, 0 for no bound (Linux 6.3)"},
	{name: "locked", attr: brportLocked, typ: switchType, encode: u8, doc: "take packets from known addresses only"},
	{name: "neigh_vlan_suppress", attr: brportNeighVlanSuppress, typ: switchType, encode: u8, doc: "neigh_suppress for each VLAN by itself (Linux 6.4)"},
	{name: "backup_nhid", attr: brportBackupNHID, typ: number(0, 1<<31-1), encode: u32, doc: "the nexthop object of what goes to the backup port, 0 for none (Linux 6.6)"},
	{name: "fdb_flush", attr: brportFlush, encode: none, doc: "forget who is behind the port"},
	{name: "mab", attr: brportMAB, typ: switchType, encode: u8, doc: "learn locked addresses, for authentication"},
}

// portState are BR_STATE_* of linux/if_bridge.h.
var portState = oneOf(word{"disabled", 0}, word{"listening", 1}, word{"learning", 2}, word{"forwarding", 3}, word{"blocking", 4})

// Attributes of linux/if_link.h that the netlink library may have no names for.
const (
	brportFlush             = 24
	brportGroupFwdMask      = 31
	brportIsolated          = 33
	brportEHTHostsLimit     = 37
	brportLocked            = 39
	brportMAB               = 40
	brportMcastMaxGroups    = 42
	brportNeighVlanSuppress = 43
	brportBackupNHID        = 44
)

func portSpec() *Spec {
	s := &Spec{
		Name: "port", Group: LinkState, Doc: "change how a bridge treats one of its ports", Example: "port eth0 learning off hairpin on isolated on",
		Params: []Param{{Name: "LINK", Type: linkType}},
	}
	s.Options = append(asOptions(portOptions),
		Option{Name: "backup_port", Type: localLink, Doc: "the port that takes its packets while it has no carrier"},
		Option{Name: "nobackup_port", Doc: "no other port takes them"},
	)
	s.Verify, s.Compile = changesSomething, compilePort
	return s
}

func compilePort(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	ch := nsexec.LinkChange{}
	for _, o := range portOptions {
		g, ok := c.Option(o.name)
		if !ok {
			continue
		}
		data, err := o.encode(g.Value())
		if err != nil {
			return nil, fmt.Errorf("%q: %w", o.name, err)
		}
		ch.Port = append(ch.Port, nsexec.Attr{Type: o.attr, Data: data})
	}
	if l, ok := Opt[LinkArg](c, "backup_port"); ok {
		ch.PortLink = nsexec.LinkAttr{Type: nl.IFLA_BRPORT_BACKUP_PORT, Link: l.Link}
	} else if c.Has("nobackup_port") {
		ch.Port = append(ch.Port, nsexec.Attr{Type: nl.IFLA_BRPORT_BACKUP_PORT, Data: nl.Uint32Attr(0)})
	}
	link := c.Link("LINK")
	return []nsexec.Step{{NS: link.NS, Action: nsexec.SetLink(link.Link, "port", c.String(), ch)}}, nil
}
