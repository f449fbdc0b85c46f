//go:build linux

package interp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Interp runs scripts. It keeps the variables and defs of the scripts that it
// ran, so a prompt is one Interp; an error in one does not lose what earlier
// ones left.
//
// An Interp must not be used by two goroutines at once. Several Interps may
// share an engine.
type Interp struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	dir            string
	files          fs.FS
	params         map[string]string
	vars           map[string]any
	args           []string
	verbs          *builtins.Set
	extra          []*builtins.Spec // those of Verbs
	middleware     []func(CallFunc) CallFunc
	trace          io.Writer
	progress       func(done int)
	clock          *clock // of Timed; may be nil

	keep, stays bool                           // what a run changed is left: where it fails, where it succeeds
	openJournal func() (nsexec.Journal, error) // of Journal; may be nil
	patience    context.Context                // of Patience; may be nil
	undoing     func(changes int)

	engine nsexec.Runner
	own    io.Closer // the engine if this Interp made it

	globals     *scope
	defs        map[string]*defn
	knownParams map[string]bool
	entered     []nsexec.Ref // by `in ns x` without a block, the current one last
}

// CallFunc is what a bound verb goes through on its way to the engine. The
// innermost one compiles the call into steps and hands them on.
type CallFunc func(ctx context.Context, call *builtins.Call) error

// New returns an Interp. Without options it reads and writes nothing but the
// system, has no parameters, and makes an engine of its own when it first needs
// one. The caller closes it.
func New(opts ...Option) (*Interp, error) {
	in := &Interp{
		stdout:      io.Discard,
		stderr:      io.Discard,
		files:       hostFS{},
		verbs:       builtins.NewSet(),
		defs:        map[string]*defn{},
		knownParams: map[string]bool{},
	}
	for _, opt := range opts {
		if err := opt(in); err != nil {
			return nil, err
		}
	}
	return in, in.predeclare()
}

// predeclare makes the outermost scope: the embedding program's variables, and
// args.
func (in *Interp) predeclare() error {
	outer := &scope{}
	args, err := fromGo(append([]string{}, in.args...))
	if err != nil {
		return err
	}
	outer.declare("args", args)
	for _, name := range slices.Sorted(maps.Keys(in.vars)) {
		v, err := fromGo(in.vars[name])
		if err != nil {
			return fmt.Errorf("variable %q: %w", name, err)
		}
		outer.declare(name, v)
	}
	in.globals = &scope{up: outer}
	return nil
}

// Close ends the engine if this Interp made it. An engine given by [Engine]
// stays open.
func (in *Interp) Close() error {
	if in.own == nil {
		return nil
	}
	err := in.own.Close()
	in.own, in.engine = nil, nil
	return err
}

// RunString parses, checks and runs a script; name is what errors call it, and
// where its includes are looked for.
func (in *Interp) RunString(ctx context.Context, name, src string) error {
	done := in.clock.parsing()
	f, err := lang.ParseString(name, src)
	done()
	if err != nil {
		return in.alsoChecked(f, err)
	}
	return in.Run(ctx, f)
}

// Run checks a script and runs it in the current namespace. An error that is a
// [lang.Diagnostics] says that the script is wrong and that nothing was
// touched. Any other holds an [*Error] for each statement that failed. What the
// run had changed by then is undone before Run returns, unless [Keep] says
// otherwise; what could not be undone is in an [*nsexec.UndoError] beside it.
// [Diagnose] explains all of them.
//
// When ctx is cancelled the run stops between two steps, runs what was
// deferred, undoes what it did, and returns an error that unwraps to ctx's.
func (in *Interp) Run(ctx context.Context, f *lang.File) error {
	return in.run(ctx, f, nil)
}

// Check reports what is wrong with a script as [lang.Diagnostics], without
// running any of it. It needs no privilege, and does not miss parameters that
// have yet to be given.
func (in *Interp) Check(f *lang.File) error {
	_, err := in.checked(f, false)
	return err
}

// CheckString parses and checks a script; the errors are of both.
func (in *Interp) CheckString(name, src string) error {
	f, err := lang.ParseString(name, src)
	if err != nil {
		return in.alsoChecked(f, err)
	}
	return in.Check(f)
}

// alsoChecked adds to the errors of the parser what the check says of the rest.
func (in *Interp) alsoChecked(f *lang.File, err error) error {
	var diags, more lang.Diagnostics
	if !errors.As(err, &diags) || f == nil || f.Body == nil {
		return err
	}
	errors.As(in.Check(f), &more)
	for _, d := range more {
		if !slices.Contains(diags, d) { // those of the parser stand in the tree too
			diags = append(diags, d)
		}
	}
	inOrder([]*lang.File{f}, diags)
	return diags
}

// Plan checks a script and writes the actions that it would take, flat, as a
// script that does the same. Nothing is changed; the system is looked at only
// where the script asks it something, which is answered as the system is now.
func (in *Interp) Plan(ctx context.Context, f *lang.File, w io.Writer) error {
	p := newPlanner(w)
	if err := in.run(ctx, f, p); err != nil {
		return err
	}
	return p.end()
}

// checked loads and checks a script.
func (in *Interp) checked(f *lang.File, toRun bool) (*program, error) {
	prog, diags := in.load(f)
	diags = append(diags, in.check(prog, toRun)...)
	inOrder(prog.files, diags)
	return prog, asError(diags)
}

// inOrder sorts diagnostics as they stand in the source, file by file.
func inOrder(files []*lang.File, diags lang.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *lang.Diagnostic) int {
		return cmp.Or(cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)), cmp.Compare(a.Start.Offset, b.Start.Offset))
	})
}

func asError(diags lang.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	return diags
}

func (in *Interp) run(ctx context.Context, f *lang.File, plan *planner) error {
	defer in.clock.end()
	done := in.clock.checking()
	prog, err := in.checked(f, true)
	done()
	if err != nil {
		return err
	}
	m := in.newMachine(prog, plan)
	m.programs, m.tally.report = new(atomic.Int64), in.progress
	for _, mw := range slices.Backward(in.middleware) {
		m.do = mw(m.do)
	}
	if in.trace != nil && plan == nil {
		m.do = traced(m.do)
	}
	maps.Copy(in.defs, prog.defs)
	for _, file := range prog.files {
		in.noteParams(file)
	}
	if err := m.lacks(ctx); err != nil {
		return err
	}
	u, err := in.begin(plan)
	if err != nil {
		return err
	}
	if u != nil {
		ctx = u.Context(ctx)
		if in.keep {
			ctx = nsexec.InOrder(ctx)
		}
	}
	ctx = in.clock.context(m.context(ctx))
	e := &env{m: m, ctx: ctx, vars: in.globals, ns: in.Namespace(), file: f}
	done = in.clock.running()
	_, err = e.stmts(f.Body.Stmts)
	err = joined([]error{err, e.flushed(err)})
	done()
	return m.ended(ctx, u, err)
}

func (in *Interp) noteParams(f *lang.File) {
	for _, s := range f.Body.Stmts {
		if p, ok := s.(*lang.Param); ok {
			in.knownParams[p.Name.Name] = true
		}
	}
}

// runner is the engine, made when it is first needed.
func (in *Interp) runner() (nsexec.Runner, error) {
	if in.engine == nil {
		engine, err := nsexec.NewEngine()
		if err != nil {
			return nil, err
		}
		in.engine, in.own = engine, engine
	}
	return in.engine, nil
}

// eager reports whether each call must run before the next is looked at, since
// somebody watches.
func (in *Interp) eager() bool { return in.trace != nil || len(in.middleware) > 0 }

// Lookup returns the value of a global variable.
func (in *Interp) Lookup(name string) (value.Value, bool) {
	v := in.globals.find(name)
	if v == nil {
		return nil, false
	}
	return v.val, true
}

// Names returns the names of the global variables and of the defs, sorted, for
// completion.
func (in *Interp) Names() (vars, defs []string) {
	for s := in.globals; s != nil; s = s.up {
		for _, v := range s.vars {
			vars = append(vars, v.name)
		}
	}
	slices.Sort(vars)
	return slices.Compact(vars), slices.Sorted(maps.Keys(in.defs))
}

// VerbSet returns the verbs: the built-in ones and those of [Verbs].
func (in *Interp) VerbSet() *builtins.Set { return in.verbs }
