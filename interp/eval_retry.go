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

// retryWithin and retryEvery are the defaults of `retry`.
const (
	retryWithin = 5 * time.Second
	retryEvery  = 100 * time.Millisecond
)

// retry runs a block until it passes. What a try that failed has changed is
// undone before the next.
func (e *env) retry(s *lang.Retry) (out outcome, err error) {
	if err := e.m.flush(e.ctx); err != nil {
		return goesOn, err
	}
	within, err := e.duration(s.Within, retryWithin)
	if err != nil {
		return goesOn, err
	}
	every, err := e.duration(s.Every, retryEvery)
	if err != nil {
		return goesOn, err
	}
	if e.m.plan != nil {
		head := fmt.Sprintf("retry within %s every %s", value.Duration(within), value.Duration(every))
		defer e.m.plan.block(e.ns, head, e.ns)()
		return e.block(s.Body)
	}
	err = e.poll(within, every, func() error {
		out, err = e.atomically(func(e *env) (outcome, error) { return e.block(s.Body) })
		return err
	})
	return out, err
}

// poll calls try until it passes, its time is up or the run is cancelled. It
// tries at least once, and returns what the last try failed with.
func (e *env) poll(within, every time.Duration, try func() error) error {
	deadline := time.Now().Add(within)
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			return nil
		}
		if within == 0 || lasting(err) || e.ctx.Err() != nil || time.Now().Add(every).After(deadline) {
			return counted(err, n, within)
		}
		if !sleep(e.ctx, every) {
			return context.Cause(e.ctx)
		}
	}
}

// lasting reports whether an error will be the same however often one tries.
func lasting(err error) bool {
	var left *nsexec.UndoError
	return errors.Is(err, ErrNoUndo) || errors.Is(err, ErrTooDeep) || errors.As(err, &left)
}

// triesError adds to an error how often it was tried.
type triesError struct {
	tries  int
	within time.Duration
	err    error
}

func (t *triesError) Error() string { return t.err.Error() }
func (t *triesError) Unwrap() error { return t.err }

func counted(err error, n int, within time.Duration) error {
	var c *CheckError
	if errors.As(err, &c) {
		c.Tries = n
	}
	if n == 1 {
		return err
	}
	return &triesError{tries: n, within: within, err: err}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// duration evaluates the argument of within or every.
func (e *env) duration(a lang.Arg, or time.Duration) (time.Duration, error) {
	if a == nil {
		return or, nil
	}
	w := wordsOf([]lang.Arg{a})
	args, err := e.args(&w)
	if err != nil {
		return 0, err
	}
	if len(args.vals) != 1 {
		return 0, at(a, fmt.Errorf("a duration is needed here"))
	}
	d, err := durationOf(args.vals[0].Value)
	return d, at(a, err)
}

// durationOf reads a duration; a bare number has no unit, so it is none.
func durationOf(v value.Value) (time.Duration, error) {
	d, ok := v.(value.Duration)
	if s, isText := v.(value.String); isText {
		parsed, err := value.ParseDuration(string(s))
		if err != nil {
			return 0, err
		}
		d, ok = value.Duration(parsed), true
	}
	if !ok {
		return 0, fmt.Errorf("a duration such as 5s is needed here, this is %s", describe(v))
	}
	if d < 0 {
		return 0, fmt.Errorf("%s is less than nothing", d)
	}
	return time.Duration(d), nil
}
