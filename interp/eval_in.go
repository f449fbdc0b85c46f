//go:build linux

package interp

import (
	"context"
	"fmt"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// anonymizer is a Runner that makes namespaces without a name, as the Engine
// does.
type anonymizer interface {
	NewAnonymous(ctx context.Context) (nsexec.Ref, error)
	Drop(nsexec.Ref) error
}

// in runs a block in each of the namespaces that `in` names.
func (e *env) in(s *lang.In) (outcome, error) {
	args, err := e.args(e.refsOf(s))
	if err != nil {
		return goesOn, err
	}
	places, err := readRefs(args)
	if err != nil {
		return goesOn, err
	}
	e.m.reuse(args)
	if s.Body == nil {
		return goesOn, e.enterPlaces(s, places)
	}
	for _, p := range places {
		out, err := e.inPlace(p, s.Body)
		if err != nil || out != goesOn {
			return out, err
		}
	}
	return goesOn, nil
}

// refsOf are the words of `in`, found out once where it stands in a loop.
func (e *env) refsOf(s *lang.In) *words {
	m := e.m
	if w, ok := m.refs[s]; ok {
		return w
	}
	w := wordsOf(s.Refs)
	if e.trace == nil {
		return &w
	}
	if m.refs == nil {
		m.refs = map[*lang.In]*words{}
	}
	m.refs[s] = &w
	return &w
}

func (e *env) inPlace(p place, b *lang.Block) (outcome, error) {
	if !p.fresh {
		e.adopt(p, b)
		return e.enter(p.ref, p.node, b)
	}
	if e.m.plan != nil {
		return e.enter(e.m.plan.fresh(), p.node, b)
	}
	ref, drop, err := e.fresh()
	if err != nil {
		return goesOn, at(p.node, err)
	}
	out, err := e.enter(ref, p.node, b)
	ended := e.flushed(err)
	delete(e.m.envs, envKey{ref, e.file})
	return out, joined([]error{err, ended, at(p.node, drop())})
}

// adopt sees to it that a named namespace is there for a block that starts by
// making a link, which says well enough that it is wanted.
func (e *env) adopt(p place, b *lang.Block) {
	if e.m.plan != nil || p.ref.Kind != nsexec.RefName || !e.startsByMaking(b) {
		return
	}
	step := builtins.EnterNS(e.m.envOf(nsexec.Host(), e.file), p.ref.Name)
	step.Tag = &site{env: e, trace: e.trace, node: p.node, number: e.m.chains.calls + e.m.waiting}
	e.m.pend(step)
}

func (e *env) startsByMaking(b *lang.Block) bool {
	if len(b.Stmts) == 0 {
		return false
	}
	c, ok := b.Stmts[0].(*lang.Command)
	if !ok || c.Modifier != nil && modifiers[c.Modifier.Raw] == builtins.Del {
		return false
	}
	p, err := e.planOf(c)
	return err == nil && p.spec != nil && p.spec.Makes()
}

// fresh makes a namespace without a name; drop ends it.
func (e *env) fresh() (ref nsexec.Ref, drop func() error, err error) {
	if err := e.m.flush(e.ctx); err != nil {
		return ref, nil, err
	}
	runner, err := e.m.in.runner()
	if err != nil {
		return ref, nil, err
	}
	maker, ok := runner.(anonymizer)
	if !ok {
		return ref, nil, fmt.Errorf("this engine makes no namespaces without a name")
	}
	ref, err = maker.NewAnonymous(e.ctx)
	return ref, func() error { return maker.Drop(ref) }, err
}
