//go:build linux

package builtins

import (
	"fmt"
	"math"

	"github.com/vishvananda/netlink/nl"
)

// Attributes TCA_RED_* of linux/pkt_sched.h.
const (
	redParms = 1
	redStab  = 2
	redMaxP  = 3
)

var redKind = tcKind{
	name: "red", doc: "drop the likelier the fuller the queue is (tc-red(8))",
	options: []tcOption{
		{name: "limit", typ: sizeType, doc: "the most bytes that wait"},
		{name: "min", typ: sizeType, doc: "below this many bytes none is dropped; a third of max unless said otherwise"},
		{name: "max", typ: sizeType, doc: "from this many bytes on the probability is reached; a quarter of limit unless said otherwise"},
		{name: "avpkt", typ: sizeType, doc: "the size of an average packet"},
		{name: "burst", typ: number(1, 1<<31-1), doc: "how many packets may come at once"},
		{name: "bandwidth", typ: rateType, doc: "how fast the link is; 10mbit unless said otherwise"},
		{name: "probability", typ: chanceType, doc: "how many are dropped at most, as a part of 1; 0.02 unless said otherwise"},
		{name: "ecn", doc: "mark packets rather than drop them"},
		{name: "harddrop", doc: "drop even what can be marked, where the queue is full"},
		{name: "adaptive", doc: "adapt the probability"},
	},
	needs:  []string{"limit", "avpkt"},
	encode: encodeRED,
}

// encodeRED is struct tc_red_qopt and the table of how an idle queue is
// forgotten, as in tc_red.c of iproute2.
func encodeRED(v tcValues) ([]byte, error) {
	limit, avpkt := v.u32("limit"), v.u32("avpkt")
	top := tcGet(v, "max", 0, limit/4)
	low := tcGet(v, "min", 0, top/3)
	if avpkt == 0 || low == 0 || low >= top || top > limit {
		return nil, fmt.Errorf("red: avpkt must not be 0, and min < max ≤ limit; these are %d, %d and %d", low, top, limit)
	}
	burst := float64(v.int("burst", int64((2*low+top)/(3*avpkt))))
	probability := float64(tcGet(v, "probability", 0, uint32(math.MaxUint32/50))) / math.MaxUint32
	wlog, ok := redWeight(float64(low), burst, float64(avpkt))
	if !ok {
		return nil, fmt.Errorf("red: a burst of %v packets is too small; at least %d", burst, 1+low/avpkt)
	}
	plog := 0
	for p := probability / float64(top-low); p <= 1 && plog < 31; p *= 2 {
		plog++
	}
	scell, stab := redStabOf(math.Exp2(-float64(wlog)), float64(avpkt), float64(tcGet(v, "bandwidth", 0, uint64(1_250_000))))
	var flags byte
	for i, name := range []string{"ecn", "harddrop", "adaptive"} {
		if v.has(name) {
			flags |= 1 << i
		}
	}
	parms := append(words(limit, low, top), byte(wlog), byte(plog), scell, flags)
	out := append(tcAttr(redParms, parms), tcAttr(redStab, stab)...)
	return append(out, tcAttr(redMaxP, nl.Uint32Attr(uint32(probability*math.MaxUint32)))...), nil
}

// redWeight is tc_red_eval_ewma of iproute2.
func redWeight(low, burst, avpkt float64) (wlog int, ok bool) {
	a := burst + 1 - low/avpkt
	if a < 1 {
		return 0, false
	}
	for wlog, w := 1, 0.5; wlog < 32; wlog, w = wlog+1, w/2 {
		if a <= (1-math.Pow(1-w, burst))/w {
			return wlog, true
		}
	}
	return 0, false
}

// redStabOf is tc_red_eval_idle_damping of iproute2.
func redStabOf(w, avpkt, rate float64) (scell byte, stab []byte) {
	const size = 256
	weight := -math.Log(1-w) / (avpkt / rate * 1e6 * float64(1000/64.0)) // of a tick
	longest := 31 / weight
	for longest/math.Exp2(float64(scell)) >= 512 && scell < 31 {
		scell++
	}
	stab = make([]byte, size)
	for i := 1; i < size-1; i++ {
		stab[i] = byte(min(math.Exp2(float64(scell))*float64(i)*weight, 31))
	}
	stab[size-1] = 31
	return scell, stab
}
