//go:build linux

package nsexec

import "context"

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
	// *StepError.
	Run(ctx context.Context, steps ...Step) error
	// Look calls f with the namespace's connection, to read from it.
	Look(ctx context.Context, ns Ref, f func(*Conn) error) error
}
