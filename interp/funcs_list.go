//go:build linux

package interp

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/nescript/nescript/lang/value"
)

var listFuncs = []*Function{
	{Name: "len", Params: []string{"X"}, Doc: "how many items, keys or characters X has", Example: `len([1, 2])`, pure: length},
	{Name: "range", Params: []string{"FIRST", "LAST", "[STEP]"}, Doc: "the list of the ints from FIRST to LAST, both included", Example: `range(0, 10, 2)`, pure: rangeFunc},
	{Name: "contains", Params: []string{"X", "ITEM"}, Doc: "whether a list, record, prefix or text holds ITEM, as `in`", Example: `contains([1, 2], 1)`,
		pure: func(a *args) (value.Value, error) {
			ok, err := member(a.v[1], a.v[0])
			return value.Bool(ok), err
		}},
	{Name: "keys", Params: []string{"RECORD"}, Doc: "a record's keys", Example: `keys({a: 1})`, pure: keys},
	{Name: "sort", Params: []string{"LIST"}, Doc: "the list in order", Example: `sort([2, 1])`, pure: sorted},
	{Name: "min", Params: []string{"X", "X…"}, Doc: "the least of the arguments, or of a list", Example: `min(1, 2)`,
		pure: func(a *args) (value.Value, error) { return extreme(a, -1) }},
	{Name: "max", Params: []string{"X", "X…"}, Doc: "the greatest of the arguments, or of a list", Example: `max(1, 2)`,
		pure: func(a *args) (value.Value, error) { return extreme(a, 1) }},
}

func length(a *args) (value.Value, error) {
	switch v := a.v[0].(type) {
	case value.List:
		return value.Int(len(v)), nil
	case *value.Record:
		return value.Int(v.Len()), nil
	case value.Range:
		return value.Int(rangeLen(v)), nil
	case value.String:
		return value.Int(utf8.RuneCountInString(string(v))), nil
	}
	a.wrong(0, "a list, a record, a range or a string")
	return nil, nil
}

func rangeFunc(a *args) (value.Value, error) {
	step := int64(1)
	if a.len() == 3 {
		step = a.int(2)
	}
	first, last := a.int(0), a.int(1)
	if a.err != nil {
		return nil, nil
	}
	if step == 0 {
		return nil, &argError{arg: 2, err: fmt.Errorf("range: STEP must not be 0")}
	}
	return rangeList(first, last, step)
}

// maxList bounds the lists that are made out of nothing, so that a slip in a
// range is an error rather than all of the memory.
const maxList = 1 << 24

func rangeList(first, last, step int64) (value.List, error) {
	if (step > 0 && last < first) || (step < 0 && last > first) {
		return value.List{}, nil
	}
	gap, by := uint64(last)-uint64(first), uint64(step)
	if step < 0 {
		gap, by = -gap, -by
	}
	n := gap / by // one fewer than there are
	if n >= maxList {
		return nil, fmt.Errorf("a list of more than %d numbers", maxList)
	}
	list := make(value.List, 0, n+1)
	for i := range n + 1 {
		list = append(list, value.Int(first+int64(i)*step))
	}
	return list, nil
}

func keys(a *args) (value.Value, error) {
	rec, ok := a.v[0].(*value.Record)
	if !ok {
		a.wrong(0, "a record")
		return nil, nil
	}
	list := value.List{}
	for _, k := range rec.Keys() {
		list = append(list, value.String(k))
	}
	return list, nil
}

func sorted(a *args) (value.Value, error) {
	list := slices.Clone(a.list(0))
	var failed error
	slices.SortStableFunc(list, func(x, y value.Value) int {
		c, err := value.Compare(x, y)
		if err != nil && failed == nil {
			failed = err
		}
		return c
	})
	if failed != nil {
		return nil, fmt.Errorf("sort: %w", failed)
	}
	return list, nil
}

// extreme is min (sign -1) and max (sign 1).
func extreme(a *args, sign int) (value.Value, error) {
	items := value.List(a.v)
	if a.len() == 1 {
		items = a.list(0)
		if len(items) == 0 && a.err == nil {
			return nil, fmt.Errorf("%s: the list is empty", a.fn.Name)
		}
		if a.err != nil {
			return nil, nil
		}
	}
	best := items[0]
	for _, v := range items[1:] {
		c, err := value.Compare(v, best)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.fn.Name, err)
		}
		if c*sign > 0 {
			best = v
		}
	}
	return best, nil
}
