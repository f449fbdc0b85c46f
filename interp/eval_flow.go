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
	in, loop := e.inner(), &entrance{file: e.file, node: s, loop: s}
	for i := range n {
		in.vars.reset()
		key, val := turn(i)
		in.turn(e.trace, loop, key, val)
		if out, err := in.stmts(s.Body.Stmts); err != nil || out != goesOn {
			return out, err
		}
	}
	return goesOn, nil
}

// turns evaluates what a loop goes over: how many turns there are, and the key
// and the value of each; the key is nil where the loop has no name for it. Of a
// record, a loop with one variable gets the keys.
func (e *env) turns(s *lang.For) (n int64, turn func(i int64) (key, val value.Value), err error) {
	over, err := e.expr(s.In)
	if err != nil {
		return 0, nil, err
	}
	number := func(i int64) value.Value {
		if s.Key == nil {
			return nil
		}
		return value.Int(i)
	}
	switch over := over.(type) {
	case value.Range:
		turn = func(i int64) (key, val value.Value) { return number(i), value.Int(over.First + i) }
		return rangeLen(over), turn, nil
	case value.List:
		turn = func(i int64) (key, val value.Value) { return number(i), over[i] }
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

// turn begins a turn of a loop in e, which up led to.
func (e *env) turn(up *frame, loop *entrance, key, val value.Value) {
	if key != nil {
		e.vars.declare(loop.loop.Key.Name, key)
	}
	e.vars.declare(loop.loop.Var.Name, val)
	e.trace = e.m.slabs.frames.New()
	*e.trace = frame{up: up, entrance: loop, key: key, val: val}
}
