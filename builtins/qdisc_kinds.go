//go:build linux

package builtins

import (
	"encoding/binary"
	"time"

	"github.com/vishvananda/netlink/nl"
)

// qdiscKinds are the kinds of qdiscs, with the options of tc(8) and the structs
// and attributes of linux/pkt_sched.h.
var qdiscKinds = []tcKind{
	netemKind, tbfKind, htbKind, prioKind, sfqKind, fqKind, fqCodelKind, cakeKind, redKind, hfscKind, etsKind, mqprioKind,
	{name: "ingress", doc: "where filters see what comes in"},
	{name: "clsact", doc: "where filters see what comes in and what goes out"},
	{name: "pfifo", doc: "first in, first out", options: []tcOption{
		{name: "limit", typ: number(0, 1<<32-1), doc: "the most packets that wait"},
	}, encode: fifoLimit},
	{name: "bfifo", doc: "first in, first out", options: []tcOption{
		{name: "limit", typ: sizeType, doc: "the most bytes that wait"},
	}, encode: fifoLimit},
}

// fifoLimit is struct tc_fifo_qopt.
func fifoLimit(v tcValues) ([]byte, error) {
	if !v.has("limit") {
		return nil, nil
	}
	return tcU32(v["limit"][0]), nil
}

// words are numbers of 32 bits, as most structs consist of.
func words(n ...uint32) []byte {
	var b []byte
	for _, x := range n {
		b = binary.NativeEndian.AppendUint32(b, x)
	}
	return b
}

var htbKind = tcKind{
	name: "htb", doc: "classes that borrow from each other (tc-htb(8))",
	options: []tcOption{
		{name: "default", typ: hexType, doc: "the Y of the class for what no filter puts elsewhere, in hex"},
		{name: "r2q", typ: number(1, 1<<32-1), doc: "a class's rate in bytes through this is its quantum; 10 unless said otherwise"},
		{name: "direct_qlen", typ: number(0, 1<<32-1), attr: nl.TCA_HTB_DIRECT_QLEN, enc: tcU32, doc: "how many packets wait that are of no class"},
	},
	encode: func(v tcValues) ([]byte, error) {
		const version = 3
		glob := words(version, uint32(v.int("r2q", 10)), v.u32("default"), 0, 0) // struct tc_htb_glob
		return tcAttr(nl.TCA_HTB_INIT, glob), nil
	},
}

var hfscKind = tcKind{
	name: "hfsc", doc: "classes with curves of service (tc-hfsc(8))",
	options: []tcOption{{name: "default", typ: hexType, doc: htbKind.options[0].doc}},
	encode: func(v tcValues) ([]byte, error) {
		return nl.Uint16Attr(uint16(v.u32("default"))), nil // struct tc_hfsc_qopt
	},
}

const (
	mostBands = 16 // TCQ_PRIO_BANDS
	mostPrio  = 15 // TC_PRIO_MAX
)

var prioKind = tcKind{
	name: "prio", doc: "bands, the first of them first (tc-prio(8))",
	options: []tcOption{
		{name: "bands", typ: number(2, mostBands), doc: "how many; 3 unless said otherwise"},
		{name: "priomap", typ: number(0, mostBands-1), many: true, doc: "the band for each of the 16 priorities of packets"},
	},
	verify: func(v tcValues) error { return verifyPriomap(v, v.int("bands", 3)) },
	encode: func(v tcValues) ([]byte, error) {
		opt := nl.TcPrioMap{
			Bands:   int32(v.int("bands", 3)),
			Priomap: [mostPrio + 1]uint8{1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1},
		}
		if opt.Bands == 2 {
			for i, band := range opt.Priomap {
				opt.Priomap[i] = min(band, 1)
			}
		}
		for i := range v["priomap"] {
			opt.Priomap[i] = uint8(tcGet(v, "priomap", i, int64(0)))
		}
		return append([]byte(nil), opt.Serialize()...), nil
	},
}

var sfqKind = tcKind{
	name: "sfq", doc: "flows in turn (tc-sfq(8))",
	options: []tcOption{
		{name: "perturb", typ: number(0, 1<<31-1), doc: "after how many seconds flows are hashed anew"},
		{name: "quantum", typ: sizeType, doc: "the bytes of a flow's turn"},
		{name: "limit", typ: number(0, 1<<32-1), doc: "the most packets that wait"},
		{name: "divisor", typ: number(1, 65536), doc: "the size of the table of flows, a power of 2"},
		{name: "flows", typ: number(1, 65536), doc: "how many flows"},
		{name: "depth", typ: number(1, 65536), doc: "the most packets of a flow"},
		{name: "headdrop", doc: "drop a flow's oldest packet, not its newest"},
	},
	encode: func(v tcValues) ([]byte, error) {
		out := words(v.u32("quantum"), uint32(v.int("perturb", 0)), uint32(v.int("limit", 0)), uint32(v.int("divisor", 0)), uint32(v.int("flows", 0)))
		if !v.has("depth", "headdrop") {
			return out, nil // struct tc_sfq_qopt
		}
		head := uint32(0)
		if v.has("headdrop") {
			head = 1
		}
		const rest = 4*5 + 4*6 // of struct tc_sfq_qopt_v1: what red needs, and statistics
		return append(append(out, words(uint32(v.int("depth", 0)), head)...), make([]byte, rest)...), nil
	},
}

var fqKind = tcKind{
	name: "fq", doc: "flows in turn, each paced (tc-fq(8))",
	options: []tcOption{
		{name: "limit", typ: number(0, 1<<32-1), attr: nl.TCA_FQ_PLIMIT, enc: tcU32, doc: "the most packets that wait"},
		{name: "flow_limit", typ: number(0, 1<<32-1), attr: nl.TCA_FQ_FLOW_PLIMIT, enc: tcU32, doc: "the most packets of a flow"},
		{name: "quantum", typ: sizeType, attr: nl.TCA_FQ_QUANTUM, enc: tcU32, doc: "the bytes of a flow's turn"},
		{name: "initial_quantum", typ: sizeType, attr: nl.TCA_FQ_INITIAL_QUANTUM, enc: tcU32, doc: "the bytes of a new flow's first turn"},
		{name: "maxrate", typ: rateType, attr: nl.TCA_FQ_FLOW_MAX_RATE, enc: tcRate32, doc: "the most that a flow sends"},
		{name: "low_rate_threshold", typ: rateType, attr: nl.TCA_FQ_LOW_RATE_THRESHOLD, enc: tcRate32, doc: "below this, each packet is paced by itself"},
		{name: "refill_delay", typ: timeType, attr: nl.TCA_FQ_FLOW_REFILL_DELAY, enc: tcMicros, doc: "after how long an idle flow gets its first turn's bytes again"},
		{name: "ce_threshold", typ: timeType, attr: nl.TCA_FQ_CE_THRESHOLD, enc: tcMicros, doc: "packets that waited longer are marked"},
		{name: "timer_slack", typ: timeType, attr: nl.TCA_FQ_TIMER_SLACK, enc: func(v any) []byte { return nl.Uint32Attr(uint32(v.(time.Duration))) }, doc: "how late the timer may be"},
		{name: "horizon", typ: timeType, attr: nl.TCA_FQ_HORIZON, enc: tcMicros, doc: "how far ahead a packet's time may be"},
		{name: "horizon_cap", attr: nl.TCA_FQ_HORIZON_DROP, enc: func(any) []byte { return []byte{0} }, doc: "a packet beyond it is sent then"},
		{name: "horizon_drop", attr: nl.TCA_FQ_HORIZON_DROP, enc: func(any) []byte { return []byte{1} }, doc: "a packet beyond it is dropped"},
		{name: "pacing", attr: nl.TCA_FQ_RATE_ENABLE, enc: tcFixed(1), doc: "pace flows"},
		{name: "nopacing", attr: nl.TCA_FQ_RATE_ENABLE, enc: tcFixed(0), doc: "pace no flows"},
		{name: "orphan_mask", typ: number(0, 1<<32-1), attr: nl.TCA_FQ_ORPHAN_MASK, enc: tcU32, doc: "how many flows are for packets without a socket"},
	},
}

var fqCodelKind = tcKind{
	name: "fq_codel", doc: "flows in turn, without standing queues (tc-fq_codel(8))",
	options: []tcOption{
		{name: "limit", typ: number(0, 1<<32-1), attr: nl.TCA_FQ_CODEL_LIMIT, enc: tcU32, doc: "the most packets that wait"},
		{name: "flows", typ: number(1, 65536), attr: nl.TCA_FQ_CODEL_FLOWS, enc: tcU32, doc: "how many flows"},
		{name: "target", typ: timeType, attr: nl.TCA_FQ_CODEL_TARGET, enc: tcMicros, doc: "how long packets may wait for good"},
		{name: "interval", typ: timeType, attr: nl.TCA_FQ_CODEL_INTERVAL, enc: tcMicros, doc: "for how long they may wait longer"},
		{name: "quantum", typ: sizeType, attr: nl.TCA_FQ_CODEL_QUANTUM, enc: tcU32, doc: "the bytes of a flow's turn"},
		{name: "ce_threshold", typ: timeType, attr: nl.TCA_FQ_CODEL_CE_THRESHOLD, enc: tcMicros, doc: "packets that waited longer are marked"},
		{name: "memory_limit", typ: sizeType, attr: nl.TCA_FQ_CODEL_MEMORY_LIMIT, enc: tcU32, doc: "the most bytes that wait"},
		{name: "drop_batch", typ: number(0, 1<<32-1), attr: nl.TCA_FQ_CODEL_DROP_BATCH_SIZE, enc: tcU32, doc: "how many packets are dropped at once"},
		{name: "ecn", attr: nl.TCA_FQ_CODEL_ECN, enc: tcFixed(1), doc: "mark packets rather than drop them"},
		{name: "noecn", attr: nl.TCA_FQ_CODEL_ECN, enc: tcFixed(0), doc: "mark none"},
	},
}
