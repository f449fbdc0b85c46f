//go:build linux

package builtins

import (
	"fmt"
	"math"
	"strings"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// policeRate64 is TCA_POLICE_RATE64 of linux/pkt_cls.h.
const policeRate64 = 8

// readPolice reads a bucket of tokens for what a filter matches.
func readPolice(w *actionWords) (nsexec.TrafficAction, error) {
	var rate uint64
	var burst, mtu uint32
	exceed, conform, hasConform := int32(actReclassify), int32(0), false
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		switch w.rest[0] {
		case "rate":
			w.next()
			rate = actionValue(w, parseRate)
		case "burst", "buffer", "maxburst":
			w.next()
			burst = actionValue(w, parseSize)
		case "mtu", "minburst":
			w.next()
			mtu = actionValue(w, parseSize)
		case "conform-exceed":
			w.next()
			first, second, both := strings.Cut(w.next(), "/")
			exceed = w.controlOf(first)
			if both {
				conform, hasConform = w.controlOf(second), true
			}
		default:
			known = false
		}
	}
	if w.err == nil && (rate == 0 || burst == 0) {
		return nsexec.TrafficAction{}, fmt.Errorf(`it needs "rate" and "burst"`)
	}
	exceed = w.control(exceed)
	if w.err != nil {
		return nsexec.TrafficAction{}, w.err
	}
	spec := rateSpec(nil, rate)
	var table []byte
	spec.CellLog, table = rateTable(rate, mtu)
	parms := words(0, uint32(exceed), 0, sendTime(rate, burst), mtu) // struct tc_police
	parms = append(parms, spec.Serialize()...)
	parms = append(parms, make([]byte, nl.SizeofTcRateSpec+3*4)...)
	out := append(tcAttr(nl.TCA_POLICE_TBF, parms), tcAttr(nl.TCA_POLICE_RATE, table)...)
	out = append(out, wideRate(policeRate64, rate)...)
	if hasConform {
		out = append(out, tcAttr(nl.TCA_POLICE_RESULT, nl.Uint32Attr(uint32(conform)))...)
	}
	return nsexec.TrafficAction{Options: out}, nil
}

func (w *actionWords) controlOf(word string) int32 {
	n, ok := controls[word]
	if !ok && w.err == nil {
		w.err = fmt.Errorf("%q is none of drop, pass, pipe, continue, reclassify", word)
	}
	return n
}

// rateTable is the time that packets take by their size, which the kernel wants
// of a police although it reckons by itself (qdisc_get_rtab).
func rateTable(rate uint64, mtu uint32) (cellLog uint8, table []byte) {
	const cells, defaultMTU = 256, 2047
	if mtu == 0 {
		mtu = defaultMTU
	}
	for mtu>>cellLog > cells-1 {
		cellLog++
	}
	for i := range uint32(cells) {
		size := uint64(i+1) << max(cellLog, 1)
		table = append(table, words(sendTime(rate, uint32(min(size, math.MaxUint32))))...)
	}
	return max(cellLog, 1), table
}
