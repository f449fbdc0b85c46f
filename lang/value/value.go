// Package value holds the values that NEScript computes with: numbers and
// text, and the field's own kinds (addresses, prefixes, MACs, rates, sizes,
// durations), with the one reading and the one printing of each.
//
// Values are immutable once made, so they may be shared between goroutines.
package value

import (
	"net/netip"
	"time"
)

// Kind says which of the language's types a Value has.
type Kind uint8

// The language's types.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindDuration
	KindRate
	KindSize
	KindPercent
	KindIP
	KindPrefix
	KindMAC
	KindList
	KindRecord
	KindRange
)

// Value is any value of the language. String is the text that it
// interpolates to, and the text that a verb's argument reads back as the same
// value.
type Value interface {
	Kind() Kind
	String() string
}

type (
	// Null is the absence of a value.
	Null struct{}
	// Bool is true or false.
	Bool bool
	// Int is a 64-bit integer; arithmetic that overflows is an error.
	Int int64
	// Float is a 64-bit floating-point number.
	Float float64
	// String is UTF-8 text.
	String string
	// Duration is a span of time.
	Duration time.Duration
	// Rate is in bits per second, as tc's `10mbit`.
	Rate uint64
	// Size is in bytes, as tc's `64kb`.
	Size uint64
	// Percent is in hundredths: 1% is Percent(1).
	Percent float64
	// IP is an address of either family, never one with a zone.
	IP struct{ netip.Addr }
	// Prefix is an address with its prefix length. The host bits are kept.
	Prefix struct{ netip.Prefix }
	// MAC is a 48-bit link-layer address.
	MAC [6]byte
	// List is an ordered list of values.
	List []Value
	// Range is the whole numbers from First to Last, both included; it is
	// empty where Last is less than First.
	Range struct{ First, Last int64 }
)
