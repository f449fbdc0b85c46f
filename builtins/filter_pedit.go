//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// peditKey is struct tc_pedit_key of linux/tc_act/tc_pedit.h and what the
// extended form says of it: the header that its offset is within, and whether it
// adds. The kernel makes of the word at its offset word & mask ^ val.
type peditKey struct {
	mask, val, off, at, offmask, shift uint32
	header, cmd                        uint16
}

// peditKeys are the keys of one action.
type peditKeys struct {
	ex   bool
	keys []peditKey
}

// readPedit reads what is to become of a packet's bytes.
func readPedit(w *actionWords) (nsexec.TrafficAction, error) {
	var p peditKeys
	if p.ex = w.is("ex"); p.ex {
		w.next()
	}
	for w.is("munge") && w.err == nil {
		w.next()
		if err := p.munge(w); err != nil {
			return nsexec.TrafficAction{}, err
		}
	}
	if len(p.keys) == 0 && w.err == nil {
		return nsexec.TrafficAction{}, fmt.Errorf(`it needs "munge" and what: ip, ip6, tcp, udp, eth or offset`)
	}
	return nsexec.TrafficAction{Options: p.encode(w.control(controls["pass"]))}, nil
}

// encode makes the attributes of the keys: struct tc_pedit_sel, and in the
// extended form what is beside it.
func (p *peditKeys) encode(control int32) []byte {
	sel := append(gen(control), byte(len(p.keys)), 0, 0, 0)
	var ex []byte
	for _, k := range p.keys {
		sel = append(sel, words(k.mask, k.val, k.off, k.at, k.offmask, k.shift)...)
		one := append(tcAttr(nl.TCA_PEDIT_KEY_EX_HTYPE, nl.Uint16Attr(k.header)), tcAttr(nl.TCA_PEDIT_KEY_EX_CMD, nl.Uint16Attr(k.cmd))...)
		ex = append(ex, tcAttr(nl.TCA_PEDIT_KEY_EX|nl.NLA_F_NESTED, one)...)
	}
	if !p.ex {
		return tcAttr(nl.TCA_PEDIT_PARMS, sel)
	}
	return append(tcAttr(nl.TCA_PEDIT_PARMS_EX, sel), tcAttr(nl.TCA_PEDIT_KEYS_EX|nl.NLA_F_NESTED, ex)...)
}

// munge reads one change, of a field of a header or of bytes at an offset.
func (p *peditKeys) munge(w *actionWords) error {
	name := w.next()
	if name == "offset" {
		return p.raw(w)
	}
	h, ok := peditHeaders[name]
	if !ok {
		return fmt.Errorf("munge: %q is none of ip, ip6, tcp, udp, eth, offset", name)
	}
	if h.ex && !p.ex {
		return fmt.Errorf("munge: %s needs the extended form, pedit ex", name)
	}
	field := w.next()
	f, ok := h.fields[field]
	if !ok {
		return fmt.Errorf("munge: %q is no field of %s: %s", field, name, sortedNames(h.fields))
	}
	if f.plain && p.ex {
		return fmt.Errorf("munge: %s %s is not in the header of %s, and pedit ex knows it as tcp %s or udp %s", name, field, name, field, field)
	}
	key := peditKey{}
	if p.ex {
		key.header = h.number
	}
	if err := p.change(w, f, key); err != nil {
		return fmt.Errorf("munge %s %s: %w", name, field, err)
	}
	return nil
}

// raw reads a change of bytes at an offset from the network header.
func (p *peditKeys) raw(w *actionWords) error {
	off := actionValue(w, func(s string) (int32, error) {
		n, err := strconv.ParseInt(s, 0, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is no offset", s)
		}
		return int32(n), nil
	})
	f := peditField{off: off, size: 1 << w.oneOf("u8", "u16", "u32")}
	var key peditKey
	if w.is("at") {
		w.next()
		key.at = actionValue(w, parseU32)
		w.oneOf("offmask")
		key.offmask = actionValue(w, parseHex32)
		w.oneOf("shift")
		key.shift = actionValue(w, upTo(31))
	}
	if w.err != nil {
		return w.err
	}
	if err := p.change(w, f, key); err != nil {
		return fmt.Errorf("munge offset %d: %w", off, err)
	}
	return nil
}

func parseHex32(s string) (uint32, error) {
	if len(s) > 2 && s[:2] == "0x" {
		s = s[2:]
	}
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no mask in hex", s)
	}
	return uint32(n), nil
}

// TCA_PEDIT_KEY_EX_CMD_ADD of linux/tc_act/tc_pedit.h.
const peditAdd = nl.TCA_PEDIT_KEY_EX_CMD_ADD

// change reads what becomes of a field, and adds its keys.
func (p *peditKeys) change(w *actionWords, f peditField, key peditKey) error {
	val, keep := make([]byte, f.size), make([]byte, f.size) // the bits that are flipped, and those that stay before
	what := w.next()
	switch what {
	case "set", "add":
		if len(w.rest) == 0 {
			return fmt.Errorf("%s needs a value", what)
		}
		if what == "add" {
			key.cmd = peditAdd
		}
		parsed, err := f.value(w.next(), w.is("retain"))
		if err != nil {
			return err
		}
		val = parsed
	case "decrement": // adds -1
		key.cmd = peditAdd
		val = slices.Repeat([]byte{0xff}, f.size)
	case "invert":
		val, keep = slices.Repeat([]byte{0xff}, f.size), slices.Repeat([]byte{0xff}, f.size)
	case "preserve":
		keep = slices.Repeat([]byte{0xff}, f.size)
	case "clear":
	default:
		return fmt.Errorf("%q is none of set, add, decrement, invert, clear, preserve", what)
	}
	switch {
	case key.cmd == peditAdd && !p.ex:
		return fmt.Errorf("%s needs the extended form, pedit ex", what)
	case key.cmd == peditAdd && f.size > 4:
		return fmt.Errorf("%s is for numbers", what)
	}
	retain := f.bits
	if w.is("retain") {
		if w.next(); f.size > 4 {
			return fmt.Errorf("retain is for fields of 32 bits at most")
		}
		retain = actionValue(w, parseU32) << f.shift
	}
	if retain != 0 {
		f.retain(retain, val, keep)
	}
	return p.pack(f, key, val, keep)
}

// retain has only the bits of a mask change.
func (f peditField) retain(mask uint32, val, keep []byte) {
	bits := binary.BigEndian.AppendUint32(nil, mask)[4-f.size:]
	for i := range val {
		val[i] &= bits[i]
		keep[i] |= ^bits[i]
	}
}

// pack adds a key for each word of four bytes that a field is in.
func (p *peditKeys) pack(f peditField, key peditKey, val, keep []byte) error {
	if in := int(f.off & 3); f.size <= 4 && in+f.size > 4 {
		return fmt.Errorf("%d bytes at %d are in two words of 4 bytes, and a key changes one", f.size, f.off)
	}
	for at := f.off &^ 3; at < f.off+int32(f.size); at += 4 {
		v, m := [4]byte{}, [4]byte{0xff, 0xff, 0xff, 0xff}
		for i := range int32(4) {
			if n := at + i - f.off; n >= 0 && int(n) < f.size {
				v[i], m[i] = val[n], keep[n]
			}
		}
		key.off, key.val, key.mask = uint32(at), binary.NativeEndian.Uint32(v[:]), binary.NativeEndian.Uint32(m[:])
		p.keys = append(p.keys, key)
	}
	if len(p.keys) > math.MaxUint8 {
		return fmt.Errorf("an action changes at most %d words of 4 bytes", math.MaxUint8)
	}
	return nil
}

// value reads a value of the field as bytes. masked says that a mask follows, so
// that it may have bits beyond the field's own.
func (f peditField) value(s string, masked bool) ([]byte, error) {
	switch {
	case f.size == 6:
		mac, err := value.ParseMAC(s)
		return mac[:], err
	case f.address:
		ip, err := value.ParseIP(s)
		if err == nil && len(ip.AsSlice()) != f.size {
			err = fmt.Errorf("%s is of the other family", s)
		}
		return ip.AsSlice(), err
	}
	n, err := parseU32(s)
	if err != nil {
		return nil, err
	}
	most := uint64(1)<<(8*f.size) - 1
	if f.bits != 0 && !masked {
		most = uint64(f.bits)
	}
	wide := uint64(n) << f.shift
	if wide&^most != 0 {
		return nil, fmt.Errorf("%s has bits that are not in %#x", s, most>>f.shift)
	}
	return binary.BigEndian.AppendUint32(nil, uint32(wide))[4-f.size:], nil
}
