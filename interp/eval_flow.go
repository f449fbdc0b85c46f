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
	n, turn, err := e.turns(s)
	if err != nil {
		return goesOn, err
	}
	vars := &scope{up: e.vars}
	for i := range n {
		vars.reset()
		key, val := turn(i)
		if out, err := e.turn(s, vars, key, val).stmts(s.Body.Stmts); err != nil || out != goesOn {
			return out, err
		}
	}
	return goesOn, nil
}

// turns evaluates what a loop goes over: how many turns there are, and the key
// and the value of each. Of a record, a loop with one variable gets the keys.
func (e *env) turns(s *lang.For) (n int64, turn func(i int64) (key, val value.Value), err error) {
	over, err := e.expr(s.In)
	if err != nil {
		return 0, nil, err
	}
	switch over := over.(type) {
	case value.Range:
		turn = func(i int64) (key, val value.Value) { return value.Int(i), value.Int(over.First + i) }
		return rangeLen(over), turn, nil
	case value.List:
		turn = func(i int64) (key, val value.Value) { return value.Int(i), over[i] }
		return int64(len(over)), turn, nil
	case *value.Record:
		keys := over.Keys()
		turn = func(i int64) (key, val value.Value) {
			if s.Key == nil {
				return nil, value.String(keys[i])
			}
			val, _ = over.Get(keys[i])
			return value.String(keys[i]), val
		}
		return int64(len(keys)), turn, nil
	}
	return 0, nil, at(s.In, fmt.Errorf("for goes over a list, a range or a record, this is %s", describe(over)))
}

// turn is the env of one turn of a loop, whose variables are declared in vars.
func (e *env) turn(s *lang.For, vars *scope, key, val value.Value) *env {
	if s.Key != nil {
		vars.declare(s.Key.Name, key)
	}
	vars.declare(s.Var.Name, val)
	t := e.m.slabs.turns.New()
	t.env, t.args = *e, [2]value.Value{key, val}
	t.frame = frame{up: e.trace, file: e.file, node: s, loop: s, args: t.args[:]}
	t.env.vars, t.env.trace = vars, &t.frame
	return &t.env
}

// oneTurn is what a turn of a loop needs, in one piece.
type oneTurn struct {
	env   env
	frame frame
	args  [2]value.Value
}
