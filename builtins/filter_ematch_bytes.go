//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// readEmatchNbyte reads bytes that a packet has at a place: struct tcf_em_nbyte of
// linux/tc_ematch/tc_em_nbyte.h, and the bytes.
func readEmatchNbyte(rest []string) ([]byte, error) {
	const mostBytes = 1<<12 - 1 // of the field with the length
	w := &actionWords{rest: rest}
	needle := strings.TrimPrefix(w.next(), ematchQuote)
	if needle == "" || len(needle) > mostBytes {
		return nil, fmt.Errorf("it needs from 1 to %d bytes: \"TEXT\" at OFFSET", mostBytes)
	}
	layer, at := ematchNetwork, -1
	for len(w.rest) > 0 && w.err == nil {
		switch w.oneOf("at", "layer") {
		case 0:
			at = int(actionValue(w, upTo(1<<16-1)))
		case 1:
			layer = w.ematchLayer()
		}
	}
	if w.err == nil && at < 0 {
		w.err = fmt.Errorf("it needs to know where: at OFFSET")
	}
	out := append(nl.Uint16Attr(uint16(at)), nl.Uint16Attr(uint16(len(needle)|layer<<12))...)
	return append(out, needle...), w.ended()
}

const ematchNetwork = 1 // TCF_LAYER_NETWORK

// ematchLayer reads what offsets are counted from.
func (w *actionWords) ematchLayer() int {
	return w.oneOf("link", "network", "transport", "0", "1", "2") % 3
}

// readEmatchCanid reads the identifiers of CAN frames: some of struct can_filter of
// linux/can.h.
func readEmatchCanid(rest []string) ([]byte, error) {
	const most = 400 // as tc has it, so that what is told fits a message
	w := &actionWords{rest: rest}
	var out []byte
	for len(w.rest) > 0 && w.err == nil {
		flag, ids := uint32(0), uint32(unix.CAN_SFF_MASK)
		if w.oneOf("sff", "eff") == 1 {
			flag, ids = unix.CAN_EFF_FLAG, unix.CAN_EFF_MASK
		}
		id, mask, masked := strings.Cut(w.next(), ":")
		value, wrong := canNumber(id, ids)
		full := ids
		if masked && wrong == nil {
			full, wrong = canNumber(mask, ids)
		}
		if w.err == nil {
			w.err = wrong
		}
		out = append(out, words(value|flag, full|unix.CAN_EFF_FLAG)...)
	}
	switch {
	case w.err == nil && len(out) == 0:
		w.err = fmt.Errorf("it needs identifiers: sff ID[:MASK] or eff ID[:MASK]")
	case w.err == nil && len(out) > most*8:
		w.err = fmt.Errorf("these are more than %d identifiers", most)
	}
	return out, w.err
}

// canNumber reads an identifier, in hex whatever it starts with.
func canNumber(s string, most uint32) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(s), "0x"), 16, 32)
	if err != nil || uint32(n) > most {
		return 0, fmt.Errorf("%q is no number up to %#x, in hex", s, most)
	}
	return uint32(n), nil
}

// readEmatchIPSet reads the name of a set and which addresses are looked for in it:
// struct xt_set_info of linux/netfilter/xt_set.h, whose number is not known yet.
func readEmatchIPSet(rest []string) ([]byte, error) {
	const mostName, mostDims = 31, 6 // IPSET_MAXNAMELEN, IPSET_DIM_MAX
	w := &actionWords{rest: rest}
	name, dims := strings.TrimPrefix(w.next(), ematchQuote), w.next()
	if name == "" || len(name) > mostName {
		return nil, fmt.Errorf("%q is no name of a set: 1 to %d letters", name, mostName)
	}
	all := strings.Split(dims, ",")
	var flags byte
	for i, d := range all {
		switch d {
		case "src":
			flags |= 1 << (i + 1)
		case "dst":
		default:
			return nil, fmt.Errorf("%q is none of src, dst: what is looked for in the set, with commas between", d)
		}
	}
	if len(all) > mostDims {
		return nil, fmt.Errorf("a set has at most %d parts: %q", mostDims, dims)
	}
	return []byte{0, 0, byte(len(all)), flags}, w.ended()
}
