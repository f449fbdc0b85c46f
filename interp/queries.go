//go:build linux

package interp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// asker is what a function has that asks something outside of the script.
type asker struct{ e *env }

// ask calls a function whose answer depends on what was done so far.
func (e *env) ask(fn *Function, vals []value.Value) (value.Value, error) {
	a := &args{fn: fn, v: vals}
	v, err := fn.ask(&asker{e}, a)
	if a.err != nil {
		return nil, a.err
	}
	return v, err
}

// look reads from a namespace, after all that comes before has been done.
func (e *env) look(ns nsexec.Ref, f func(*nsexec.Conn) error) error {
	if err := e.m.flush(e.ctx); err != nil {
		return err
	}
	runner, err := e.m.in.runner()
	if err != nil {
		return err
	}
	defer e.m.in.clock.executing()()
	return runner.Look(e.ctx, ns, f)
}

// act does one step now, and returns its own error.
func (e *env) act(ns nsexec.Ref, a nsexec.Action) error {
	if err := e.m.flush(e.ctx); err != nil {
		return err
	}
	runner, err := e.m.in.runner()
	if err != nil {
		return err
	}
	done := e.m.in.clock.executing()
	err = runner.Run(e.ctx, nsexec.Step{NS: ns, Action: a})
	done()
	var failed *nsexec.StepError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

var outsideFuncs = []*Function{
	{Name: "env", Params: []string{"NAME", "[OR]"}, Asks: true, Doc: "a variable of the environment, or OR where it is not set", Example: `env("HOME", "/root")`, ask: getenv},
	{Name: "file", Params: []string{"PATH"}, Asks: true, Doc: "a file's text; a relative path is from the script's folder", Example: `file("hosts.txt")`, ask: readFile},
	{Name: "glob", Params: []string{"PATTERN"}, Asks: true, Doc: "the files that match a pattern, sorted; a relative one is from the script's folder", Example: `glob("*.nes")`, ask: glob},
}

func getenv(_ *asker, a *args) (value.Value, error) {
	name := a.str(0)
	if text, ok := os.LookupEnv(name); ok {
		return value.String(text), nil
	}
	if a.len() == 2 {
		return a.v[1], nil
	}
	return nil, &argError{arg: 0, err: fmt.Errorf("env: %q is not set", name)}
}

func readFile(q *asker, a *args) (value.Value, error) {
	name := q.e.m.in.sourcePath(q.e.file, a.str(0))
	data, err := fs.ReadFile(q.e.m.in.files, name)
	if err != nil {
		return nil, &argError{arg: 0, err: fmt.Errorf("file: can't read %q: %w", name, bareError(err))}
	}
	return value.String(data), nil
}

func glob(q *asker, a *args) (value.Value, error) {
	in, pattern := q.e.m.in, a.str(0)
	full := in.sourcePath(q.e.file, pattern)
	var names []string
	var err error
	if _, real := in.files.(hostFS); real {
		names, err = filepath.Glob(full)
	} else {
		names, err = fs.Glob(in.files, full)
	}
	if err != nil {
		return nil, &argError{arg: 0, err: fmt.Errorf("glob: %w", err)}
	}
	list := make(value.List, len(names))
	for i, name := range names {
		if !path.IsAbs(pattern) { // as they were asked for: from the script's folder
			name = strings.TrimPrefix(name, in.sourcePath(q.e.file, ".")+"/")
		}
		list[i] = value.String(name)
	}
	return list, nil
}
