package value

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"strings"
)

// Equal reports whether two values are the same. An int and a float are where
// their numbers are; otherwise values of different kinds never are. The order
// of a record's keys does not matter.
func Equal(a, b Value) bool {
	switch x := a.(type) {
	case List:
		y, ok := b.(List)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !Equal(x[i], y[i]) {
				return false
			}
		}
		return true
	case *Record:
		y, ok := b.(*Record)
		return ok && equalRecords(x, y)
	case Range:
		y, ok := b.(Range)
		return ok && (x == y || x.First > x.Last && y.First > y.Last)
	case Int, Float:
		c, err := Compare(a, b)
		return err == nil && c == 0
	}
	return a == b
}

func equalRecords(x, y *Record) bool {
	if x.Len() != y.Len() {
		return false
	}
	for _, k := range x.Keys() {
		v, _ := x.Get(k)
		w, ok := y.Get(k)
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

// Compare orders two values of one kind, or two numbers: below 0, 0 or above
// 0, as a is less than, equal to or more than b. Addresses are in the order of
// their numbers, IPv4 before IPv6; a prefix comes before the longer ones of
// the same address. Null, lists, records and ranges have no order, nor have
// values of different kinds: an error.
func Compare(a, b Value) (int, error) {
	switch x := a.(type) {
	case Bool:
		if y, ok := b.(Bool); ok {
			return cmp.Compare(truth(x), truth(y)), nil
		}
	case Int:
		switch y := b.(type) {
		case Int:
			return cmp.Compare(x, y), nil
		case Float:
			return compareIntFloat(int64(x), float64(y))
		}
	case Float:
		switch y := b.(type) {
		case Float:
			return compareFloats(float64(x), float64(y))
		case Int:
			c, err := compareIntFloat(int64(y), float64(x))
			return -c, err
		}
	case String:
		if y, ok := b.(String); ok {
			return strings.Compare(string(x), string(y)), nil
		}
	default:
		return compareUnits(a, b)
	}
	return 0, noOrder(a, b)
}

// compareUnits is Compare for the field's own kinds.
func compareUnits(a, b Value) (int, error) {
	if a == nil || b == nil || a.Kind() != b.Kind() {
		return 0, noOrder(a, b)
	}
	switch x := a.(type) {
	case Duration:
		return cmp.Compare(x, b.(Duration)), nil
	case Rate:
		return cmp.Compare(x, b.(Rate)), nil
	case Size:
		return cmp.Compare(x, b.(Size)), nil
	case Percent:
		return compareFloats(float64(x), float64(b.(Percent)))
	case IP:
		return x.Addr.Compare(b.(IP).Addr), nil
	case Prefix:
		y := b.(Prefix)
		return cmp.Or(x.Addr().Compare(y.Addr()), cmp.Compare(x.Bits(), y.Bits())), nil
	case MAC:
		y := b.(MAC)
		return bytes.Compare(x[:], y[:]), nil
	}
	return 0, noOrder(a, b)
}

func truth(b Bool) int {
	if b {
		return 1
	}
	return 0
}

func compareFloats(x, y float64) (int, error) {
	if math.IsNaN(x) || math.IsNaN(y) {
		return 0, fmt.Errorf("a float that is not a number has no order")
	}
	return cmp.Compare(x, y), nil
}

// compareIntFloat compares exactly: a float64 can't hold every int64.
func compareIntFloat(i int64, f float64) (int, error) {
	switch {
	case math.IsNaN(f):
		return compareFloats(f, f)
	case f >= 1<<63:
		return -1, nil
	case f < -1<<63:
		return 1, nil
	}
	whole := math.Trunc(f)
	return cmp.Or(cmp.Compare(i, int64(whole)), cmp.Compare(whole, f)), nil
}

func noOrder(a, b Value) error {
	if a == nil || b == nil {
		return fmt.Errorf("a value that is not known has no order")
	}
	if a.Kind() == b.Kind() {
		return fmt.Errorf("values of kind %s have no order", a.Kind())
	}
	return fmt.Errorf("no order between %s and %s", a.Kind(), b.Kind())
}
