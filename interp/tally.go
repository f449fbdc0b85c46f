//go:build linux

package interp

import (
	"context"
	"sync"
	"time"

	"github.com/nescript/nescript/nsexec"
)

// tally counts the calls of a run that have been done, by whichever machine.
type tally struct {
	mu     sync.Mutex
	done   int
	ahead  int // those of chains that are still being done
	told   int
	report func(done int) // of Progress; may be nil
}

// add counts calls.
func (t *tally) add(calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += calls
	t.tell()
}

// early counts calls of a chain that is still being done; a negative number takes
// them back.
func (t *tally) early(calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ahead += calls
	t.tell()
}

// tell reports with the mutex held, so that reports are one at a time and go up.
func (t *tally) tell() {
	if now := t.done + t.ahead; t.report != nil && now > t.told {
		t.told = now
		t.report(now)
	}
}

// following counts the calls of a chain as the engine does them, so that a long
// chain shows progress too.
type following struct {
	ctx   context.Context // for the engine
	tally *tally
	begun int // calls of which the engine has told; the last may have failed
}

// follow begins one, for a goroutine of its own. End it before the chain's calls
// are added.
func (t *tally) follow(ctx context.Context) *following {
	f := &following{ctx: ctx, tally: t}
	if t.report != nil {
		f.ctx = nsexec.Timed(ctx, f.steps)
	}
	return f
}

func (f *following) steps(steps []nsexec.Step, _ time.Duration) {
	before := f.early()
	f.begun += countAll(steps)
	f.tally.early(f.early() - before)
}

// countAll marks the calls of steps as counted, and returns how many had not been.
func countAll(steps []nsexec.Step) (calls int) {
	for _, s := range steps {
		if at, ok := s.Tag.(*site); ok && !at.counted {
			at.counted = true
			calls++
		}
	}
	return calls
}

// early is how many calls are done for sure.
func (f *following) early() int { return max(0, f.begun-1) }

func (f *following) end() { f.tally.early(-f.early()) }

func (t *tally) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}
