//go:build linux

package nsexec

import (
	"context"
	"sync"

	"golang.org/x/sys/unix"
)

// What undoes a change is noted from what is there before it. Two branches that
// change the same older namespace at a time would each see what the other is
// about to take away: one makes a link where it has noted that there is one. So
// they take turns there, from the look until the change is made.

// turns are those of the older namespaces, by cookie. The zero turns is ready for
// use.
type turns struct {
	mu     sync.Mutex
	spaces map[uint64]*turn
}

type turn struct {
	sync.Mutex
	ended bool // the namespace was deleted, and is kept for undo alone
}

func (t *turns) of(cookie uint64) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spaces == nil {
		t.spaces = map[uint64]*turn{}
	}
	if t.spaces[cookie] == nil {
		t.spaces[cookie] = new(turn)
	}
	return t.spaces[cookie]
}

// restored notes that a namespace has its name back.
func (t *turns) restored(cookie uint64) {
	turn := t.of(cookie)
	turn.Lock()
	defer turn.Unlock()
	turn.ended = false
}

type turnKey struct{}

// take waits for the turn of an operation in c's namespace, where it needs one.
// Release it where there is no error. The context is for what the operation
// consists of, which has the same turn.
func (u *Undo) take(ctx context.Context, c *Conn, op operation) (in context.Context, release func(), err error) {
	if u.owns(c.id) || ctx.Value(turnKey{}) == c.id || isOfNames(op) {
		return ctx, func() {}, nil
	}
	turn := u.turns.of(c.id)
	turn.Lock()
	if turn.ended && c.ref.Kind == RefName { // since it was found by its name
		turn.Unlock()
		return nil, nil, missing(c.ref, unix.ENOENT)
	}
	return context.WithValue(ctx, turnKey{}, c.id), turn.Unlock, nil
}

// isOfNames reports whether an operation is about a named namespace, rather than
// the one that it runs in. New ones are made on several processors at a time, and
// that one is there already they find out themselves.
func isOfNames(op operation) bool {
	switch op.(type) {
	case newNSOp, ensureNSOp, replaceNSOp, delNSOp:
		return true
	}
	return false
}
