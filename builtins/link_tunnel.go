//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// The tunnels of iproute2's link_gre.c, link_gre6.c, link_iptnl.c,
// link_ip6tnl.c and link_vti.c. They share most of their options; the numbers of
// the attributes are those of three enums of linux/if_tunnel.h.

// Attributes that the netlink library has no names for.
const (
	greFwmark       = 20 // IFLA_GRE_FWMARK
	greErspanIndex  = 21
	greErspanVer    = 22
	greErspanDir    = 23
	greErspanHwID   = 24
	iptunFwmark     = 20 // IFLA_IPTUN_FWMARK
	vtiFwmark       = 6  // IFLA_VTI_FWMARK
	tunnelEncapFou  = 1  // TUNNEL_ENCAP_FOU
	tunnelEncapGue  = 2
	encapCsum       = 1 // TUNNEL_ENCAP_FLAG_CSUM
	encapCsum6      = 2
	encapRemCsum    = 4
	greFlagCsum     = 0x8000 // GRE_CSUM, in network order
	greFlagKey      = 0x2000
	greFlagSeq      = 0x1000
	ignoreEncapLim  = 0x1 // IP6_TNL_F_IGN_ENCAP_LIMIT of linux/ip6_tunnel.h
	useOrigTClass   = 0x2
	useOrigFlow     = 0x4
	copyDSCP        = 0x10 // IP6_TNL_F_RCV_DSCP_COPY
	allowLocal      = 0x40 // IP6_TNL_F_ALLOW_LOCAL_REMOTE
	sitISATAP       = 1    // SIT_ISATAP
	protoIPIP       = 4    // IPPROTO_IPIP
	protoIPv6       = 41
	protoMPLS       = 137
	flowLabelMask   = 0xfffff
	trafficClassPos = 20 // bits, in the flow information
)

var (
	ip4Type  = ofText("IPv4", func(s string) (value.IP, error) { return ofFamily(s, true) })
	ip6Type  = ofText("IPv6", func(s string) (value.IP, error) { return ofFamily(s, false) })
	markOnly = number(0, 1<<32-1)
	keyType  = ofText("KEY", parseKey)
	// ttlOrInherit is a TTL, 0 where the inner packet's is taken.
	ttlOrInherit = ofText("0..255|inherit", func(s string) (int64, error) {
		if s == "inherit" {
			return 0, nil
		}
		return byteNumber(s)
	})
	encapLimit = ofText("0..255|none", func(s string) (int64, error) {
		if s == "none" {
			return inherit, nil
		}
		return byteNumber(s)
	})
	tclassType = ofText("TCLASS|inherit", func(s string) (int64, error) {
		if s == "inherit" {
			return inherit, nil
		}
		return parseTOS(s)
	})
	flowType = ofText("LABEL|inherit", func(s string) (int64, error) {
		if s == "inherit" {
			return inherit, nil
		}
		n, err := strconv.ParseUint(s, 0, 32)
		if err != nil || n > flowLabelMask {
			return 0, fmt.Errorf("%q is no flow label, which is 0 to 0xfffff", s)
		}
		return int64(n), nil
	})
	onlyInherit = oneOf(word{"inherit", 1})
	encapType   = oneOf(word{"none", 0}, word{"fou", tunnelEncapFou}, word{"gue", tunnelEncapGue})
)

func ofFamily(s string, four bool) (value.IP, error) {
	ip, err := value.ParseIP(s)
	if err == nil && ip.Is4() != four {
		return ip, fmt.Errorf("%s is no %s address", ip, map[bool]string{true: "IPv4", false: "IPv6"}[four])
	}
	return ip, err
}

// parseKey reads a tunnel's key: a number, or a dotted quad.
func parseKey(s string) (int64, error) {
	if ip, err := value.ParseIP(s); err == nil && ip.Is4() {
		return int64(binary.BigEndian.Uint32(ip.AsSlice())), nil
	}
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no key, which is a number of 32 bits or a dotted quad", s)
	}
	return int64(n), nil
}

func ipBytes(v any) ([]byte, error) { return v.(value.IP).AsSlice(), nil }

// tunnelAttrs are the numbers of the attributes that tunnels share; 0 is for
// those that a kind has not.
type tunnelAttrs struct {
	link, local, remote, ttl, tos, pmtudisc, ignoreDF uint16
	encapLimit, flowInfo, flags                       uint16
	encapType, encapFlags, encapSport, encapDport     uint16
	external, fwmark                                  uint16
	iflags, oflags, ikey, okey                        uint16
}

var (
	greAttrs = tunnelAttrs{
		link: nl.IFLA_GRE_LINK, local: nl.IFLA_GRE_LOCAL, remote: nl.IFLA_GRE_REMOTE, ttl: nl.IFLA_GRE_TTL, tos: nl.IFLA_GRE_TOS,
		pmtudisc: nl.IFLA_GRE_PMTUDISC, ignoreDF: nl.IFLA_GRE_IGNORE_DF, encapLimit: nl.IFLA_GRE_ENCAP_LIMIT,
		flowInfo: nl.IFLA_GRE_FLOWINFO, flags: nl.IFLA_GRE_FLAGS, encapType: nl.IFLA_GRE_ENCAP_TYPE,
		encapFlags: nl.IFLA_GRE_ENCAP_FLAGS, encapSport: nl.IFLA_GRE_ENCAP_SPORT, encapDport: nl.IFLA_GRE_ENCAP_DPORT,
		external: nl.IFLA_GRE_COLLECT_METADATA, fwmark: greFwmark,
		iflags: nl.IFLA_GRE_IFLAGS, oflags: nl.IFLA_GRE_OFLAGS, ikey: nl.IFLA_GRE_IKEY, okey: nl.IFLA_GRE_OKEY,
	}
	iptunAttrs = tunnelAttrs{
		link: nl.IFLA_IPTUN_LINK, local: nl.IFLA_IPTUN_LOCAL, remote: nl.IFLA_IPTUN_REMOTE, ttl: nl.IFLA_IPTUN_TTL, tos: nl.IFLA_IPTUN_TOS,
		pmtudisc: nl.IFLA_IPTUN_PMTUDISC, encapLimit: nl.IFLA_IPTUN_ENCAP_LIMIT, flowInfo: nl.IFLA_IPTUN_FLOWINFO,
		flags: nl.IFLA_IPTUN_FLAGS, encapType: nl.IFLA_IPTUN_ENCAP_TYPE, encapFlags: nl.IFLA_IPTUN_ENCAP_FLAGS,
		encapSport: nl.IFLA_IPTUN_ENCAP_SPORT, encapDport: nl.IFLA_IPTUN_ENCAP_DPORT, external: nl.IFLA_IPTUN_COLLECT_METADATA,
		fwmark: iptunFwmark,
	}
	vtiAttrs = tunnelAttrs{
		link: nl.IFLA_VTI_LINK, local: nl.IFLA_VTI_LOCAL, remote: nl.IFLA_VTI_REMOTE, fwmark: vtiFwmark,
		ikey: nl.IFLA_VTI_IKEY, okey: nl.IFLA_VTI_OKEY,
	}
)

// ends are the options that every tunnel has.
func (a tunnelAttrs) ends(six bool) []kindOption {
	typ := ip4Type
	if six {
		typ = ip6Type
	}
	return []kindOption{
		{name: "remote", attr: a.remote, typ: typ, encode: ipBytes, doc: "the other end"},
		{name: "local", attr: a.local, typ: typ, encode: ipBytes, doc: "the address to send from"},
		{name: "dev", attr: a.link, typ: localLink, link: true, doc: "the link to send over"},
		{name: "fwmark", attr: a.fwmark, typ: markOnly, encode: u32, doc: "the mark of the packets that it sends"},
	}
}

// outer4 are the options of the outer IPv4 header.
func (a tunnelAttrs) outer4() []kindOption {
	out := []kindOption{
		{name: "ttl", aliases: []string{"hoplimit"}, attr: a.ttl, typ: ttlOrInherit, encode: u8, doc: "the outer packet's TTL; inherit takes the inner one's"},
		{name: "tos", aliases: []string{"dsfield"}, attr: a.tos, typ: tosType, encode: u8, doc: "the outer packet's TOS, or inherit"},
	}
	out = append(out, onOff("pmtudisc", a.pmtudisc, "path MTU discovery")...)
	if a.ignoreDF != 0 {
		out = append(out, onOff("ignore-df", a.ignoreDF, "fragment packets that say not to")...)
	}
	return out
}

// outer6 are the options of the outer IPv6 header. Those of its first word and
// the flags are put together by finish6.
func (a tunnelAttrs) outer6() []kindOption {
	return []kindOption{
		{name: "hoplimit", aliases: []string{"ttl", "hlim"}, attr: a.ttl, typ: number(0, 255), encode: u8, doc: "the outer packet's hop limit"},
		{name: "encaplimit", typ: encapLimit, doc: "how many more tunnels a packet may go through, or none"},
		{name: "tclass", aliases: []string{"tc", "tos", "dsfield"}, typ: tclassType, doc: "the outer packet's traffic class, or inherit"},
		{name: "flowlabel", aliases: []string{"fl"}, typ: flowType, doc: "the outer packet's flow label, or inherit"},
		{name: "dscp", typ: onlyInherit, doc: "inherit: the inner packet gets the outer one's DSCP"},
		{name: "allow-localremote", doc: "the other end may be an address of this host"},
		{name: "noallow-localremote", doc: "it may not"},
	}
}

// encap are the options of UDP around the tunnel.
func (a tunnelAttrs) encap() []kindOption {
	return []kindOption{
		{name: "encap", attr: a.encapType, typ: encapType, encode: u16, doc: "what is put around it: foo-over-UDP, generic UDP encapsulation"},
		{name: "encap-sport", attr: a.encapSport, typ: number(0, 65535), encode: be16, doc: "its UDP source port, 0 for automatic"},
		{name: "encap-dport", attr: a.encapDport, typ: number(0, 65535), encode: be16, doc: "its UDP destination port"},
		{name: "encap-csum", doc: "with UDP checksums over IPv4"},
		{name: "encap-csum6", doc: "with UDP checksums over IPv6"},
		{name: "encap-remcsum", doc: "with remote checksum offload"},
	}
}

func (a tunnelAttrs) metadata() []kindOption {
	return []kindOption{{name: "external", attr: a.external, encode: none, doc: "let each packet's metadata say where it goes"}}
}

// onOff are an option and its opposite, one byte.
func onOff(name string, attr uint16, doc string) []kindOption {
	return []kindOption{
		{name: name, attr: attr, encode: fixed8(1), doc: doc},
		{name: "no" + name, attr: attr, encode: fixed8(0), doc: "no " + doc},
	}
}

// keyed are the options of keys, and of sequence numbers and checksums where
// the kind has flags for them.
func (a tunnelAttrs) keyed() []kindOption {
	out := []kindOption{
		{name: "key", typ: keyType, doc: "the key of both directions"},
		{name: "ikey", typ: keyType, doc: "the key of what comes in"},
		{name: "okey", typ: keyType, doc: "the key of what goes out"},
	}
	if a.iflags == 0 {
		return out
	}
	for _, what := range []struct{ name, doc string }{{"seq", "sequence numbers"}, {"csum", "checksums"}} {
		out = append(out,
			kindOption{name: what.name, doc: what.doc + " in both directions"},
			kindOption{name: "i" + what.name, doc: what.doc + " are required of what comes in"},
			kindOption{name: "o" + what.name, doc: what.doc + " in what goes out"},
		)
	}
	return out
}

// erspanOptions are those of ERSPAN (draft-foschiano-erspan).
var erspanOptions = []kindOption{
	{name: "erspan_ver", attr: greErspanVer, typ: number(0, 2), encode: u8, doc: "the version of the header"},
	{name: "erspan", attr: greErspanIndex, typ: number(0, 1<<20-1), encode: u32, doc: "the index, in version 1"},
	{name: "erspan_dir", attr: greErspanDir, typ: oneOf(word{"ingress", 0}, word{"egress", 1}), encode: u8, doc: "the direction that is mirrored, in version 2"},
	{name: "erspan_hwid", attr: greErspanHwID, typ: ofText("HWID", func(s string) (int64, error) {
		n, err := strconv.ParseUint(s, 0, 6)
		if err != nil {
			return 0, fmt.Errorf("%q is no hardware identifier, which is 0 to 63", s)
		}
		return int64(n), nil
	}), encode: u16, doc: "the hardware identifier, in version 2"},
}

// finish adds the attributes that several options make up.
func (a tunnelAttrs) finish(c *Call, cfg *nsexec.LinkConfig) {
	add := func(attr uint16, data []byte) {
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: attr, Data: data})
	}
	a.finishKeys(c, add)
	if flags := encapFlags(c); flags != 0 {
		add(a.encapFlags, nl.Uint16Attr(flags))
	}
	if a.flowInfo != 0 {
		a.finish6(c, add)
	}
}

// finishKeys adds keys and the flags of GRE's header.
func (a tunnelAttrs) finishKeys(c *Call, add func(uint16, []byte)) {
	for _, dir := range []struct {
		of         string
		flags, key uint16
	}{{"i", a.iflags, a.ikey}, {"o", a.oflags, a.okey}} {
		var flags uint16
		for _, name := range []string{"key", dir.of + "key"} {
			if key, ok := Opt[int64](c, name); ok && dir.key != 0 {
				add(dir.key, binary.BigEndian.AppendUint32(nil, uint32(key)))
				flags |= greFlagKey
			}
		}
		for name, bit := range map[string]uint16{"seq": greFlagSeq, "csum": greFlagCsum} {
			if c.Has(name) || c.Has(dir.of+name) {
				flags |= bit
			}
		}
		if flags != 0 && dir.flags != 0 {
			add(dir.flags, binary.BigEndian.AppendUint16(nil, flags))
		}
	}
}

func encapFlags(c *Call) (flags uint16) {
	for name, bit := range map[string]uint16{"encap-csum": encapCsum, "encap-csum6": encapCsum6, "encap-remcsum": encapRemCsum} {
		if c.Has(name) {
			flags |= bit
		}
	}
	return flags
}

// finish6 adds the first word of the outer IPv6 header and the flags of
// linux/ip6_tunnel.h.
func (a tunnelAttrs) finish6(c *Call, add func(uint16, []byte)) {
	var info, flags uint32
	some := false
	if n, ok := Opt[int64](c, "tclass"); ok {
		some = true
		if n == inherit {
			flags |= useOrigTClass
		} else {
			info |= uint32(n) << trafficClassPos
		}
	}
	if n, ok := Opt[int64](c, "flowlabel"); ok {
		some = true
		if n == inherit {
			flags |= useOrigFlow
		} else {
			info |= uint32(n)
		}
	}
	if some {
		add(a.flowInfo, binary.BigEndian.AppendUint32(nil, info))
	}
	if n, ok := Opt[int64](c, "encaplimit"); ok && n == inherit {
		flags |= ignoreEncapLim
	} else if ok {
		add(a.encapLimit, []byte{byte(n)})
	}
	if c.Has("dscp") {
		flags |= copyDSCP
	}
	if c.Has("allow-localremote") {
		flags |= allowLocal
	}
	if flags != 0 || c.Has("noallow-localremote") {
		add(a.flags, nl.Uint32Attr(flags))
	}
}
