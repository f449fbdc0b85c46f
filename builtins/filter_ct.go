//go:build linux

package builtins

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// csumHeaders are TCA_CSUM_UPDATE_FLAG_* of linux/tc_act/tc_csum.h.
var csumHeaders = map[string]uint32{
	"ip4h": 1, "iph": 1, "ipv4h": 1, "icmp": 2, "igmp": 4, "tcp": 8, "udp": 16, "udplite": 32, "sctp": 64,
}

// readCsum reads which checksums are to be made anew.
func readCsum(w *actionWords) (nsexec.TrafficAction, error) {
	var flags uint32
	for len(w.rest) > 0 {
		if flag, ok := csumHeaders[w.rest[0]]; ok {
			flags |= flag
		} else if !w.is("and") && !w.is("or") && !w.is("+") {
			break
		}
		w.next()
	}
	if flags == 0 {
		return nsexec.TrafficAction{}, fmt.Errorf("it needs %s", sortedNames(csumHeaders))
	}
	return nsexec.TrafficAction{Options: tcAttr(nl.TCA_CSUM_PARMS, gen(w.control(controls["pass"]), flags))}, nil
}

// Attributes and flags of linux/tc_act/tc_ct.h.
const (
	ctParms      = 1
	ctAction     = 3
	ctZone       = 4
	ctMark       = 5
	ctMarkMask   = 6
	ctLabels     = 7
	ctLabelsMask = 8
	ctNATv4      = 9 // the lowest; the highest, and the two of IPv6, are behind it
	ctNATPort    = 13

	ctActCommit = 1
	ctActForce  = 2
	ctActClear  = 4
	ctActNAT    = 8
	ctActNATSrc = 16
	ctActNATDst = 32
)

// ctWords collect what an action of connection tracking is to do.
type ctWords struct {
	do   uint16
	more []byte
}

// readCt reads an action of connection tracking.
func readCt(w *actionWords) (nsexec.TrafficAction, error) {
	var ct ctWords
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		known = ct.option(w)
	}
	if w.err == nil {
		w.err = ct.verify()
	}
	out := append(tcAttr(ctParms, gen(w.control(actPipe))), tcAttr(ctAction, nl.Uint16Attr(ct.do))...)
	return nsexec.TrafficAction{Options: append(out, ct.more...)}, nil
}

// option reads one option, and says whether there was one.
func (ct *ctWords) option(w *actionWords) bool {
	flags := map[string]uint16{"commit": ctActCommit, "force": ctActForce, "clear": ctActClear}
	if flag, ok := flags[w.rest[0]]; ok {
		w.next()
		ct.do |= flag
		return true
	}
	switch w.rest[0] {
	case "zone":
		w.next()
		ct.add(ctZone, nl.Uint16Attr(uint16(actionValue(w, upTo(math.MaxUint16)))))
	case "mark":
		w.next()
		m := actionValue(w, parseMaskedMark)
		ct.add(ctMark, nl.Uint32Attr(uint32(m.value)))
		ct.add(ctMarkMask, nl.Uint32Attr(uint32(m.mask)))
	case "label":
		w.next()
		l := actionValue(w, parseCtLabel)
		ct.add(ctLabels, l[0])
		ct.add(ctLabelsMask, l[1])
	case "nat":
		w.next()
		ct.do |= ctActNAT
		ct.nat(w)
	default:
		return false
	}
	return true
}

func (ct *ctWords) add(attr uint16, data []byte) { ct.more = append(ct.more, tcAttr(attr, data)...) }

// nat reads the addresses and ports that are put into packets.
func (ct *ctWords) nat(w *actionWords) {
	switch {
	case w.is("src"):
		ct.do |= ctActNATSrc
	case w.is("dst"):
		ct.do |= ctActNATDst
	default:
		return // as its connection has it
	}
	w.next()
	w.oneOf("addr")
	ips := actionValue(w, func(s string) ([2]value.IP, error) { return parseRange(s, value.ParseIP) })
	if ips[0].Is4() != ips[1].Is4() && w.err == nil {
		w.err = fmt.Errorf("%s and %s are of two families", ips[0], ips[1])
	}
	for i, ip := range ips {
		attr := uint16(ctNATv4 + i)
		if ip.Is6() {
			attr += 2
		}
		ct.add(attr, ip.AsSlice())
	}
	if !w.is("port") {
		return
	}
	w.next()
	for i, port := range actionValue(w, func(s string) ([2]uint32, error) { return parseRange(s, upTo(math.MaxUint16)) }) {
		ct.add(ctNATPort+uint16(i), be16of(uint16(port)))
	}
}

// verify says which of the options don't go together (parse_ct of m_ct.c).
func (ct *ctWords) verify() error {
	has := func(flag uint16) bool { return ct.do&flag != 0 }
	switch {
	case has(ctActClear) && (ct.do != ctActClear || ct.more != nil):
		return fmt.Errorf("clear comes alone")
	case has(ctActForce) && !has(ctActCommit):
		return fmt.Errorf("force needs commit")
	case has(ctActCommit) && has(ctActNAT) && !has(ctActNATSrc|ctActNATDst):
		return fmt.Errorf("with commit, nat needs src or dst and an address")
	case has(ctActNATSrc|ctActNATDst) && !has(ctActCommit):
		return fmt.Errorf("nat src and nat dst need commit")
	}
	return nil
}

// parseRange reads FIRST[-LAST].
func parseRange[T any](s string, parse func(string) (T, error)) ([2]T, error) {
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		last = first
	}
	var out [2]T
	var err error
	if out[0], err = parse(first); err == nil {
		out[1], err = parse(last)
	}
	return out, err
}

// parseMaskedMark reads a mark of 32 bits, with a mask or without.
func parseMaskedMark(s string) (masked, error) { return parseMasked(s, 32) }

// parseCtLabel reads a label of 16 bytes in hex, with a mask or without; bytes
// that are not said are 0.
func parseCtLabel(s string) ([2][]byte, error) {
	const size = 16
	text, mask, hasMask := strings.Cut(s, "/")
	if !hasMask {
		mask = strings.Repeat("f", 2*size)
	}
	var out [2][]byte
	for i, part := range []string{text, mask} {
		b, err := hex.DecodeString(part)
		if err != nil || len(b) > size || len(b) == 0 {
			return out, fmt.Errorf("%s is no label: up to %s bytes in hex", s, strconv.Itoa(size))
		}
		out[i] = append(b, make([]byte, size-len(b))...)
	}
	return out, nil
}
