//go:build linux

package builtins

import (
	"slices"
	"sort"
	"strings"
)

// String lists the modifiers, as "del, replace".
func (m Modifiers) String() string {
	var out []string
	for _, w := range modifierWords {
		if m&w.m != 0 {
			out = append(out, w.name)
		}
	}
	return strings.Join(out, ", ")
}

var modifierWords = []struct {
	m    Modifiers
	name string
}{{Del, "del"}, {Replace, "replace"}, {Ensure, "ensure"}, {Flush, "flush"}}

// Set is a table of verbs, sorted by name. It is not changed once made.
type Set struct {
	specs  []*Spec
	byName map[string]*Spec
}

// NewSet makes a set of the built-in verbs and those added, which hide built-in
// ones of the same name.
func NewSet(added ...*Spec) *Set {
	s := &Set{}
	for _, spec := range table {
		if !slices.ContainsFunc(added, func(a *Spec) bool { return a.Name == spec.Name }) {
			s.specs = append(s.specs, spec)
		}
	}
	s.specs = append(s.specs, added...)
	sort.Slice(s.specs, func(i, j int) bool { return s.specs[i].Name < s.specs[j].Name })
	s.byName = make(map[string]*Spec, len(s.specs))
	for _, spec := range s.specs {
		if _, twice := s.byName[spec.Name]; !twice {
			s.byName[spec.Name] = spec
		}
	}
	return s
}

// Lookup finds a verb, or returns nil.
func (s *Set) Lookup(name string) *Spec { return s.byName[name] }

// LookupPair finds a verb of two words, as `xfrm state`, or returns nil.
func (s *Set) LookupPair(first, second string) *Spec {
	var room [64]byte // most words after a verb are no part of it, so this makes no string
	name := append(append(append(room[:0], first...), ' '), second...)
	return s.byName[string(name)]
}

// Names are the verbs' names, sorted.
func (s *Set) Names() []string {
	out := make([]string, len(s.specs))
	for i, spec := range s.specs {
		out[i] = spec.Name
	}
	return out
}

// Specs are the verbs, sorted by name.
func (s *Set) Specs() []*Spec { return slices.Clone(s.specs) }

var builtin = NewSet()

// Table returns the built-in verbs, sorted by name.
func Table() []*Spec { return builtin.Specs() }

// Lookup finds a built-in verb, or returns nil.
func Lookup(name string) *Spec { return builtin.Lookup(name) }
