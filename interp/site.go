//go:build linux

package interp

import (
	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// site is where a step comes from: its Tag. There are as many as statements have
// run, so it holds what an error has to say in as little as possible.
type site struct {
	env    *env // of the block
	trace  *frame
	node   lang.Node     // the statement
	words  *words        // its arguments; nil where it has none
	vals   []value.Value // of those that are not literal, in order
	number int           // how many calls of its machine came before it

	begun   bool // one of its steps has been; the clock's
	counted bool // the same, of the tally
}

// siteOf is the site of a statement with the arguments that w came to.
func (e *env) siteOf(n lang.Node, w *words, args arguments) *site {
	m := e.m
	s := m.slabs.sites.New()
	*s = site{env: e, trace: e.trace, node: n, words: w}
	if args.many {
		s.words = &words{nodes: m.slabs.nodes.Keep(args.nodes), lits: m.slabs.args.Keep(args.vals)}
		return s
	}
	if w.open == 0 {
		return s
	}
	s.vals = m.slabs.vals.Take(w.open)[:0]
	for i := range args.vals {
		if !w.literal(i) {
			s.vals = append(s.vals, args.vals[i].Value)
		}
	}
	return s
}

// arguments are those that the statement had.
func (s *site) arguments() *arguments {
	if s.words == nil {
		return nil
	}
	out := &arguments{nodes: s.words.nodes, vals: make([]builtins.Arg, len(s.words.lits))}
	vals := s.vals
	for i, a := range s.words.lits {
		if a.Value == nil {
			a.Value, vals = vals[0], vals[1:]
		}
		out.vals[i] = a
	}
	return out
}

// at is the env of the statement as it was when it ran.
func (s *site) at() *env {
	e := *s.env
	e.trace = s.trace
	return &e
}

// wrap is [env.wrap] of the statement.
func (s *site) wrap(err error) error { return s.at().wrap(s.node, s.arguments(), err) }

// failed is [env.failed] of the statement.
func (s *site) failed(err error) *Error { return s.at().failed(s.node, s.arguments(), err) }
