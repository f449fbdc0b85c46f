//go:build linux

package builtins

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// tunnelField is a part of an option of a tunnel. Its attribute is its place among
// the parts, from 1 on.
type tunnelField struct {
	name string
	base int
	most uint64 // of what a packet may have; a mask may be all ones
	bits int    // 0: bytes in hex
	enc  func(uint64) []byte
}

// tunnelKind is a kind of options of tunnels, as flower and the action tunnel_key
// take them.
type tunnelKind struct {
	name string
	attr uint16 // TCA_FLOWER_KEY_ENC_OPTS_* and TCA_TUNNEL_KEY_ENC_OPTS_*, which are the same
	// nested is the flag of attributes that hold others, which the kernel wants of
	// newer kinds and iproute2 does not set of the oldest.
	nested uint16
	many   bool // several may follow one another, with commas between them
	fields []tunnelField
	// whole says what is wrong with the parts of one, nil where they are empty.
	whole func(parts [][]byte) error
}

func tunnelU8(n uint64) []byte { return []byte{byte(n)} }

// tunnelKinds are the kinds by the names of their options.
var tunnelKinds = []tunnelKind{
	{
		name: "geneve_opts", attr: 1, many: true, whole: wholeGeneve,
		fields: []tunnelField{
			{"class", 16, 1<<16 - 1, 16, func(n uint64) []byte { return be16of(uint16(n)) }}, {"type", 16, 255, 8, tunnelU8}, {name: "data"},
		},
	},
	{
		name: "vxlan_opts", attr: 2, nested: unix.NLA_F_NESTED, whole: wholeTunnelOpt("GBP"),
		fields: []tunnelField{{"GBP", 0, 1<<32 - 1, 32, func(n uint64) []byte { return nl.Uint32Attr(uint32(n)) }}},
	},
	{
		name: "erspan_opts", attr: 3, nested: unix.NLA_F_NESTED, whole: wholeERSPAN,
		fields: []tunnelField{
			{"version", 0, 2, 8, tunnelU8}, {"index", 0, 1<<32 - 1, 32, func(n uint64) []byte { return be32of(uint32(n)) }},
			{"direction", 0, 1, 8, tunnelU8}, {"hardware's ID", 0, 63, 8, tunnelU8},
		},
	},
	{
		name: "gtp_opts", attr: 4, nested: unix.NLA_F_NESTED, whole: wholeTunnelOpt("type of PDU", "QFI"),
		fields: []tunnelField{{"type of PDU", 16, 255, 8, tunnelU8}, {"QFI", 16, 255, 8, tunnelU8}},
	},
}

// tunnelKindOf is the kind of options with a name, or nil.
func tunnelKindOf(name string) *tunnelKind {
	for i := range tunnelKinds {
		if tunnelKinds[i].name == name {
			return &tunnelKinds[i]
		}
	}
	return nil
}

// Limits of linux/pkt_cls.h, net/geneve.h and net/ip_tunnels.h.
const (
	geneveMostData = 31 * 4
	geneveHead     = 4
	tunnelMost     = 255
)

func wholeGeneve(parts [][]byte) error {
	if err := wholeTunnelOpt("class", "type", "data")(parts); err != nil {
		return err
	}
	if n := len(parts[2]); n%4 != 0 || n > geneveMostData {
		return fmt.Errorf("the data has %d bytes: it must be a multiple of 4, and at most %d", n, geneveMostData)
	}
	return nil
}

// wholeERSPAN: a version has an index, the other a direction and an ID.
func wholeERSPAN(parts [][]byte) error {
	switch {
	case parts[0] == nil:
		return fmt.Errorf("it needs the version, 1 or 2")
	case parts[0][0] == 0:
		return fmt.Errorf("the version is 1 or 2")
	case parts[0][0] == 1 && parts[1] == nil:
		return fmt.Errorf("version 1 needs the index: 1:INDEX")
	case parts[0][0] == 2 && (parts[2] == nil || parts[3] == nil):
		return fmt.Errorf("version 2 needs the direction and the hardware's ID: 2::DIRECTION:ID")
	}
	return nil
}

// wholeTunnelOpt wants all parts.
func wholeTunnelOpt(names ...string) func([][]byte) error {
	return func(parts [][]byte) error {
		for i, name := range names {
			if parts[i] == nil {
				return fmt.Errorf("it needs the %s", name)
			}
		}
		return nil
	}
}

// parts reads the parts of an option or, where of is not nil, of the mask of that
// one.
func (k *tunnelKind) parts(s string, of [][]byte) ([][]byte, error) {
	out := make([][]byte, len(k.fields))
	texts := strings.Split(s, ":")
	if len(texts) > len(out) {
		return nil, fmt.Errorf("%q has more than %d parts", s, len(out))
	}
	for i, text := range texts {
		f := k.fields[i]
		if text == "" {
			continue
		}
		if f.bits == 0 {
			data, err := hex.DecodeString(text)
			if err != nil {
				return nil, fmt.Errorf("%q is no %s: bytes in hex", text, f.name)
			}
			out[i] = data
			continue
		}
		most := f.most
		if of != nil {
			most = 1<<f.bits - 1
		}
		digits := text
		if f.base == 16 {
			digits = strings.TrimPrefix(strings.ToLower(text), "0x")
		}
		n, err := strconv.ParseUint(digits, f.base, 64)
		if err != nil || n > most {
			return nil, fmt.Errorf("%q is no %s: a number up to %#x%s", text, f.name, most, map[bool]string{true: ", in hex"}[f.base == 16])
		}
		out[i] = f.enc(n)
	}
	return out, nil
}

// ones is the mask of an option that is given without one.
func (k *tunnelKind) ones(parts [][]byte) [][]byte {
	out := make([][]byte, len(parts))
	for i, f := range k.fields {
		size := f.bits / 8
		if f.bits == 0 {
			size = len(parts[i])
		}
		out[i] = []byte(strings.Repeat("\xff", size))
	}
	if k.name == "erspan_opts" {
		out[0] = parts[0] // the kernel wants to know of a mask, too, which version it is of
	}
	return out
}

// attrs is one option as attributes.
func (k *tunnelKind) attrs(parts [][]byte) []byte {
	var out []byte
	for i, p := range parts {
		if p != nil {
			out = append(out, tcAttr(uint16(i+1), p)...)
		}
	}
	return tcAttr(k.attr|k.nested, out)
}

// tunnelOpts are the options of a tunnel, and their masks.
type tunnelOpts struct{ key, mask []byte }

// parse reads options, each with a mask where there may be one.
func (k *tunnelKind) parse(s string, masks bool) (tunnelOpts, error) {
	var out tunnelOpts
	one := []string{s}
	if k.many {
		one = strings.Split(s, ",")
	}
	size := 0
	for _, text := range one {
		keyText, maskText, masked := strings.Cut(text, "/")
		if masked && !masks {
			return out, fmt.Errorf("%q: what is set has no mask", text)
		}
		key, err := k.parts(keyText, nil)
		if err == nil {
			err = k.whole(key)
		}
		if err != nil {
			return out, fmt.Errorf("%q: %w", text, err)
		}
		mask := k.ones(key)
		if masked {
			if mask, err = k.maskOf(maskText, key); err != nil {
				return out, fmt.Errorf("%q: %w", text, err)
			}
		}
		out.key, out.mask = append(out.key, k.attrs(key)...), append(out.mask, k.attrs(mask)...)
		size += geneveHead + len(key[len(key)-1])
	}
	if k.many && size > tunnelMost {
		return out, fmt.Errorf("these are %d bytes of options, and at most %d may be", size, tunnelMost)
	}
	return out, nil
}

// maskOf reads the mask of an option. What it leaves out is compared in full.
func (k *tunnelKind) maskOf(s string, key [][]byte) ([][]byte, error) {
	mask, err := k.parts(s, key)
	switch last := len(key) - 1; {
	case err != nil:
		return nil, err
	case k.name == "erspan_opts" && (mask[0] == nil || mask[0][0] != key[0][0]):
		return nil, fmt.Errorf("the mask starts with the version, as what it is of: %d", key[0][0])
	case k.fields[last].bits == 0 && mask[last] != nil && len(mask[last]) != len(key[last]):
		return nil, fmt.Errorf("the mask's data has %d bytes, and what it is of %d", len(mask[last]), len(key[last]))
	}
	return mask, nil
}

// tunnelOptsType reads options with masks: tunnelOpts.
func tunnelOptsType(name, form string) Type {
	k := tunnelKindOf(name)
	return ofText(form, func(s string) (tunnelOpts, error) { return k.parse(s, true) })
}

// flowerTunnels are options of the tunnel that packets came by, with the words of
// tc-flower(8).
var flowerTunnels = []tcOption{
	{name: "geneve_opts", typ: tunnelOptsType("geneve_opts", "CLASS:TYPE:DATA[/MASKS][,…]"), doc: "what Geneve has in its header, in hex"},
	{name: "vxlan_opts", typ: tunnelOptsType("vxlan_opts", "GBP[/MASK]"), doc: "the group of the policy that VXLAN has in its header"},
	{name: "erspan_opts", typ: tunnelOptsType("erspan_opts", "1:INDEX|2::DIRECTION:ID[/MASKS]"), doc: "what ERSPAN has in its header; masks start with the version, too"},
	{name: "gtp_opts", typ: tunnelOptsType("gtp_opts", "PDU_TYPE:QFI[/MASKS]"), doc: "what GTP has in its header, in hex"},
}

// flowerTunnelOpts are the attributes of those.
func flowerTunnelOpts(v tcValues) ([]byte, error) {
	var out []byte
	for _, k := range tunnelKinds {
		if !v.has(k.name) {
			continue
		}
		if out != nil {
			return nil, fmt.Errorf("flower takes options of one kind of tunnel: geneve_opts, vxlan_opts, erspan_opts or gtp_opts")
		}
		opts := tcGet(v, k.name, 0, tunnelOpts{})
		out = append(tcAttr(nl.TCA_FLOWER_KEY_ENC_OPTS|k.nested, opts.key), tcAttr(nl.TCA_FLOWER_KEY_ENC_OPTS_MASK|k.nested, opts.mask)...)
	}
	return out, nil
}
