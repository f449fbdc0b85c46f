//go:build linux

package nsexec

import (
	"context"
	"errors"
)

// Action is one thing to do in a namespace: an NsAction or a LinkAction.
// Actions are data: they may be kept, shared and done more than once.
type Action interface {
	// Name is the action's short name, such as "up" or "new-bridge".
	Name() string
	// String is the action as a person would write it: `up eth0`.
	String() string
	// NeedsThread reports whether the action must run on a thread that is in
	// the namespace (it opens files or sockets, or starts programs), rather
	// than through the namespace's netlink socket alone.
	NeedsThread() bool

	act(ctx context.Context, c *Conn) error
}

// operation is what an action does, as the data that it does it with. Its
// String is the statement that stands for it.
type operation interface {
	String() string
	act(ctx context.Context, c *Conn) error
}

// how is what may be done to an address or a route: the word before it, the type of
// the message and its flags.
type how struct {
	mod   string
	proto int
	flags int
}

// NsAction is an action on a namespace as a whole. The zero NsAction fails.
type NsAction struct {
	name   string
	thread bool
	op     operation
}

// LinkAction is an action on one link: it makes it, changes it or deletes it.
// The zero LinkAction fails.
type LinkAction struct{ *linkAct }

// linkAct is what a LinkAction points to, so that it takes no more memory as an
// Action. It is not changed.
type linkAct struct {
	name   string
	link   LinkRef
	thread bool
	op     operation
}

var (
	_ Action = NsAction{}
	_ Action = LinkAction{}
)

func nsAction(name string, op operation) NsAction {
	return NsAction{name: name, op: op}
}

// threadAction is for an operation that opens files or sockets of the
// namespace, or starts programs in it.
func threadAction(name string, op operation) NsAction {
	return NsAction{name: name, thread: true, op: op}
}

func linkAction(name string, link LinkRef, op operation) LinkAction {
	return LinkAction{&linkAct{name: name, link: link, op: op}}
}

// ActionFunc makes an action of any function. The name is its short name and
// text how a person would write it; text may be empty. With needsThread, f runs
// on a thread that is in the namespace, so that what it opens or starts is of
// the namespace; goroutines that f starts are not. Without, f works through the
// Conn alone, which is cheaper.
func ActionFunc(name, text string, needsThread bool, f func(ctx context.Context, c *Conn) error) NsAction {
	if name == "" {
		name = "unnamed-action"
	}
	if text == "" {
		text = name
	}
	return NsAction{name: name, thread: needsThread, op: funcOp{text, f}}
}

type funcOp struct {
	text string
	f    func(ctx context.Context, c *Conn) error
}

func (o funcOp) String() string { return o.text }

func (o funcOp) act(ctx context.Context, c *Conn) error { return o.f(ctx, c) }

// errNoAction is what a zero NsAction or LinkAction returns.
var errNoAction = errors.New("the action is empty")

// Name is the action's short name, such as "new-ns".
func (a NsAction) Name() string { return a.name }

// ActionName is Name.
func (a NsAction) ActionName() string { return a.name }

// String is the action as a person would write it.
func (a NsAction) String() string { return actionText(a.name, a.op) }

// NeedsThread reports whether the action runs on a thread in the namespace.
func (a NsAction) NeedsThread() bool { return a.thread }

func (a NsAction) act(ctx context.Context, c *Conn) error {
	if a.op == nil {
		return errNoAction
	}
	return performNamed(ctx, c, a.name, a.op)
}

// Name is the action's short name, such as "set-up".
func (a LinkAction) Name() string { return a.get().name }

// ActionName is Name.
func (a LinkAction) ActionName() string { return a.get().name }

// String is the action as a person would write it: `up eth0`.
func (a LinkAction) String() string { return actionText(a.get().name, a.get().op) }

// NeedsThread reports whether the action runs on a thread in the namespace.
func (a LinkAction) NeedsThread() bool { return a.get().thread }

// Link is the link that the action is about, in the action's namespace.
func (a LinkAction) Link() LinkRef { return a.get().link }

func (a LinkAction) act(ctx context.Context, c *Conn) error {
	if a.get().op == nil {
		return errNoAction
	}
	return performNamed(ctx, c, a.name, a.op)
}

// get is what the action points to, nothing for the zero one.
func (a LinkAction) get() *linkAct {
	if a.linkAct == nil {
		return &noLinkAct
	}
	return a.linkAct
}

var noLinkAct linkAct

// inThread is the action, done on a thread in the namespace.
func (a LinkAction) inThread() LinkAction {
	with := *a.linkAct
	with.thread = true
	return LinkAction{&with}
}

// by is the action, done by another operation.
func (a LinkAction) by(op operation) LinkAction {
	with := *a.linkAct
	with.op = op
	return LinkAction{&with}
}

func actionText(name string, op operation) string {
	if op == nil {
		return name
	}
	return op.String()
}

// Step is an action with the namespace it runs in.
type Step struct {
	NS     Ref
	Action Action
	// Tag is the caller's own, such as a source position. The engine only
	// hands it back, in a StepError.
	Tag any
}

// Runner runs steps in order, as the Engine does. What embeds NEScript may put
// a recorder in its place.
type Runner interface {
	// Run does the steps in order and stops at the first that fails, with a
	// *StepError. It may be called on any goroutine, one Run of a script after
	// the other.
	Run(ctx context.Context, steps ...Step) error
	// Look calls f with the namespace's connection, to read from it.
	Look(ctx context.Context, ns Ref, f func(*Conn) error) error
}
