//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
)

// Config says how a script is run.
type Config struct {
	Dir     journal.Dir     // where the journals are; empty for journal.Default
	Name    string          // of the lab; empty for one that nobody is to know by name
	Stays   bool            // the lab is to stay when the script has succeeded
	Keep    bool            // what there is is to stay when it fails
	Options []interp.Option // for the interpreter
}

// Run checks a script and runs it. Its error is that of [interp.Interp.Run], or
// says why there can be no journal: then nothing has been done. What a failed
// run could not undo, or is told to keep, stays in its journal, and Down can
// take it away.
func Run(ctx context.Context, file *lang.File, cfg Config) error {
	r := &run{cfg: cfg, script: file.Name}
	in, err := interp.New(append(r.options(), cfg.Options...)...)
	if err != nil {
		return err
	}
	defer in.Close()
	return r.end(in.Run(ctx, file))
}

// run is a run with its journal.
type run struct {
	cfg    Config
	script string
	j      *journal.Journal // nil until the script has been checked
}

func (r *run) options() []interp.Option {
	opts := []interp.Option{interp.Journal(r.open, r.cfg.Stays)}
	if r.cfg.Keep {
		opts = append(opts, interp.Keep())
	}
	return opts
}

// open makes the journal. A user who may not make one may hardly change
// anything either, but may print and check: then it is the first change that
// fails.
func (r *run) open() (nsexec.Journal, error) {
	j, err := r.create()
	var there *journal.ExistsError
	switch {
	case err == nil:
		r.j = j
		return keeper{j}, nil
	case errors.As(err, &there):
		return nil, err
	}
	err = &NoJournalError{err}
	if os.Geteuid() != 0 && !r.cfg.Stays && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) {
		return refuser{err}, nil
	}
	return nil, err
}

// create makes the journal. One without a name is called after the process; an
// interrupted run may have had a process of the same number.
func (r *run) create() (*journal.Journal, error) {
	head := journal.Head{Script: r.script, PID: os.Getpid(), Started: time.Now()}
	if abs, err := filepath.Abs(r.script); err == nil && r.script != "-" {
		head.Script = abs
	}
	dir := r.cfg.dir()
	if r.cfg.Name != "" {
		return dir.Create(r.cfg.Name, head)
	}
	name := fmt.Sprintf("run-%d", head.PID)
	for n := 2; ; n++ {
		j, err := dir.Create(name, head)
		var there *journal.ExistsError
		if !errors.As(err, &there) {
			return j, err
		}
		name = fmt.Sprintf("run-%d-%d", head.PID, n)
	}
}

func (cfg Config) dir() journal.Dir {
	if cfg.Dir == "" {
		return journal.Default
	}
	return cfg.Dir
}

// end keeps the journal or removes it, as the run has ended.
func (r *run) end(err error) error {
	if r.j == nil {
		return err
	}
	var left *nsexec.UndoError
	switch {
	case err == nil && r.cfg.Stays:
		return errors.Join(r.j.MarkUp(time.Now()), r.j.Close())
	case err != nil && (r.cfg.Keep || errors.As(err, &left)):
		if closed := r.j.Close(); closed != nil {
			return errors.Join(err, closed)
		}
		return &LeftError{Name: r.j.Name(), Err: err}
	}
	if removed := r.j.Remove(); removed != nil {
		return errors.Join(err, removed)
	}
	return err
}

// LeftError is the error of a run that has left something, which its journal
// knows how to undo.
type LeftError struct {
	Name string // of the journal, for Down
	Err  error  // what the run failed with
}

func (e *LeftError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *LeftError) Unwrap() error { return e.Err }

// NoJournalError says that a run has not been started, since it could have no
// journal.
type NoJournalError struct{ Err error }

func (e *NoJournalError) Error() string {
	return "not started, since a run must be able to write down how to undo it: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *NoJournalError) Unwrap() error { return e.Err }

// keeper has an engine's notes go into a journal.
type keeper struct{ j *journal.Journal }

func (k keeper) Note(statement string) (func() error, error) {
	entry, err := k.j.Append(statement)
	if err != nil {
		return nil, err
	}
	return func() error { return k.j.Strike(entry) }, nil
}

func (k keeper) Hold(nsfd int) (string, error) { return k.j.Hold(nsfd) }

func (k keeper) Release(path string) error { return k.j.Release(path) }

// refuser stands for a journal that can't be had.
type refuser struct{ err error }

func (r refuser) Note(string) (func() error, error) { return nil, r.err }
func (r refuser) Hold(int) (string, error)          { return "", r.err }
func (r refuser) Release(string) error              { return nil }
