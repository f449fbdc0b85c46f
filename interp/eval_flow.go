//go:build linux

package interp

import (
	"fmt"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

func (e *env) ifStmt(s *lang.If) (outcome, error) {
	for {
		v, err := e.expr(s.Cond)
		if err != nil {
			return goesOn, err
		}
		yes, err := truth(s.Cond, v, "if")
		if err != nil {
			return goesOn, err
		}
		if yes {
			return e.block(s.Then)
		}
		switch other := s.Else.(type) {
		case *lang.If:
			s = other
		case *lang.Block:
			return e.block(other)
		default:
			return goesOn, nil
		}
	}
}

func (e *env) returnStmt(s *lang.Return) (outcome, error) {
	if s.Value == nil {
		return returns, nil
	}
	v, err := e.expr(s.Value)
	if err == nil && e.result != nil {
		*e.result = v
	}
	return returns, err
}

// forStmt runs the body once for each item of a list, each number of a range,
// each key of a record.
func (e *env) forStmt(s *lang.For) (outcome, error) {
	over, err := e.expr(s.In)
	if err != nil {
		return goesOn, err
	}
	vars := &scope{up: e.vars}
	turn := func(key, val value.Value) (outcome, error) {
		vars.reset()
		if s.Key != nil {
			vars.declare(s.Key.Name, key)
		}
		vars.declare(s.Var.Name, val)
		in := *e
		in.vars = vars
		in.trace = &frame{up: e.trace, file: e.file, node: s, loop: s, args: []value.Value{key, val}}
		return in.stmts(s.Body.Stmts)
	}
	switch over := over.(type) {
	case value.Range:
		for i := range rangeLen(over) {
			if out, err := turn(value.Int(i), value.Int(over.First+i)); err != nil || out != goesOn {
				return out, err
			}
		}
	case value.List:
		for i, v := range over {
			if out, err := turn(value.Int(i), v); err != nil || out != goesOn {
				return out, err
			}
		}
	case *value.Record:
		return goesOnOver(over, s.Key != nil, turn)
	default:
		return goesOn, at(s.In, fmt.Errorf("for goes over a list, a range or a record, this is %s", describe(over)))
	}
	return goesOn, nil
}

// goesOnOver runs turn for each key of a record: with the key and its value,
// or, for a loop with one variable, with the key alone.
func goesOnOver(rec *value.Record, both bool, turn func(k, v value.Value) (outcome, error)) (outcome, error) {
	for _, k := range rec.Keys() {
		key := value.Value(value.String(k))
		val, _ := rec.Get(k)
		if !both {
			val = key
		}
		if out, err := turn(key, val); err != nil || out != goesOn {
			return out, err
		}
	}
	return goesOn, nil
}
