//go:build linux

package interp

import (
	"errors"
	"fmt"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// defn is a verb that a script defines.
type defn struct {
	*lang.Def
	file *lang.File
	// gives is set if some `return` in it has a value, so that it serves as a
	// function.
	gives bool
}

// split tells the positional parameters from those with a default.
func (d *defn) split() (positional, keyword []*lang.DefParam) {
	for i, p := range d.Params {
		if p.Default != nil {
			return d.Params[:i], d.Params[i:]
		}
	}
	return d.Params, nil
}

// usage is the def as a verb is used: `host NAME [mtu MTU]`.
func (d *defn) usage() string {
	s := d.Name.Name
	for _, p := range d.Params {
		if p.Default == nil {
			s += " " + p.Name.Name
		} else {
			s += " [" + p.Name.Name + " …]"
		}
	}
	return s
}

// maxDepth bounds the calls of defs by defs.
const maxDepth = 200

// ErrTooDeep is the error of defs that call each other without end.
var ErrTooDeep = fmt.Errorf("defs call each other more than %d deep", maxDepth)

// callDef runs a def as a verb: positional arguments first, then those with a
// default by name.
func (e *env) callDef(d *defn, c *lang.Command, args arguments) error {
	vals, wrong := matchDef(d, args.vals)
	if wrong != nil {
		n := lang.Node(c.Verb)
		if wrong.Arg >= 0 {
			n = args.nodes[wrong.Arg]
		}
		return &placed{node: n, err: errors.New(wrong.Msg), help: wrong.Help}
	}
	e.m.reuse(args)
	_, err := e.runDef(d, c, vals)
	return err
}

// callDefExpr calls a def as a function.
func (e *env) callDefExpr(x *lang.Call, vals []value.Value) (value.Value, error) {
	d := e.m.prog.def(x.Fun.Name)
	if d == nil {
		return nil, at(x.Fun, fmt.Errorf("unknown function %q", x.Fun.Name))
	}
	if err := d.checkArity(len(vals)); err != nil {
		return nil, at(x, err)
	}
	bound := make([]value.Value, len(d.Params))
	copy(bound, vals)
	return e.runDef(d, x, bound)
}

// checkArity says what is wrong with a call of d as a function of n arguments.
func (d *defn) checkArity(n int) error {
	positional, _ := d.split()
	if n < len(positional) || n > len(d.Params) {
		return fmt.Errorf("%s takes %s, this has %d", d.Name.Name, between(len(positional), len(d.Params), "argument"), n)
	}
	return nil
}

func between(least, most int, noun string) string {
	if least == most {
		return count(least, noun)
	}
	return fmt.Sprintf("%d to %s", least, count(most, noun))
}

// runDef runs the body with the parameters bound; a nil value stands for the
// parameter's default, which is evaluated now.
func (e *env) runDef(d *defn, n lang.Node, vals []value.Value) (value.Value, error) {
	if e.m.depth >= maxDepth {
		return nil, at(n, ErrTooDeep)
	}
	e.m.depth++
	defer func() { e.m.depth-- }()
	result := value.Value(value.Null{})
	in := *e
	in.vars = &scope{up: e.m.in.globals, guard: e.m.beside}
	in.file = d.file
	in.result = &result
	in.trace = &frame{up: e.trace, entrance: &entrance{file: e.file, node: n, def: d, args: vals}}
	for i, p := range d.Params {
		if vals[i] == nil {
			v, err := in.expr(p.Default)
			if err != nil {
				return nil, in.wrap(p, nil, err)
			}
			vals[i] = v
		}
		in.vars.declare(p.Name.Name, vals[i])
	}
	_, err := in.stmts(d.Body.Stmts)
	return result, err
}

// matchDef binds a def's arguments. A nil value in the result stands for a
// default. Unknown arguments (of the checker) fit everywhere.
func matchDef(d *defn, args []builtins.Arg) ([]value.Value, *builtins.ArgError) {
	positional, keyword := d.split()
	vals := make([]value.Value, len(d.Params))
	for i := range positional {
		if i >= len(args) {
			return nil, &builtins.ArgError{Arg: -1, Msg: fmt.Sprintf("%s needs %s", d.Name.Name, positional[i].Name.Name), Help: "it is used as: " + d.usage()}
		}
		vals[i] = typed(args[i])
	}
	rest := args[len(positional):]
	for i := 0; i < len(rest); i += 2 {
		at := len(positional) + i
		k := keywordOf(keyword, rest[i])
		switch {
		case k < 0:
			return nil, extraArg(d, keyword, rest[i], at)
		case i+1 >= len(rest):
			return nil, &builtins.ArgError{Arg: at, Msg: fmt.Sprintf("%s needs a value", keyword[k].Name.Name), Help: "it is used as: " + d.usage()}
		case vals[len(positional)+k] != nil:
			return nil, &builtins.ArgError{Arg: at, Msg: fmt.Sprintf("%s is given twice", keyword[k].Name.Name)}
		}
		vals[len(positional)+k] = typed(rest[i+1])
	}
	return vals, nil
}

func keywordOf(keyword []*lang.DefParam, a builtins.Arg) int {
	for i, p := range keyword {
		if a.Bare && a.Value.String() == p.Name.Name {
			return i
		}
	}
	return -1
}

func extraArg(d *defn, keyword []*lang.DefParam, a builtins.Arg, at int) *builtins.ArgError {
	names := make([]string, len(keyword))
	for i, p := range keyword {
		names[i] = p.Name.Name
	}
	e := &builtins.ArgError{Arg: at, Msg: fmt.Sprintf("%s takes no more arguments", d.Name.Name), Help: "it is used as: " + d.usage()}
	if a.Bare && len(names) > 0 {
		e.Msg = fmt.Sprintf("%s has no parameter %q with a default", d.Name.Name, a.Value)
		if near := lang.Nearest(a.Value.String(), names); near != "" {
			e.Help = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return e
}

// typed reads a bare word that is a literal as what it stands for, so that
// `v 3 10.0.0.0/24` hands over an int and a prefix. Text that such a value does
// not print back as, like `007`, stays text.
func typed(a builtins.Arg) value.Value {
	if !a.Bare || a.Value == nil {
		return a.Value
	}
	raw := a.Value.String()
	if v, ok := value.ParseLiteral(raw); ok && (v.String() == raw || v.Kind() != value.KindInt || hexadecimal(raw)) {
		return v
	}
	return a.Value
}

func hexadecimal(s string) bool { return len(s) > 2 && s[0] == '0' && (s[1]|0x20) == 'x' }
