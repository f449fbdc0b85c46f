//go:build linux

package builtins

import (
	"fmt"
	"slices"
)

// place gives each positional argument to a parameter. Which goes where is
// found by trying: an argument fits a parameter where it reads as its type.
func (b *binder) place() *ArgError {
	to := slices.Grow(b.call.owner, len(b.free))[:len(b.free)]
	if !b.fit(0, 0, false, to) {
		return b.misfit()
	}
	b.call.owner = to
	b.call.values = slices.Grow(b.call.values, len(b.params))[:len(b.params)]
	for p := range b.call.values {
		b.call.values[p] = b.call.values[p][:0]
	}
	for k, p := range to {
		if p == nobody {
			continue
		}
		v, err := b.readParam(&b.params[p], b.free[k])
		if err != nil {
			return err
		}
		if list, ok := v.([]any); ok && b.params[p].Many {
			b.call.values[p] = append(b.call.values[p], list...)
			continue
		}
		b.call.values[p] = append(b.call.values[p], v)
	}
	return nil
}

// fit places the positionals from k on into the parameters from p on. full is
// set where parameter p has got an argument already.
func (b *binder) fit(k, p int, full bool, to []int) bool {
	if p == len(b.params) {
		for ; k < len(b.free) && b.args[b.free[k]].Spread; k++ {
			to[k] = nobody // it may turn out to be no argument at all
		}
		return k == len(b.free)
	}
	param := &b.params[p]
	if k < len(b.free) && (!full || param.Many) && b.fits(param, b.free[k]) {
		to[k] = p
		if b.fit(k+1, p, true, to) {
			return true
		}
	}
	if !full && !param.Optional && !b.blur {
		return false
	}
	return b.fit(k, p+1, false, to)
}

func (b *binder) fits(p *Param, i int) bool {
	if b.args[i].Value == nil {
		return true
	}
	_, err := b.reading(&p.Type, p.Many, i)
	return err == nil
}

// own finds whose each option is: the verb's, or that of the last parameter
// with options that stands before it.
func (b *binder) own() *ArgError {
	for n := range b.call.given {
		g := &b.call.given[n]
		g.Param = b.ownerOf(g.Option.Name, b.after[n])
		if g.Param == nobody && !b.blur {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q belongs to an argument that is not here", g.Option.Name)}
		}
		if g.Option.Repeat {
			continue
		}
		if _, twice := findGiven(b.call.given[:n], g.Option.Name, g.Param); twice {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q is given twice", g.Option.Name)}
		}
	}
	return nil
}

// Owners of options that are no parameter's.
const (
	theVerb = -1
	nobody  = -2
)

// ownerOf is whose an option is that stands after some positionals.
func (b *binder) ownerOf(name string, after int) int {
	if findOption(b.call.Spec.Options, name) != nil {
		return theVerb
	}
	for k := after - 1; k >= 0; k-- {
		p := b.call.owner[k]
		if p == nobody || len(b.params[p].Options) == 0 {
			continue
		}
		if findOption(b.params[p].Options, name) != nil {
			return p
		}
		break
	}
	return nobody
}
