//go:build linux

package interp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/slab"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// machine is one run, or one worker of a parallel statement in it: the chain of
// steps that wait, and what has been done.
//
// Steps gather so that the engine gets many at once. They are handed over when
// something must see their effect (a query, a check), when there are enough,
// before an error of the evaluation is reported, and at the end. So what can be
// observed is as if each statement had run by itself. While the engine does plain
// ones the evaluation goes on (chains).
type machine struct {
	in   *Interp
	prog *program
	do   CallFunc // what a bound call goes through: the middleware, then enqueue
	plan *planner // set when actions are printed, not done

	pending  []nsexec.Step
	waiting  int // how many calls the pending steps belong to
	chains   chains
	site     *site
	binder   builtins.Binder
	spare    []arguments // to gather the next ones in
	text     []byte      // to join the next in
	plans    map[*lang.Command]*planned
	refs     map[*lang.In]*words
	envs     map[envKey]*builtins.Env
	depth    int // of calls of defs
	included map[*lang.File]bool
	programs *atomic.Int64 // how many programs the run has run; nil where nobody asks
	io       streams
	tally    *tally // how many calls of the run have been done
	crew     crew
	beside   bool // it runs items of a parallel statement

	slabs struct { // what each statement needs some of
		args   slab.Of[builtins.Arg]
		nodes  slab.Of[lang.Node]
		sites  slab.Of[site]
		frames slab.Of[frame]
		vals   slab.Of[value.Value]
	}
}

func (in *Interp) newMachine(prog *program, plan *planner) *machine {
	return &machine{
		in: in, prog: prog, plan: plan, do: enqueue, tally: &tally{}, crew: newCrew(),
		io: streams{in: in.stdin, out: in.stdout, err: in.stderr, trace: in.trace},
	}
}

type machineKey struct{}

// context returns a context for calls of m.
func (m *machine) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, machineKey{}, m)
}

// machineOf is the machine whose call has the context, or nil.
func machineOf(ctx context.Context) *machine {
	m, _ := ctx.Value(machineKey{}).(*machine)
	return m
}

// enqueue is the innermost CallFunc. The functions around it are made once for
// a run and serve all of its machines, so the context says whose call it is.
func enqueue(ctx context.Context, call *builtins.Call) error {
	m := machineOf(ctx)
	if m == nil {
		return errors.New("the context of this call is not one of its run")
	}
	return m.enqueue(ctx, call)
}

// enqueue adds the call's steps to the chain.
func (m *machine) enqueue(ctx context.Context, call *builtins.Call) error {
	if m.plan != nil {
		return m.plan.call(m.site.env, call)
	}
	steps, err := call.Spec.Compile(call)
	if err != nil {
		return err
	}
	if m.programs != nil && runsPrograms(call) {
		m.programs.Add(1)
	}
	m.site.number = m.chains.calls + m.waiting
	for i := range steps {
		steps[i].Tag = m.site
	}
	m.pend(steps...)
	m.waiting++
	switch {
	case m.in.eager():
		return m.flush(ctx)
	case len(m.pending) >= chainLimit || len(m.pending) >= chainLeast && m.chains.free():
		return m.handOver(ctx)
	}
	return nil
}

// stepFailed gives an error of the engine the place of the statement whose step
// it was. What waits behind that one is dropped.
func (m *machine) stepFailed(first nsexec.Step, err error) error {
	m.unpend()
	at, _ := first.Tag.(*site)
	partly := false
	var failed *nsexec.StepError
	if errors.As(err, &failed) {
		if s, ok := failed.Step.Tag.(*site); ok {
			at = s
		}
		partly = failed.Before.Tag == any(at)
		err = failed.Err
	}
	if at == nil {
		return err
	}
	m.tally.add(at.number - m.chains.done)
	m.chains.calls, m.chains.done = at.number, at.number
	out := at.failed(err)
	out.Partly = partly
	return out
}

// runOne does the steps of a single call, with nothing pending before them.
func (m *machine) runOne(ctx context.Context, s *site, call *builtins.Call) error {
	m.site = s
	if err := m.do(ctx, call); err != nil {
		return s.wrap(err)
	}
	return m.flush(ctx)
}

// envKey is where a call stands: the namespace and the script.
type envKey struct {
	ns   nsexec.Ref
	file *lang.File
}

// envOf is what a call in a namespace sees of the outside.
func (m *machine) envOf(ns nsexec.Ref, file *lang.File) *builtins.Env {
	at := envKey{ns, file}
	if e, ok := m.envs[at]; ok {
		return e
	}
	e := &builtins.Env{
		NS: ns, Stdin: m.io.in, Stdout: m.io.out, Stderr: m.io.err, Dir: m.in.dir, Files: scriptFiles{m.in, file},
	}
	if m.envs == nil {
		m.envs = map[envKey]*builtins.Env{}
	}
	m.envs[at] = e
	return e
}

// traced writes each call down before it runs.
func traced(next CallFunc) CallFunc {
	return func(ctx context.Context, call *builtins.Call) error {
		if _, err := fmt.Fprintln(machineOf(ctx).io.trace, inNamespace(call.Env.NS, call.String())); err != nil {
			return err
		}
		return next(ctx, call)
	}
}

// inNamespace is a statement as it has to be written from outside.
func inNamespace(ns nsexec.Ref, stmt string) string {
	if ns == (nsexec.Ref{}) {
		return stmt
	}
	return "in " + refText(ns) + " < " + stmt + " >"
}
