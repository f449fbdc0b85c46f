//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/nsexec"
)

// Modes of seg6: SEG6_IPTUN_MODE_* of linux/seg6_iptunnel.h.
const seg6Inline, seg6EncapMode = 0, 1

var (
	seg6Modes = oneOf(word{"inline", seg6Inline}, word{"encap", seg6EncapMode}, word{"l2encap", 2}, word{"encap.red", 3}, word{"l2encap.red", 4})
	segsType  = ofText("IPv6[,IPv6]…", parseSegs)
)

// srhOptions are those of a segment routing header.
var srhOptions = []kindOption{
	{name: "segs", typ: segsType, doc: "the segments, with commas"},
	{name: "hmac", typ: number(1, 1<<32-1), doc: "the number of the key to sign with"},
}

func parseSegs(s string) ([]netip.Addr, error) {
	const most = 126 // with one more and a signature they still fit the header's length
	var out []netip.Addr
	for _, part := range strings.Split(s, ",") {
		ip, err := ofFamily(part, false)
		if err != nil {
			return nil, fmt.Errorf("%q is no segment, which is an IPv6 address", part)
		}
		out = append(out, ip.Addr)
	}
	if len(out) > most {
		return nil, fmt.Errorf("there are %d segments, and at most %d can be", len(out), most)
	}
	return out, nil
}

// segmentHeader is struct ipv6_sr_hdr of linux/seg6.h, which has the segments in
// reverse. With inner, the last of them is left open: it is for the packet's own
// destination.
func segmentHeader(given []Given, inner bool) ([]byte, error) {
	segs, ok := GivenAs[[]netip.Addr](given, "segs")
	if !ok {
		return nil, fmt.Errorf(`it needs "segs": the segments to pass`)
	}
	segs = slices.Clone(segs)
	if inner {
		segs = append(segs, netip.IPv6Unspecified())
	}
	const (
		kind, hmacFlag   = 4, 1 << 3 // IPV6_SRCRT_TYPE_4, SR6_FLAG1_HMAC
		hmacTLV, hmacLen = 5, 40     // SR6_TLV_HMAC, sizeof(struct sr6_tlv_hmac)
	)
	key, signed := GivenAs[int64](given, "hmac")
	size := 8 + 16*len(segs)
	if signed {
		size += hmacLen
	}
	last := byte(len(segs) - 1)
	out := []byte{0, byte(size>>3 - 1), kind, last, last, 0, 0, 0}
	for _, ip := range slices.Backward(segs) {
		out = append(out, ip.AsSlice()...)
	}
	if signed {
		out[5] = hmacFlag
		out = append(out, hmacTLV, hmacLen-2, 0, 0)
		out = binary.BigEndian.AppendUint32(out, uint32(key))
		out = append(out, make([]byte, hmacLen-8)...)
	}
	return out, nil
}

// seg6Encap is struct seg6_iptunnel_encap: the mode, then the header.
func seg6Encap(given []Given, e *nsexec.Encap) error {
	mode := int64(seg6EncapMode)
	if m, ok := GivenAs[int64](given, "mode"); ok {
		mode = m
	}
	header, err := segmentHeader(given, mode == seg6Inline)
	if err != nil {
		return err
	}
	const attr = 1 // SEG6_IPTUNNEL_SRH
	e.Attrs = append(e.Attrs, nsexec.Attr{Type: attr, Data: append(nl.Uint32Attr(uint32(mode)), header...)})
	return nil
}

// seg6Action is what is done with packets to a segment, SEG6_LOCAL_ACTION_* of
// linux/seg6_local.h, with the options of which it needs one, and those that it
// may have. The kernel passes over all others.
type seg6Action struct {
	name       string
	n          int64
	needs, may []string
}

var flavored = []string{"flavors", "lblen", "nflen"}

var seg6Actions = []seg6Action{
	{"End", 1, nil, flavored},
	{"End.X", 2, []string{"nh6"}, flavored},
	{"End.T", 3, []string{"table"}, nil},
	{"End.DX2", 4, []string{"oif"}, nil},
	{"End.DX6", 5, []string{"nh6"}, nil},
	{"End.DX4", 6, []string{"nh4"}, nil},
	{"End.DT6", 7, []string{"table", "vrftable"}, nil},
	{"End.DT4", 8, []string{"vrftable"}, nil},
	{"End.B6", 9, []string{"srh"}, nil},
	{"End.B6.Encaps", 10, []string{"srh"}, nil},
	{"End.BPF", 15, []string{"endpoint"}, nil},
	{"End.DT46", 16, []string{"vrftable"}, nil},
}

var seg6ActionType = func() Type {
	var words []word
	for i, a := range seg6Actions {
		words = append(words, word{a.name, int64(i)})
	}
	return oneOf(words...)
}()

// seg6LocalOptions are those that are one attribute each, SEG6_LOCAL_*.
var seg6LocalOptions = []kindOption{
	{name: "action", attr: 1, typ: seg6ActionType, encode: func(v any) ([]byte, error) { return nl.Uint32Attr(uint32(seg6Actions[asInt(v)].n)), nil }, doc: "what is done"},
	{name: "table", attr: 3, typ: tableType, encode: u32, doc: "the routing table that is asked"},
	{name: "vrftable", attr: 9, typ: tableType, encode: u32, doc: "the table of a VRF that is asked; it needs the sysctl net.vrf.strict_mode"},
	{name: "nh4", attr: 4, typ: ip4Type, encode: ipBytes, doc: "the IPv4 gateway of what was within"},
	{name: "nh6", attr: 5, typ: ip6Type, encode: ipBytes, doc: "the IPv6 gateway"},
	{name: "oif", attr: 7, typ: localLink, link: true, doc: "the link that frames leave by"},
	{name: "flavors", typ: ofText("psp|usp|usd|next-csid[,…]", parseFlavors), doc: "variants, with commas"},
	{name: "lblen", typ: number(1, 120), doc: "of next-csid: the bits of the locator's block"},
	{name: "nflen", typ: number(1, 120), doc: "of next-csid: the bits of the locator's node and function"},
}

// parseFlavors reads SEG6_LOCAL_FLV_OP_* as a mask.
func parseFlavors(s string) (uint32, error) {
	words := []string{"psp", "usp", "usd", "next-csid"}
	var mask uint32
	for _, part := range strings.Split(s, ",") {
		i := slices.Index(words, part)
		if i < 0 {
			return 0, fmt.Errorf("%q is none of %s", part, strings.Join(words, ", "))
		}
		mask |= 1 << (i + 1)
	}
	return mask, nil
}

const seg6NextCSID = 1 << 4

// seg6Local adds what is nested, and wants what the action does.
func seg6Local(given []Given, e *nsexec.Encap) error {
	i, ok := GivenAs[int64](given, "action")
	if !ok {
		return fmt.Errorf(`it needs "action": %s`, seg6ActionType)
	}
	a := seg6Actions[i]
	has := 0
	for _, g := range given {
		name := g.Option.Name
		switch {
		case slices.Contains(a.needs, name):
			has++
		case name != "action" && name != "count" && !slices.Contains(a.may, name):
			return fmt.Errorf("%s takes no %q", a.name, name)
		}
	}
	if has != min(len(a.needs), 1) {
		return fmt.Errorf("%s needs %s", a.name, strings.Join(a.needs, " or "))
	}
	if g, ok := givenOption(given, "srh"); ok {
		header, err := segmentHeader(g.Given, a.name == "End.B6")
		if err != nil {
			return fmt.Errorf("srh: %w", err)
		}
		const attr = 2 // SEG6_LOCAL_SRH
		e.Attrs = append(e.Attrs, nsexec.Attr{Type: attr, Data: header})
	}
	if _, ok := givenOption(given, "count"); ok {
		e.Attrs = append(e.Attrs, nsexec.SEG6Counters())
	}
	return seg6Flavors(given, e)
}

// seg6Flavors are SEG6_LOCAL_FLAVORS.
func seg6Flavors(given []Given, e *nsexec.Encap) error {
	mask, ok := GivenAs[uint32](given, "flavors")
	block, hasBlock := GivenAs[int64](given, "lblen")
	node, hasNode := GivenAs[int64](given, "nflen")
	if (hasBlock || hasNode) && mask&seg6NextCSID == 0 {
		return fmt.Errorf(`"lblen" and "nflen" are for "flavors next-csid"`)
	}
	if !ok {
		return nil
	}
	const flavors, operation, blockBits, nodeBits = 11, 1, 2, 3
	out := nsexec.Attr{Type: flavors | nl.NLA_F_NESTED, Nested: []nsexec.Attr{{Type: operation, Data: nl.Uint32Attr(mask)}}}
	if hasBlock {
		out.Nested = append(out.Nested, nsexec.Attr{Type: blockBits, Data: []byte{byte(block)}})
	}
	if hasNode {
		out.Nested = append(out.Nested, nsexec.Attr{Type: nodeBits, Data: []byte{byte(node)}})
	}
	e.Attrs = append(e.Attrs, out)
	return nil
}
