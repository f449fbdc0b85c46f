//go:build linux

package interp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// placed is an error with the node it is about.
type placed struct {
	node  lang.Node
	err   error
	label string // what to say beside the caret
	help  string // what to do about it
}

func (p *placed) Error() string { return p.err.Error() }
func (p *placed) Unwrap() error { return p.err }

// at gives err its place, unless it has one.
func at(n lang.Node, err error) error {
	if err == nil {
		return nil
	}
	var p *placed
	var e *Error
	if errors.As(err, &p) || errors.As(err, &e) {
		return err
	}
	return &placed{node: n, err: err, help: suggestField(err)}
}

func suggestField(err error) string {
	var missing *noFieldError
	if !errors.As(err, &missing) || missing.have == nil {
		return ""
	}
	if near := lang.Nearest(missing.name, missing.have); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "its fields are " + strings.Join(missing.have, ", ")
}

// expr evaluates an expression.
func (e *env) expr(x lang.Expr) (value.Value, error) {
	switch x := x.(type) {
	case *lang.Lit:
		return x.Value, nil
	case *lang.StrLit:
		return e.text(x)
	case *lang.Ident:
		return e.variable(x.Name, x)
	case *lang.Paren:
		return e.expr(x.X)
	case *lang.Binary:
		return e.binary(x)
	case *lang.Unary:
		v, err := e.expr(x.X)
		if err != nil {
			return nil, err
		}
		v, err = unary(x.Op, v)
		return v, at(x, err)
	case *lang.Index:
		return e.indexed(x)
	case *lang.Field:
		v, err := e.expr(x.X)
		if err != nil {
			return nil, err
		}
		v, err = field(v, x.Name.Name)
		return v, at(x.Name, err)
	case *lang.Call:
		return e.callExpr(x)
	case *lang.ListExpr:
		list, err := e.exprs(x.Items)
		return value.List(list), err
	case *lang.RecordExpr:
		return e.record(x)
	}
	return nil, at(x, fmt.Errorf("%T is not an expression", x))
}

func (e *env) exprs(xs []lang.Expr) ([]value.Value, error) {
	out := e.m.slabs.vals.Take(len(xs))
	for i, x := range xs {
		v, err := e.expr(x)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (e *env) variable(name string, n lang.Node) (value.Value, error) {
	v := e.vars.find(name)
	if v == nil {
		return nil, at(n, fmt.Errorf("variable %q has no value yet", name))
	}
	return v.val, nil
}

func (e *env) binary(x *lang.Binary) (value.Value, error) {
	a, err := e.expr(x.X)
	if err != nil {
		return nil, err
	}
	if x.Op == "and" || x.Op == "or" {
		return e.logic(x, a)
	}
	b, err := e.expr(x.Y)
	if err != nil {
		return nil, err
	}
	v, err := binary(x.Op, a, b)
	return v, at(x, err)
}

// logic is `and` and `or`, whose right side only counts where the left one
// does not decide.
func (e *env) logic(x *lang.Binary, a value.Value) (value.Value, error) {
	left, err := truth(x.X, a, x.Op)
	if err != nil || left == (x.Op == "or") {
		return value.Bool(left), err
	}
	b, err := e.expr(x.Y)
	if err != nil {
		return nil, err
	}
	right, err := truth(x.Y, b, x.Op)
	return value.Bool(right), err
}

// truth demands a bool of what is to decide something.
func truth(n lang.Node, v value.Value, what string) (bool, error) {
	b, ok := v.(value.Bool)
	if !ok {
		return false, at(n, fmt.Errorf("%s needs true or false, this is %s", what, describe(v)))
	}
	return bool(b), nil
}

func (e *env) indexed(x *lang.Index) (value.Value, error) {
	v, err := e.expr(x.X)
	if err != nil {
		return nil, err
	}
	i, err := e.expr(x.I)
	if err != nil {
		return nil, err
	}
	v, err = index(v, i)
	return v, at(x.I, err)
}

func (e *env) record(x *lang.RecordExpr) (value.Value, error) {
	rec := value.NewRecord()
	for i, k := range x.Keys {
		v, err := e.expr(x.Values[i])
		if err != nil {
			return nil, err
		}
		rec.Set(k.Name, v)
	}
	return rec, nil
}

// callExpr calls a function: one of the table, or a def.
func (e *env) callExpr(x *lang.Call) (value.Value, error) {
	vals, err := e.exprs(x.Args)
	if err != nil {
		return nil, err
	}
	fn, ok := functionByName[x.Fun.Name]
	if !ok {
		return e.callDefExpr(x, vals)
	}
	if err := fn.checkArity(len(vals)); err != nil {
		return nil, at(x, err)
	}
	var v value.Value
	if fn.ask != nil {
		v, err = e.ask(fn, vals)
	} else {
		v, err = fn.call(vals)
	}
	if err != nil {
		return nil, atArg(x, err)
	}
	return v, nil
}

// atArg places an error of a call at the argument that it is about.
func atArg(x *lang.Call, err error) error {
	var wrong *argError
	if errors.As(err, &wrong) && wrong.arg < len(x.Args) {
		return at(x.Args[wrong.arg], err)
	}
	var link *nsexec.NoLinkError
	if errors.As(err, &link) && len(x.Args) > 0 {
		return at(x.Args[len(x.Args)-1], err) // exists has it second, the others first
	}
	return at(x, err)
}

// text is a string literal with its variables put in.
func (e *env) text(s *lang.StrLit) (value.Value, error) {
	switch len(s.Parts) {
	case 0:
		return value.String(""), nil
	case 1:
		if t, ok := s.Parts[0].(*lang.Text); ok {
			return value.String(t.Value), nil
		}
	}
	text, err := e.joined(s.Parts)
	if err != nil {
		return nil, err
	}
	return text, nil
}

// part is a piece of a word or a string other than a brace.
func (e *env) part(p lang.WordPart) (value.Value, error) {
	switch p := p.(type) {
	case *lang.Text:
		return value.String(p.Value), nil
	case *lang.Quoted:
		return e.text(p.Str)
	case *lang.Var:
		return e.variable(p.Name, p)
	case *lang.Interp:
		return e.expr(p.X)
	}
	return nil, at(p, fmt.Errorf("%T is not a piece of a word", p))
}
