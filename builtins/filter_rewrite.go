//go:build linux

package builtins

import (
	"fmt"
	"math"
	"net"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// readNAT reads which addresses are put in the place of which: struct tc_nat of
// linux/tc_act/tc_nat.h.
func readNAT(w *actionWords) (nsexec.TrafficAction, error) {
	const parms = 1 // TCA_NAT_PARMS
	flags := uint32(w.oneOf("ingress", "egress"))
	old := value.Prefix{}
	if w.is("any") || w.is("all") || w.is("default") {
		w.next()
		old, _ = parseHostOrNet("0.0.0.0/0")
	} else {
		old = actionValue(w, parseHostOrNet)
	}
	ip := actionValue(w, value.ParseIP)
	switch {
	case w.err != nil:
		return nsexec.TrafficAction{}, w.err
	case !old.Addr().Is4() || !ip.Is4():
		return nsexec.TrafficAction{}, fmt.Errorf("it is of IPv4 alone")
	}
	sel := gen(w.control(controls["pass"]))
	sel = append(append(sel, old.Addr().AsSlice()...), ip.AsSlice()...)
	sel = append(append(sel, net.CIDRMask(old.Bits(), 32)...), words(flags)...)
	return nsexec.TrafficAction{Options: tcAttr(parms, sel)}, nil
}

// readConnmark reads from which zone's connections the mark of packets comes:
// struct tc_connmark of linux/tc_act/tc_connmark.h.
func readConnmark(w *actionWords) (nsexec.TrafficAction, error) {
	var zone uint16
	if w.is("zone") {
		w.next()
		zone = uint16(actionValue(w, upTo(math.MaxUint16)))
	}
	sel := append(gen(w.control(actPipe)), nl.Uint16Attr(zone)...)
	return nsexec.TrafficAction{Options: tcAttr(nl.TCA_CONNMARK_PARMS, append(sel, 0, 0))}, nil
}

// readSkbmod reads what becomes of the Ethernet header: struct tc_skbmod of
// linux/tc_act/tc_skbmod.h.
func readSkbmod(w *actionWords) (nsexec.TrafficAction, error) {
	const parms, dmac, smac, etype = 2, 3, 4, 5 // TCA_SKBMOD_*
	var flags uint32                            // SKBMOD_F_*
	var more []byte
	mac := func(attr uint16) {
		m := actionValue(w, value.ParseMAC)
		more = append(more, tcAttr(attr, m[:])...)
	}
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		switch {
		case w.is("set"):
			w.next()
			switch w.oneOf("dmac", "smac", "etype") {
			case 0:
				flags |= 1
				mac(dmac)
			case 1:
				flags |= 2
				mac(smac)
			case 2:
				flags |= 4
				more = append(more, tcAttr(etype, nl.Uint16Attr(actionValue(w, parseEtherType)))...)
			}
		case w.is("swap"):
			w.next()
			w.oneOf("mac")
			flags |= 8
		case w.is("ecn"):
			w.next()
			flags |= 16
		default:
			known = false
		}
	}
	if flags == 0 && w.err == nil {
		return nsexec.TrafficAction{}, fmt.Errorf("it needs set dmac|smac|etype, swap mac or ecn")
	}
	sel := append(gen(w.control(actPipe)), words(0)...) // what 64 bits are aligned to
	sel = append(sel, nl.Uint64Attr(uint64(flags))...)
	return nsexec.TrafficAction{Options: append(tcAttr(parms, sel), more...)}, nil
}
