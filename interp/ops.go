//go:build linux

package interp

import (
	"fmt"
	"math"

	"github.com/nescript/nescript/lang/value"
)

// binary applies a strict operator, every one but `and` and `or`.
func binary(op string, x, y value.Value) (value.Value, error) {
	switch op {
	case "==":
		return value.Bool(equal(x, y)), nil
	case "!=":
		return value.Bool(!equal(x, y)), nil
	case "<", "<=", ">", ">=":
		return order(op, x, y)
	case "in":
		ok, err := member(x, y)
		return value.Bool(ok), err
	case "..":
		return span(x, y)
	case "+":
		return add(x, y)
	case "-":
		return sub(x, y)
	case "*":
		return mul(x, y)
	case "/":
		return div(x, y)
	case "%":
		return mod(x, y)
	}
	return nil, fmt.Errorf("unknown operator %q", op)
}

// unary applies `not` or `-`.
func unary(op string, x value.Value) (value.Value, error) {
	if op == "not" {
		b, ok := x.(value.Bool)
		if !ok {
			return nil, fmt.Errorf("not needs true or false, this is %s", describe(x))
		}
		return !b, nil
	}
	switch x := x.(type) {
	case value.Int:
		if x == math.MinInt64 {
			return nil, value.ErrOverflow
		}
		return -x, nil
	case value.Float:
		return -x, nil
	case value.Duration:
		if x == math.MinInt64 {
			return nil, value.ErrOverflow
		}
		return -x, nil
	}
	return nil, fmt.Errorf("- can't stand before %s", describe(x))
}

// equal compares two values. Text equals an address, a prefix, a MAC, a rate
// and so on where it reads as the same one, since what the kernel is asked for
// comes back as text.
func equal(x, y value.Value) bool {
	x, y = alike(x, y)
	return value.Equal(x, y)
}

// order is one of < <= > >=.
func order(op string, x, y value.Value) (value.Value, error) {
	x, y = alike(x, y)
	c, err := value.Compare(x, y)
	if err != nil {
		return nil, err
	}
	switch op {
	case "<":
		return value.Bool(c < 0), nil
	case "<=":
		return value.Bool(c <= 0), nil
	case ">":
		return value.Bool(c > 0), nil
	}
	return value.Bool(c >= 0), nil
}

// alike reads the one of two values that is text as the other's type, if the
// other is one of the field's own types and the text reads so.
func alike(x, y value.Value) (value.Value, value.Value) {
	if s, ok := x.(value.String); ok {
		return readAs(s, y.Kind()), y
	}
	if s, ok := y.(value.String); ok {
		return x, readAs(s, x.Kind())
	}
	return x, y
}

func readAs(s value.String, kind value.Kind) value.Value {
	switch kind {
	case value.KindIP, value.KindPrefix, value.KindMAC, value.KindDuration, value.KindRate, value.KindSize:
		if v, ok := value.ParseLiteral(string(s)); ok && v.Kind() == kind {
			return v
		}
	}
	return s
}

func span(x, y value.Value) (value.Value, error) {
	first, ok := x.(value.Int)
	last, ok2 := y.(value.Int)
	if !ok || !ok2 {
		return nil, fmt.Errorf("a range goes from an int to an int, not from %s to %s", describe(x), describe(y))
	}
	return value.Range{First: int64(first), Last: int64(last)}, nil
}

func mismatch(op string, x, y value.Value) error {
	return fmt.Errorf("%s is not for %s and %s", op, describe(x), describe(y))
}

// describe names a value's type with its article: "an int".
func describe(v value.Value) string { return article(v.Kind().String()) }

func article(noun string) string {
	switch noun {
	case "null":
		return noun
	case "mac":
		return "a MAC"
	case "ip":
		return "an IP address"
	}
	switch noun[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + noun
	}
	return "a " + noun
}
