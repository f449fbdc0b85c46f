//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
)

var u32Kind = tcKind{
	name: "u32", doc: "packets by their bytes (tc-u32(8))",
	options: append([]tcOption{
		{name: "match", typ: textType, many: true, least: 3, repeat: true, doc: u32Doc},
		{name: "divisor", typ: number(1, 256), doc: "make a hash table of so many buckets, a power of 2, rather than a filter"},
		{name: "ht", typ: textType, doc: "the hash table that it is put in, as TABLE: or TABLE:BUCKET: in hex"},
		{name: "link", typ: textType, doc: "the hash table where matching packets are looked up further"},
	}, offloadFlags...),
	verify: func(v tcValues) error {
		if !v.has("match", "divisor") {
			return fmt.Errorf(`u32 needs "match" or "divisor"; match u32 0 0 is all packets`)
		}
		if v.has("match") && v.has("divisor") {
			return fmt.Errorf(`u32 has either "match" or "divisor"`)
		}
		return nil
	},
	encode: encodeU32,
}

const u32Doc = "ip|ip6 src|dst ADDRESS[/LEN], ip|ip6|tcp|udp FIELD VALUE MASK, or u32|u16|u8 VALUE MASK at OFFSET|nexthdr+OFFSET"

// u32Field is a field of a header: where it is and how many bits it has.
type u32Field struct{ at, bits int }

// u32Fields are those of f_u32.c of iproute2. Those of what comes after IP
// reckon with a header without options.
var u32Fields = map[string]map[string]u32Field{
	"ip": {
		"tos": {1, 8}, "dsfield": {1, 8}, "precedence": {1, 8}, "ihl": {0, 8}, "protocol": {9, 8},
		"sport": {20, 16}, "dport": {22, 16}, "icmp_type": {20, 8}, "icmp_code": {21, 8},
	},
	"ip6": {"protocol": {6, 8}, "sport": {40, 16}, "dport": {42, 16}, "icmp_type": {40, 8}, "icmp_code": {41, 8}},
	"tcp": {"src": {0, 16}, "dst": {2, 16}},
	"udp": {"src": {0, 16}, "dst": {2, 16}},
}

// u32Keys collects struct tc_u32_key.
type u32Keys struct{ keys []nl.TcU32Key }

// add adds bits at an offset; what is at one place becomes one key.
func (k *u32Keys) add(val, mask uint32, bits, at int, next bool) error {
	shift := 32 - bits - 8*(at&3)
	if at&3 != 0 && shift < 0 || bits == 32 && at&3 != 0 || bits < 32 && uint64(val|mask)>>bits != 0 {
		return fmt.Errorf("%#x of %d bits does not fit at %d", val, bits, at)
	}
	key := nl.TcU32Key{Mask: htonl(mask << shift), Val: htonl(val << shift & (mask << shift)), Off: int32(at &^ 3)}
	if next {
		key.OffMask = -1
	}
	for i, h := range k.keys {
		if h.Off == key.Off && h.OffMask == key.OffMask {
			if (h.Val^key.Val)&h.Mask&key.Mask != 0 {
				return fmt.Errorf("two matches contradict each other")
			}
			k.keys[i].Mask |= key.Mask
			k.keys[i].Val |= key.Val
			return nil
		}
	}
	k.keys = append(k.keys, key)
	return nil
}

func htonl(n uint32) uint32 { return binary.NativeEndian.Uint32(binary.BigEndian.AppendUint32(nil, n)) }

// match adds what the words after a match say.
func (k *u32Keys) match(w []string) error {
	what, field := w[0], w[1]
	if bits, ok := map[string]int{"u32": 32, "u16": 16, "u8": 8}[what]; ok {
		at, next, err := u32Offset(w[3:])
		if err != nil {
			return err
		}
		return k.number(field, w[2], bits, at, next)
	}
	if (what == "ip" || what == "ip6") && (field == "src" || field == "dst") {
		return k.address(what, field, w[2], len(w) == 3)
	}
	fields, ok := u32Fields[what]
	if !ok {
		return fmt.Errorf("%q is none of ip, ip6, tcp, udp, u32, u16, u8", what)
	}
	f, ok := fields[field]
	if !ok {
		return fmt.Errorf("%q is no field of %s", field, what)
	}
	if len(w) != 4 {
		return fmt.Errorf("%s %s needs a value and a mask", what, field)
	}
	return k.number(w[2], w[3], f.bits, f.at, what == "tcp" || what == "udp")
}

func (k *u32Keys) number(val, mask string, bits, at int, next bool) error {
	n, err := strconv.ParseUint(val, 0, 32)
	if err != nil {
		return fmt.Errorf("%q is no number", val)
	}
	m, err := strconv.ParseUint(strings.TrimPrefix(mask, "0x"), 16, 32)
	if err != nil {
		return fmt.Errorf("%q is no mask in hex", mask)
	}
	return k.add(uint32(n), uint32(m), bits, at, next)
}

// address matches an address, word by word.
func (k *u32Keys) address(what, field, text string, alone bool) error {
	p, err := parseHostOrNet(text)
	if err != nil {
		return err
	}
	if p.Addr().Is4() != (what == "ip") || !alone {
		return fmt.Errorf("%s %s needs one address of its family, and no mask", what, field)
	}
	at := map[string]int{"ip src": 12, "ip dst": 16, "ip6 src": 8, "ip6 dst": 24}[what+" "+field]
	addr, mask := p.Addr().AsSlice(), net.CIDRMask(p.Bits(), p.Addr().BitLen())
	for i := 0; i < len(addr); i += 4 {
		m := binary.BigEndian.Uint32(mask[i:])
		if m == 0 && i > 0 {
			break
		}
		if err := k.add(binary.BigEndian.Uint32(addr[i:]), m, 32, at+i, false); err != nil {
			return err
		}
	}
	return nil
}

// u32Offset reads `at OFFSET`, or nothing.
func u32Offset(w []string) (at int, next bool, err error) {
	if len(w) == 0 {
		return 0, false, nil
	}
	if len(w) != 2 || w[0] != "at" {
		return 0, false, fmt.Errorf("only at OFFSET may follow, this is %q", strings.Join(w, " "))
	}
	text, next := strings.CutPrefix(w[1], "nexthdr+")
	if at, err = strconv.Atoi(text); err != nil {
		err = fmt.Errorf("%q is no offset", w[1])
	}
	return at, next, err
}

func encodeU32(v tcValues) ([]byte, error) {
	flags := offload(v, 11) // TCA_U32_FLAGS
	if v.has("divisor") {
		return append(tcAttr(nl.TCA_U32_DIVISOR, tcU32(v["divisor"][0])), flags...), nil
	}
	var k u32Keys
	for _, m := range v["match"] {
		if err := k.match(texts(m.([]any))); err != nil {
			return nil, fmt.Errorf("match: %w", err)
		}
	}
	sel := nl.TcU32Sel{Nkeys: uint8(len(k.keys)), Keys: k.keys}
	if v.has("flowid", "action") {
		sel.Flags |= 1 // TC_U32_TERMINAL
	}
	out := tcAttr(nl.TCA_U32_SEL, sel.Serialize())
	for name, attr := range map[string]uint16{"ht": nl.TCA_U32_HASH, "link": nl.TCA_U32_LINK} {
		if !v.has(name) {
			continue
		}
		h, err := parseU32Handle(tcGet(v, name, 0, ""))
		if err != nil || h&0xfff != 0 {
			return nil, fmt.Errorf("%q: %q is no hash table: TABLE: in hex", name, tcGet(v, name, 0, ""))
		}
		out = append(out, tcAttr(attr, nl.Uint32Attr(h))...)
	}
	return append(out, flags...), nil
}

// parseU32Handle reads TABLE:BUCKET:NODE, of 12, 8 and 12 bits; what is missing
// is 0.
func parseU32Handle(s string) (uint32, error) {
	parts := strings.Split(s, ":")
	if len(parts) == 1 || len(parts) > 3 {
		return 0, fmt.Errorf("%q is no handle of u32: TABLE:BUCKET:NODE in hex", s)
	}
	var h uint32
	for i, p := range []struct{ bits, shift int }{{12, 20}, {8, 12}, {12, 0}} {
		if i >= len(parts) || parts[i] == "" {
			continue
		}
		n, err := strconv.ParseUint(parts[i], 16, p.bits)
		if err != nil {
			return 0, fmt.Errorf("%q is no handle of u32: TABLE:BUCKET:NODE in hex", s)
		}
		h |= uint32(n) << p.shift
	}
	return h, nil
}
