//go:build linux

package builtins

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ipProtos are IPPROTO_* of netinet/in.h.
var ipProtos = oneOfOr("tcp|udp|sctp|icmp|icmpv6|l2tp|N", 255, map[string]int64{
	"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP, "icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6,
	"l2tp": unix.IPPROTO_L2TP,
})

// oneOfOr is a word or a number: the int64 that it stands for.
func oneOfOr(name string, most int64, words map[string]int64) Type {
	return ofText(name, func(s string) (int64, error) {
		if n, ok := words[s]; ok {
			return n, nil
		}
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil || n < 0 || n > most {
			return 0, fmt.Errorf("%q is none of %s", s, name)
		}
		return n, nil
	})
}

// masked is a number that is compared in some of its bits only.
type masked struct{ value, mask uint64 }

func maskedType(bits int) Type {
	return ofText("N[/MASK]", func(s string) (masked, error) { return parseMasked(s, bits) })
}

func parseMasked(s string, bits int) (masked, error) {
	text, mask, ok := strings.Cut(s, "/")
	n, err := strconv.ParseUint(text, 0, bits)
	m := masked{n, 1<<bits - 1}
	if err == nil && ok {
		m.mask, err = strconv.ParseUint(mask, 0, bits)
	}
	if err != nil {
		return m, fmt.Errorf("%q is no number of %d bits, with a mask or without", s, bits)
	}
	return m, nil
}

// macMask is a MAC address of which some bits are compared.
type macMask struct{ mac, mask net.HardwareAddr }

var macMaskType = ofText("MAC[/MASK|/BITS]", func(s string) (macMask, error) {
	text, mask, ok := strings.Cut(s, "/")
	m, err := value.ParseMAC(text)
	out := macMask{m[:], net.HardwareAddr{255, 255, 255, 255, 255, 255}}
	if bits, e := strconv.ParseUint(mask, 10, 8); err == nil && e == nil && bits <= 48 {
		out.mask = net.HardwareAddr(net.CIDRMask(int(bits)+80, 128)[10:])
		return out, nil
	}
	if err == nil && ok {
		var parsed value.MAC
		parsed, err = value.ParseMAC(mask)
		out.mask = parsed[:]
	}
	return out, err
})

// Attributes of linux/pkt_cls.h that the netlink library may have no names for.
const (
	flowerIPTOS     = 73
	flowerIPTOSMask = 74
	flowerIPTTL     = 75
	flowerIPTTLMask = 76
	flowerTCPFlags  = 71
)

var flowerKind = tcKind{
	name: "flower", doc: "packets by their headers (tc-flower(8))",
	options: slices.Concat([]tcOption{
		{name: "dst_ip", typ: hostOrNet, doc: "where they go"},
		{name: "src_ip", typ: hostOrNet, doc: "where they come from"},
		{name: "ip_proto", typ: ipProtos, attr: nl.TCA_FLOWER_KEY_IP_PROTO, enc: tcU8, doc: "the protocol within IP"},
		{name: "dst_port", typ: portsType, doc: "the port that they go to, or the first and the last of some"},
		{name: "src_port", typ: portsType, doc: "the port that they come from, or the first and the last of some"},
		{name: "dst_mac", typ: macMaskType, doc: "the MAC address that they go to"},
		{name: "src_mac", typ: macMaskType, doc: "the MAC address that they come from"},
		{name: "vlan_id", typ: number(0, 4095), attr: nl.TCA_FLOWER_KEY_VLAN_ID, enc: tcU16, doc: "the VLAN"},
		{name: "vlan_prio", typ: number(0, 7), attr: nl.TCA_FLOWER_KEY_VLAN_PRIO, enc: tcU8, doc: "the VLAN's priority"},
		{name: "vlan_ethtype", typ: etherType, doc: "the protocol within the VLAN"},
		{name: "ip_tos", typ: maskedType(8), doc: "the TOS"},
		{name: "ip_ttl", typ: maskedType(8), doc: "the TTL"},
		{name: "tcp_flags", typ: maskedType(12), doc: "the flags of TCP"},
		{name: "type", typ: maskedType(8), doc: "the type of ICMP"},
		{name: "code", typ: maskedType(8), doc: "the code of ICMP"},
	}, flowerMore, flowerTunnels, flowerSessions, flowerNewer, offloadFlags, flowerFlags),
	verify: verifyFlower,
	encode: encodeFlower,
}

// innerProtocol is the protocol of the addresses that are matched, or 0.
func innerProtocol(v tcValues) uint16 {
	if n := tcGet(v, "vlan_ethtype", 0, uint16(0)); n != 0 {
		return n
	}
	switch {
	case v.has("cfm"):
		return unix.ETH_P_CFM
	case v.has(pppKeys...):
		return unix.ETH_P_PPP_SES
	case v.has(arpKeys...):
		return unix.ETH_P_ARP
	case v.has(mplsKeys...):
		return unix.ETH_P_MPLS_UC
	}
	for _, name := range []string{"dst_ip", "src_ip"} {
		if p, ok := any(tcGet(v, name, 0, value.Prefix{})).(value.Prefix); ok && p.IsValid() {
			if p.Addr().Is6() {
				return unix.ETH_P_IPV6
			}
			return unix.ETH_P_IP
		}
	}
	if v.has("ip_proto", "ip_tos", "ip_ttl", "ip_flags", "dst_port", "src_port", "tcp_flags", "type", "code") {
		if v.int("ip_proto", 0) == unix.IPPROTO_ICMPV6 {
			return unix.ETH_P_IPV6
		}
		return unix.ETH_P_IP
	}
	return 0
}

func verifyFlower(v tcValues) error {
	proto := v.int("ip_proto", 0)
	ports := proto == unix.IPPROTO_TCP || proto == unix.IPPROTO_UDP || proto == unix.IPPROTO_SCTP
	outer := tcGet(v, "protocol", 0, uint16(0))
	switch {
	case v.has("dst_port", "src_port") && !ports:
		return fmt.Errorf("flower needs ip_proto tcp, udp or sctp for a port")
	case v.has("tcp_flags") && proto != unix.IPPROTO_TCP:
		return fmt.Errorf("flower needs ip_proto tcp for its flags")
	case v.has("type", "code") && proto != unix.IPPROTO_ICMP && proto != unix.IPPROTO_ICMPV6:
		return fmt.Errorf("flower needs ip_proto icmp or icmpv6 for a type or a code")
	case v.has("vlan_id", "vlan_prio", "vlan_ethtype") && !v.has("num_of_vlans") && outer != unix.ETH_P_8021Q && outer != unix.ETH_P_8021AD:
		return fmt.Errorf("flower needs protocol 802.1q or 802.1ad for a VLAN")
	case v.has("hw_tc") && v.has("flowid"):
		return fmt.Errorf("flower takes a flowid or hw_tc, not both")
	case v.has("hw_tc") && tcGet(v, "place", 0, uint32(0)) == 0:
		return fmt.Errorf("flower needs ingress, egress or a parent for hw_tc")
	case innerProtocol(v) != 0 && outer == unix.ETH_P_ALL:
		return fmt.Errorf("flower needs protocol ip or ipv6 for what it matches, not all")
	}
	a, b := tcGet(v, "dst_ip", 0, value.Prefix{}), tcGet(v, "src_ip", 0, value.Prefix{})
	if a.IsValid() && b.IsValid() && a.Addr().Is4() != b.Addr().Is4() {
		return fmt.Errorf("flower: src_ip and dst_ip are of two families")
	}
	if err := verifyFlowerSessions(v, outer); err != nil {
		return err
	}
	return verifyFlowerMore(v, outer)
}

func encodeFlower(v tcValues) ([]byte, error) {
	var out []byte
	add := func(attr uint16, data []byte) { out = append(out, tcAttr(attr, data)...) }
	outer := tcGet(v, "protocol", 0, uint16(unix.ETH_P_ALL))
	if outer != unix.ETH_P_ALL {
		add(nl.TCA_FLOWER_KEY_ETH_TYPE, be16of(outer))
	}
	if outer == unix.ETH_P_8021Q || outer == unix.ETH_P_8021AD {
		if inner := innerProtocol(v); inner != 0 {
			add(nl.TCA_FLOWER_KEY_VLAN_ETH_TYPE, be16of(inner))
		}
	}
	for _, a := range []struct {
		name           string
		v4, m4, v6, m6 uint16
	}{
		{"dst_ip", nl.TCA_FLOWER_KEY_IPV4_DST, nl.TCA_FLOWER_KEY_IPV4_DST_MASK, nl.TCA_FLOWER_KEY_IPV6_DST, nl.TCA_FLOWER_KEY_IPV6_DST_MASK},
		{"src_ip", nl.TCA_FLOWER_KEY_IPV4_SRC, nl.TCA_FLOWER_KEY_IPV4_SRC_MASK, nl.TCA_FLOWER_KEY_IPV6_SRC, nl.TCA_FLOWER_KEY_IPV6_SRC_MASK},
		{"enc_dst_ip", nl.TCA_FLOWER_KEY_ENC_IPV4_DST, nl.TCA_FLOWER_KEY_ENC_IPV4_DST_MASK, nl.TCA_FLOWER_KEY_ENC_IPV6_DST, nl.TCA_FLOWER_KEY_ENC_IPV6_DST_MASK},
		{"enc_src_ip", nl.TCA_FLOWER_KEY_ENC_IPV4_SRC, nl.TCA_FLOWER_KEY_ENC_IPV4_SRC_MASK, nl.TCA_FLOWER_KEY_ENC_IPV6_SRC, nl.TCA_FLOWER_KEY_ENC_IPV6_SRC_MASK},
		{name: "arp_sip", v4: nl.TCA_FLOWER_KEY_ARP_SIP, m4: nl.TCA_FLOWER_KEY_ARP_SIP_MASK},
		{name: "arp_tip", v4: nl.TCA_FLOWER_KEY_ARP_TIP, m4: nl.TCA_FLOWER_KEY_ARP_TIP_MASK},
	} {
		p := tcGet(v, a.name, 0, value.Prefix{})
		if !p.IsValid() {
			continue
		}
		key, mask := a.v4, a.m4
		if p.Addr().Is6() {
			key, mask = a.v6, a.m6
		}
		add(key, p.Masked().Addr().AsSlice())
		add(mask, net.CIDRMask(p.Bits(), p.Addr().BitLen()))
	}
	for name, attrs := range map[string][2]uint16{
		"dst_mac": {nl.TCA_FLOWER_KEY_ETH_DST, nl.TCA_FLOWER_KEY_ETH_DST_MASK},
		"src_mac": {nl.TCA_FLOWER_KEY_ETH_SRC, nl.TCA_FLOWER_KEY_ETH_SRC_MASK},
		"arp_sha": {nl.TCA_FLOWER_KEY_ARP_SHA, nl.TCA_FLOWER_KEY_ARP_SHA_MASK},
		"arp_tha": {nl.TCA_FLOWER_KEY_ARP_THA, nl.TCA_FLOWER_KEY_ARP_THA_MASK},
	} {
		if v.has(name) {
			m := tcGet(v, name, 0, macMask{})
			add(attrs[0], m.mac)
			add(attrs[1], m.mask)
		}
	}
	for _, f := range flowerFields(v.int("ip_proto", 0)) {
		m, ok := tcGet(v, f.name, 0, any(nil)).(masked)
		if !ok { // not given, or ports from one to another
			continue
		}
		if f.bits == 8 {
			add(f.key, []byte{byte(m.value)})
			add(f.mask, []byte{byte(m.mask)})
			continue
		}
		add(f.key, be16of(uint16(m.value)))
		add(f.mask, be16of(uint16(m.mask)))
	}
	more, err := encodeFlowerMore(v)
	if err != nil {
		return nil, err
	}
	tunnel, err := flowerTunnelOpts(v)
	return slices.Concat(out, more, tunnel, flowerSessionKeys(v), portSpans(v), newerKeys(v), offload(v, nl.TCA_FLOWER_FLAGS)), err
}

// flowerField is a number with a mask.
type flowerField struct {
	name      string
	key, mask uint16
	bits      int
}

// flowerFields are the attributes of numbers, which go by the protocol.
func flowerFields(proto int64) []flowerField {
	out := []flowerField{
		{"ip_tos", flowerIPTOS, flowerIPTOSMask, 8}, {"ip_ttl", flowerIPTTL, flowerIPTTLMask, 8},
		{"tcp_flags", flowerTCPFlags, flowerTCPFlags + 1, 16},
		{"enc_dst_port", nl.TCA_FLOWER_KEY_ENC_UDP_DST_PORT, nl.TCA_FLOWER_KEY_ENC_UDP_DST_PORT_MASK, 16},
		{"enc_tos", flowerEncTOS, flowerEncTOS + 1, 8}, {"enc_ttl", flowerEncTTL, flowerEncTTL + 1, 8},
	}
	switch proto {
	case unix.IPPROTO_TCP:
		out = append(out, flowerField{"dst_port", nl.TCA_FLOWER_KEY_TCP_DST, nl.TCA_FLOWER_KEY_TCP_DST_MASK, 16},
			flowerField{"src_port", nl.TCA_FLOWER_KEY_TCP_SRC, nl.TCA_FLOWER_KEY_TCP_SRC_MASK, 16})
	case unix.IPPROTO_UDP:
		out = append(out, flowerField{"dst_port", nl.TCA_FLOWER_KEY_UDP_DST, nl.TCA_FLOWER_KEY_UDP_DST_MASK, 16},
			flowerField{"src_port", nl.TCA_FLOWER_KEY_UDP_SRC, nl.TCA_FLOWER_KEY_UDP_SRC_MASK, 16})
	case unix.IPPROTO_SCTP:
		out = append(out, flowerField{"dst_port", nl.TCA_FLOWER_KEY_SCTP_DST, nl.TCA_FLOWER_KEY_SCTP_DST_MASK, 16},
			flowerField{"src_port", nl.TCA_FLOWER_KEY_SCTP_SRC, nl.TCA_FLOWER_KEY_SCTP_SRC_MASK, 16})
	case unix.IPPROTO_ICMP:
		out = append(out, flowerField{"type", nl.TCA_FLOWER_KEY_ICMPV4_TYPE, nl.TCA_FLOWER_KEY_ICMPV4_TYPE_MASK, 8},
			flowerField{"code", nl.TCA_FLOWER_KEY_ICMPV4_CODE, nl.TCA_FLOWER_KEY_ICMPV4_CODE_MASK, 8})
	case unix.IPPROTO_ICMPV6:
		out = append(out, flowerField{"type", nl.TCA_FLOWER_KEY_ICMPV6_TYPE, nl.TCA_FLOWER_KEY_ICMPV6_TYPE_MASK, 8},
			flowerField{"code", nl.TCA_FLOWER_KEY_ICMPV6_CODE, nl.TCA_FLOWER_KEY_ICMPV6_CODE_MASK, 8})
	}
	return out
}
