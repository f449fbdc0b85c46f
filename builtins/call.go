//go:build linux

package builtins

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Env is what a verb may need besides its arguments. A Call keeps it, so it
// must not change while calls are waiting to run.
type Env struct {
	NS             nsexec.Ref // where the statement stands
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Dir            string // the working directory of programs
	Files          Files  // where verbs read files; nil for the machine's own, from Dir
	Unread         bool   // no files are read: a program may yet make those that are named
}

// Call is a verb with the arguments that it was given, read as their types.
type Call struct {
	Spec     *Spec
	Modifier Modifiers
	Env      *Env

	args   []Arg
	values [][]any       // by parameter
	owner  []int         // the parameter of each positional argument
	given  []Given       // the options, in order
	steps  []nsexec.Step // room for what Compile returns
	open   bool          // how many arguments there are is not known yet
}

// known reports whether all the values are.
func (c *Call) known() bool {
	return !slices.ContainsFunc(c.args, func(a Arg) bool { return a.Value == nil })
}

// one is what a Compile returns that has a single step.
func (c *Call) one(ns nsexec.Ref, a nsexec.Action) []nsexec.Step {
	c.steps = append(c.steps[:0], nsexec.Step{NS: ns, Action: a})
	return c.steps
}

// verified refuses what Verify does, for Compile.
func (c *Call) verified() error {
	if err := c.Spec.Verify(c); err != nil {
		return err
	}
	return nil
}

// compiles is a Verify that has Compile say what is wrong, once all is known.
func compiles(c *Call) *ArgError {
	if !c.known() {
		return nil
	}
	_, err := c.Spec.Compile(c)
	return verbError(err)
}

// verbError is an error about the verb itself; nil if err is.
func verbError(err error) *ArgError {
	if err == nil {
		return nil
	}
	var of *ArgError
	if errors.As(err, &of) {
		return of
	}
	return &ArgError{Arg: -1, Msg: err.Error()}
}

// modeOf is what a modifier asks for.
func modeOf(m Modifiers) nsexec.Mode {
	switch m {
	case Del:
		return nsexec.ModeDel
	case Replace:
		return nsexec.ModeReplace
	case Ensure:
		return nsexec.ModeEnsure
	}
	return nsexec.ModeAdd
}

// Given is an option that was given.
type Given struct {
	Option *Option // of the table
	Param  int     // the parameter that it belongs to, or -1: the verb
	Lead   string  // which of the option's Leads was given
	Values []any   // none for a flag
	Given  []Given // its own options
	Arg    int     // where it stood
}

// Value is the option's only value, or true for a flag.
func (g Given) Value() any {
	if len(g.Values) == 0 {
		return true
	}
	return g.Values[0]
}

// number is a value that is one; any other is 0.
func (g *Given) number() int { return int(asInt(g.Value())) }

// Param returns the values of a positional parameter, none where it was left
// out.
func (c *Call) Param(name string) []any {
	for i, p := range c.Spec.ParamsFor(c.Modifier) {
		if p.Name == name {
			return c.values[i]
		}
	}
	return nil
}

// One is the value of a positional parameter as a T, or the zero T.
func One[T any](c *Call, name string) T {
	var zero T
	vals := c.Param(name)
	if len(vals) == 0 {
		return zero
	}
	v, _ := vals[0].(T)
	return v
}

// All are the values of a positional parameter.
func All[T any](c *Call, name string) []T {
	vals := c.Param(name)
	out := make([]T, 0, len(vals))
	for _, v := range vals {
		if t, ok := v.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// Links are the links of a parameter. Those without a namespace of their own
// are in the call's.
func (c *Call) Links(name string) []LinkArg {
	links := All[LinkArg](c, name)
	for i := range links {
		links[i] = c.here(links[i])
	}
	return links
}

// Link is the first of Links.
func (c *Call) Link(name string) LinkArg { return c.here(One[LinkArg](c, name)) }

func (c *Call) here(l LinkArg) LinkArg {
	if !l.Elsewhere {
		l.NS = c.Env.NS
	}
	return l
}

// Str is the text of a parameter.
func (c *Call) Str(name string) string { return One[string](c, name) }

// Int is the number of a parameter.
func (c *Call) Int(name string) int { return int(One[int64](c, name)) }

// Options are all the options that were given, in order.
func (c *Call) Options() []Given { return c.given }

// Option finds an option of the verb.
func (c *Call) Option(name string) (Given, bool) { return findGiven(c.given, name, -1) }

// OptionOf finds an option of the parameter at a place in the verb's list.
func (c *Call) OptionOf(param int, name string) (Given, bool) {
	return findGiven(c.given, name, param)
}

// Has reports whether an option of the verb was given.
func (c *Call) Has(name string) bool {
	_, ok := c.Option(name)
	return ok
}

// Opt is the value of an option of the verb as a T.
func Opt[T any](c *Call, name string) (T, bool) { return GivenAs[T](c.given, name) }

// GivenAs is the value of an option as a T.
func GivenAs[T any](given []Given, name string) (T, bool) {
	g, ok := givenOption(given, name)
	if !ok {
		var zero T
		return zero, false
	}
	v, ok := g.Value().(T)
	return v, ok
}

// givenOption is the first use of an option, whoever it belongs to.
func givenOption(given []Given, name string) (Given, bool) {
	for i := range given {
		if given[i].Option.Name == name {
			return given[i], true
		}
	}
	return Given{}, false
}

// Repeated are all the uses of an option that may be given more than once.
func (c *Call) Repeated(name string) []Given {
	var out []Given
	for _, g := range c.given {
		if g.Option.Name == name {
			out = append(out, g)
		}
	}
	return out
}

func findGiven(given []Given, name string, param int) (Given, bool) {
	for i := range given {
		if g := &given[i]; g.Option.Name == name && g.Param == param {
			return *g, true
		}
	}
	return Given{}, false
}

// String is the call as a statement, with the values that its arguments had.
func (c *Call) String() string {
	var b strings.Builder
	if c.Modifier != 0 {
		b.WriteString(c.Modifier.String())
		b.WriteByte(' ')
	}
	b.WriteString(c.Spec.Name)
	for _, a := range c.args {
		b.WriteByte(' ')
		b.WriteString(c.argument(a))
	}
	return b.String()
}

// argument writes an argument so that it reads back as it is: in quotes where
// it would be taken for an option, in brackets where it is no word.
func (c *Call) argument(a Arg) string {
	switch a.Value.(type) {
	case nil:
		return "…" // not known yet
	case value.List, *value.Record, value.Range, value.Null:
		return "(" + value.Source(a.Value) + ")"
	}
	text := a.Value.String()
	switch {
	case a.Bare:
		return lang.QuoteWord(text)
	case c.Spec.isOption(text):
		return "'" + text + "'"
	}
	return lang.QuoteWord(text)
}

// isOption reports whether a word is the name of one of the verb's options.
func (s *Spec) isOption(word string) bool {
	if findOption(s.Options, word) != nil {
		return true
	}
	for _, p := range s.Params {
		if findOption(p.Options, word) != nil {
			return true
		}
	}
	return false
}
