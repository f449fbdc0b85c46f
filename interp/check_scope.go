//go:build linux

package interp

import (
	"slices"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// staticScope is a scope of the checker.
type staticScope struct {
	up    *staticScope
	vars  map[string]*staticVar
	guard bool // what is further up can't be changed from here
}

// staticVar is what the checker knows of a variable.
type staticVar struct {
	node lang.Node // where it was declared; nil for those of the embedding program
	file *lang.File
	val  static
	// missing marks a variable that is used and not declared, so that it is
	// reported once.
	missing bool
}

// static is what is known of a value before the run.
type static struct {
	v value.Value // nil: not known
	// folded is set where v is known through a variable, so it holds only
	// where the code runs.
	folded bool
	// single is set where the value is known not to be a list.
	single bool
}

func (s *staticScope) find(name string) *staticVar {
	for ; s != nil; s = s.up {
		if v, ok := s.vars[name]; ok {
			return v
		}
	}
	return nil
}

// names are all the variables in sight.
func (s *staticScope) names() []string {
	var out []string
	for ; s != nil; s = s.up {
		for name := range s.vars {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (s *staticScope) declare(name string, v *staticVar) {
	if s.vars == nil {
		s.vars = map[string]*staticVar{}
	}
	s.vars[name] = v
}

// staticGlobals is the scope of what there was before the program: the
// embedding program's variables and those of earlier runs. Their values are
// known unless a def of an earlier run might change them; args never is, since
// a check is not of one run.
func (in *Interp) staticGlobals() *staticScope {
	out := &staticScope{}
	for s := in.globals; s != nil; s = s.up {
		for _, v := range s.vars {
			if _, hidden := out.vars[v.name]; hidden {
				continue
			}
			known := static{v: v.val, folded: true}
			if len(in.defs) > 0 || v.name == "args" {
				known = static{}
			}
			out.declare(v.name, &staticVar{val: known})
		}
	}
	return out
}
