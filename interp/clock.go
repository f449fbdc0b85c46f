//go:build linux

package interp

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// clock takes the times of a Timing. A nil clock takes none, and costs nothing.
// Its methods for phases begin one and return what ends it.
type clock struct {
	mu    sync.Mutex
	t     *Timing
	verbs map[string]*VerbTiming

	engines int // how many goroutines the engine works for
	undoes  int // how many undo
	since   time.Time
	kernel  time.Duration
}

func newClock(t *Timing) *clock { return &clock{t: t, verbs: map[string]*VerbTiming{}} }

func nothing() {}

// phase is one that nothing else happens in.
func (c *clock) phase(of func(*Timing) *time.Duration) func() {
	if c == nil {
		return nothing
	}
	start := time.Now()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		*of(c.t) += time.Since(start)
	}
}

func (c *clock) parsing() func() {
	return c.phase(func(t *Timing) *time.Duration { return &t.Parse })
}

func (c *clock) checking() func() {
	return c.phase(func(t *Timing) *time.Duration { return &t.Check })
}

// running is the evaluation, but for what the engine does meanwhile, and for the
// undoing of inner blocks.
func (c *clock) running() func() {
	return c.rest(func(t *Timing) *time.Duration { return &t.Evaluate })
}

// committing is the end of a run, but for its undoing.
func (c *clock) committing() func() {
	return c.rest(func(t *Timing) *time.Duration { return &t.Commit })
}

// rest is a phase without what is counted as Execute or as Undo in it.
func (c *clock) rest(of func(*Timing) *time.Duration) func() {
	if c == nil {
		return nothing
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	start, others := time.Now(), c.t.Execute+c.t.Undo
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		*of(c.t) += time.Since(start) - (c.t.Execute + c.t.Undo - others)
	}
}

// executing is while the engine works for anybody.
func (c *clock) executing() func() {
	if c == nil {
		return nothing
	}
	c.enter(&c.engines)
	return func() { c.leave(&c.engines) }
}

// undoing is while something is undone. What the engine does for that, or for
// others meanwhile, is not counted apart.
func (c *clock) undoing() func() {
	if c == nil {
		return nothing
	}
	c.enter(&c.undoes)
	return func() { c.leave(&c.undoes) }
}

// enter and leave keep count of who is at something, and the time up to a
// change of that.
func (c *clock) enter(who *int) { c.change(who, 1) }
func (c *clock) leave(who *int) { c.change(who, -1) }

func (c *clock) change(who *int, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, kernel := time.Now(), kernelTime()
	switch {
	case c.undoes > 0:
		c.t.Undo += now.Sub(c.since)
	case c.engines > 0:
		c.t.Execute += now.Sub(c.since)
		c.t.Kernel += kernel - c.kernel
	}
	c.since, c.kernel = now, kernel
	*who += by
}

// kernelTime is how much CPU time the process has spent in the kernel.
func kernelTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Stime.Nano())
}

// context has the engine tell of steps.
func (c *clock) context(ctx context.Context) context.Context {
	if c == nil {
		return ctx
	}
	return nsexec.Timed(ctx, c.steps)
}

// steps notes how long some took.
func (c *clock) steps(steps []nsexec.Step, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	share := took / time.Duration(len(steps))
	for _, s := range steps {
		at, _ := s.Tag.(*site)
		v := c.verb(at, s.Action)
		v.Steps++
		v.Time += share
		if at == nil || !at.begun {
			v.Calls++
		}
		if at != nil {
			at.begun = true
		}
	}
}

func (c *clock) verb(at *site, a nsexec.Action) *VerbTiming {
	name := statementName(at, a)
	v := c.verbs[name]
	if v == nil {
		v = &VerbTiming{Name: name}
		c.verbs[name] = v
	}
	return v
}

// statementName is what a step's time is counted under.
func statementName(at *site, a nsexec.Action) string {
	if at == nil {
		return a.Name()
	}
	c, ok := at.node.(*lang.Command)
	switch {
	case !ok:
		return a.Name() // of an `in` that makes a namespace
	case c.Modifier != nil:
		return c.Modifier.Raw + " " + verbName(c.Verb)
	}
	return verbName(c.Verb)
}

// end makes the Timing whole.
func (c *clock) end() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t.Verbs = slowestFirst(c.verbs)
}
