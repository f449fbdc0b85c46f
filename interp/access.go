//go:build linux

package interp

import (
	"fmt"
	"slices"

	"github.com/nescript/nescript/lang/value"
)

// noFieldError is a field that a value lacks.
type noFieldError struct {
	kind, name string
	have       []string
}

func (e *noFieldError) Error() string {
	if e.have == nil {
		return fmt.Sprintf("%s has no fields", article(e.kind))
	}
	return fmt.Sprintf("%s has no field %q", article(e.kind), e.name)
}

// field is x.name.
func field(x value.Value, name string) (value.Value, error) {
	switch x := x.(type) {
	case *value.Record:
		if v, ok := x.Get(name); ok {
			return v, nil
		}
		return nil, &noFieldError{kind: "record", name: name, have: x.Keys()}
	case value.Prefix:
		if slices.Contains(value.PrefixFields, name) {
			return x.Field(name)
		}
		return nil, &noFieldError{kind: "prefix", name: name, have: value.PrefixFields}
	}
	return nil, &noFieldError{kind: x.Kind().String(), name: name}
}

// index is x[i].
func index(x, i value.Value) (value.Value, error) {
	if r, ok := x.(*value.Record); ok {
		key, ok := i.(value.String)
		if !ok {
			return nil, fmt.Errorf("a record's keys are strings, this is %s", describe(i))
		}
		return field(r, string(key))
	}
	at, ok := i.(value.Int)
	if !ok {
		return nil, fmt.Errorf("an index is an int, this is %s", describe(i))
	}
	n := int64(at)
	switch x := x.(type) {
	case value.List:
		if n < 0 || n >= int64(len(x)) {
			return nil, outside("list", n, int64(len(x)))
		}
		return x[n], nil
	case value.Range:
		if n < 0 || n >= rangeLen(x) {
			return nil, outside("range", n, rangeLen(x))
		}
		return value.Int(x.First + n), nil
	case value.String:
		r := []rune(string(x))
		if n < 0 || n >= int64(len(r)) {
			return nil, outside("string", n, int64(len(r)))
		}
		return value.String(r[n]), nil
	case value.Prefix:
		return x.At(n)
	}
	return nil, fmt.Errorf("%s can't be indexed", describe(x))
}

func outside(kind string, i, n int64) error {
	if n == 0 {
		return fmt.Errorf("index %d, but the %s is empty", i, kind)
	}
	return fmt.Errorf("index %d is outside the %s, which goes from 0 to %d", i, kind, n-1)
}

// rangeLen is how many numbers r has; a range over all of int64 counts as one
// fewer than it has, since that is what fits.
func rangeLen(r value.Range) int64 {
	if r.Last < r.First {
		return 0
	}
	n := uint64(r.Last) - uint64(r.First)
	if n >= 1<<63-1 {
		return 1<<63 - 1
	}
	return int64(n) + 1
}
