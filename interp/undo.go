//go:build linux

package interp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// undoer is a Runner whose steps can be undone, as the Engine's can.
type undoer interface {
	Begin(nsexec.Journal) *nsexec.Undo
}

// ErrNoUndo is the error of `atomic`, `try` and `undo` where a run is done by a
// [nsexec.Runner] that can't undo anything, such as a recorder.
var ErrNoUndo = errors.New("what does the steps of this run can't undo any")

// begin has a run note how to undo it. It returns nil where nothing can.
func (in *Interp) begin(plan *planner) (*nsexec.Undo, error) {
	if plan != nil {
		return nil, nil
	}
	runner, err := in.runner()
	if err != nil {
		return nil, err
	}
	u, ok := runner.(undoer)
	if !ok {
		return nil, nil
	}
	if in.openJournal == nil {
		return u.Begin(nil), nil
	}
	journal, err := in.openJournal()
	if err != nil {
		return nil, err
	}
	return u.Begin(journal), nil
}

// ended undoes a run that failed, unless it is to be kept, and makes what it
// set aside final otherwise.
func (m *machine) ended(ctx context.Context, u *nsexec.Undo, err error) error {
	if u == nil {
		return err
	}
	defer m.in.clock.committing()()
	switch {
	case err == nil && !m.in.stays:
		return u.Commit()
	case err == nil || m.in.keep:
		return joined([]error{err, u.Leave()})
	}
	if m.in.undoing != nil {
		m.in.undoing(u.Changes())
	}
	undone, failed := m.in.back(ctx, u, 0)
	err = withoutLeft(err) // what an inner block could not undo was tried again
	noteUndone(err, undone, failed == nil, m.programs.Load())
	if failed != nil && m.in.openJournal != nil {
		return joined([]error{err, failed, u.Leave()})
	}
	return joined([]error{err, failed, u.Commit()})
}

// back undoes what has been noted since a mark.
func (in *Interp) back(ctx context.Context, u *nsexec.Undo, mark nsexec.Mark) (undone int, err error) {
	defer in.clock.undoing()()
	return u.Back(in.undoContext(ctx), mark)
}

// undoContext is what undoing runs with: the end of the run's own context does
// not stop it.
func (in *Interp) undoContext(ctx context.Context) context.Context {
	ctx = context.WithoutCancel(ctx)
	if in.patience == nil {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(in.patience, cancel)
	return ctx
}

// withoutLeft is an error without those of undoing in it.
func withoutLeft(err error) error {
	if _, left := err.(*nsexec.UndoError); left {
		return nil
	}
	many, ok := err.(interface{ Unwrap() []error })
	var left *nsexec.UndoError
	if !ok || !errors.As(err, &left) {
		return err
	}
	var kept []error
	for _, one := range many.Unwrap() {
		kept = append(kept, withoutLeft(one))
	}
	return joined(kept)
}

// noteUndone tells the errors of a run what became of it.
func noteUndone(err error, undone int, all bool, programs int64) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			noteUndone(one, undone, all, programs)
		}
		return
	}
	var e *Error
	if errors.As(err, &e) {
		e.Undone, e.Clean, e.programs = undone, all, programs > 0
	}
}

// atomically runs statements, and undoes what they changed if they fail.
func (e *env) atomically(run func(e *env) (outcome, error)) (outcome, error) {
	if err := e.m.flush(e.ctx); err != nil {
		return goesOn, err
	}
	u := nsexec.Noting(e.ctx)
	if u == nil {
		out, err := run(e)
		return out, joined([]error{err, e.flushed(err)})
	}
	mark := u.Mark()
	in := *e
	in.ctx = nsexec.Branch(e.ctx)
	out, err := run(&in)
	if err = joined([]error{err, in.flushed(err)}); err == nil {
		return out, nil
	}
	_, failed := e.m.in.back(in.ctx, u, mark)
	return goesOn, joined([]error{err, failed})
}

// flushed is what waits, done, unless something failed before.
func (e *env) flushed(failed error) error {
	if failed != nil {
		_ = e.m.abandon()
		return nil
	}
	return e.m.flush(e.ctx)
}

// canUndo is an error where a statement needs what the run can't do.
func (e *env) canUndo(word string) error {
	if e.m.plan == nil && nsexec.Noting(e.ctx) == nil {
		return fmt.Errorf("%s: %w", word, ErrNoUndo)
	}
	return nil
}

// atomic is all of a block or nothing of it.
func (e *env) atomic(s *lang.Atomic) (outcome, error) {
	if err := e.canUndo("atomic"); err != nil {
		return goesOn, err
	}
	if e.m.plan != nil {
		defer e.m.plan.block(e.ns, "atomic", e.ns)()
		return e.block(s.Body)
	}
	return e.atomically(func(e *env) (outcome, error) { return e.block(s.Body) })
}

// try runs a block, and where it fails another, once all that the first has
// changed is undone. An interruption is no failure to be caught.
func (e *env) try(s *lang.Try) (outcome, error) {
	if err := e.canUndo("try"); err != nil {
		return goesOn, err
	}
	if e.m.plan != nil {
		return e.planTry(s)
	}
	out, err := e.atomically(func(e *env) (outcome, error) { return e.block(s.Body) })
	var left *nsexec.UndoError
	if err == nil || e.ctx.Err() != nil || errors.As(err, &left) {
		return out, err
	}
	return e.catch(s, caught(err))
}

// catch runs what follows a failure, which it may look at.
func (e *env) catch(s *lang.Try, failure value.Value) (outcome, error) {
	in := e.inner()
	if s.Name != nil {
		in.vars.declare(s.Name.Name, failure)
	}
	return in.stmts(s.Catch.Stmts)
}

// caught is an error as the record that `catch` gets: its message, the kernel's
// name for it or a program's exit status, and the line that it happened in.
func caught(err error) value.Value {
	r := value.NewRecord()
	var e *Error
	msg, line := err.Error(), value.Int(0)
	if errors.As(err, &e) {
		msg, line = e.Err.Error(), value.Int(e.Start.Line)
	}
	var code value.Value = value.Null{}
	var exit *nsexec.ExitError
	var errno unix.Errno
	switch {
	case errors.As(err, &exit):
		code = value.Int(exit.Code)
	case errors.As(err, &errno):
		code = value.String(unix.ErrnoName(errno))
	}
	return r.Set("message", value.String(msg)).Set("code", code).Set("line", line)
}

// planTry writes both blocks; what the second would get is not known.
func (e *env) planTry(s *lang.Try) (outcome, error) {
	p := e.m.plan
	end := p.block(e.ns, "try", e.ns)
	_, err := e.block(s.Body)
	p.catch()
	if err == nil {
		_, err = e.catch(s, caught(errors.New("")))
	}
	end()
	return goesOn, err
}

// undo notes what undoes that which the language can't undo by itself. What it
// says is evaluated now, so that it can be written down and done by another
// process.
func (e *env) undo(s *lang.Undo) error {
	if err := e.canUndo("undo"); err != nil {
		return err
	}
	if e.m.plan != nil {
		end := e.m.plan.block(e.ns, "undo", e.ns)
		defer end()
		_, err := e.block(s.Body)
		return err
	}
	if err := e.m.flush(e.ctx); err != nil {
		return err
	}
	text, err := e.flat(s.Body)
	if err != nil || text == "" {
		return err
	}
	in := e.m.in
	a := nsexec.ActionFunc("undo", text, false, func(ctx context.Context, _ *nsexec.Conn) error {
		return in.Replay(ctx, text)
	})
	return nsexec.Noting(e.ctx).Note(e.ctx, nsexec.Step{NS: nsexec.Host(), Action: a})
}

// Replay runs a statement of a journal, outside of any run: nothing of it is
// noted to be undone.
func (in *Interp) Replay(ctx context.Context, statement string) error {
	e, err := in.written(ctx, statement)
	if err != nil {
		return err
	}
	_, err = e.stmts(e.file.Body.Stmts)
	return joined([]error{err, e.flushed(err)})
}

// Steps are what the verbs of a journal that stand in statements do, of each
// statement in its turn. Other verbs, of a script's own undo, are left out. Each
// statement is a line. Many are read in much less time than each by itself, but
// if one is wrong there are no steps of any.
func (in *Interp) Steps(ctx context.Context, statements ...string) ([][]nsexec.Step, error) {
	e, err := in.written(ctx, strings.Join(statements, "\n"))
	if err != nil {
		return nil, err
	}
	out := make([][]nsexec.Step, len(statements))
	for _, s := range e.file.Body.Stmts {
		start, end := s.Span()
		if start.Line != end.Line {
			return nil, fmt.Errorf("statement %d of a journal is not one of its own", start.Line)
		}
		of := &out[start.Line-1]
		e.m.do = func(_ context.Context, call *builtins.Call) error {
			if call.Spec.Group != builtins.Undoing {
				return nil
			}
			steps, err := call.Spec.Compile(call)
			*of = append(*of, steps...)
			return err
		}
		if _, err := e.stmts([]lang.Stmt{s}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// written is where a statement that was written down runs.
func (in *Interp) written(ctx context.Context, statement string) (*env, error) {
	f, err := lang.ParseString("journal", statement)
	if err != nil {
		return nil, err
	}
	prog, err := in.checked(f, false)
	if err != nil {
		return nil, err
	}
	m := in.newMachine(prog, nil)
	if of := machineOf(ctx); of != nil {
		m.io = of.io // what undoes an item of a parallel statement writes as that does
	}
	return &env{m: m, ctx: m.context(ctx), vars: &scope{up: in.globals}, ns: nsexec.Host(), file: f}, nil
}

// runsPrograms reports whether a call runs one, whose doings are its own.
func runsPrograms(c *builtins.Call) bool { return c.Spec.NoUndo == builtins.ProgramsOwn }
