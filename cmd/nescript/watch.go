//go:build linux

package main

import (
	"context"
	"errors"
	"sync"

	"github.com/nescript/nescript/nsexec"
)

// watch is an engine that counts what it has done, for the progress line and
// the record of a run.
type watch struct {
	*nsexec.Engine

	mu         sync.Mutex
	statements int
	namespaces map[nsexec.Ref]bool
	busy       int    // how many steps that may write to the terminal are running
	shown      bool   // the progress line is on the screen
	erase      func() // takes it off; nil where there is none
}

// Run implements nsexec.Runner. Where there is a progress line, the steps that
// write to the terminal are run apart, with the line off the screen.
func (w *watch) Run(ctx context.Context, steps ...nsexec.Step) error {
	w.visit(steps)
	if w.erase == nil {
		return w.Engine.Run(ctx, steps...)
	}
	for done := 0; done < len(steps); {
		end := done + 1
		for end < len(steps) && writes(steps[end]) == writes(steps[done]) {
			end++
		}
		if err := w.part(ctx, steps[done:end]); err != nil {
			var failed *nsexec.StepError
			if errors.As(err, &failed) {
				failed.Index += done
			}
			return err
		}
		done = end
	}
	return nil
}

func (w *watch) part(ctx context.Context, steps []nsexec.Step) error {
	if writes(steps[0]) {
		w.hold()
		defer w.release()
	}
	return w.Engine.Run(ctx, steps...)
}

// visit notes which namespaces steps work in.
func (w *watch) visit(steps []nsexec.Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.namespaces == nil {
		w.namespaces = map[nsexec.Ref]bool{}
	}
	for _, s := range steps {
		w.namespaces[s.NS] = true
	}
}

// advance is told how many statements have been done.
func (w *watch) advance(done int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statements = done
}

func (w *watch) summary() summary {
	w.mu.Lock()
	defer w.mu.Unlock()
	return summary{Statements: w.statements, Namespaces: len(w.namespaces)}
}

// writes reports whether a step may write to the terminal: what prints, a
// program, and `in`, which warns of a namespace that it has to make.
func writes(s nsexec.Step) bool {
	switch s.Action.Name() {
	case "print", "exec", "in":
		return true
	}
	return false
}

// hold takes the progress line off the screen until release.
func (w *watch) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy++
	w.hide()
}

func (w *watch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
}

// hide erases the line. The caller holds mu.
func (w *watch) hide() {
	if w.shown {
		w.erase()
		w.shown = false
	}
}
