//go:build linux

package interp

import (
	"cmp"
	"slices"
	"time"
)

// Timing says where the time of runs went. Its durations are of the clock on the
// wall, and none counts in two of the phases.
type Timing struct {
	Parse    time.Duration // of the source that RunString was given
	Check    time.Duration // with what a script includes
	Evaluate time.Duration // loops, expressions, statements made into steps
	Execute  time.Duration // while the engine did steps or looked at something
	Undo     time.Duration // taking back what failed
	Commit   time.Duration // making final what succeeded

	// Kernel is how much CPU time the process spent in the kernel while the
	// engine worked. What is left of Execute, besides the engine's own work, is
	// waiting: for the kernel's locks, and for programs.
	Kernel time.Duration

	// Verbs are the verbs that have run, those that took longest first. The
	// items of a parallel statement run at once, so that their times add up to
	// more than Execute.
	Verbs []VerbTiming
}

// VerbTiming is where a verb's time went, such as "addr" or "del addr". What no
// verb has the engine do goes by the name of its action, as "ping" of an expect.
type VerbTiming struct {
	Name  string
	Calls int           // statements that the engine has begun, a loop's each time
	Steps int           // what they came to
	Time  time.Duration // that the engine took for the steps
}

// Total is all phases together.
func (t *Timing) Total() time.Duration {
	return t.Parse + t.Check + t.Evaluate + t.Execute + t.Undo + t.Commit
}

// Timed has runs add to t where their time goes. t is whole when Run returns.
// Statements still gather in chains, as without; where the engine does several
// steps together, each gets its share. Engines other than [nsexec.Engine] may
// not tell of Verbs.
func Timed(t *Timing) Option {
	return func(i *Interp) error {
		i.clock = newClock(t)
		return nil
	}
}

// slowestFirst returns the verbs as Timing has them.
func slowestFirst(verbs map[string]*VerbTiming) []VerbTiming {
	out := make([]VerbTiming, 0, len(verbs))
	for _, v := range verbs {
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b VerbTiming) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Name, b.Name))
	})
	return out
}
