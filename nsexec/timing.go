//go:build linux

package nsexec

import (
	"context"
	"time"
)

// Timed returns a context for which [Engine.Run] tells f how long it worked at
// steps: one, or several that it did together. It does so for those that failed,
// too. f is called by whoever called Run, behind those that the context has already.
func Timed(ctx context.Context, f func(steps []Step, took time.Duration)) context.Context {
	t := stepTimer(f)
	if before := timerOf(ctx); before != nil {
		t = func(steps []Step, took time.Duration) {
			before(steps, took)
			f(steps, took)
		}
	}
	return context.WithValue(ctx, timerKey{}, t)
}

type timerKey struct{}

// stepTimer is what Timed was given. A nil one costs nothing.
type stepTimer func(steps []Step, took time.Duration)

func timerOf(ctx context.Context) stepTimer {
	t, _ := ctx.Value(timerKey{}).(stepTimer)
	return t
}

// start is when steps begin.
func (t stepTimer) start() (at time.Time) {
	if t != nil {
		at = time.Now()
	}
	return at
}

// ended tells of the first n of steps, which began at a time, and of the next
// one where it failed.
func (t stepTimer) ended(at time.Time, steps []Step, n int, failed error) {
	if t == nil {
		return
	}
	if failed != nil {
		n++
	}
	t(steps[:n], time.Since(at))
}
