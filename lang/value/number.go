package value

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// ParseInt reads a whole number: decimal, or 0x, 0o or 0b and digits, with or
// without a minus.
func ParseInt(s string) (Int, error) {
	digits, minus := strings.CutPrefix(s, "-")
	base := 10
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] | 0x20 {
		case 'x':
			base, digits = 16, digits[2:]
		case 'o':
			base, digits = 8, digits[2:]
		case 'b':
			base, digits = 2, digits[2:]
		}
	}
	if digits == "" || digits[0] == '-' || digits[0] == '+' {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	if minus {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, base, 64)
	switch {
	case err == nil:
		return Int(n), nil
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s does not fit into 64 bits", s)
	}
	return 0, fmt.Errorf("%q is not a whole number", s)
}

// ParseBool reads a switch: on, off, true, false, yes, no, 1 or 0.
func ParseBool(s string) (Bool, error) {
	switch s {
	case "on", "true", "yes", "1":
		return true, nil
	case "off", "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", s)
}

// A unit is a suffix and what it multiplies its number by.
type unit struct {
	name string
	n    uint64
}

// The units are tc's (tc(8), "PARAMETERS"), and Go's for durations.
var (
	durationUnits = []unit{
		{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9},
		{"nsec", 1}, {"usec", 1e3}, {"usecs", 1e3}, {"msec", 1e6}, {"msecs", 1e6}, {"sec", 1e9}, {"secs", 1e9},
		{"d", 24 * 3600e9},
	}
	rateUnits = []unit{
		{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {"tbit", 1e12},
		{"kibit", 1 << 10}, {"mibit", 1 << 20}, {"gibit", 1 << 30}, {"tibit", 1 << 40},
		{"bps", 8}, {"kbps", 8e3}, {"mbps", 8e6}, {"gbps", 8e9}, {"tbps", 8e12},
		{"kibps", 8 << 10}, {"mibps", 8 << 20}, {"gibps", 8 << 30}, {"tibps", 8 << 40},
	}
	sizeUnits = []unit{
		{"b", 1}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"tb", 1 << 40},
		{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	}
	// A size may also be written with these where nothing but a size can be.
	shortSizeUnits = []unit{{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"t", 1 << 40}}
)

func lookUnit(units []unit, name string) (uint64, bool) {
	for _, u := range units {
		if u.name == name || strings.EqualFold(u.name, name) {
			return u.n, true
		}
	}
	return 0, false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// splitNumber cuts s after its digits, which may have one fraction.
func splitNumber(s string) (number, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i > 0 && i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
	}
	return s[:i], s[i:]
}

// scale is number times n, exactly, and whether it fits; a fraction of the
// smallest unit is cut off.
func scale(number string, n uint64) (uint64, bool) {
	if !strings.Contains(number, ".") {
		v, err := strconv.ParseUint(number, 10, 64)
		hi, lo := bits.Mul64(v, n)
		return lo, err == nil && hi == 0
	}
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).SetUint64(n)))
	q := new(big.Int).Quo(r.Num(), r.Denom())
	return q.Uint64(), q.IsUint64()
}

// ParseDuration reads a span of time, as `250ms`, `1.5s` or `1h30m`. The
// units are ns us ms s m h d, and tc's usec msec sec.
func ParseDuration(s string) (Duration, error) {
	rest, minus := strings.CutPrefix(s, "-")
	var total uint64
	for first := true; first || rest != ""; first = false {
		number, after := splitNumber(rest)
		end := strings.IndexFunc(after, func(r rune) bool { return r < 'A' })
		if end < 0 {
			end = len(after)
		}
		n, ok := lookUnit(durationUnits, after[:end])
		if number == "" || !ok {
			if number != "" && after == "" {
				return 0, fmt.Errorf("%q has no unit, as the ms of 250ms", s)
			}
			return 0, fmt.Errorf("%q is not a duration, as 250ms or 1m30s", s)
		}
		v, fits := scale(number, n)
		sum, carry := bits.Add64(total, v, 0)
		if !fits || carry != 0 || sum > math.MaxInt64 {
			return 0, fmt.Errorf("%s is longer than a duration can be, 292 years", s)
		}
		total, rest = sum, after[end:]
	}
	if minus {
		return -Duration(total), nil
	}
	return Duration(total), nil
}

// ParseRate reads a rate in tc's units: `bit kbit mbit gbit tbit` count bits
// by the thousand, `kibit …` by 1024, and `bps kbps …` count bytes.
func ParseRate(s string) (Rate, error) {
	n, err := parseUnits(s, "rate", "10mbit", rateUnits)
	return Rate(n), err
}

// ParseSize reads a number of bytes in tc's units: `b kb mb gb tb`, by 1024,
// or the same without the b, or none.
func ParseSize(s string) (Size, error) {
	n, err := parseUnits(s, "size", "64kb", slices.Concat(sizeUnits, shortSizeUnits))
	return Size(n), err
}

// ParsePercent reads a percentage, as `1%` or `0.5%`.
func ParsePercent(s string) (Percent, error) {
	number, ok := strings.CutSuffix(s, "%")
	if digits, rest := splitNumber(number); !ok || rest != "" || digits == "" {
		return 0, fmt.Errorf("%q is not a percentage, as 0.5%%", s)
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is more than a percentage can be", s)
	}
	return Percent(f), nil
}

func parseUnits(s, what, example string, units []unit) (uint64, error) {
	number, suffix := splitNumber(s)
	n, ok := lookUnit(units, suffix)
	switch {
	case number == "" || !ok && suffix != "":
		return 0, fmt.Errorf("%q is not a %s, as %s", s, what, example)
	case !ok:
		return 0, fmt.Errorf("%q has no unit, as %s has", s, example)
	}
	v, fits := scale(number, n)
	if !fits {
		return 0, fmt.Errorf("%s does not fit into 64 bits", s)
	}
	return v, nil
}
