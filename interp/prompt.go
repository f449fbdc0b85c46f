//go:build linux

package interp

import (
	"errors"
	"fmt"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// Namespace is the current namespace: the one that `in ns x` without a block
// entered last, at a prompt, or the one that the program was started in.
func (in *Interp) Namespace() nsexec.Ref {
	if n := len(in.entered); n > 0 {
		return in.entered[n-1]
	}
	return nsexec.Host()
}

// Enter makes a namespace the current one, as `in REF` does at a prompt.
func (in *Interp) Enter(ns nsexec.Ref) { in.entered = append(in.entered, ns) }

// Leave goes back to the namespace before the last Enter, as `out` does at a
// prompt. It returns false where there is none.
func (in *Interp) Leave() bool {
	if len(in.entered) == 0 {
		return false
	}
	in.entered = in.entered[:len(in.entered)-1]
	return true
}

// enterPlaces is `in REF` without a block. The namespace must be there: a
// prompt in one that is not would only give errors.
func (e *env) enterPlaces(s *lang.In, places []place) error {
	if len(places) != 1 {
		return at(s, fmt.Errorf("a prompt is in one namespace at a time"))
	}
	p := places[0]
	if p.fresh {
		return at(p.node, errors.New("a namespace without a name needs a block that it ends with"))
	}
	if err := e.look(p.ref, func(*nsexec.Conn) error { return nil }); err != nil {
		return at(p.node, err)
	}
	e.m.in.Enter(p.ref)
	e.ns = p.ref
	return nil
}

// isOut recognises `out`, which the check lets pass where it can leave.
func (in *Interp) isOut(c *lang.Command) bool {
	return c.Verb.Raw == "out" && c.Modifier == nil && len(c.Args) == 0 && len(in.entered) > 0
}

// leave is `out`.
func (e *env) leave() error {
	if err := e.m.flush(e.ctx); err != nil {
		return err
	}
	e.m.in.Leave()
	e.ns = e.m.in.Namespace()
	return nil
}
