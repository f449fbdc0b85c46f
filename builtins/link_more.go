//go:build linux

package builtins

import (
	"fmt"
	"strconv"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// geneveKind has the options of `ip link help geneve`, with the attributes
// IFLA_GENEVE_* of linux/if_link.h.
var geneveKind = kind{
	name: "geneve", doc: "make a GENEVE tunnel (RFC 8926)", example: "geneve g0 id 10 remote 10.0.0.2 up",
	options: []kindOption{
		{name: "id", aliases: []string{"vni"}, attr: nl.IFLA_GENEVE_ID, typ: number(0, 1<<24-1), encode: u32, doc: "the network's identifier"},
		{name: "remote", typ: ipType, doc: "the other end"},
		{name: "ttl", aliases: []string{"hoplimit"}, typ: ttlType, doc: "the outer packet's TTL; auto lets the kernel choose, inherit takes the inner one's"},
		{name: "tos", aliases: []string{"dsfield"}, attr: nl.IFLA_GENEVE_TOS, typ: tosType, encode: u8, doc: "the outer packet's TOS, or inherit"},
		{name: "df", attr: nl.IFLA_GENEVE_DF, typ: numbered("unset", "set", "inherit"), encode: u8, doc: "the outer packet's don't-fragment bit"},
		{name: "flowlabel", attr: nl.IFLA_GENEVE_LABEL, typ: number(0, 1<<20-1), encode: be32, doc: "the outer packet's IPv6 flow label"},
		{name: "dstport", attr: nl.IFLA_GENEVE_PORT, typ: number(1, 65535), encode: be16, doc: "the UDP port of the other end; 6081 is IANA's"},
		{name: "external", attr: nl.IFLA_GENEVE_COLLECT_METADATA, encode: none, doc: "let each packet's metadata say where it goes"},
		{name: "udpcsum", attr: nl.IFLA_GENEVE_UDP_CSUM, encode: fixed8(1), doc: "checksum outer IPv4 packets"},
		{name: "noudpcsum", attr: nl.IFLA_GENEVE_UDP_CSUM, encode: fixed8(0), doc: "do not checksum outer IPv4 packets"},
		{name: "udp6zerocsumtx", attr: nl.IFLA_GENEVE_UDP_ZERO_CSUM6_TX, encode: fixed8(1), doc: "send IPv6 packets without a checksum"},
		{name: "noudp6zerocsumtx", attr: nl.IFLA_GENEVE_UDP_ZERO_CSUM6_TX, encode: fixed8(0), doc: "send IPv6 packets with a checksum"},
		{name: "udp6zerocsumrx", attr: nl.IFLA_GENEVE_UDP_ZERO_CSUM6_RX, encode: fixed8(1), doc: "take IPv6 packets without a checksum"},
		{name: "noudp6zerocsumrx", attr: nl.IFLA_GENEVE_UDP_ZERO_CSUM6_RX, encode: fixed8(0), doc: "take no IPv6 packets without a checksum"},
		{name: "innerprotoinherit", attr: nl.IFLA_GENEVE_INNER_PROTO_INHERIT, encode: none, doc: "carry IP packets as they are"},
	},
	verify: func(c *Call) *ArgError {
		if c.Modifier != Ensure && !c.Has("external") && !(c.Has("id") && c.Has("remote")) {
			return &ArgError{Arg: -1, Msg: `a geneve needs "id" and "remote", or "external"`, Help: "for example: geneve g0 id 10 remote 10.0.0.2"}
		}
		return nil
	},
	finish: finishGeneve,
}

func finishGeneve(c *Call, cfg *nsexec.LinkConfig) {
	add := func(attr uint16, data ...byte) {
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: attr, Data: data})
	}
	switch ip, ok := Opt[value.IP](c, "remote"); {
	case ok && ip.Is6():
		add(nl.IFLA_GENEVE_REMOTE6, ip.AsSlice()...)
	case ok:
		add(nl.IFLA_GENEVE_REMOTE, ip.AsSlice()...)
	}
	switch ttl, ok := Opt[int64](c, "ttl"); {
	case ok && ttl == inherit:
		add(nl.IFLA_GENEVE_TTL_INHERIT, 1)
	case ok:
		add(nl.IFLA_GENEVE_TTL, byte(ttl))
	}
}

// bareudpKind has the options of `ip link help bareudp`.
var bareudpKind = kind{
	name: "bareudp", doc: "make a tunnel of a protocol in UDP and nothing else", example: "bareudp b0 dstport 6635 ethertype mpls_uc up", needs: []string{"dstport", "ethertype"},
	options: []kindOption{
		{name: "dstport", attr: nl.IFLA_BAREUDP_PORT, typ: number(1, 65535), encode: be16, doc: "the UDP port"},
		{name: "ethertype", attr: nl.IFLA_BAREUDP_ETHERTYPE, typ: bareProto, encode: be16, doc: "what is in it: ipv4, ipv6, mpls_uc or a number"},
		{name: "srcportmin", attr: nl.IFLA_BAREUDP_SRCPORT_MIN, typ: number(0, 65535), encode: u16, doc: "the least UDP port to send from"},
		{name: "multiproto", attr: nl.IFLA_BAREUDP_MULTIPROTO_MODE, encode: none, doc: "IPv6 beside IPv4, multicast MPLS beside unicast"},
	},
}

var bareProto = ofText("ETHERTYPE", func(s string) (int64, error) {
	if n, ok := map[string]int64{"ipv4": 0x800, "ip": 0x800, "ipv6": 0x86dd, "mpls_uc": 0x8847, "mpls_mc": 0x8848}[s]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(s, 0, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no protocol: ipv4, ipv6, mpls_uc, mpls_mc or a number", s)
	}
	return int64(n), nil
})

// gtpKind has the options of `ip link help gtp`. The kernel is told to open the
// sockets (IFLA_GTP_CREATE_SOCKETS, Linux 5.18).
var gtpKind = kind{
	name: "gtp", doc: "make a GTP-U tunnel (3GPP TS 29.281)", example: "gtp gtp0 role ggsn", needs: []string{"role"},
	options: []kindOption{
		{name: "role", attr: nl.IFLA_GTP_ROLE, typ: numbered("ggsn", "sgsn"), encode: u32, doc: "which end it is"},
		{name: "hsize", attr: nl.IFLA_GTP_PDP_HASHSIZE, typ: number(1, 131071), encode: u32, doc: "the size of the table of contexts"},
		{name: "restart_count", attr: 6, typ: number(0, 255), encode: u8, doc: "the restart counter"}, // IFLA_GTP_RESTART_COUNT
	},
	finish: func(_ *Call, cfg *nsexec.LinkConfig) {
		const createSockets = 5 // IFLA_GTP_CREATE_SOCKETS
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: createSockets, Data: []byte{1}})
	},
}

// hsrKind has the options of `ip link help hsr`.
var hsrKind = kind{
	name: "hsr", doc: "make a redundant ring of two links (HSR or PRP, IEC 62439-3)", example: "hsr hsr0 slave1 eth0 slave2 eth1 version 1", needs: []string{"slave1", "slave2"},
	options: []kindOption{
		{name: "slave1", attr: 1, typ: localLink, link: true, doc: "one link"},
		{name: "slave2", attr: 2, typ: localLink, link: true, doc: "the other"},
		{name: "supervision", attr: 3, typ: number(0, 255), encode: u8, doc: "the last byte of the multicast address of supervision frames"},
		{name: "version", attr: 6, typ: number(0, 1), encode: u8, doc: "the version of HSR"},
		{name: "proto", attr: 7, typ: number(0, 1), encode: u8, doc: "0 is HSR, 1 is PRP"},
	},
	also: mtuAfter,
}

// macsecKind has the options of `ip link help macsec`, with the attributes
// IFLA_MACSEC_* of linux/if_link.h.
var macsecKind = kind{
	name: "macsec", doc: "make a link that encrypts what goes over another (IEEE 802.1AE)", example: "macsec ms0 link eth0 encrypt on up", parent: true, needs: []string{"link"},
	options: []kindOption{
		{name: "port", attr: 2, typ: number(1, 65535), encode: be16, doc: "the port of its secure channel"},
		{name: "sci", attr: 1, typ: ofText("SCI", parseSCI), encode: be64, doc: "the identifier of its secure channel, 16 hexadecimal digits"},
		{name: "cipher", attr: 4, typ: cipherType, encode: u64, doc: "the cipher suite"},
		{name: "icvlen", attr: 3, typ: number(8, 16), encode: u8, doc: "the length of the check value"},
		{name: "encrypt", attr: 7, typ: switchType, encode: u8, doc: "encrypt, not only sign"},
		{name: "send_sci", attr: 9, typ: switchType, encode: u8, doc: "put the identifier into each frame"},
		{name: "end_station", attr: 10, typ: switchType, encode: u8, doc: "the end-station bit"},
		{name: "scb", attr: 11, typ: switchType, encode: u8, doc: "the single-copy-broadcast bit"},
		{name: "protect", attr: 8, typ: switchType, encode: u8, doc: "protect what is sent"},
		{name: "replay", attr: 12, typ: switchType, encode: u8, doc: "refuse replays; needs a window"},
		{name: "window", attr: 5, typ: anyU32, encode: u32, doc: "how far out of order frames may come"},
		{name: "validate", attr: 13, typ: numbered("disabled", "check", "strict"), encode: u8, doc: "what happens to frames that do not verify"},
		{name: "encodingsa", attr: 6, typ: number(0, 3), encode: u8, doc: "the association to send with"},
		{name: "offload", attr: 15, typ: numbered("off", "phy", "mac"), encode: u8, doc: "what the hardware does"},
	},
	verify: func(c *Call) *ArgError {
		if g, ok := c.Option("replay"); ok && c.Modifier != Ensure && !c.Has("window") && g.Value() == true {
			return &ArgError{Arg: g.Arg, Msg: `"replay on" needs "window"`}
		}
		return nil
	},
	also: mtuAfter,
}

// mtuAfter sets the MTU of a link once it is made: macsec_newlink and
// hsr_dev_finalize of the kernel give it that of the links below, whatever was
// asked for.
func mtuAfter(c *Call, link LinkArg) []nsexec.Step {
	mtu, ok := Opt[int64](c, "mtu")
	if !ok {
		return nil
	}
	data := nl.Uint32Attr(uint32(mtu))
	change := nsexec.LinkChange{Attrs: []nsexec.Attr{{Type: unix.IFLA_MTU, Data: data}}}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.SetLink(link.Link, "mtu", fmt.Sprintf("mtu %s %d", link.Link, mtu), change)}}
}

var cipherType = oneOf(
	word{"default", 0x0080020001000001}, word{"gcm-aes-128", 0x0080C20001000001}, word{"gcm-aes-256", 0x0080C20001000002},
	word{"gcm-aes-xpn-128", 0x0080C20001000003}, word{"gcm-aes-xpn-256", 0x0080C20001000004},
)

func parseSCI(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no identifier of a secure channel, which is a number in hexadecimal", s)
	}
	return int64(n), nil
}
