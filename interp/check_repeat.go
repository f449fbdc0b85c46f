//go:build linux

package interp

import (
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
)

// repeats holds the statements of a block that make something, to find one that
// would make the same again: two bridges of one name, one address twice on a
// link. Only literal statements count, and only as long as nothing stands
// between them that might have taken the first away.
type repeats struct {
	made map[string]*lang.Command
}

// repeated takes note of a statement, and reports one that stands twice.
func (c *checker) repeated(r *repeats, s lang.Stmt) {
	cmd, ok := s.(*lang.Command)
	if !ok {
		switch s.(type) {
		case *lang.Let, *lang.Expect, *lang.Param, *lang.Def:
		default:
			r.made = nil
		}
		return
	}
	spec, _ := c.in.verb(cmd)
	if spec == nil || cmd.Modifier != nil || cmd.Body != nil {
		r.made = nil
		return
	}
	key, literal := commandKey(cmd)
	if spec.Modifiers&builtins.Del == 0 || spec.ModOnly {
		r.forget(cmd)
		return
	}
	if !literal {
		return
	}
	if first := r.made[key]; first != nil {
		d := c.bad(cmd, "the same statement stands in this block already, so what it makes is there")
		d.Notes = append(d.Notes, "it stands at "+placeOf(c.file, first))
		return
	}
	if r.made == nil {
		r.made = map[string]*lang.Command{}
	}
	r.made[key] = cmd
}

// commandKey is a command's words, if all of them are literal.
func commandKey(cmd *lang.Command) (string, bool) {
	size := len(cmd.Verb.Raw)
	for _, a := range cmd.Args {
		w, ok := a.(*lang.Word)
		if !ok || w.Parts != nil {
			return "", false
		}
		size += 1 + len(w.Raw)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString(cmd.Verb.Raw)
	for _, a := range cmd.Args {
		b.WriteByte(0)
		b.WriteString(a.(*lang.Word).Raw)
	}
	return b.String(), true
}

// fewMade is how many statements forget looks through: with more it drops all,
// so that a long script is checked in a time that grows with its length alone.
const fewMade = 8

// forget drops what a statement that makes nothing might have changed: what
// has one of its words. A verb that names no literal may have changed all.
func (r *repeats) forget(cmd *lang.Command) {
	if r.made == nil {
		return
	}
	key, literal := commandKey(cmd)
	if !literal || len(cmd.Args) == 0 || len(r.made) > fewMade {
		r.made = nil
		return
	}
	words := strings.Split(key, "\x00")[1:]
	for made := range r.made {
		for _, w := range words {
			if strings.Contains(made+"\x00", "\x00"+w+"\x00") {
				delete(r.made, made)
			}
		}
	}
}
