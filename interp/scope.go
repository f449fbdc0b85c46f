//go:build linux

package interp

import "github.com/nescript/nescript/lang/value"

// scope holds the variables of one block, in the order of their declaration.
type scope struct {
	up    *scope
	vars  []variable
	index map[string]int // set once there are many
	guard bool           // what is further up can't be changed from here
}

type variable struct {
	name string
	val  value.Value
}

// many is how many variables a scope searches one by one: most blocks have
// fewer, and comparing a few names is faster than hashing one.
const many = 12

// local finds a variable of this block alone.
func (s *scope) local(name string) *variable {
	if s.index != nil {
		if i, ok := s.index[name]; ok {
			return &s.vars[i]
		}
		return nil
	}
	for i := range s.vars {
		if s.vars[i].name == name {
			return &s.vars[i]
		}
	}
	return nil
}

// find finds a variable of this block or of one around it.
func (s *scope) find(name string) *variable {
	for ; s != nil; s = s.up {
		if v := s.local(name); v != nil {
			return v
		}
	}
	return nil
}

// findToChange is find for an assignment: guarded is set where the variable may
// be read by what runs at the same time.
func (s *scope) findToChange(name string) (v *variable, guarded bool) {
	for ; s != nil; s = s.up {
		if v := s.local(name); v != nil {
			return v, guarded
		}
		guarded = guarded || s.guard
	}
	return nil, false
}

// declare adds a variable, or gives one that is there its new value.
func (s *scope) declare(name string, val value.Value) {
	if v := s.local(name); v != nil {
		v.val = val
		return
	}
	s.vars = append(s.vars, variable{name, val})
	if len(s.vars) <= many {
		return
	}
	if s.index == nil {
		s.index = make(map[string]int, 2*many)
		for i := range s.vars {
			s.index[s.vars[i].name] = i
		}
	}
	s.index[name] = len(s.vars) - 1
}

// reset forgets the variables, so that the next turn of a loop can use s.
func (s *scope) reset() {
	s.vars = s.vars[:0]
	s.index = nil
}
