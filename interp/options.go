//go:build linux

package interp

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
)

// Option sets up an Interp.
type Option func(*Interp) error

// Stdio gives what programs and `print` read from and write to. A nil reader is
// empty, a nil writer discards; these are the defaults. In a parallel statement
// there is nothing to read, and what is written comes as whole lines, by one
// goroutine at a time.
func Stdio(in io.Reader, out, err io.Writer) Option {
	return func(i *Interp) error {
		i.stdin = in
		i.stdout, i.stderr = orDiscard(out), orDiscard(err)
		return nil
	}
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// Vars declares variables for the script: numbers, strings, bools, the
// addresses of net and net/netip, time.Duration, slices, maps with string keys,
// structs, and the values of lang/value. A script's own `let` hides them.
func Vars(vars map[string]any) Option {
	return func(i *Interp) error {
		if i.vars == nil {
			i.vars = map[string]any{}
		}
		maps.Copy(i.vars, vars)
		return nil
	}
}

// Params gives the script's parameters, each as text that is read as the type
// of the parameter's default. One that the script has not is an error of the
// check.
func Params(params map[string]string) Option {
	return func(i *Interp) error {
		if i.params == nil {
			i.params = map[string]string{}
		}
		maps.Copy(i.params, params)
		return nil
	}
}

// Args gives what the script finds in its variable args, a list of strings.
func Args(args ...string) Option {
	return func(i *Interp) error {
		i.args = args
		return nil
	}
}

// FS gives the files that `include`, file(), glob() and verbs read, by slash-separated
// paths from the file system's root; a script's own name is one of them. The
// default is the machine's own files, by any path.
func FS(files fs.FS) Option {
	return func(i *Interp) error {
		i.files = files
		return nil
	}
}

// Dir is the working directory of programs, and where a script with a relative
// name stands. The default is the process's own.
func Dir(dir string) Option {
	return func(i *Interp) error {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return fmt.Errorf("directory %q: %w", dir, err)
		}
		i.dir = abs
		return nil
	}
}

// Engine gives what does the steps: an [nsexec.Engine] that several Interps
// share, or a recorder. The Interp does not close it. Parallel statements use it
// from several goroutines at once.
func Engine(r nsexec.Runner) Option {
	return func(i *Interp) error {
		i.engine = r
		return nil
	}
}

// Verbs adds verbs to the built-in ones.
func Verbs(specs ...*builtins.Spec) Option {
	return func(i *Interp) error {
		i.extra = append(i.extra, specs...)
		i.verbs = builtins.NewSet(i.extra...)
		return nil
	}
}

// OnCall puts functions around each call of a verb, the first outermost. Each
// may look at the call, time it, or return an error of its own in place of
// calling next, which it calls at most once. With them every call runs by
// itself before the next is looked at, so that next's error is that call's. The
// context handed on to next must come from the one that was given. The calls of
// a parallel statement come from several goroutines at once.
func OnCall(mw ...func(next CallFunc) CallFunc) Option {
	return func(i *Interp) error {
		i.middleware = append(i.middleware, mw...)
		return nil
	}
}

// Trace writes each call of a verb to w before it runs, as a statement that
// does the same, in one write of a whole line. As with [OnCall], every call then
// runs by itself.
func Trace(w io.Writer) Option {
	return func(i *Interp) error {
		i.trace = w
		return nil
	}
}

// Keep leaves what a run has changed where it fails, rather than undo it.
func Keep() Option {
	return func(i *Interp) error {
		i.keep = true
		return nil
	}
}

// Journal has a run write down how to undo it before it changes anything, so
// that it can be done after the process was killed. open is called once the
// script has been found right and before the first statement; where it fails
// nothing is done. With stays, what a run that succeeds has deleted or changed
// is kept aside for whoever undoes it later from the journal; without, it is
// final. Without a Journal a run that fails undoes itself all the same.
func Journal(open func() (nsexec.Journal, error), stays bool) Option {
	return func(i *Interp) error {
		i.openJournal, i.stays = open, stays
		return nil
	}
}

// Patience bounds how long a run that fails may take to undo itself: when ctx
// ends, it stops undoing, and its error lists what is left. The default is
// until it is done.
func Patience(ctx context.Context) Option {
	return func(i *Interp) error {
		i.patience = ctx
		return nil
	}
}

// Undoing has f called when a run that has failed is about to be undone, with
// the number of changes that there are to undo.
func Undoing(f func(changes int)) Option {
	return func(i *Interp) error {
		i.undoing = f
		return nil
	}
}

// Progress has f called whenever more of a run has been done, with the number of
// statements that have been. Unlike [OnCall] it costs nothing: statements still
// gather in chains. f is called by the goroutines that run the script, one at a
// time, and the number never gets smaller.
func Progress(f func(done int)) Option {
	return func(i *Interp) error {
		i.progress = f
		return nil
	}
}
