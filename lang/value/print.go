package value

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// String is "null".
func (Null) String() string { return "null" }

// String is "true" or "false".
func (b Bool) String() string { return strconv.FormatBool(bool(b)) }

// String is the number in decimal.
func (i Int) String() string { return strconv.FormatInt(int64(i), 10) }

// String is the shortest text that reads back as the same float; it is never
// that of an int.
func (f Float) String() string {
	x := float64(f)
	if a := math.Abs(x); a >= 1e21 || a != 0 && a < 1e-6 || math.IsNaN(x) {
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	s := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// String is the text itself.
func (s String) String() string { return string(s) }

// String is as `250ms`, `1h30m` or `1.5s`.
func (d Duration) String() string {
	s := strings.Replace(time.Duration(d).String(), "µ", "u", 1)
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// String is in the largest of tc's decimal units that needs no fraction, as
// `10mbit`.
func (r Rate) String() string { return inUnits(uint64(r), 1000, "bit", "kbit", "mbit", "gbit", "tbit") }

// String is in the largest of tc's binary units that needs no fraction, as
// `64kb`.
func (s Size) String() string { return inUnits(uint64(s), 1024, "b", "kb", "mb", "gb", "tb") }

func inUnits(n, step uint64, units ...string) string {
	i := 0
	for n != 0 && n%step == 0 && i < len(units)-1 {
		n /= step
		i++
	}
	return strconv.FormatUint(n, 10) + units[i]
}

// String is as `1%` or `0.5%`.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// String is six pairs of lower-case hex digits, joined by colons.
func (m MAC) String() string {
	const hex = "0123456789abcdef"
	var buf [17]byte
	for i, b := range m {
		if i > 0 {
			buf[3*i-1] = ':'
		}
		buf[3*i], buf[3*i+1] = hex[b>>4], hex[b&15]
	}
	return string(buf[:])
}

// String is the list as an expression, as `[1, "a"]`.
func (l List) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, v := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Source(v))
	}
	b.WriteByte(']')
	return b.String()
}

// String is the record as an expression, as `{name: "x", n: 1}`.
func (r *Record) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, k := range r.Keys() {
		if i > 0 {
			b.WriteString(", ")
		}
		if isName(k) {
			b.WriteString(k)
		} else {
			b.WriteString(Quote(k))
		}
		v, _ := r.Get(k)
		b.WriteString(": ")
		b.WriteString(Source(v))
	}
	b.WriteByte('}')
	return b.String()
}

// String is as `1..10`.
func (r Range) String() string {
	return strconv.FormatInt(r.First, 10) + ".." + strconv.FormatInt(r.Last, 10)
}

// Source is v as an expression of the language: as v.String, but a string is
// quoted. A nil Value, which stands for one that is not known yet, is `null`.
func Source(v Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case String:
		return Quote(string(v))
	default:
		return v.String()
	}
}

// Quote is s as a string literal of the language: as strconv.Quote, and with
// `$` escaped, so that it reads back as s. Bytes that are not UTF-8 stand as
// `\x` escapes.
func Quote(s string) string {
	return strings.ReplaceAll(strconv.Quote(s), "$", `\$`)
}

// isName reports whether s can be a record's key without quotes. It is
// narrower than the language's own rule, which takes any letter.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
