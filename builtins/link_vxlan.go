//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// Attributes of linux/if_link.h that the netlink library has no names for.
const (
	vxlanTTLInherit = 28
	vxlanDF         = 29
	vxlanVNIFilter  = 30
	vxlanLocalBypas = 31
)

// vxlanKind has the options of `ip link add type vxlan help`, with the
// attributes IFLA_VXLAN_* of linux/if_link.h.
var vxlanKind = kind{
	name: "vxlan", doc: "make a VXLAN tunnel (RFC 7348)", example: "vxlan vx0 id 10 group 239.1.1.1 dev eth0 dstport 4789 up",
	options: []kindOption{
		{name: "id", aliases: []string{"vni"}, attr: nl.IFLA_VXLAN_ID, typ: number(0, 1<<24-1), encode: u32, doc: "the network's identifier"},
		{name: "local", typ: ipType, doc: "the address to send from"},
		{name: "remote", typ: ipType, doc: "the other end, for what is not learnt"},
		{name: "group", typ: ipType, doc: "the multicast group of all ends, for what is not learnt"},
		{name: "dev", attr: nl.IFLA_VXLAN_LINK, typ: localLink, link: true, doc: "the link to send over"},
		{name: "ttl", aliases: []string{"hoplimit"}, typ: ttlType, doc: "the outer packet's TTL; auto lets the kernel choose, inherit takes the inner one's"},
		{name: "tos", aliases: []string{"dsfield"}, typ: tosType, attr: nl.IFLA_VXLAN_TOS, encode: u8, doc: "the outer packet's TOS, or inherit"},
		{name: "df", attr: vxlanDF, typ: oneOf(word{"unset", 0}, word{"set", 1}, word{"inherit", 2}), encode: u8, doc: "the outer packet's don't-fragment bit"},
		{name: "flowlabel", attr: nl.IFLA_VXLAN_LABEL, typ: number(0, 1<<20-1), encode: be32, doc: "the outer packet's IPv6 flow label"},
		{name: "ageing", attr: nl.IFLA_VXLAN_AGEING, typ: number(0, 1<<32-1), encode: u32, doc: "how long an address is remembered, in seconds"},
		{name: "maxaddress", attr: nl.IFLA_VXLAN_LIMIT, typ: number(0, 1<<32-1), encode: u32, doc: "the most addresses learnt, 0 for no bound"},
		{name: "dstport", attr: nl.IFLA_VXLAN_PORT, typ: number(0, 65535), encode: be16, doc: "the UDP port of the other ends; 4789 is IANA's"},
		{name: "srcport", typ: portRange, many: true, doc: "the UDP ports to send from, as 1000-2000 or 1000 2000"},
		{name: "learning", attr: nl.IFLA_VXLAN_LEARNING, encode: fixed8(1), doc: "learn who is behind which end"},
		{name: "nolearning", attr: nl.IFLA_VXLAN_LEARNING, encode: fixed8(0), doc: "learn nothing"},
		{name: "proxy", attr: nl.IFLA_VXLAN_PROXY, encode: fixed8(1), doc: "answer ARP for known neighbours"},
		{name: "noproxy", attr: nl.IFLA_VXLAN_PROXY, encode: fixed8(0), doc: "answer no ARP"},
		{name: "rsc", attr: nl.IFLA_VXLAN_RSC, encode: fixed8(1), doc: "route short circuit"},
		{name: "norsc", attr: nl.IFLA_VXLAN_RSC, encode: fixed8(0), doc: "no route short circuit"},
		{name: "l2miss", attr: nl.IFLA_VXLAN_L2MISS, encode: fixed8(1), doc: "tell of unknown MAC addresses"},
		{name: "nol2miss", attr: nl.IFLA_VXLAN_L2MISS, encode: fixed8(0), doc: "tell nothing of them"},
		{name: "l3miss", attr: nl.IFLA_VXLAN_L3MISS, encode: fixed8(1), doc: "tell of unknown IP addresses"},
		{name: "nol3miss", attr: nl.IFLA_VXLAN_L3MISS, encode: fixed8(0), doc: "tell nothing of them"},
		{name: "udpcsum", attr: nl.IFLA_VXLAN_UDP_CSUM, encode: fixed8(1), doc: "checksum outer IPv4 packets"},
		{name: "noudpcsum", attr: nl.IFLA_VXLAN_UDP_CSUM, encode: fixed8(0), doc: "do not checksum outer IPv4 packets"},
		{name: "udp6zerocsumtx", attr: nl.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, encode: fixed8(1), doc: "send IPv6 packets without a checksum"},
		{name: "noudp6zerocsumtx", attr: nl.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, encode: fixed8(0), doc: "send IPv6 packets with a checksum"},
		{name: "udp6zerocsumrx", attr: nl.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, encode: fixed8(1), doc: "take IPv6 packets without a checksum"},
		{name: "noudp6zerocsumrx", attr: nl.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, encode: fixed8(0), doc: "take no IPv6 packets without a checksum"},
		{name: "remcsumtx", attr: nl.IFLA_VXLAN_REMCSUM_TX, encode: fixed8(1), doc: "send with remote checksum offload"},
		{name: "noremcsumtx", attr: nl.IFLA_VXLAN_REMCSUM_TX, encode: fixed8(0), doc: "send without it"},
		{name: "remcsumrx", attr: nl.IFLA_VXLAN_REMCSUM_RX, encode: fixed8(1), doc: "take remote checksum offload"},
		{name: "noremcsumrx", attr: nl.IFLA_VXLAN_REMCSUM_RX, encode: fixed8(0), doc: "do not take it"},
		{name: "external", attr: nl.IFLA_VXLAN_FLOWBASED, encode: fixed8(1), doc: "let each packet's metadata say where it goes"},
		{name: "noexternal", attr: nl.IFLA_VXLAN_FLOWBASED, encode: fixed8(0), doc: "one destination for the link"},
		{name: "gbp", attr: nl.IFLA_VXLAN_GBP, encode: none, doc: "group policy extension"},
		{name: "gpe", attr: nl.IFLA_VXLAN_GPE, encode: none, doc: "generic protocol extension"},
		{name: "vnifilter", attr: vxlanVNIFilter, encode: fixed8(1), doc: "take only listed identifiers"},
		{name: "novnifilter", attr: vxlanVNIFilter, encode: fixed8(0), doc: "take all identifiers"},
		{name: "localbypass", attr: vxlanLocalBypas, encode: fixed8(1), doc: "hand packets to an end on this host directly (Linux 6.5)"},
		{name: "nolocalbypass", attr: vxlanLocalBypas, encode: fixed8(0), doc: "send them through the stack (Linux 6.5)"},
	},
	verify: verifyVxlan,
	finish: finishVxlan,
}

const inherit = -1

var (
	ttlType = ofText("1..255|auto|inherit", func(s string) (int64, error) {
		switch s {
		case "auto":
			return 0, nil
		case "inherit":
			return inherit, nil
		}
		return byteNumber(s)
	})
	tosType = ofText("TOS|inherit", func(s string) (int64, error) {
		if s == "inherit" {
			return 1, nil
		}
		return parseTOS(s)
	})
	portRange = ofText("PORT[-PORT]", func(s string) ([2]uint32, error) { return numberRange(s, 65535) })
)

// parseTOS reads a TOS as ip does: in hexadecimal, with or without 0x.
func parseTOS(s string) (int64, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is no TOS, which is a byte in hexadecimal such as 0x10", s)
	}
	return int64(n), nil
}

func byteNumber(s string) (int64, error) {
	n, err := value.ParseInt(s)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > 255 {
		return 0, fmt.Errorf("%d is not in 0..255", n)
	}
	return int64(n), nil
}

// sourcePorts reads the words after srcport: MIN-MAX, or MIN MAX as ip has it.
func sourcePorts(g Given) (lo, hi uint32, err *ArgError) {
	var all []uint32
	for _, v := range g.Values {
		r, ok := v.([2]uint32)
		switch {
		case !ok:
			return 0, 0, nil // not known yet
		case r[0] == r[1]:
			all = append(all, r[0])
		default:
			all = append(all, r[0], r[1])
		}
	}
	if len(all) == 2 && all[0] <= all[1] {
		return all[0], all[1], nil
	}
	return 0, 0, &ArgError{Arg: g.Arg, Msg: `"srcport" needs the least and the most: 1000-2000 or 1000 2000`}
}

func be32(v any) ([]byte, error) {
	return binary.BigEndian.AppendUint32(nil, uint32(asInt(v))), nil
}

// vxlanAddrs are the options that are addresses, and their attributes for both
// families.
var vxlanAddrs = []struct {
	name   string
	v4, v6 uint16
	group  bool // a multicast address
}{
	{"local", nl.IFLA_VXLAN_LOCAL, nl.IFLA_VXLAN_LOCAL6, false},
	{"remote", nl.IFLA_VXLAN_GROUP, nl.IFLA_VXLAN_GROUP6, false},
	{"group", nl.IFLA_VXLAN_GROUP, nl.IFLA_VXLAN_GROUP6, true},
}

// verifyVxlan refuses what the kernel refuses of several options together.
func verifyVxlan(c *Call) *ArgError {
	if c.Modifier != Ensure && !c.Has("id") && !c.Has("external") && !c.Has("vnifilter") {
		return &ArgError{Arg: -1, Msg: `a vxlan needs "id" or "external"`, Help: "for example: " + c.Spec.Example}
	}
	if g, ok := c.Option("remote"); ok && c.Has("group") {
		return &ArgError{Arg: g.Arg, Msg: "a vxlan has a group or a remote, not both"}
	}
	if g, ok := c.Option("group"); ok && c.Modifier != Ensure && !c.Has("dev") {
		return &ArgError{Arg: g.Arg, Msg: `a vxlan with a group needs "dev": the link to send over`}
	}
	for _, o := range vxlanAddrs {
		g, given := c.Option(o.name)
		ip, ok := g.Value().(value.IP)
		if given && ok && ip.IsMulticast() != o.group {
			return &ArgError{Arg: g.Arg + 1, Msg: fmt.Sprintf("%q: %s is %s multicast address", o.name, ip, map[bool]string{true: "a", false: "no"}[ip.IsMulticast()])}
		}
	}
	if g, ok := c.Option("srcport"); ok {
		_, _, err := sourcePorts(g)
		return err
	}
	return nil
}

// finishVxlan adds the options whose attributes depend on more than themselves.
func finishVxlan(c *Call, cfg *nsexec.LinkConfig) {
	add := func(attr uint16, data ...byte) {
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: attr, Data: data})
	}
	for _, o := range vxlanAddrs {
		ip, ok := Opt[value.IP](c, o.name)
		switch {
		case ok && ip.Is6():
			add(o.v6, ip.AsSlice()...)
		case ok:
			add(o.v4, ip.AsSlice()...)
		}
	}
	if g, ok := c.Option("srcport"); ok { // struct ifla_vxlan_port_range
		lo, hi, _ := sourcePorts(g)
		add(nl.IFLA_VXLAN_PORT_RANGE, byte(lo>>8), byte(lo), byte(hi>>8), byte(hi))
	}
	if c.Has("external") && !c.Has("learning") && !c.Has("nolearning") {
		// As with `ip`: there is nothing to learn where each packet says where it goes.
		add(nl.IFLA_VXLAN_LEARNING, 0)
	}
	switch ttl, ok := Opt[int64](c, "ttl"); {
	case ok && ttl == inherit:
		add(vxlanTTLInherit)
	case ok:
		add(nl.IFLA_VXLAN_TTL, byte(ttl))
	}
}
