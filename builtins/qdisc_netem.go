//go:build linux

package builtins

import (
	"fmt"
	"math"

	"github.com/vishvananda/netlink/nl"
)

// Attributes of linux/pkt_sched.h that the netlink library has no names for.
const (
	netemLatency64 = 10
	netemJitter64  = 11
)

var netemKind = tcKind{
	name: "netem", doc: "a bad line: delay, loss and the like (tc-netem(8))",
	options: []tcOption{
		{name: "limit", typ: number(0, 1<<32-1), doc: "the most packets that wait; 1000 unless said otherwise"},
		{name: "delay", typ: timeType, more: []Type{timeType, percentType}, doc: "TIME [JITTER [CORRELATION]]: how late packets are"},
		{name: "jitter", typ: timeType, doc: "by how much that varies"},
		{name: "loss", aliases: []string{"drop"}, typ: percentType, more: []Type{percentType}, doc: "PERCENT [CORRELATION]: how many packets are lost"},
		{name: "duplicate", typ: percentType, more: []Type{percentType}, doc: "PERCENT [CORRELATION]: how many packets come twice"},
		{name: "reorder", typ: percentType, more: []Type{percentType}, doc: "PERCENT [CORRELATION]: how many packets are sent at once, before those that are delayed"},
		{name: "gap", typ: number(1, 1<<32-1), doc: "each so manieth packet is reordered"},
		{name: "corrupt", typ: percentType, more: []Type{percentType}, doc: "PERCENT [CORRELATION]: how many packets get a wrong bit"},
		{name: "rate", typ: rateType, doc: "how much is sent"},
		{name: "ecn", attr: nl.TCA_NETEM_ECN, enc: tcFixed(1), doc: "mark packets rather than lose them"},
	},
	verify: func(v tcValues) error {
		switch {
		case v.has("jitter") && len(v["delay"]) > 1:
			return fmt.Errorf("the jitter is given twice: after delay, and as jitter")
		case v.has("jitter") && !v.has("delay"):
			return fmt.Errorf(`netem needs "delay" with "jitter"`)
		case v.has("reorder", "gap") && !v.has("delay"):
			return fmt.Errorf(`netem needs "delay" to reorder: what is sent at once must pass something`)
		case v.has("gap") && !v.has("reorder"):
			return fmt.Errorf(`netem needs "reorder" with "gap"`)
		}
		return nil
	},
	encode: encodeNetem,
}

func encodeNetem(v tcValues) ([]byte, error) {
	delay := v.time("delay")
	jitter := tcGet(v, "delay", 1, v.time("jitter"))
	opt := nl.TcNetemQopt{
		Latency: ticks(delay), Jitter: ticks(jitter), Limit: uint32(v.int("limit", 1000)),
		Loss: v.u32("loss"), Duplicate: v.u32("duplicate"),
	}
	if v.has("reorder") {
		opt.Gap = uint32(v.int("gap", 1))
	}
	out := append([]byte(nil), opt.Serialize()...) // struct tc_netem_qopt
	out = append(out, tcAttr(netemLatency64, nl.Uint64Attr(uint64(delay)))...)
	out = append(out, tcAttr(netemJitter64, nl.Uint64Attr(uint64(jitter)))...)
	correlation := func(name string, at int) uint32 { return tcGet(v, name, at, uint32(0)) }
	corr := nl.TcNetemCorr{DelayCorr: correlation("delay", 2), LossCorr: correlation("loss", 1), DupCorr: correlation("duplicate", 1)}
	if corr != (nl.TcNetemCorr{}) {
		out = append(out, tcAttr(nl.TCA_NETEM_CORR, corr.Serialize())...)
	}
	if v.has("reorder") {
		out = append(out, tcAttr(nl.TCA_NETEM_REORDER, words(v.u32("reorder"), correlation("reorder", 1)))...)
	}
	if v.has("corrupt") {
		out = append(out, tcAttr(nl.TCA_NETEM_CORRUPT, words(v.u32("corrupt"), correlation("corrupt", 1)))...)
	}
	if rate := v.rate("rate"); rate > 0 {
		out = append(out, wideRate(nl.TCA_NETEM_RATE64, rate)...)
		out = append(out, tcAttr(nl.TCA_NETEM_RATE, words(uint32(min(rate, math.MaxUint32)), 0, 0, 0))...)
	}
	return out, nil
}
