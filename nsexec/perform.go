//go:build linux

package nsexec

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

// undoable is an operation that changes something which can be put back.
type undoable interface {
	operation
	// prepare notes with u how to undo the operation, from what is there
	// before it, and returns what to do in its place: mostly the same, with
	// what the notes rely on, such as an index, settled. It changes nothing.
	prepare(ctx context.Context, c *Conn, u *Undo) (operation, error)
}

// perform does an operation, after it has noted how to undo it where the
// context has an Undo. Operations that consist of others perform those.
func perform(ctx context.Context, c *Conn, op operation) error {
	u := undoOf(ctx)
	do, ok := op.(undoable)
	if u == nil || !ok {
		return op.act(ctx, c)
	}
	ctx, release, err := u.take(ctx, c, op)
	if err != nil {
		return err
	}
	defer release()
	before := u.Mark()
	op, err = do.prepare(ctx, c, u)
	if err != nil {
		return err
	}
	noted := u.Mark()
	err = op.act(ctx, c)
	if errors.Is(err, unix.EPERM) || err != nil && isNew(op) {
		// What is forbidden, or was to be new and is not, has changed nothing. It
		// could not be undone either, where the kernel will not hear of it.
		u.forget(ctx, before, noted)
	}
	return err
}

// isNew reports whether an operation adds one thing, by one message, and changes
// nothing where that fails.
func isNew(op operation) bool {
	switch op := op.(type) {
	case *addrOp:
		return op.retractable()
	case *routeOp:
		return op.how.flags&unix.NLM_F_EXCL != 0
	case ruleOp:
		return op.flags&unix.NLM_F_EXCL != 0
	case fdbOp:
		return op.isNew()
	}
	return false
}

// Part does another action as a part of one that is made by [ActionFunc], and
// has it undone where that is.
func Part(ctx context.Context, c *Conn, a Action) error { return a.act(ctx, c) }

// performNamed performs an operation with its action's name, for InjectFaults.
func performNamed(ctx context.Context, c *Conn, name string, op operation) (err error) {
	defer func() { c.mayTake(op, err) }()
	if age := c.ageOf(); age != nil && !namesStay(op) {
		defer age.next()
	}
	if err := c.faultAt("before ", name); err != nil {
		return err
	}
	err = perform(ctx, c, op)
	if age := c.ageOf(); age != nil && isGoneUnseen(err) && namesStay(op) {
		// A link that was known has been deleted by others. What there is now
		// under its name, if anything, is what the operation is about.
		age.next()
		err = perform(ctx, c, op)
	}
	if err != nil {
		return err
	}
	return c.faultAt("after ", name)
}

// isGoneUnseen reports whether the kernel does not know a link that was found.
func isGoneUnseen(err error) bool {
	var none *NoLinkError
	return errors.Is(err, unix.ENODEV) && !errors.As(err, &none)
}

// Undoable reports whether an action knows how to undo itself. What changes
// nothing has nothing to undo, and what a program does is its own.
func Undoable(a Action) bool {
	_, ok := operationOf(a).(undoable)
	return ok
}
