//go:build linux

package interp

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nescript/nescript/lang/value"
)

// Function is one of the language's functions, as the checker, the completer
// and the reference know it.
type Function struct {
	Name string
	// Params are the parameters' names. One in brackets may be left out; the
	// last may end in …, it then takes any number.
	Params  []string
	Doc     string // one line, lower-case, no stop
	Example string // an expression that checks
	// Asks is set where the answer comes from outside of the script, so that
	// it is only known when the script runs.
	Asks bool

	pure func(a *args) (value.Value, error)
	ask  func(q *asker, a *args) (value.Value, error)
}

// String is the function's head: `subnet(PREFIX, NEWBITS, I)`.
func (f *Function) String() string { return f.Name + "(" + strings.Join(f.Params, ", ") + ")" }

// arity returns how many arguments f takes; most is -1 for any number.
func (f *Function) arity() (least, most int) {
	for _, p := range f.Params {
		switch {
		case strings.HasSuffix(p, "…"):
			return least, -1
		case !strings.HasPrefix(p, "["):
			least++
		}
		most++
	}
	return least, most
}

// Functions returns every function, sorted by name.
func Functions() []*Function { return slices.Clone(functions) }

// IsFunction reports whether a name is that of a function.
func IsFunction(name string) bool { return functionByName[name] != nil }

// functions is the table, sorted by name. It is filled when the program starts,
// since some of its entries are found through it.
var functions []*Function

var functionByName = map[string]*Function{}

func init() {
	functions = slices.Concat(textFuncs, listFuncs, netFuncs, outsideFuncs, queryFuncs, systemFuncs, wireguardFuncs)
	slices.SortFunc(functions, func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range functions {
		functionByName[f.Name] = f
	}
}

// checkArity says what is wrong with a call of f with n arguments.
func (f *Function) checkArity(n int) error {
	least, most := f.arity()
	switch {
	case n < least && least == most, most >= 0 && n > most && least == most:
		return fmt.Errorf("%s takes %s, this has %d", f, count(least, "argument"), n)
	case n < least:
		return fmt.Errorf("%s takes at least %s, this has %d", f, count(least, "argument"), n)
	case most >= 0 && n > most:
		return fmt.Errorf("%s takes at most %s, this has %d", f, count(most, "argument"), n)
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// argError is what is wrong with one argument of a function.
type argError struct {
	arg int
	err error
}

func (e *argError) Error() string { return e.err.Error() }
func (e *argError) Unwrap() error { return e.err }

// args are the arguments of a call of a function. Its getters convert; the
// first that can't is kept as err, and later ones return zero values.
type args struct {
	fn  *Function
	v   []value.Value
	err error
}

func (a *args) len() int { return len(a.v) }

func (a *args) wrong(i int, want string) {
	a.fail(i, fmt.Errorf("%s: %s must be %s, this is %s", a.fn.Name, a.param(i), want, describe(a.v[i])))
}

func (a *args) fail(i int, err error) {
	if a.err == nil {
		a.err = &argError{arg: i, err: err}
	}
}

// param is the name of parameter i without its marks.
func (a *args) param(i int) string {
	return strings.Trim(a.fn.Params[min(i, len(a.fn.Params)-1)], "[]…")
}

func (a *args) int(i int) int64 {
	switch v := a.v[i].(type) {
	case value.Int:
		return int64(v)
	case value.String:
		if n, err := value.ParseInt(string(v)); err == nil {
			return int64(n)
		}
	}
	a.wrong(i, "an int")
	return 0
}

// str takes text, and every value that has but one way to be written.
func (a *args) str(i int) string {
	switch v := a.v[i].(type) {
	case value.List, *value.Record, value.Null, value.Range:
		a.wrong(i, "a string")
	default:
		return v.String()
	}
	return ""
}

func (a *args) prefix(i int) value.Prefix {
	switch v := a.v[i].(type) {
	case value.Prefix:
		return v
	case value.String:
		if p, err := value.ParsePrefix(string(v)); err == nil {
			return p
		}
	}
	a.wrong(i, "a prefix")
	return value.Prefix{}
}

func (a *args) ip(i int) value.IP {
	switch v := a.v[i].(type) {
	case value.IP:
		return v
	case value.String:
		if p, err := value.ParseIP(string(v)); err == nil {
			return p
		}
	}
	a.wrong(i, "an IP address")
	return value.IP{}
}

// list takes a list, or a range as the list of its numbers.
func (a *args) list(i int) value.List {
	switch v := a.v[i].(type) {
	case value.List:
		return v
	case value.Range:
		l, err := rangeList(v.First, v.Last, 1)
		if err != nil {
			a.fail(i, err)
		}
		return l
	}
	a.wrong(i, "a list")
	return nil
}

// call runs a function that needs nothing from outside.
func (f *Function) call(v []value.Value) (value.Value, error) {
	a := spareArgs.Get().(*args)
	a.fn, a.v = f, v
	r, err := f.pure(a)
	if a.err != nil {
		r, err = nil, a.err
	}
	*a = args{}
	spareArgs.Put(a)
	return r, err
}

// spareArgs are those of calls that are over: loops make thousands.
var spareArgs = sync.Pool{New: func() any { return new(args) }}
