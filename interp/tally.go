//go:build linux

package interp

import "sync"

// tally counts the calls of a run that have been done, by whichever machine.
type tally struct {
	mu     sync.Mutex
	done   int
	report func(done int) // of Progress; may be nil
}

// add counts calls. It reports with the mutex held, so that reports are one at a
// time and go up.
func (t *tally) add(calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += calls
	if t.report != nil {
		t.report(t.done)
	}
}

func (t *tally) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}
