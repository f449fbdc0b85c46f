//go:build linux

package builtins

// Memo keeps what an argument was read as that is the same each time its
// statement runs, as the literal ones are in a loop. It belongs to one argument
// of one statement, and is not for concurrent use.
type Memo struct {
	readings []reading

	spec   *Spec // whose option the word is
	mod    Modifiers
	option *Option // nil: it is none
}

// reading is an argument, read as the type of a parameter or of an option.
type reading struct {
	as   *Type
	v    any
	err  error
	only []any // of a Memo: v as the only value of an option, once it was asked for
}

// read is the argument as a type; many tells whether it may be a list.
func (m *Memo) read(a *Arg, as *Type, many bool) *reading {
	for i := range m.readings {
		if m.readings[i].as == as {
			return &m.readings[i]
		}
	}
	v, err := parse(*as, many, a.Value)
	m.readings = append(m.readings, reading{as: as, v: v, err: err})
	return &m.readings[len(m.readings)-1]
}

// values are v, which is what read made of the argument, as those of an option.
func (m *Memo) values(a *Arg, as *Type, v any) []any {
	r := m.read(a, as, false)
	if r.only == nil {
		r.only = []any{v}
	}
	return r.only
}
