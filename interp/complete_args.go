//go:build linux

package interp

import (
	"slices"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang/value"
)

// arguments adds what may follow a verb and the words after it.
func (c *completion) arguments(verb string, mod builtins.Modifiers, words []string) {
	spec := c.in.verbs.Lookup(verb)
	if len(words) > 0 {
		if two := c.in.verbs.Lookup(verb + " " + words[0]); two != nil {
			spec, words = two, words[1:]
		}
	} else {
		c.secondWords(verb)
	}
	if spec == nil {
		c.ofDef(verb)
		return
	}
	a := &argCursor{spec: spec, params: spec.ParamsFor(mod)}
	for i, w := range words {
		a.word(w)
		if !a.filled {
			a.since = i + 1
		}
	}
	if a.option != nil && a.option.Type != nil {
		c.ofType(a.option.Type)
		if !a.option.Many || !a.valued {
			return
		}
	}
	for i := a.at; i < len(a.params); i++ {
		p := a.params[i]
		if p.Name == "REF" {
			c.ref(words[a.since:])
		}
		c.ofType(p.Type)
		if !p.Optional && !(p.Many && i == a.at && a.filled) {
			break
		}
	}
	for _, o := range a.inScope() {
		c.add(o.Name)
	}
}

// secondWords adds those of the verbs that start with a word.
func (c *completion) secondWords(verb string) {
	for _, name := range c.in.verbs.Names() {
		if second, ok := strings.CutPrefix(name, verb+" "); ok {
			c.add(second)
		}
	}
}

// ofDef adds the options of a def.
func (c *completion) ofDef(name string) {
	def, ok := c.in.defs[name]
	if !ok {
		return
	}
	for _, p := range def.Params {
		if p.Default != nil {
			c.add(p.Name.Name)
		}
	}
}

// argCursor goes over the arguments of a verb as far as they are typed. It
// guesses where the binder, which sees all of them, would know.
type argCursor struct {
	spec   *builtins.Spec
	params []builtins.Param
	at     int  // the parameter that the next positional argument is for
	filled bool // that one has an argument already, and takes more
	last   int  // the parameter that the latest argument was for, plus one
	since  int  // the first word that may be of the parameter at
	option *builtins.Option
	valued bool // option has a value
}

// inScope are the options that may stand here. What can be the first parameter
// that must be given is that, as the binder has it.
func (a *argCursor) inScope() []builtins.Option {
	out := slices.Clone(a.spec.Options)
	if a.last > 0 {
		out = append(out, a.params[a.last-1].Options...)
	}
	if a.option != nil {
		out = append(out, a.option.Options...)
	}
	if a.last > 0 || len(a.params) == 0 || a.params[0].Optional {
		return out
	}
	return slices.DeleteFunc(out, func(o builtins.Option) bool {
		_, err := a.params[0].Type.Parse(value.String(o.Name))
		return err == nil
	})
}

func (a *argCursor) word(w string) {
	if a.option != nil && a.option.Type != nil && !a.valued {
		a.valued = true
		return
	}
	for _, o := range a.inScope() {
		if o.Name == w || slices.Contains(o.Aliases, w) {
			a.option, a.valued = &o, false
			return
		}
	}
	if a.option != nil && a.option.Many {
		return
	}
	a.positional(w)
}

// positional gives a word to the first parameter from here on that takes it.
func (a *argCursor) positional(w string) {
	for i := a.at; i < len(a.params); i++ {
		p := a.params[i]
		if _, err := p.Type.Parse(value.String(w)); err != nil && (p.Optional || p.Many && a.filled && i == a.at) {
			continue
		}
		a.last, a.at, a.filled = i+1, i, p.Many
		if !p.Many {
			a.at++
		}
		return
	}
}
