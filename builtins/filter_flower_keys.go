//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang/value"
)

// Attributes of linux/pkt_cls.h of what flower matches besides the usual headers.
const (
	flowerIndev      = 2
	flowerMPLSTTL    = 67
	flowerMPLSBOS    = 68
	flowerMPLSTC     = 69
	flowerMPLSLabel  = 70
	flowerCVLANID    = 77
	flowerCVLANPrio  = 78
	flowerCVLANType  = 79
	flowerEncTOS     = 80
	flowerEncTTL     = 82
	flowerCTState    = 91
	flowerCTZone     = 93
	flowerCTMark     = 95
	flowerMPLSOpts   = 99
	flowerNumOfVLANs = 102
)

var (
	arpKeys  = []string{"arp_sip", "arp_tip", "arp_op", "arp_sha", "arp_tha"}
	mplsKeys = []string{"mpls", "mpls_label", "mpls_tc", "mpls_bos", "mpls_ttl"}
)

// flowerMore are those, with the words of tc-flower(8).
var flowerMore = []tcOption{
	{name: "indev", typ: inLinkType, attr: flowerIndev, enc: func(v any) []byte { return nl.ZeroTerminated(v.(string)) }, doc: "the link that they came in by"},
	{name: "ip_flags", typ: ipFlagsType, doc: "whether they are fragments, and the first"},

	{name: "num_of_vlans", typ: number(0, 255), attr: flowerNumOfVLANs, enc: tcU8, doc: "how many VLAN tags they have"},
	{name: "cvlan_id", typ: number(0, 4095), attr: flowerCVLANID, enc: tcU16, doc: "the inner VLAN"},
	{name: "cvlan_prio", typ: number(0, 7), attr: flowerCVLANPrio, enc: tcU8, doc: "the inner VLAN's priority"},
	{name: "cvlan_ethtype", typ: etherType, attr: flowerCVLANType, enc: func(v any) []byte { return be16of(v.(uint16)) }, doc: "the protocol within the inner VLAN"},

	{name: "arp_sip", typ: hostOrNet, doc: "the sender's address of ARP"},
	{name: "arp_tip", typ: hostOrNet, doc: "the address that ARP asks for"},
	{name: "arp_op", typ: oneOfOr("request|reply|N", 255, map[string]int64{"request": 1, "reply": 2}), doc: "what ARP does"},
	{name: "arp_sha", typ: macMaskType, doc: "the sender's MAC address of ARP"},
	{name: "arp_tha", typ: macMaskType, doc: "the target's MAC address of ARP"},

	{name: "mpls_label", typ: number(0, 1<<20-1), attr: flowerMPLSLabel, enc: tcU32, doc: "the outermost MPLS label"},
	{name: "mpls_tc", typ: number(0, 7), attr: flowerMPLSTC, enc: tcU8, doc: "its traffic class"},
	{name: "mpls_bos", typ: number(0, 1), attr: flowerMPLSBOS, enc: tcU8, doc: "whether it is the only one"},
	{name: "mpls_ttl", typ: number(0, 255), attr: flowerMPLSTTL, enc: tcU8, doc: "its TTL"},
	{name: "mpls", typ: textType, many: true, doc: "labels of the stack: lse depth N [label N] [tc N] [bos N] [ttl N] …"},

	{name: "enc_key_id", typ: number(0, 1<<32-1), attr: nl.TCA_FLOWER_KEY_ENC_KEY_ID, enc: func(v any) []byte { return be32of(uint32(asInt(v))) }, doc: "the tunnel's identifier that they came by"},
	{name: "enc_dst_ip", typ: hostOrNet, doc: "this end of the tunnel that they came by"},
	{name: "enc_src_ip", typ: hostOrNet, doc: "the other end of the tunnel that they came by"},
	{name: "enc_dst_port", typ: maskedType(16), doc: "the tunnel's port that they went to"},
	{name: "enc_tos", typ: maskedType(8), doc: "the tunnel's TOS"},
	{name: "enc_ttl", typ: maskedType(8), doc: "the tunnel's TTL"},

	{name: "ct_state", typ: ctStateType, doc: "what connection tracking knows: +trk, -new and so on, in one word"},
	{name: "ct_zone", typ: maskedType(16), doc: "the zone of connection tracking"},
	{name: "ct_mark", typ: maskedType(32), doc: "the connection's mark"},
}

// inLinkType is the name of a link that need not be there.
var inLinkType = ofText("LINK", func(s string) (string, error) {
	if s == "" || len(s) >= unix.IFNAMSIZ || strings.ContainsAny(s, "/: \t\n") {
		return "", fmt.Errorf("%q is no name of a link", s)
	}
	return s, nil
})

// switched reads flags, each of which is to be set or not.
func switched(what string, words []string, bit func(string) (bit uint64, set, ok bool)) (masked, error) {
	var m masked
	for _, w := range words {
		flag, set, ok := bit(w)
		switch {
		case !ok:
			return m, fmt.Errorf("%q is no %s", w, what)
		case m.mask&flag != 0:
			return m, fmt.Errorf("%q stands twice, or against another", w)
		}
		m.mask |= flag
		if set {
			m.value |= flag
		}
	}
	return m, nil
}

// ipFlags are TCA_FLOWER_KEY_FLAGS_* of linux/pkt_cls.h.
var ipFlags = map[string]uint64{"frag": 1, "firstfrag": 2}

var ipFlagsType = ofText("FLAG[/FLAG]", func(s string) (masked, error) {
	return switched("flag: frag, nofrag, firstfrag, nofirstfrag", strings.Split(s, "/"), func(w string) (uint64, bool, bool) {
		name, not := strings.CutPrefix(w, "no")
		return ipFlags[name], !not, ipFlags[name] != 0
	})
})

// ctStates are TCA_FLOWER_KEY_CT_FLAGS_* of linux/pkt_cls.h.
var ctStates = map[string]uint64{"new": 1, "est": 2, "rel": 4, "trk": 8, "inv": 16, "rpl": 32}

var ctStateType = ofText("±STATE…", func(s string) (masked, error) {
	var words []string
	for i, c := range s {
		switch {
		case c == '+' || c == '-':
			words = append(words, s[i:i+1])
		case i == 0:
			return masked{}, fmt.Errorf("%q is no state: + or - before each of %s", s, sortedNames(ctStates))
		default:
			words[len(words)-1] += string(c)
		}
	}
	return switched("state: + or - before one of "+sortedNames(ctStates), words, func(w string) (uint64, bool, bool) {
		return ctStates[w[1:]], w[0] == '+', ctStates[w[1:]] != 0
	})
})

// lseFields are the attributes of an entry of a label stack, and the most that
// each may be.
var lseFields = map[string]struct {
	attr uint16
	most uint64
}{"depth": {1, 7}, "ttl": {2, 255}, "bos": {3, 1}, "tc": {4, 7}, "label": {5, 1<<20 - 1}}

// labelStack reads the entries of a label stack as what flower takes.
func labelStack(words []string) ([]byte, error) {
	var out []byte
	for len(words) > 0 {
		if words[0] != "lse" {
			return nil, fmt.Errorf("mpls: %q is not lse", words[0])
		}
		var lse []byte
		depth := false
		for words = words[1:]; len(words) > 0 && words[0] != "lse"; words = words[2:] {
			f, ok := lseFields[words[0]]
			if !ok || len(words) < 2 {
				return nil, fmt.Errorf("mpls lse: %q is none of %s with a number", words[0], sortedNames(lseFields))
			}
			n, err := strconv.ParseUint(words[1], 0, 32)
			if err != nil || n > f.most {
				return nil, fmt.Errorf("mpls lse %s: %q is no number up to %d", words[0], words[1], f.most)
			}
			depth = depth || words[0] == "depth" && n > 0
			data := []byte{byte(n)}
			if words[0] == "label" {
				data = nl.Uint32Attr(uint32(n))
			}
			lse = append(lse, tcAttr(f.attr, data)...)
		}
		if !depth {
			return nil, fmt.Errorf("mpls lse needs its depth, from 1 on")
		}
		out = append(out, tcAttr(1|unix.NLA_F_NESTED, lse)...)
	}
	return out, nil
}

// verifyFlowerMore says what flower can't match by these, as they are.
func verifyFlowerMore(v tcValues, outer uint16) error {
	vlan := func(n uint16) bool { return n == unix.ETH_P_8021Q || n == unix.ETH_P_8021AD }
	switch inner := innerProtocol(v); {
	case !vlan(outer) && v.has(arpKeys...) && outer != unix.ETH_P_ARP:
		return fmt.Errorf("flower needs protocol arp for what ARP says")
	case !vlan(outer) && v.has(mplsKeys...) && outer != unix.ETH_P_MPLS_UC && outer != unix.ETH_P_MPLS_MC:
		return fmt.Errorf("flower needs protocol mpls_uc or mpls_mc for labels")
	case !vlan(outer) && v.has("cfm") && outer != unix.ETH_P_CFM:
		return fmt.Errorf("flower needs protocol cfm for what CFM says")
	case v.has("mpls") && v.has(mplsKeys[1:]...):
		return fmt.Errorf("flower takes labels as mpls lse or as mpls_label and the like, not both")
	case v.has("cvlan_id", "cvlan_prio", "cvlan_ethtype") && (!vlan(inner) || !vlan(outer)) && !v.has("num_of_vlans"):
		return fmt.Errorf("flower needs a VLAN for protocol and for vlan_ethtype, to look at one within it")
	}
	for _, name := range []string{"arp_sip", "arp_tip"} {
		if p := tcGet(v, name, 0, value.Prefix{}); p.IsValid() && p.Addr().Is6() {
			return fmt.Errorf("flower: %s is of IPv4 alone", name)
		}
	}
	a, b := tcGet(v, "enc_dst_ip", 0, value.Prefix{}), tcGet(v, "enc_src_ip", 0, value.Prefix{})
	if a.IsValid() && b.IsValid() && a.Addr().Is4() != b.Addr().Is4() {
		return fmt.Errorf("flower: enc_src_ip and enc_dst_ip are of two families")
	}
	if _, err := labelStack(texts(v["mpls"])); err != nil {
		return err
	}
	_, err := cfmKey(texts(v["cfm"]))
	return err
}

// encodeFlowerMore is what has no encoding in flowerMore.
func encodeFlowerMore(v tcValues) ([]byte, error) {
	var out []byte
	pair := func(key, mask uint16, is, bits []byte) {
		out = append(append(out, tcAttr(key, is)...), tcAttr(mask, bits)...)
	}
	if v.has("ip_flags") {
		m := tcGet(v, "ip_flags", 0, masked{})
		pair(nl.TCA_FLOWER_KEY_FLAGS, nl.TCA_FLOWER_KEY_FLAGS_MASK, be32of(uint32(m.value)), be32of(uint32(m.mask)))
	}
	if v.has("arp_op") {
		pair(nl.TCA_FLOWER_KEY_ARP_OP, nl.TCA_FLOWER_KEY_ARP_OP_MASK, []byte{byte(v.int("arp_op", 0))}, []byte{0xff})
	}
	// These are in the machine's byte order.
	for _, name := range []string{"ct_state", "ct_zone"} {
		if v.has(name) {
			m, key := tcGet(v, name, 0, masked{}), uint16(flowerCTState)
			if name == "ct_zone" {
				key = flowerCTZone
			}
			pair(key, key+1, nl.Uint16Attr(uint16(m.value)), nl.Uint16Attr(uint16(m.mask)))
		}
	}
	if v.has("ct_mark") {
		m := tcGet(v, "ct_mark", 0, masked{})
		pair(flowerCTMark, flowerCTMark+1, nl.Uint32Attr(uint32(m.value)), nl.Uint32Attr(uint32(m.mask)))
	}
	stack, err := labelStack(texts(v["mpls"]))
	if err != nil || len(stack) == 0 {
		return out, err
	}
	return append(out, tcAttr(flowerMPLSOpts|unix.NLA_F_NESTED, stack)...), nil
}
