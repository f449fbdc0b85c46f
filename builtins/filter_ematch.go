//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const ematchDoc = "what they must match besides (match of tc-ematch(8)), as 'cmp(u8 at 9 eq 6) and not (meta(nf_mark gt 24) or u32(u16 0x1122 0xffff at nexthdr+2) or nbyte(\"ab\\x00\" at 12 layer transport))'; canid(sff ID[:MASK] eff ID[:MASK] …) is of CAN frames, and ipset(NAME src|dst[,…]) of a set that is there"

// Attributes, kinds and flags of linux/pkt_cls.h.
const (
	basicEmatches = 2

	ematchTreeHdr  = 1
	ematchTreeList = 2

	ematchContainer = 0
	ematchCmp       = 1
	ematchNbyte     = 2
	ematchU32       = 3
	ematchMeta      = 4
	ematchCanid     = 7
	ematchIPSet     = 8

	ematchAnd    = 1
	ematchOr     = 2
	ematchInvert = 4
)

// ematch is one match, or some in parentheses.
type ematch struct {
	kind, flags uint16
	data        []byte
	set         string // of an ipset its name, whose number data starts with
	in          []ematch
}

// encodeEmatch is an expression of matches as an attribute.
func encodeEmatch(v tcValues) ([]byte, error) {
	out, _, err := ematchTree(tcGet(v, "ematch", 0, ""))
	return out, err
}

// ematchSets are the sets whose numbers must stand in that attribute.
func ematchSets(v tcValues) []nsexec.IPSetRef {
	_, sets, _ := ematchTree(tcGet(v, "ematch", 0, ""))
	return sets
}

func ematchTree(text string) ([]byte, []nsexec.IPSetRef, error) {
	if text == "" {
		return nil, nil, nil
	}
	tokens, err := ematchTokens(text)
	if err != nil {
		return nil, nil, fmt.Errorf("ematch: %w", err)
	}
	p := ematchParser{rest: tokens}
	all, err := p.expr()
	if err == nil && len(p.rest) > 0 {
		err = fmt.Errorf("nothing is open that %q could close", p.rest[0])
	}
	if err != nil {
		return nil, nil, fmt.Errorf("ematch: %w", err)
	}
	const head = unix.SizeofRtAttr + ematchHdr
	var list []byte
	var sets []nsexec.IPSetRef
	n := flattenEmatch(all, 0, func(i int, m []byte, set string) {
		if set != "" {
			sets = append(sets, nsexec.IPSetRef{Name: set, At: len(list) + head})
		}
		list = append(list, tcAttr(uint16(i+1), m)...)
	})
	tree := tcAttr(ematchTreeHdr, append(nl.Uint16Attr(uint16(n)), 0, 0))
	for i := range sets { // in the list, which is in the tree, which is in an attribute
		sets[i].At += 2*unix.SizeofRtAttr + len(tree)
	}
	return tcAttr(basicEmatches, append(tree, tcAttr(ematchTreeList, list)...)), sets, nil
}

const ematchHdr = 8 // bytes of struct tcf_ematch_hdr

// flattenEmatch hands out the matches of a tree in the order that the kernel
// wants: what is in parentheses after all that is beside them, which say where it
// starts. It returns where the next ones start.
func flattenEmatch(all []ematch, at int, each func(i int, m []byte, set string)) int {
	next := at + len(all)
	var later []func()
	for i, m := range all {
		head := append(nl.Uint16Attr(0), nl.Uint16Attr(m.kind)...) // struct tcf_ematch_hdr
		head = append(append(head, nl.Uint16Attr(m.flags)...), 0, 0)
		if m.kind != ematchContainer {
			each(at+i, append(head, m.data...), m.set)
			continue
		}
		start := next
		each(at+i, append(head, nl.Uint32Attr(uint32(start))...), "")
		next = flattenEmatch(m.in, start, func(i int, m []byte, set string) {
			later = append(later, func() { each(i, m, set) })
		})
	}
	for _, do := range later {
		do()
	}
	return next
}

type ematchParser struct{ rest []string }

func (p *ematchParser) next() string {
	if len(p.rest) == 0 {
		return ""
	}
	word := p.rest[0]
	p.rest = p.rest[1:]
	return word
}

// expr reads matches with and, or between them, until a parenthesis closes.
func (p *ematchParser) expr() ([]ematch, error) {
	var all []ematch
	for {
		m, err := p.term()
		if err != nil {
			return nil, err
		}
		all = append(all, m)
		if len(p.rest) == 0 || p.rest[0] == ")" {
			return all, nil
		}
		switch word := p.next(); strings.ToLower(word) {
		case "and":
			all[len(all)-1].flags |= ematchAnd
		case "or":
			all[len(all)-1].flags |= ematchOr
		default:
			return nil, fmt.Errorf("%q is none of and, or", word)
		}
	}
}

// ematchKinds read the words of each kind of match.
var ematchKinds = map[string]struct {
	kind uint16
	read func([]string) ([]byte, error)
}{
	"cmp": {ematchCmp, readEmatchCmp}, "u32": {ematchU32, readEmatchU32}, "meta": {ematchMeta, readEmatchMeta},
	"nbyte": {ematchNbyte, readEmatchNbyte}, "canid": {ematchCanid, readEmatchCanid}, "ipset": {ematchIPSet, readEmatchIPSet},
}

func (p *ematchParser) term() (ematch, error) {
	var m ematch
	word := p.next()
	if strings.EqualFold(word, "not") {
		m.flags = ematchInvert
		word = p.next()
	}
	if word == "(" {
		in, err := p.expr()
		if err == nil && p.next() != ")" {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		m.in = in
		return m, err
	}
	kind, ok := ematchKinds[word]
	if !ok {
		return m, fmt.Errorf("%q is no match: %s, each with its words in parentheses", word, sortedNames(ematchKinds))
	}
	var words []string
	if p.next() != "(" {
		return m, fmt.Errorf("%s needs its words in parentheses", word)
	}
	for len(p.rest) > 0 && p.rest[0] != ")" {
		words = append(words, p.next())
	}
	if p.next() != ")" {
		return m, fmt.Errorf("the parenthesis of %s is not closed", word)
	}
	m.kind = kind.kind
	var err error
	if m.data, err = kind.read(words); err != nil {
		return m, fmt.Errorf("%s: %w", word, err)
	}
	if m.kind == ematchIPSet {
		m.set = strings.TrimPrefix(words[0], ematchQuote)
	}
	return m, nil
}

// readEmatchCmp reads a comparison of a number in a packet: struct tcf_em_cmp.
func readEmatchCmp(rest []string) ([]byte, error) {
	w := &actionWords{rest: rest}
	align := byte(1) << w.oneOf("u8", "u16", "u32")
	w.oneOf("at")
	off := actionValue(w, upTo(1<<16-1))
	var mask uint32
	layer, flags := byte(ematchNetwork), byte(0)
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		switch w.rest[0] {
		case "layer":
			w.next()
			layer = byte(w.ematchLayer())
		case "mask":
			w.next()
			mask = actionValue(w, parseU32)
		case "trans":
			w.next()
			flags = 1 // TCF_EM_CMP_TRANS
		default:
			known = false
		}
	}
	op := byte(w.oneOf("eq", "gt", "lt")) // TCF_EM_OPND_*
	val := actionValue(w, parseU32)
	out := append(words(val, mask), nl.Uint16Attr(uint16(off))...)
	return append(out, align|flags<<4, layer|op<<4), w.ended()
}

// ended is the first thing that was wrong, be it that words are left.
func (w *actionWords) ended() error {
	if w.err == nil && len(w.rest) > 0 {
		w.err = fmt.Errorf("%q is too much", w.rest[0])
	}
	return w.err
}

// readEmatchU32 reads a match of bits, as that of filter u32: struct tc_u32_key.
func readEmatchU32(rest []string) ([]byte, error) {
	w := &actionWords{rest: rest}
	bits := 8 << w.oneOf("u8", "u16", "u32")
	val, mask := actionValue(w, parseU32), actionValue(w, parseU32)
	if w.err != nil {
		return nil, w.err
	}
	if len(w.rest) == 3 && w.rest[1] == "nexthdr+" {
		w.rest = []string{w.rest[0], w.rest[1] + w.rest[2]}
	}
	at, next, err := u32Offset(w.rest)
	if err != nil {
		return nil, err
	}
	var k u32Keys
	if err := k.add(val, mask, bits, at, next); err != nil {
		return nil, err
	}
	return k.keys[0].Serialize(), nil
}

// ematchMetas are TCF_META_ID_* of linux/tc_ematch/tc_em_meta.h; those of links
// are numbers or names.
var ematchMetas = map[string]uint16{
	"random": 1, "loadavg_1": 2, "loadavg_5": 3, "loadavg_15": 4, "dev": 5, "priority": 6, "protocol": 7, "pkt_type": 8, "pkt_len": 9,
	"data_len": 10, "mac_len": 11, "nf_mark": 12, "fwmark": 12, "tc_index": 13, "rt_classid": 14, "rt_iif": 15,
	"sk_family": 16, "sk_state": 17, "sk_reuse": 18, "sk_bind_if": 19, "sk_refcnt": 20, "sk_shutdown": 21, "sk_proto": 22, "sk_type": 23,
	"sk_rcvbuf": 24, "sk_rmem": 25, "sk_wmem": 26, "sk_omem": 27, "sk_wmem_queue": 28, "sk_rcv_queue": 29, "sk_snd_queue": 30, "sk_err_queue": 31,
	"sk_fwd_alloc": 32, "sk_sndbuf": 33, "vlan": 46,
}

// metaObject is one side of a comparison: struct tcf_meta_val, and its value or
// its mask.
type metaObject struct {
	id, typ uint16 // a typ of 0 is a name, of 1 a number
	shift   byte
	value   []byte
}

// readEmatchMeta reads a comparison of what the kernel knows of a packet.
func readEmatchMeta(rest []string) ([]byte, error) {
	w := &actionWords{rest: rest}
	left := readMetaObject(w)
	op := byte(w.oneOf("eq", "gt", "lt")) // TCF_EM_OPND_*
	right := readMetaObject(w)
	if err := w.ended(); err != nil {
		return nil, err
	}
	if right.typ == 0 { // a name: of what a link is called
		if left.id == 0 || left.id != ematchMetas["dev"] && left.id != ematchMetas["sk_bind_if"] {
			return nil, fmt.Errorf("only dev and sk_bind_if have names")
		}
		left.typ = 0
	}
	if left.id == 0 && right.id == 0 {
		return nil, fmt.Errorf("two values are compared: one must be of %s", sortedNames(ematchMetas))
	}
	head := append(left.header(op), right.header(0)...)
	out := tcAttr(1, head) // TCA_EM_META_HDR, and behind it _LVALUE and _RVALUE
	for i, o := range []metaObject{left, right} {
		if o.value != nil {
			out = append(out, tcAttr(uint16(2+i), o.value)...)
		}
	}
	return out, nil
}

func (o metaObject) header(op byte) []byte {
	return append(nl.Uint16Attr(o.typ<<12|o.id), o.shift, op)
}

// readMetaObject reads an id with a shift and a mask, a number, or a name in
// double quotes.
func readMetaObject(w *actionWords) metaObject {
	word := w.next()
	if name, ok := strings.CutPrefix(word, ematchQuote); ok {
		return metaObject{value: []byte(name)}
	}
	if n, err := strconv.ParseUint(word, 0, 32); err == nil {
		return metaObject{typ: 1, value: nl.Uint32Attr(uint32(n))}
	}
	o := metaObject{typ: 1, id: ematchMetas[word]}
	if o.id == 0 && w.err == nil {
		w.err = fmt.Errorf("%q is no number, no name in double quotes and none of %s", word, sortedNames(ematchMetas))
	}
	for w.is("shift") || w.is("mask") {
		switch w.next() {
		case "shift":
			o.shift = byte(actionValue(w, upTo(31)))
		case "mask":
			o.value = nl.Uint32Attr(actionValue(w, parseU32))
		}
	}
	return o
}
