//go:build linux

package scripts_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
)

// errInjected is the error of a fault that a test injects.
var errInjected = errors.New("injected")

// faults fails the run at one of the points at which an action can fail.
type faults struct {
	at int // the point to fail at, counted from 0; -1 for none

	mu   sync.Mutex
	seen int
	name string // of the point that failed
}

func (f *faults) point(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.seen
	f.seen++
	if n != f.at {
		return nil
	}
	f.name = name
	return errInjected
}

// attempt runs a script on an engine of its own. Where no fault is wanted the
// engine knows of none, since one that may fail anywhere does each step alone.
func attempt(t testing.TB, name, src string, params map[string]string, f *faults) error {
	t.Helper()
	if f.at < 0 {
		return attemptBy(t, name, src, params)
	}
	return attemptBy(t, name, src, params, nsexec.InjectFaults(f.point))
}

// attemptBy runs a script on an engine with options, its output thrown away.
// Engines are short-lived so that none knows what an earlier run found.
func attemptBy(t testing.TB, name, src string, params map[string]string, opts ...nsexec.Option) error {
	t.Helper()
	engine, err := nsexec.NewEngine(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	in, err := interp.New(interp.Params(params), interp.Stdio(nil, null, null), interp.Engine(engine))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return in.RunString(ctx, name, src)
}

// isLeft reports whether a run says that it could not put something back.
func isLeft(err error) bool {
	var left *nsexec.UndoError
	return errors.As(err, &left)
}
