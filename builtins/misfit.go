//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang"
)

// What to say of arguments that do not fit.

// misfit finds out what to say where the positionals fit no way.
func (b *binder) misfit() *ArgError {
	if err := b.tooFew(); err != nil {
		return err
	}
	// The first argument that fits nothing at its place.
	p, full := 0, false
	for _, i := range b.free {
		var passed *Param // the last that has none, as this one does not fit
		for p < len(b.params) && (full && !b.params[p].Many || !b.fits(&b.params[p], i) && (full || b.params[p].Optional)) {
			if !full {
				passed = &b.params[p]
			}
			p, full = p+1, false
		}
		if p == len(b.params) {
			if passed != nil && !b.hasOptions() {
				_, err := b.readParam(passed, i)
				return err
			}
			return b.surplus(i)
		}
		if _, err := b.readParam(&b.params[p], i); err != nil {
			return b.suggest(err)
		}
		full = true
	}
	if full {
		p++
	}
	return b.unfilled(p)
}

// tooFew finds the parameter that there are too few arguments for.
func (b *binder) tooFew() *ArgError {
	if b.blur || len(b.free) >= b.required() {
		return nil
	}
	k := 0
	for n := range b.params {
		p := &b.params[n]
		switch {
		case p.Optional:
		case k == len(b.free):
			return b.missing(*p)
		case !b.fits(p, b.free[k]):
			return nil // another error comes first
		default:
			k++
		}
	}
	return nil
}

// required is how many arguments there must be.
func (b *binder) required() int {
	n := 0
	for _, p := range b.params {
		if !p.Optional {
			n++
		}
	}
	return n
}

// unfilled is the error for the parameters from p on, which got no argument.
func (b *binder) unfilled(p int) *ArgError {
	for ; p < len(b.params); p++ {
		if b.params[p].Optional {
			continue
		}
		// A parameter for many may have taken what was meant for this one.
		if before := max(p-1, 0); len(b.free) >= b.required() && b.params[before].Many && !b.params[before].Optional {
			if _, err := b.readParam(&b.params[p], b.free[len(b.free)-1]); err != nil {
				return err
			}
		}
		return b.missing(b.params[p])
	}
	return &ArgError{Arg: -1, Msg: fmt.Sprintf("these are not the arguments of %q", b.call.Spec.Name), Help: b.form()}
}

// missing is the error for a parameter that got no argument.
func (b *binder) missing(p Param) *ArgError {
	msg := fmt.Sprintf("%q needs %s", b.call.Spec.Name, p.Name)
	if t := p.Type.String(); t != p.Name {
		msg += ": " + t
	}
	return &ArgError{Arg: -1, Msg: msg, Help: b.form()}
}

// form is how the verb is written, for help.
func (b *binder) form() string {
	return "write it as: " + b.call.Spec.ShortForm(b.call.Modifier)
}

// surplus is the error for an argument too many, which may be a misspelt option.
func (b *binder) surplus(i int) *ArgError {
	a := b.args[i]
	if a.Value == nil {
		return &ArgError{Arg: i, Msg: fmt.Sprintf("%q takes no further argument", b.call.Spec.Name), Help: b.form()}
	}
	e := &ArgError{Arg: i, Msg: fmt.Sprintf("%q has no option %q", b.call.Spec.Name, a.Value.String())}
	if !a.Bare || !b.hasOptions() {
		e.Msg = fmt.Sprintf("%q takes no further argument than those before %q", b.call.Spec.Name, a.Value.String())
	}
	e.Help = b.form()
	return b.suggest(e)
}

// hasOptions reports whether anything that is written here can be an option.
func (b *binder) hasOptions() bool {
	for _, p := range b.params {
		if len(p.Options) > 0 {
			return true
		}
	}
	return len(b.call.Spec.Options) > 0
}

// suggest adds "did you mean" where the argument is nearly an option's name.
func (b *binder) suggest(e *ArgError) *ArgError {
	if e.Arg < 0 || !b.args[e.Arg].Bare || b.args[e.Arg].Value == nil {
		return e
	}
	var all []string
	for _, o := range b.call.Spec.Options {
		all = append(all, o.Name)
	}
	for _, p := range b.params {
		for _, o := range p.Options {
			all = append(all, o.Name)
		}
	}
	if near := lang.Nearest(b.args[e.Arg].Value.String(), all); near != "" {
		e.Msg = fmt.Sprintf("unknown option %q of %q", b.args[e.Arg].Value.String(), b.call.Spec.Name)
		e.Help = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}
