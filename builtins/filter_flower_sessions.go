//go:build linux

package builtins

import (
	"fmt"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of linux/pkt_cls.h of sessions, of connections' labels and of hashes.
const (
	flowerCTLabels  = 97
	flowerHash      = 100
	flowerPPPoESID  = 103
	flowerPPPProto  = 104
	flowerL2TPv3SID = 105
)

// pppProtos are PPP_* of linux/ppp_defs.h, with iproute2's names.
var pppProtos = map[string]uint16{
	"ip": 0x21, "ipv4": 0x21, "at": 0x29, "ipx": 0x2b, "vjc_comp": 0x2d, "vjc_uncomp": 0x2f, "mp": 0x3d, "ipv6": 0x57,
	"compfrag": 0xfb, "comp": 0xfd, "mpls_uc": 0x281, "mpls_mc": 0x283,
	"ipcp": 0x8021, "atcp": 0x8029, "ipxcp": 0x802b, "ipv6cp": 0x8057, "ccpfrag": 0x80fb, "ccp": 0x80fd, "mplscp": 0x8281,
	"lcp": 0xc021, "pap": 0xc023, "lqr": 0xc025, "chap": 0xc223, "cbcp": 0xc029,
}

// pppProtoType is a protocol within PPP: a uint16.
var pppProtoType = ofText("ip|ipv6|mpls_uc|mpls_mc|PROTOCOL", func(s string) (uint16, error) {
	if n, ok := pppProtos[strings.ToLower(s)]; ok {
		return n, nil
	}
	n, err := upTo(1<<16 - 1)(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no protocol of PPP: %s or a number", s, sortedNames(pppProtos))
	}
	return uint16(n), nil
})

// beU16 and the like are encodings of one value, in network byte order.
func beU16(v any) []byte { return be16of(v.(uint16)) }

// flowerSessions are keys of sessions, and those that have but numbers, with the
// words of tc-flower(8); it has none for hash.
var flowerSessions = []tcOption{
	{name: "pppoe_sid", typ: number(0, 1<<16-2), attr: flowerPPPoESID, enc: func(v any) []byte { return be16of(uint16(asInt(v))) }, doc: "the session of PPPoE"},
	{name: "ppp_proto", typ: pppProtoType, attr: flowerPPPProto, enc: beU16, doc: "the protocol within PPPoE"},
	{name: "l2tpv3_sid", typ: number(0, 1<<32-1), attr: flowerL2TPv3SID, enc: func(v any) []byte { return be32of(uint32(asInt(v))) }, doc: "the session of L2TPv3 over IP (Linux 6.1)"},
	{name: "ct_label", typ: ofText("HEX[/MASK]", parseCtLabel), doc: "the connection's label"},
	{name: "hash", typ: maskedType(32), doc: "the hash that the kernel has of a packet's flow"},
}

// verifyFlowerSessions: sessions are looked for in what carries them.
func verifyFlowerSessions(v tcValues, outer uint16) error {
	vlan := outer == unix.ETH_P_8021Q || outer == unix.ETH_P_8021AD
	inner := tcGet(v, "cvlan_ethtype", 0, tcGet(v, "vlan_ethtype", 0, uint16(unix.ETH_P_PPP_SES)))
	switch {
	case v.has(pppKeys...) && outer != unix.ETH_P_PPP_SES && (!vlan || inner != unix.ETH_P_PPP_SES):
		return fmt.Errorf("flower needs protocol ppp_ses for what PPPoE says")
	case v.has("l2tpv3_sid") && v.int("ip_proto", 0) != unix.IPPROTO_L2TP:
		return fmt.Errorf("flower needs ip_proto l2tp for a session of L2TPv3")
	}
	return nil
}

var pppKeys = []string{"pppoe_sid", "ppp_proto"}

// flowerSessionKeys are the attributes that have masks.
func flowerSessionKeys(v tcValues) []byte {
	var out []byte
	if v.has("ct_label") {
		l := tcGet(v, "ct_label", 0, [2][]byte{})
		out = append(tcAttr(flowerCTLabels, l[0]), tcAttr(flowerCTLabels+1, l[1])...)
	}
	if v.has("hash") {
		m := tcGet(v, "hash", 0, masked{})
		out = append(append(out, tcAttr(flowerHash, nl.Uint32Attr(uint32(m.value)))...), tcAttr(flowerHash+1, nl.Uint32Attr(uint32(m.mask)))...)
	}
	return out
}
