//go:build linux

package interp

import (
	"fmt"
	"strings"

	"github.com/nescript/nescript/lang/value"
)

// member is `x in y`.
func member(x, y value.Value) (bool, error) {
	switch y := y.(type) {
	case value.List:
		for _, v := range y {
			if equal(x, v) {
				return true, nil
			}
		}
		return false, nil
	case value.Range:
		n, ok := x.(value.Int)
		return ok && int64(n) >= y.First && int64(n) <= y.Last, nil
	case *value.Record:
		s, ok := x.(value.String)
		if !ok {
			return false, fmt.Errorf("a record's keys are strings, this is %s", describe(x))
		}
		_, ok = y.Get(string(s))
		return ok, nil
	case value.Prefix:
		return inPrefix(x, y)
	case value.String:
		s, ok := x.(value.String)
		if !ok {
			return false, fmt.Errorf("a string holds strings, this is %s", describe(x))
		}
		return strings.Contains(string(y), string(s)), nil
	}
	return false, fmt.Errorf("in needs a list, a record, a prefix, a range or a string, not %s", describe(y))
}

func inPrefix(x value.Value, p value.Prefix) (bool, error) {
	if s, ok := x.(value.String); ok {
		if v, ok := value.ParseLiteral(string(s)); ok {
			x = v
		}
	}
	switch x := x.(type) {
	case value.IP:
		return p.Contains(x.Addr), nil
	case value.Prefix:
		return p.Bits() <= x.Bits() && p.Contains(x.Addr()), nil
	}
	return false, fmt.Errorf("a prefix holds addresses, this is %s", describe(x))
}
