//go:build linux

package interp

import (
	"context"
	"slices"

	"github.com/nescript/nescript/nsexec"
)

const (
	// chainLeast is how many steps are handed to the engine at least, if it has
	// nothing to do, while the evaluation goes on. They are few, so that it begins
	// early and soon gets many: at the end of a chain it has nothing to make ahead.
	chainLeast = 64
	// chainLimit is how many steps gather at most. The engine does the better the
	// more of them it knows.
	chainLimit = 16 << 10
)

// chains are the steps that a machine has handed to the engine, one chain at a
// time, in order. The engine does plain ones on a goroutine of its own, while the
// machine evaluates what comes next. What they put off (see [nsexec.Later]) is
// done by flush.
type chains struct {
	going *chain // nil where there is none
	later nsexec.Later
	spare []nsexec.Step // for the next to gather in
	here  bool          // of what is pending some has to run on the machine's goroutine
	calls int           // of all that were handed over
	done  int           // of those that the tally has
}

// chain is what the engine does meanwhile.
type chain struct {
	steps []nsexec.Step
	calls int
	ended chan struct{} // closed once err is set
	err   error
}

// pend adds what the machine has to do.
func (m *machine) pend(steps ...nsexec.Step) {
	c := &m.chains
	for _, s := range steps {
		c.here = c.here || !nsexec.Plain(s)
	}
	if n := len(m.pending); n+len(steps) > cap(m.pending) { // append would take less each time, but more in all
		m.pending = slices.Grow(m.pending, max(len(steps), n, chainLeast))
	}
	m.pending = append(m.pending, steps...)
}

// unpend drops what is pending.
func (m *machine) unpend() {
	m.pending, m.waiting = nil, 0
	m.chains.here = false
}

// free reports whether the engine could begin with what is pending at once, and
// on its own.
func (c *chains) free() bool {
	if c.here {
		return false
	}
	if c.going == nil {
		return true
	}
	select {
	case <-c.going.ended:
		return true
	default:
		return false
	}
}

// flush has the engine do the pending steps, and waits for it.
func (m *machine) flush(ctx context.Context) error {
	if err := m.handOver(ctx); err != nil {
		return err
	}
	if err := m.join(); err != nil || m.chains.later.Empty() {
		return err
	}
	done := m.in.clock.executing()
	err := m.chains.later.Send(ctx)
	done()
	if err != nil {
		return m.stepFailed(nsexec.Step{}, err)
	}
	return nil
}

// handOver has the engine begin with the pending steps, once it is done with
// those before them. The error is theirs.
func (m *machine) handOver(ctx context.Context) error {
	if err := m.join(); err != nil {
		return err
	}
	if m.waiting == 0 && len(m.pending) == 0 {
		return nil
	}
	runner, err := m.in.runner()
	if err != nil {
		return err
	}
	c := &chain{steps: m.pending, calls: m.waiting, ended: make(chan struct{})}
	m.pending, m.waiting = m.chains.spare, 0
	here := m.chains.here
	m.chains.going, m.chains.spare, m.chains.here = c, nil, false
	m.chains.calls += c.calls
	do := func() {
		c.err = m.run(ctx, runner, c.steps)
		close(c.ended)
	}
	if here {
		do()
		return m.join()
	}
	go do()
	return nil
}

// run has the engine do steps.
func (m *machine) run(ctx context.Context, runner nsexec.Runner, steps []nsexec.Step) error {
	if len(steps) == 0 {
		return nil
	}
	defer m.in.clock.executing()()
	counted := m.tally.follow(m.chains.later.Context(ctx))
	defer counted.end()
	return runner.Run(counted.ctx, steps...)
}

// join waits for what the engine does.
func (m *machine) join() error {
	c := m.chains.going
	if c == nil {
		return nil
	}
	<-c.ended
	m.chains.going = nil
	if c.err != nil {
		return m.stepFailed(c.steps[0], c.err)
	}
	m.tally.add(c.calls)
	m.chains.done += c.calls
	countAll(c.steps)           // those too that were put off
	if m.chains.later.Empty() { // otherwise it still refers to them
		clear(c.steps)
		m.chains.spare = c.steps[:0]
	}
	return nil
}

// abandon waits for what the engine does, and drops what it has not begun. The
// error is that of the former.
func (m *machine) abandon() error {
	err := m.join()
	m.unpend()
	m.chains.later.Drop()
	return err
}
