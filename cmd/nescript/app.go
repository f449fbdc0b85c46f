//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// The codes that the program exits with.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitLeft        = 3 // something could not be undone
	exitInterrupted = 130
)

// app is what the sub-commands of one run of the program share.
type app struct {
	streams
	json        bool // diagnostics and the result are records on out
	summary     summary
	interrupted bool            // by a signal
	sandboxable bool            // the command has a flag for it
	impatient   context.Context // ends when a signal comes while something is undone
}

// summary is what a command has done, for its record.
type summary struct {
	Statements int     `json:"statements"`
	Namespaces int     `json:"namespaces"`
	Seconds    float64 `json:"seconds"`
	Undone     int     `json:"undone,omitempty"` // changes

	Held []nsexec.Holder `json:"held,omitempty"` // processes in namespaces that are down
}

// usageError is a wrong command line.
type usageError struct{ msg, help string }

func (e *usageError) Error() string { return e.msg }

func usagef(help, format string, args ...any) error {
	return &usageError{msg: fmt.Sprintf(format, args...), help: help}
}

// codeError ends the program with a code and without a word: what there is to
// say has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// codedError ends the program with a code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// finish reports what came of a command, once, and returns the exit code.
func (a *app) finish(err error) int {
	code := a.exitCode(err)
	if err != nil && !quiet(err) {
		a.report(err)
	}
	if a.json {
		json.NewEncoder(a.out).Encode(struct {
			OK   bool `json:"ok"`
			Exit int  `json:"exit"`
			summary
		}{code == 0, code, a.summary})
	}
	return code
}

func (a *app) exitCode(err error) int {
	var code codeError
	var coded *codedError
	var usage *usageError
	var script lang.Diagnostics
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &coded):
		return coded.code
	case leftSomething(err):
		return exitLeft
	case a.interrupted, errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &script):
		return exitUsage
	}
	return exitFailed
}

// leftSomething reports whether something could not be undone. What was not
// tried, because somebody would not wait, does not count.
func leftSomething(err error) bool {
	var left *nsexec.UndoError
	if !errors.As(err, &left) {
		return false
	}
	return slices.ContainsFunc(left.Left, func(l nsexec.Leftover) bool { return !errors.Is(l.Err, context.Canceled) })
}

// quiet reports whether an error needs no words: it has had them, or whoever
// read the output has gone away.
func quiet(err error) bool {
	var code codeError
	if errors.As(err, &code) {
		return true
	}
	var path *fs.PathError
	return errors.As(err, &path) && path.Path == os.Stdout.Name() && errors.Is(err, syscall.EPIPE)
}
