//go:build linux

package interp

import (
	"fmt"
	"path"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// param gives a parameter its value: what was given for it, or its default.
func (e *env) param(s *lang.Param) error {
	var def value.Value
	if s.Default != nil {
		v, err := e.expr(s.Default)
		if err != nil {
			return err
		}
		def = v
	}
	text, given := e.m.in.params[s.Name.Name]
	switch {
	case given:
		v, err := readParam(text, def)
		if err != nil {
			return at(s.Name, fmt.Errorf("%s=%s: %w", s.Name.Name, text, err))
		}
		def = v
	case def == nil:
		return at(s, fmt.Errorf("param %q has no default, so it must be given", s.Name.Name))
	}
	e.vars.declare(s.Name.Name, def)
	return nil
}

// include runs a file, the first time that it is included.
func (e *env) include(s *lang.Include) error {
	f := e.m.prog.includes[s]
	if e.m.included[f] {
		return nil
	}
	if e.m.included == nil {
		e.m.included = map[*lang.File]bool{}
	}
	e.m.included[f] = true
	in := *e // the file's variables are global, like those of the script
	in.file = f
	in.trace = &frame{up: e.trace, entrance: &entrance{file: e.file, node: s, into: path.Base(f.Name)}}
	_, err := in.stmts(f.Body.Stmts)
	return err
}
