//go:build linux

package builtins

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The units of tc(8).

var (
	rateType    = ofText("RATE", parseRate)               // uint64, in bytes a second
	sizeType    = ofText("SIZE", parseSize)               // uint32, in bytes
	percentType = ofText("PERCENT", parsePercent)         // uint32, of 2³²-1
	chanceType  = ofText("PROBABILITY", parseProbability) // the same
	handleType  = ofText("X:", parseHandle)               // uint32
	classidType = ofText("X:Y", parseClassid)             // uint32
	hexType     = ofText("HEX", parseHex)                 // uint32
)

// rateUnits are the suffixes of a rate, in bits a second. Those in …bps are
// bytes.
var rateUnits = func() map[string]float64 {
	units := map[string]float64{"": 1}
	for i, p := range []string{"", "k", "m", "g", "t"} {
		si, bin := math.Pow(1000, float64(i)), math.Pow(1024, float64(i))
		if p != "" {
			units[p+"ibit"], units[p+"ibps"] = bin, 8*bin
		}
		units[p+"bit"], units[p+"bps"] = si, 8*si
	}
	return units
}()

// sizeUnits are the suffixes of a size, in bytes.
var sizeUnits = map[string]float64{
	"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30,
	"kbit": 1 << 7, "mbit": 1 << 17, "gbit": 1 << 27,
}

// quantity reads a number and its unit.
func quantity(s string, units map[string]float64, what string) (float64, error) {
	end := strings.LastIndexAny(s, "0123456789.") + 1
	n, err := strconv.ParseFloat(s[:end], 64)
	unit, ok := units[strings.ToLower(s[end:])]
	if err != nil || !ok || n < 0 {
		return 0, fmt.Errorf("%q is no %s", s, what)
	}
	return n * unit, nil
}

func parseRate(s string) (uint64, error) {
	bits, err := quantity(s, rateUnits, "rate such as 10mbit")
	if err == nil && (bits < 8 || bits > 8*math.MaxInt64/2) {
		err = fmt.Errorf("%q is out of range: at least 8bit", s)
	}
	return uint64(math.Round(bits / 8)), err
}

func parseSize(s string) (uint32, error) {
	n, err := quantity(s, sizeUnits, "size such as 32kb")
	if err == nil && n > math.MaxUint32 {
		err = fmt.Errorf("%q is more than 4 GB", s)
	}
	return uint32(n), err
}

func parsePercent(s string) (uint32, error) {
	n, err := quantity(s, map[string]float64{"": 0.01, "%": 0.01}, "percentage such as 1%")
	if err == nil && n > 1 {
		err = fmt.Errorf("%q is more than 100%%", s)
	}
	return uint32(math.Round(n * math.MaxUint32)), err
}

// parseProbability reads a part of 1, as red takes it: 0.02 or 2%.
func parseProbability(s string) (uint32, error) {
	n, err := quantity(s, map[string]float64{"": 1, "%": 0.01}, "probability such as 0.02")
	if err == nil && n > 1 {
		err = fmt.Errorf("%q is more than 1", s)
	}
	return uint32(math.Round(n * math.MaxUint32)), err
}

// parseHandle reads the number of a qdisc, in hex and with a colon.
func parseHandle(s string) (uint32, error) {
	major, minor, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(major, 16, 16)
	if !ok || err != nil || n == 0 || minor != "" && minor != "0" {
		return 0, fmt.Errorf("%q is no handle of a qdisc: X:, where X is from 1 to ffff", s)
	}
	return uint32(n) << 16, nil
}

// parseClassid reads the number of a class, or of the qdisc alone.
func parseClassid(s string) (uint32, error) {
	major, minor, ok := strings.Cut(s, ":")
	x, err := strconv.ParseUint(major, 16, 16)
	if !ok || err != nil {
		return 0, fmt.Errorf("%q is no number of a class: X:Y, both in hex", s)
	}
	if minor == "" {
		return uint32(x) << 16, nil
	}
	y, err := strconv.ParseUint(minor, 16, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of a class: X:Y, both in hex", s)
	}
	return uint32(x)<<16 | uint32(y), nil
}

// parseHex reads a number as tc does where it stands for the Y of a class.
func parseHex(s string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no number in hex", s)
	}
	return uint32(n), nil
}

// tick is the kernel's unit of time for traffic: PSCHED_SHIFT of
// net/pkt_sched.h, since Linux 2.6.32.
const tick = 64 * time.Nanosecond

// ticks is a time for one of the kernel's 32-bit fields.
func ticks(d time.Duration) uint32 {
	return uint32(min(d/tick, math.MaxUint32))
}

// microseconds is a time as the attributes of newer kinds have it.
func microseconds(d time.Duration) uint32 {
	return uint32(min(d/time.Microsecond, math.MaxUint32))
}

// sendTime is how long some bytes take at a rate, in ticks.
func sendTime(rate uint64, bytes uint32) uint32 {
	return ticks(time.Duration(math.Ceil(float64(bytes) / float64(rate) * float64(time.Second))))
}
