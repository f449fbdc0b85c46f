//go:build linux

package builtins

import (
	"fmt"
	"math"
	"time"

	"github.com/vishvananda/netlink/nl"
)

var tbfKind = tcKind{
	name: "tbf", doc: "a bucket of tokens: one rate (tc-tbf(8))",
	options: []tcOption{
		{name: "rate", typ: rateType, doc: "how much is sent"},
		{name: "burst", aliases: []string{"buffer", "maxburst"}, typ: sizeType, doc: "how much may be sent at once"},
		{name: "latency", typ: timeType, doc: "how long a packet may wait"},
		{name: "limit", typ: sizeType, doc: "the most bytes that wait, rather than latency"},
		{name: "peakrate", typ: rateType, doc: "the most that a burst sends"},
		{name: "mtu", aliases: []string{"minburst"}, typ: sizeType, doc: "the burst of peakrate"},
		{name: "mpu", typ: number(0, 65535), doc: "a smaller packet counts as this many bytes"},
		{name: "overhead", typ: number(0, 65535), doc: "the bytes that each packet counts in addition"},
	},
	needs:  []string{"rate", "burst"},
	verify: verifyTBF,
	encode: encodeTBF,
}

func verifyTBF(v tcValues) error {
	switch {
	case v.has("latency") == v.has("limit"):
		return fmt.Errorf(`tbf needs either "latency" or "limit"`)
	case v.has("peakrate") && !v.has("mtu"):
		return fmt.Errorf(`tbf needs "mtu" with "peakrate"`)
	case v.u32("burst") == 0:
		return fmt.Errorf("tbf's burst must not be 0")
	}
	return nil
}

// rateSpec is struct tc_ratespec, of Ethernet, for which the kernel needs no
// table of times.
func rateSpec(v tcValues, rate uint64) nl.TcRateSpec {
	const ethernet = 1 // TC_LINKLAYER_ETHERNET
	if rate == 0 {
		return nl.TcRateSpec{}
	}
	return nl.TcRateSpec{
		Linklayer: ethernet, Rate: uint32(min(rate, math.MaxUint32)),
		Mpu: uint16(v.int("mpu", 0)), Overhead: uint16(v.int("overhead", 0)),
	}
}

// wideRate is the attribute for a rate of more than 32 bits.
func wideRate(attr uint16, rate uint64) []byte {
	if rate <= math.MaxUint32 {
		return nil
	}
	return tcAttr(attr, nl.Uint64Attr(rate))
}

func encodeTBF(v tcValues) ([]byte, error) {
	rate, peak, burst, mtu := v.rate("rate"), v.rate("peakrate"), v.u32("burst"), v.u32("mtu")
	opt := nl.TcTbfQopt{Rate: rateSpec(v, rate), Peakrate: rateSpec(v, peak), Buffer: sendTime(rate, burst), Limit: v.u32("limit")}
	if v.has("latency") {
		opt.Limit = waiting(rate, v.time("latency"), burst)
		if peak > 0 {
			opt.Limit = min(opt.Limit, waiting(peak, v.time("latency"), mtu))
		}
	}
	var out []byte
	if peak > 0 {
		opt.Mtu = sendTime(peak, mtu)
		out = append(wideRate(nl.TCA_TBF_PRATE64, peak), tcAttr(nl.TCA_TBF_PBURST, nl.Uint32Attr(mtu))...)
	}
	out = append(out, wideRate(nl.TCA_TBF_RATE64, rate)...)
	out = append(out, tcAttr(nl.TCA_TBF_BURST, nl.Uint32Attr(burst))...)
	return append(tcAttr(nl.TCA_TBF_PARMS, opt.Serialize()), out...), nil
}

// waiting is how many bytes are waiting where the last of them waits for so long.
func waiting(rate uint64, latency time.Duration, burst uint32) uint32 {
	return uint32(min(float64(rate)*latency.Seconds()+float64(burst), math.MaxUint32))
}
