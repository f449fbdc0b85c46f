//go:build linux

package interp

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/nescript/nescript/lang"
)

// The items of a parallel statement, the turns of its loop or the statements of
// its block, are taken in order by workers. Each worker is a goroutine with a
// machine of its own, so what a machine has needs no lock; what the machines of
// a run share is either never changed while items run (the program, the
// variables outside of them, what the Interp was given) or safe for concurrent
// use (the engine, the Undo in the context, the tally, the lines).

// mostWorkers is how many items of a run go on at once. On a single CPU it is
// still two, as items mostly wait.
var mostWorkers = max(2, runtime.NumCPU())

// crew is the workers that a run may still start. The first worker of each
// parallel statement is not counted: it works while the goroutine that comes to
// the statement waits. So one within an item always goes on, if need be in
// order, and all together there are no more than mostWorkers.
type crew chan struct{}

func newCrew() crew { return make(crew, mostWorkers-1) }

// hire reports whether there may be one worker more, which leaves at its end.
func (c crew) hire() bool {
	select {
	case c <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c crew) leave() { <-c }

// items are the parts of a parallel statement: how many, and what runs one of
// them in an env that is made for it.
type items struct {
	n   int64
	run func(in *env, i int64) (outcome, error)
}

func (e *env) items(s *lang.Parallel) (items, error) {
	if s.For == nil {
		list := s.Body.Stmts
		run := func(in *env, i int64) (outcome, error) { return in.stmts(list[i : i+1]) }
		return items{int64(len(list)), run}, nil
	}
	n, turn, err := e.turns(s.For)
	loop := &entrance{file: e.file, node: s.For, loop: s.For}
	run := func(in *env, i int64) (outcome, error) {
		key, val := turn(i)
		in.turn(e.trace, loop, key, val)
		return in.stmts(s.For.Body.Stmts)
	}
	return items{n, run}, err
}

// parallel runs the items of a statement at once. The first failure stops the
// others. What came before is done by then, and each item is done when it ends.
func (e *env) parallel(s *lang.Parallel) error {
	list, err := e.items(s)
	if err != nil {
		return err
	}
	if e.m.plan != nil {
		return e.inOrder(list)
	}
	if err := e.m.flush(e.ctx); err != nil {
		return err
	}
	if err := e.m.io.end(); err != nil { // it comes before what the items write
		return err
	}
	t := &team{env: e, items: list, lines: e.m.io.lines}
	if t.lines == nil {
		t.lines = &lines{}
	}
	return t.work()
}

// inOrder has a plan's machine go through the items one by one, under the same
// rules.
func (e *env) inOrder(list items) error {
	defer func(was bool) { e.m.beside = was }(e.m.beside)
	e.m.beside = true
	for i := range list.n {
		if _, err := list.run(e.item(e.m, e.ctx), i); err != nil {
			return err
		}
	}
	return nil
}

// item is the env of one item inside of e.
func (e *env) item(m *machine, ctx context.Context) *env {
	in := *e
	in.m, in.ctx, in.vars = m, ctx, &scope{up: e.vars, guard: true}
	return &in
}

// team is the workers of one parallel statement.
type team struct {
	env *env
	items
	lines *lines
	ctx   context.Context // of the items; ends with the first failure
	stop  context.CancelCauseFunc
	taken atomic.Int64 // how many items were taken from the queue, and tries to take one

	mu      sync.Mutex
	failure error   // the first
	after   []error // what went wrong with how other items ended
	lost    bool    // a worker's goroutine ended within an item
	panicky any     // what it panicked with; nil where it called Goexit
}

// errStopped is the cause that items which are stopped see.
var errStopped = fmt.Errorf("stopped, as what ran beside it has failed: %w", context.Canceled)

// work runs the items and returns when none is under way any more.
func (t *team) work() error {
	t.ctx, t.stop = context.WithCancelCause(t.env.ctx)
	defer t.stop(nil)
	var workers sync.WaitGroup
	crew := t.env.m.crew
	for n := int64(0); n < t.n && (n == 0 || crew.hire()); n++ {
		workers.Go(func() {
			if n > 0 {
				defer crew.leave()
			}
			t.worker()
		})
	}
	workers.Wait()
	switch {
	case t.lost && t.panicky == nil:
		runtime.Goexit() // as the test does that fails in a function of its own
	case t.lost:
		panic(t.panicky)
	case t.failure == nil && t.taken.Load() < t.n:
		return context.Cause(t.env.ctx)
	}
	return joined(append([]error{t.failure}, t.after...))
}

// worker takes one item after the other, as long as none has failed.
func (t *team) worker() {
	m := t.env.m.fork()
	ctx := m.context(t.ctx)
	for ctx.Err() == nil {
		i := t.taken.Add(1) - 1
		if i >= t.n {
			return
		}
		t.one(m, ctx, i)
	}
}

// one runs an item. A panic is kept for the goroutine that waits for the team.
func (t *team) one(m *machine, ctx context.Context, i int64) {
	ended := false
	defer func() {
		if !ended {
			p := recover()
			if _, known := p.(*ItemPanic); p != nil && !known {
				p = &ItemPanic{p, debug.Stack()}
			}
			t.lose(p)
		}
	}()
	m.io, m.envs = t.lines.streams(m.in), nil
	in := t.env.item(m, ctx)
	_, err := t.run(in, i)
	err = joined([]error{err, in.flushed(err), m.io.end()})
	ended = true
	if err != nil {
		t.fail(err)
	}
}

// ItemPanic is what a parallel statement panics with where one of its items, on
// a goroutine of its own, has panicked: with Value, at Stack.
type ItemPanic struct {
	Value any
	Stack []byte
}

func (p *ItemPanic) Error() string {
	return fmt.Sprintf("%v\n\nin a parallel item:\n%s", p.Value, p.Stack)
}

// Unwrap returns the value where it is an error.
func (p *ItemPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// fail takes note of an item's failure. Of those after the first, most of which
// are that the item was stopped, only that counts which went wrong while they
// ended.
func (t *team) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure != nil {
		t.after = append(t.after, aftermath(err)...)
		return
	}
	t.failure = err
	t.stop(errStopped)
}

func (t *team) lose(panicky any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.lost {
		t.lost, t.panicky = true, panicky
	}
	t.stop(errStopped)
}

// aftermath is what joined has put behind a failure: what was deferred and
// failed too, and what could not be undone.
func aftermath(err error) []error {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	parts := many.Unwrap()
	return append(aftermath(parts[0]), parts[1:]...)
}

// fork is another machine of the same run, for a worker: with nothing pending, and
// with all of its own that statements use.
func (m *machine) fork() *machine {
	return &machine{
		in: m.in, prog: m.prog, do: m.do, tally: m.tally, programs: m.programs, crew: m.crew,
		depth: m.depth, beside: true,
	}
}

// outsideError is the error of changing a variable that others may read at the
// same time.
func outsideError(name string) error {
	return fmt.Errorf("%q is declared outside of this parallel block: what runs at once can't change it", name)
}
