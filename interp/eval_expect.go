//go:build linux

package interp

import (
	"errors"
	"fmt"
	"time"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// CheckError is an `expect` that was not met.
type CheckError struct {
	Msg   string // what was expected and what was found
	Tries int    // how often it was tried; 1 without `within`
	Err   error  // what the check failed with; nil for an expression
}

func (e *CheckError) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *CheckError) Unwrap() error { return e.Err }

// pollEvery is how long `expect within` waits between two tries.
const pollEvery = 50 * time.Millisecond

// expect runs a check, once or until it passes or its time is up.
func (e *env) expect(s *lang.Expect) error {
	if err := e.m.flush(e.ctx); err != nil {
		return err
	}
	within, err := e.duration(s.Within, 0)
	if err != nil {
		return err
	}
	if e.m.plan != nil {
		return e.m.plan.expect(e, s, within)
	}
	return e.poll(within, pollEvery, func() error { return e.tryExpect(s) })
}

// tryExpect is one try of a check.
func (e *env) tryExpect(s *lang.Expect) error {
	err := e.tryCheck(s)
	if !s.Not || e.ctx.Err() != nil {
		return err
	}
	if err == nil {
		return &CheckError{Msg: "it was expected not to pass, and did", Tries: 1}
	}
	if s.Cond != nil && !isCheckError(err) || s.Check != nil && !unmet(err) {
		return err // it is neither so nor not so
	}
	return nil
}

func isCheckError(err error) bool {
	var c *CheckError
	return errors.As(err, &c)
}

func (e *env) tryCheck(s *lang.Expect) error {
	switch {
	case s.Cond != nil:
		return e.judge(s.Cond.X)
	case s.Fails != nil:
		return e.tryFails(s)
	}
	return e.check(s.Check)
}

// tryFails passes where the block fails; what it did by then is undone.
func (e *env) tryFails(s *lang.Expect) error {
	_, err := e.atomically(func(e *env) (outcome, error) { return e.block(s.Fails) })
	switch {
	case e.ctx.Err() != nil, lasting(err):
		return err
	case err == nil:
		return &CheckError{Msg: "the block was expected to fail, and did not", Tries: 1}
	}
	return nil
}

// check runs a check of the verb table.
func (e *env) check(c *lang.Command) error {
	name := "expect " + verbName(c.Verb)
	spec := e.m.in.verbs.Lookup(name)
	if spec == nil {
		return at(c.Verb, fmt.Errorf("unknown check %q", verbName(c.Verb)))
	}
	w := wordsOf(c.Args)
	args, err := e.args(&w)
	if err != nil {
		return err
	}
	call, err := e.bind(spec, 0, c, args)
	if err != nil {
		return err
	}
	return e.m.runOne(e.ctx, e.siteOf(c, &w, args), call)
}

// judge evaluates a condition; where it is false the error says which of its
// parts is, with the values of a comparison.
func (e *env) judge(x lang.Expr) error {
	switch x := x.(type) {
	case *lang.Paren:
		return e.judge(x.X)
	case *lang.Binary:
		switch x.Op {
		case "and":
			if err := e.judge(x.X); err != nil {
				return err
			}
			return e.judge(x.Y)
		case "==", "!=", "<", "<=", ">", ">=", "in":
			return e.judgeComparison(x)
		}
	}
	v, err := e.expr(x)
	if err != nil {
		return err
	}
	ok, err := truth(x, v, "expect")
	if err == nil && !ok {
		err = at(x, &CheckError{Msg: fmt.Sprintf("expected %s", lang.ExprString(x)), Tries: 1})
	}
	return err
}

func (e *env) judgeComparison(x *lang.Binary) error {
	a, err := e.expr(x.X)
	if err != nil {
		return err
	}
	b, err := e.expr(x.Y)
	if err != nil {
		return err
	}
	v, err := binary(x.Op, a, b)
	if err != nil {
		return at(x, err)
	}
	if v == value.Bool(true) {
		return nil
	}
	return &placed{
		node:  x,
		err:   &CheckError{Msg: "expected " + lang.ExprString(x), Tries: 1},
		label: fmt.Sprintf("it is %s %s %s", value.Source(a), x.Op, value.Source(b)),
	}
}
