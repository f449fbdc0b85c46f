//go:build linux

package interp

import (
	"hash/maphash"
	"slices"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
)

// repeats holds the statements of a block that make something, to find one that
// would make the same again: two bridges of one name, one address twice on a
// link. Only literal statements count, and only as long as nothing stands
// between them that might have taken the first away.
type repeats struct {
	n    int
	few  [fewMade]made
	many map[uint64]*lang.Command // by hash; set once there are more than few
}

// made is a statement and the hash of its words.
type made struct {
	hash uint64
	cmd  *lang.Command
}

// fewMade is how many statements forget looks through: with more it drops all,
// so that a long script is checked in a time that grows with its length alone.
const fewMade = 8

// repeated takes note of a statement, and reports one that stands twice.
func (c *checker) repeated(r *repeats, s lang.Stmt) {
	cmd, ok := s.(*lang.Command)
	if !ok {
		switch s.(type) {
		case *lang.Let, *lang.Expect, *lang.Param, *lang.Def:
		default:
			r.drop()
		}
		return
	}
	spec := c.verbOf(cmd)
	if spec == nil || cmd.Modifier != nil || cmd.Body != nil {
		r.drop()
		return
	}
	if spec.Modifiers&builtins.Del == 0 || spec.ModOnly {
		r.forget(cmd)
		return
	}
	hash, literal := hashOf(cmd)
	if !literal {
		return
	}
	if first := r.find(hash, cmd); first != nil {
		d := c.bad(cmd, "the same statement stands in this block already, so what it makes is there")
		d.Notes = append(d.Notes, "it stands at "+placeOf(c.file, first))
		return
	}
	r.add(made{hash, cmd})
}

// drop forgets all.
func (r *repeats) drop() { r.n, r.many = 0, nil }

// add takes note of a statement. Of two with one hash, which are as good as
// never there, the first stays.
func (r *repeats) add(m made) {
	switch {
	case r.many != nil:
		if r.many[m.hash] == nil {
			r.many[m.hash] = m.cmd
		}
	case r.n < fewMade:
		r.few[r.n] = m
		r.n++
	default:
		r.many = map[uint64]*lang.Command{}
		for _, old := range r.few {
			r.many[old.hash] = old.cmd
		}
		r.add(m)
	}
}

// find is the statement with the words of cmd.
func (r *repeats) find(hash uint64, cmd *lang.Command) *lang.Command {
	if r.many != nil {
		if first := r.many[hash]; first != nil && sameWords(first, cmd) {
			return first
		}
		return nil
	}
	for _, m := range r.few[:r.n] {
		if m.hash == hash && sameWords(m.cmd, cmd) {
			return m.cmd
		}
	}
	return nil
}

// forget drops what a statement that makes nothing might have changed: what
// has one of its words. A verb that names no literal may have changed all.
func (r *repeats) forget(cmd *lang.Command) {
	if !literalWords(cmd) || len(cmd.Args) == 0 || r.many != nil {
		r.drop()
		return
	}
	kept := slices.DeleteFunc(r.few[:r.n], func(m made) bool {
		return slices.ContainsFunc(m.cmd.Args, func(a lang.Arg) bool {
			return slices.ContainsFunc(cmd.Args, func(b lang.Arg) bool { return rawOf(a) == rawOf(b) })
		})
	})
	r.n = len(kept)
}

// literalWords reports whether all of a command's arguments are literal words.
func literalWords(cmd *lang.Command) bool {
	for _, a := range cmd.Args {
		if w, ok := a.(*lang.Word); !ok || w.Parts != nil {
			return false
		}
	}
	return true
}

// rawOf is the text of an argument that is a word.
func rawOf(a lang.Arg) string { return a.(*lang.Word).Raw }

// sameWords reports whether two commands of literal words are the same.
func sameWords(a, b *lang.Command) bool {
	return a.Verb.Raw == b.Verb.Raw &&
		slices.EqualFunc(a.Args, b.Args, func(a, b lang.Arg) bool { return rawOf(a) == rawOf(b) })
}

var hashSeed = maphash.MakeSeed()

// hashOf is a hash of a command's words, if all of them are literal.
func hashOf(cmd *lang.Command) (hash uint64, literal bool) {
	if !literalWords(cmd) {
		return 0, false
	}
	const odd = 0x9e3779b97f4a7c15 // so that the order of the words counts
	hash = maphash.String(hashSeed, cmd.Verb.Raw)
	for _, a := range cmd.Args {
		hash = hash*odd + maphash.String(hashSeed, rawOf(a))
	}
	return hash, true
}
