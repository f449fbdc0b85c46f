//go:build linux

package builtins

import (
	"fmt"
	"slices"
	"sync"

	"github.com/nescript/nescript/lang/slab"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// ArgError says what is wrong with a call. Arg is the argument that it is
// about, or -1 for the verb itself.
type ArgError struct {
	Arg  int
	Msg  string
	Help string
}

func (e *ArgError) Error() string { return e.Msg }

// Bind fits arguments to the verb: it tells options from positional arguments,
// reads each as its type and counts them. Arguments whose values are not known
// yet fit everywhere, so what Bind accepts while checking may still fail later;
// what it refuses is always wrong.
func (s *Spec) Bind(env *Env, mod Modifiers, args []Arg) (*Call, *ArgError) {
	b := binders.Get().(*binder)
	defer binders.Put(b)
	if err := b.bind(s, env, mod, args); err != nil {
		return nil, err
	}
	return b.keep(), nil
}

// Binder binds calls one after another, for a caller that is done with each before
// the next, as a script's loop is with thousands. The zero Binder is ready for use;
// it is not for concurrent use.
type Binder struct{ b binder }

// Bind is the verb's [Spec.Bind]. The call is the Binder's and the args stay in
// use until its next Bind. What the verb has compiled by then keeps nothing of them.
func (b *Binder) Bind(s *Spec, env *Env, mod Modifiers, args []Arg) (*Call, *ArgError) {
	if err := b.b.bind(s, env, mod, args); err != nil {
		return nil, err
	}
	return &b.b.call, nil
}

// Check is Bind, and then what of Verify can be told before a run. What it
// returns are the kinds that the call needs, as Needs says.
func (s *Spec) Check(env *Env, mod Modifiers, args []Arg) ([]nsexec.Kind, *ArgError) {
	b := binders.Get().(*binder)
	defer binders.Put(b)
	if err := b.bind(s, env, mod, args); err != nil {
		return nil, err
	}
	call := &b.call // it is looked at by nobody else
	if s.Verify != nil && !call.open {
		if err := s.Verify(call); err != nil {
			return nil, err
		}
	}
	if s.Needs == nil {
		return nil, nil
	}
	return s.Needs(call), nil
}

// binders are kept, since a script has thousands of statements.
var binders = sync.Pool{New: func() any { return &binder{} }}

// bind fits arguments to a verb, as what a call is.
func (b *binder) bind(s *Spec, env *Env, mod Modifiers, args []Arg) *ArgError {
	if err := s.allows(mod); err != nil {
		return err
	}
	b.reset(s, env, mod, args)
	if err := b.split(); err != nil {
		return err
	}
	if err := b.place(); err != nil {
		return err
	}
	if err := b.own(); err != nil {
		return err
	}
	b.call.open = b.blur
	return nil
}

// keep returns the call that b has bound, with lists of its own.
func (b *binder) keep() *Call {
	call := b.slabs.calls.New()
	*call = b.call
	call.steps = nil
	call.owner = b.slabs.owners.Keep(call.owner)
	call.given = b.slabs.given.Keep(call.given)
	call.values = b.slabs.lists.Keep(call.values)
	for p, list := range call.values {
		call.values[p] = b.slabs.values.Keep(list)
	}
	return call
}

// reset begins another Bind, with what the last one has allocated.
func (b *binder) reset(s *Spec, env *Env, mod Modifiers, args []Arg) {
	b.call = Call{
		Spec: s, Modifier: mod, Env: env, args: args,
		values: b.call.values[:0], owner: b.call.owner[:0], given: b.call.given[:0], steps: b.call.steps[:0],
	}
	b.params, b.args = s.ParamsFor(mod), args
	b.free, b.after, b.blur = b.free[:0], b.after[:0], false
	b.readings = slices.Grow(b.readings[:0], len(args))[:len(args)]
	clear(b.readings)
	b.tried, b.went = b.tried[:0], b.went[:0]
}

// ParamsFor returns the positional parameters under a modifier.
func (s *Spec) ParamsFor(mod Modifiers) []Param {
	if mod != 0 {
		if params, ok := s.ModParams[mod]; ok {
			return params
		}
	}
	return s.Params
}

func (s *Spec) allows(mod Modifiers) *ArgError {
	switch {
	case mod == 0 && s.ModOnly:
		return &ArgError{Arg: -1, Msg: fmt.Sprintf("%q needs one of %s before it", s.Name, s.Modifiers)}
	case mod != 0 && s.Modifiers&mod == 0:
		e := &ArgError{Arg: -1, Msg: fmt.Sprintf("%q takes no %q before it", s.Name, mod)}
		if s.Modifiers != 0 {
			e.Help = fmt.Sprintf("it takes %s", s.Modifiers)
		}
		return e
	}
	return nil
}

// binder is one Bind at work.
type binder struct {
	call   Call // its lists are b's, for the next one to use
	params []Param
	args   []Arg
	free   []int // the positional arguments, as indexes into args
	after  []int // for each option given, how many positionals came before it
	blur   bool  // a spread argument made the count unknown

	readings []reading // of each argument, the last

	// For a Form, where noting is set: what was tried, and where values went.
	noting bool
	tried  []trial
	went   []trial

	slabs struct { // what Bind returns
		calls  slab.Of[Call]
		lists  slab.Of[[]any]
		values slab.Of[any]
		owners slab.Of[int]
		given  slab.Of[Given]
	}
}

// reading reads args[i], whose value is known, as a type. It is mostly asked
// twice: whether the argument fits, and then what it is.
func (b *binder) reading(as *Type, many bool, i int) (any, error) {
	r := &b.readings[i]
	if r.as != as {
		v, err := parse(*as, many, b.args[i].Value)
		*r = reading{as: as, v: v, err: err}
		if b.noting {
			b.tried = append(b.tried, trial{arg: i, as: as, many: many, fits: err == nil})
		}
	}
	return r.v, r.err
}

// reading is an argument, read as the type of a parameter or of an option.
type reading struct {
	as  *Type
	v   any
	err error
}

// split tells the options from the positional arguments.
func (b *binder) split() *ArgError {
	for i := 0; i < len(b.args); {
		a := b.args[i]
		if o := b.optionAt(i); o != nil {
			n, g, err := b.option(o, i, b.names)
			if err != nil {
				return err
			}
			b.call.given = append(b.call.given, g)
			b.after = append(b.after, len(b.free))
			i = n
			continue
		}
		b.blur = b.blur || a.Spread
		b.free = append(b.free, i)
		i++
	}
	return nil
}

// optionAt returns the option that an argument names, or nil. What can be the
// first required positional is that, so that `bridge up` makes a link "up", and
// `ping from h1 10.0.0.1` starts with an option.
func (b *binder) optionAt(i int) *Option {
	a := &b.args[i]
	if !a.Bare || a.Value == nil {
		return nil
	}
	if len(b.free) == 0 && len(b.params) > 0 && !b.params[0].Optional && b.fits(&b.params[0], i) {
		return nil
	}
	return b.names(a.Value.String())
}

// names finds an option of the verb or of any of its parameters.
func (b *binder) names(word string) *Option {
	if o := findOption(b.call.Spec.Options, word); o != nil {
		return o
	}
	for i := range b.params {
		if o := findOption(b.params[i].Options, word); o != nil {
			return o
		}
	}
	return nil
}

func findOption(opts []Option, word string) *Option {
	for i := range opts {
		if opts[i].Name == word {
			return &opts[i]
		}
		for _, a := range opts[i].Aliases {
			if a == word {
				return &opts[i]
			}
		}
	}
	return nil
}

// option reads an option that stands at args[i], and returns where the next
// argument is. isName tells what ends an option that takes many values.
func (b *binder) option(o *Option, i int, isName func(string) *Option) (int, Given, *ArgError) {
	g := Given{Option: o, Arg: i}
	i++
	if len(o.Options) > 0 {
		return b.nested(o, g, i)
	}
	if o.Type == nil {
		return i, g, nil
	}
	if i < len(b.args) && b.args[i].leads(o) {
		g.Lead = b.args[i].Value.String()
		i++
	}
	if !o.Many {
		return b.single(o, g, i)
	}
	for {
		if i >= len(b.args) || len(g.Values) >= max(o.Least, 1) && b.ends(i, o, isName) {
			break
		}
		v, err := b.readOption(o, i)
		if err != nil {
			return 0, g, err
		}
		if list, ok := v.([]any); ok {
			g.Values = append(g.Values, list...)
		} else {
			g.Values = append(g.Values, v)
		}
		i++
	}
	if len(g.Values) == 0 {
		return 0, g, noValue(o, g)
	}
	return i, g, nil
}

// single reads the value of an option that takes one.
func (b *binder) single(o *Option, g Given, i int) (int, Given, *ArgError) {
	if i >= len(b.args) {
		return 0, g, noValue(o, g)
	}
	v, err := b.readOption(o, i)
	if err != nil {
		return 0, g, err
	}
	g.Values = b.slabs.values.Take(1)
	g.Values[0] = v
	if b.noting {
		b.went = append(b.went, trial{arg: i, as: &o.Type, to: &g.Values[0]})
	}
	return i + 1, g, nil
}

func noValue(o *Option, g Given) *ArgError {
	return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q needs a value: %s", o.Name, o.Type)}
}

// leads reports whether an argument is one of the words before an option's value.
func (a Arg) leads(o *Option) bool {
	return a.Bare && a.Value != nil && slices.Contains(o.Leads, a.Value.String())
}

// ends reports whether args[i] ends the values of an option that takes many.
func (b *binder) ends(i int, o *Option, isName func(string) *Option) bool {
	a := b.args[i]
	if !a.Bare || a.Value == nil {
		return false
	}
	next := isName(a.Value.String())
	return next != nil && (!o.Rest || next.Name == o.Name)
}

// nested reads the options of an option, such as those of `nexthop`.
func (b *binder) nested(o *Option, g Given, i int) (int, Given, *ArgError) {
	for i < len(b.args) {
		a := b.args[i]
		if !a.Bare || a.Value == nil {
			break
		}
		sub := findOption(o.Options, a.Value.String())
		if sub == nil {
			break
		}
		n, got, err := b.option(sub, i, func(w string) *Option { return findOption(o.Options, w) })
		if err != nil {
			return 0, g, err
		}
		if _, twice := findGiven(g.Given, sub.Name, 0); twice {
			return 0, g, &ArgError{Arg: i, Msg: fmt.Sprintf("%q is given twice", sub.Name)}
		}
		g.Given = append(g.Given, got)
		i = n
	}
	if len(g.Given) == 0 {
		return 0, g, &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q needs at least one of %s", o.Name, optionNames(o.Options))}
	}
	return i, g, nil
}

// readOption reads args[i] as an option's value; nil where it is not known yet.
func (b *binder) readOption(o *Option, i int) (any, *ArgError) {
	if b.args[i].Value == nil {
		return nil, nil
	}
	v, err := b.reading(&o.Type, o.Many, i)
	if err != nil {
		return nil, unread(o.Type, i, fmt.Sprintf("%q", o.Name), err)
	}
	return v, nil
}

// readParam reads args[i] as a parameter; nil where its value is not known yet.
func (b *binder) readParam(p *Param, i int) (any, *ArgError) {
	if b.args[i].Value == nil {
		return nil, nil
	}
	v, err := b.reading(&p.Type, p.Many, i)
	return v, unread(p.Type, i, p.Name, err)
}

// unread is the error of an argument that does not read as a type; nil if err is.
func unread(t Type, i int, what string, err error) *ArgError {
	if err != nil {
		if what == t.String() { // the type's error says it
			return &ArgError{Arg: i, Msg: err.Error()}
		}
		return &ArgError{Arg: i, Msg: fmt.Sprintf("%s: %v", what, err)}
	}
	return nil
}

// parse reads a value as a type; a list, where several values may stand,
// element by element.
func parse(t Type, many bool, v value.Value) (any, error) {
	list, ok := v.(value.List)
	if !ok || !many {
		return t.Parse(v)
	}
	out := make([]any, len(list))
	for i, e := range list {
		got, err := t.Parse(e)
		if err != nil {
			return nil, err
		}
		out[i] = got
	}
	return out, nil
}
