//go:build linux

package interp

import (
	"fmt"

	"github.com/nescript/nescript/lang"
)

// parallel checks what runs at once: nothing in it can have to do with what
// another part of it comes to.
func (c *checker) parallel(s *lang.Parallel) {
	c.scope = &staticScope{up: c.scope, guard: true}
	c.beside++
	if s.For != nil {
		c.forStmt(s.For)
	} else {
		for _, part := range s.Body.Stmts {
			c.alone(part)
		}
		c.block(s.Body)
	}
	c.beside--
	c.scope = c.scope.up
}

// alone refuses what is of no use as the one statement of its block, which it
// is in a parallel one.
func (c *checker) alone(s lang.Stmt) {
	switch s := s.(type) {
	case *lang.Let:
		d := c.bad(s, "a variable declared here is seen by no other statement: all of them run at once")
		d.Help = append(d.Help, fmt.Sprintf("declare %q before the parallel block", s.Name.Name))
	case *lang.Defer:
		d := c.bad(s, "defer can't stand in a parallel block, as it would wait for no other statement")
		d.Help = append(d.Help, "before the parallel block, it waits for all of it")
	}
}

// guarded reports an assignment to a variable that others may read at the same
// time. What a def does is seen when it runs.
func (c *checker) guarded(s *lang.Assign) {
	v, guarded := c.scope.findToChange(s.Name.Name)
	if v == nil || v.missing || !guarded {
		return
	}
	d := c.bad(s.Name, "%v", outsideError(s.Name.Name))
	if v.node != nil {
		d.Notes = append(d.Notes, "it was declared at "+placeOf(v.file, v.node))
	}
}

// findToChange is as that of the scopes of a run.
func (s *staticScope) findToChange(name string) (v *staticVar, guarded bool) {
	for ; s != nil; s = s.up {
		if v, ok := s.vars[name]; ok {
			return v, guarded
		}
		guarded = guarded || s.guard
	}
	return nil, false
}
