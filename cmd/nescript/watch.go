//go:build linux

package main

import (
	"context"
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
	busy       int  // how many chains that may write to the terminal are running
	shown      bool // the progress line is on the screen
	erase      func()
}

// Run implements nsexec.Runner.
func (w *watch) Run(ctx context.Context, steps ...nsexec.Step) error {
	if writes(steps) {
		w.hold()
		defer w.release()
	}
	w.visit(steps)
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

// writes reports whether a chain may write to the terminal: what runs programs
// or prints is no matter of netlink alone.
func writes(steps []nsexec.Step) bool {
	for _, s := range steps {
		switch s.Action.Name() {
		case "print", "exec", "sh", "expect exec":
			return true
		}
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
