//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Attributes of linux/pkt_sched.h.
const (
	etsBands       = 1
	etsStrict      = 2
	etsQuanta      = 3
	etsQuantaBand  = 4
	etsPriomap     = 5
	etsPriomapBand = 6
)

var etsKind = tcKind{
	name: "ets", doc: "bands, some of them first and some in turn (tc-ets(8))",
	options: []tcOption{
		{name: "bands", typ: number(1, mostBands), doc: "how many; as many as strict and quanta say unless said otherwise"},
		{name: "strict", typ: number(0, mostBands), doc: "how many of them are served first, each before the next"},
		{name: "quanta", typ: sizeType, many: true, doc: "the bytes of the turns of the bands behind those"},
		{name: "priomap", typ: number(0, mostBands-1), many: true, doc: prioKind.options[1].doc},
	},
	verify: func(v tcValues) error {
		bands, taken := etsCount(v), v.int("strict", 0)+int64(len(v["quanta"]))
		switch {
		case bands == 0:
			return fmt.Errorf(`ets needs "bands", "strict" or "quanta"`)
		case taken > bands || bands > mostBands:
			return fmt.Errorf("strict and quanta are of %d bands, and there are %d", taken, min(bands, mostBands))
		}
		for i := range v["quanta"] {
			if tcGet(v, "quanta", i, uint32(0)) == 0 {
				return fmt.Errorf("quanta: a turn of 0 bytes is none")
			}
		}
		return verifyPriomap(v, bands)
	},
	encode: func(v tcValues) ([]byte, error) {
		out := tcAttr(etsBands, []byte{byte(etsCount(v))})
		if n := v.int("strict", 0); n > 0 {
			out = append(out, tcAttr(etsStrict, []byte{byte(n)})...)
		}
		list := func(outer, inner uint16, name string, enc func(any) []byte) {
			var all []byte
			for _, x := range v[name] {
				all = append(all, tcAttr(inner, enc(x))...)
			}
			if all != nil {
				out = append(out, tcAttr(outer|unix.NLA_F_NESTED, all)...)
			}
		}
		list(etsQuanta, etsQuantaBand, "quanta", tcU32)
		list(etsPriomap, etsPriomapBand, "priomap", tcU8)
		return out, nil
	},
}

// etsCount is how many bands an ets has.
func etsCount(v tcValues) int64 { return v.int("bands", v.int("strict", 0)+int64(len(v["quanta"]))) }

// verifyPriomap refuses bands that there are not.
func verifyPriomap(v tcValues, bands int64) error {
	if n := len(v["priomap"]); n > mostPrio+1 {
		return fmt.Errorf("priomap has at most 16 bands, this has %d", n)
	}
	for i := range v["priomap"] {
		if band := tcGet(v, "priomap", i, int64(0)); band >= bands {
			return fmt.Errorf("priomap: there is no band %d: there are %d, from 0 on", band, bands)
		}
	}
	return nil
}

// queueSpan are some of a link's queues.
type queueSpan struct{ count, first uint16 }

var queueSpanType = ofText("COUNT@FIRST", func(s string) (queueSpan, error) {
	count, first, ok := strings.Cut(s, "@")
	n, err := strconv.ParseUint(count, 0, 16)
	if err == nil && ok {
		var at uint64
		if at, err = strconv.ParseUint(first, 0, 16); err == nil && n > 0 {
			return queueSpan{uint16(n), uint16(at)}, nil
		}
	}
	return queueSpan{}, fmt.Errorf("%q are no queues: COUNT@FIRST", s)
})

var mqprioKind = tcKind{
	name: "mqprio", doc: "classes of traffic, each with some of a link's queues (tc-mqprio(8))",
	options: []tcOption{
		{name: "num_tc", typ: number(1, mostBands), doc: "how many classes; 8 unless said otherwise"},
		{name: "map", typ: number(0, mostBands-1), many: true, doc: "the class for each of the 16 priorities of packets"},
		{name: "queues", typ: queueSpanType, many: true, doc: "the queues of each class"},
		{name: "hw", typ: number(0, 1), doc: "whether hardware does it; 1 unless said otherwise"},
	},
	verify: func(v tcValues) error {
		classes := v.int("num_tc", 8)
		switch {
		case classes < 8 && !v.has("map"):
			return fmt.Errorf("mqprio needs \"map\" with %d classes: it has 8 unless said otherwise", classes)
		case len(v["map"]) > mostPrio+1:
			return fmt.Errorf("map has at most 16 classes, this has %d", len(v["map"]))
		case v.has("queues") && int64(len(v["queues"])) != classes:
			return fmt.Errorf("there are %d classes, and queues of %d", classes, len(v["queues"]))
		}
		for i := range v["map"] {
			if class := tcGet(v, "map", i, int64(0)); class >= classes {
				return fmt.Errorf("map: there is no class %d: there are %d, from 0 on", class, classes)
			}
		}
		return nil
	},
	encode: encodeMqprio,
}

// encodeMqprio is struct tc_mqprio_qopt.
func encodeMqprio(v tcValues) ([]byte, error) {
	out := []byte{byte(v.int("num_tc", 8))}
	classes := [mostPrio + 1]byte{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 1, 1, 3, 3, 3, 3} // as q_mqprio.c has them
	if v.has("map") {
		classes = [mostPrio + 1]byte{}
	}
	for i := range v["map"] {
		classes[i] = byte(tcGet(v, "map", i, int64(0)))
	}
	out = append(append(out, classes[:]...), byte(v.int("hw", 1)))
	var counts, firsts [mostBands]uint16
	for i := range v["queues"] {
		q := tcGet(v, "queues", i, queueSpan{})
		counts[i], firsts[i] = q.count, q.first
	}
	for _, n := range append(counts[:], firsts[:]...) {
		out = binary.NativeEndian.AppendUint16(out, n)
	}
	return out, nil
}
