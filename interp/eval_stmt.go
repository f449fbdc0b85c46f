//go:build linux

package interp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// env is where a statement runs: the run, the namespace, the variables in
// sight, and the way that led there. An env is not changed once statements run
// in it, since their sites point to it; but for the turns of a loop, which share
// one: each has a frame of its own.
type env struct {
	m      *machine
	ctx    context.Context
	vars   *scope
	ns     nsexec.Ref
	nsNode lang.Node  // what named ns in the script; nil where nothing did
	nsFile *lang.File // the file that nsNode stands in
	file   *lang.File
	trace  *frame
	result *value.Value // where `return` puts its value; nil outside a def
	later  *[]lang.Stmt // the block's deferred statements
}

// frame is one step of the way to a statement: a call of a def, a turn of a
// loop, or an include.
type frame struct {
	up *frame
	*entrance
	key, val value.Value // of a turn; key is nil where the loop has no name for it
}

// entrance is what a frame goes into. The turns of a loop share one.
type entrance struct {
	file *lang.File // where it was entered from
	node lang.Node
	def  *defn         // of a call
	args []value.Value // of a call
	loop *lang.For
	into string // the file of an include
}

// outcome says how a statement ended, other than by an error.
type outcome uint8

const (
	goesOn outcome = iota
	returns
)

// inner is the env of a block inside e.
func (e *env) inner() *env {
	in := *e
	in.vars = &scope{up: e.vars}
	return &in
}

// block runs the statements of a block in a scope of its own.
func (e *env) block(b *lang.Block) (outcome, error) {
	return e.inner().stmts(b.Stmts)
}

// stmts runs statements in order, then what they deferred, last first.
func (e *env) stmts(list []lang.Stmt) (out outcome, err error) {
	e.later = nil
	if defers(list) {
		e.later = new([]lang.Stmt)
	}
	for _, s := range list {
		if out, err = e.stmt(s); err != nil || out != goesOn {
			break
		}
	}
	if e.later == nil || len(*e.later) == 0 {
		return out, err
	}
	return out, e.deferred(*e.later, err)
}

// defers reports whether one of some statements is a `defer`.
func defers(list []lang.Stmt) bool {
	for _, s := range list {
		if _, ok := s.(*lang.Defer); ok {
			return true
		}
	}
	return false
}

// graceTime is how long deferred statements may take once the run was
// cancelled.
const graceTime = 10 * time.Second

// deferred runs the deferred statements of a block that ended with err. They
// run whatever happened, also after the run was cancelled.
func (e *env) deferred(later []lang.Stmt, err error) error {
	errs := []error{err, e.flushed(err)}
	ctx, cancel := grace(e.ctx)
	defer cancel()
	last := *e
	last.ctx = ctx
	e = &last
	for i := len(later) - 1; i >= 0; i-- {
		_, err := e.stmt(later[i])
		if err == nil {
			err = e.m.flush(e.ctx)
		}
		errs = append(errs, err)
	}
	return joined(errs)
}

// grace returns a context that outlives ctx by graceTime, also where ctx ends
// only later: what is deferred may be at work by then.
func grace(ctx context.Context) (context.Context, context.CancelFunc) {
	on := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		return context.WithTimeout(on, graceTime)
	}
	on, cancel := context.WithCancel(on)
	stop := context.AfterFunc(ctx, func() {
		if sleep(on, graceTime) {
			cancel()
		}
	})
	return on, func() { stop(); cancel() }
}

// joined is errors.Join that keeps a single error as it is.
func joined(errs []error) error {
	var some []error
	for _, err := range errs {
		if err != nil {
			some = append(some, err)
		}
	}
	if len(some) == 1 {
		return some[0]
	}
	return errors.Join(some...)
}

// stmt runs one statement. Its error is an *Error, with the steps that came
// before it done.
func (e *env) stmt(s lang.Stmt) (outcome, error) {
	if err := e.ctx.Err(); err != nil {
		return goesOn, e.wrap(s, nil, context.Cause(e.ctx))
	}
	out, err := e.eval(s)
	if err != nil {
		return goesOn, e.wrap(s, nil, err)
	}
	return out, nil
}

func (e *env) eval(s lang.Stmt) (outcome, error) {
	switch s := s.(type) {
	case *lang.Command:
		return goesOn, e.command(s)
	case *lang.Let:
		v, err := e.expr(s.Value)
		if err == nil {
			e.vars.declare(s.Name.Name, v)
		}
		return goesOn, err
	case *lang.Assign:
		return goesOn, e.assign(s)
	case *lang.If:
		return e.ifStmt(s)
	case *lang.For:
		return e.forStmt(s)
	case *lang.In:
		return e.in(s)
	case *lang.Return:
		return e.returnStmt(s)
	case *lang.Expect:
		return goesOn, e.expect(s)
	case *lang.Retry:
		return e.retry(s)
	case *lang.Parallel:
		return goesOn, e.parallel(s)
	case *lang.Defer:
		// What came before must not be found to have failed only after the
		// deferred statement has run.
		*e.later = append(*e.later, s.Stmt)
		return goesOn, e.m.flush(e.ctx)
	case *lang.Param:
		return goesOn, e.param(s)
	case *lang.Include:
		return goesOn, e.include(s)
	case *lang.Def:
		return goesOn, nil // known since the check
	case *lang.Atomic:
		return e.atomic(s)
	case *lang.Try:
		return e.try(s)
	case *lang.Undo:
		return goesOn, e.undo(s)
	}
	return goesOn, fmt.Errorf("%T can't run", s)
}

func (e *env) assign(s *lang.Assign) error {
	v, err := e.expr(s.Value)
	if err != nil {
		return err
	}
	dst, guarded := e.vars.findToChange(s.Name.Name)
	if dst == nil {
		return at(s.Name, fmt.Errorf("variable %q has no value yet", s.Name.Name))
	}
	if guarded {
		return at(s.Name, outsideError(s.Name.Name))
	}
	dst.val = v
	return nil
}
