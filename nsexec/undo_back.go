//go:build linux

package nsexec

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// Back undoes, last first, what was noted since a mark through ctx and its
// branches. It returns how many changes were undone; where some could not be,
// the error is an *UndoError that lists them, and the others are undone all the
// same. When ctx ends, it stops, and what it has not come to is listed. It
// waits until the kernel has dismantled the namespaces that are gone.
func (u *Undo) Back(ctx context.Context, to Mark) (undone int, err error) {
	u.engine.undoes.Add(1)
	defer u.engine.undoes.Add(-1)
	var left []Leftover
	spaces := false
	since := u.since(ctx, to)
	plain := context.WithValue(ctx, undoKey{}, (*scope)(nil)) // undoing is not noted
	for i := len(since) - 1; i >= 0; i-- {
		n := since[i]
		err := ctx.Err()
		if err == nil {
			err = u.engine.undo(plain, n)
		}
		if err != nil {
			left = append(left, Leftover{n.ns, summary(n.op), err})
			continue
		}
		undone++
		u.done(n)
		_, space := n.op.(unmakeNSOp)
		spaces = spaces || space
	}
	if spaces {
		// What others can see of them has been taken away one by one; what is
		// left of them goes with the first wait, and nobody is told if it does not.
		_ = awaitLasts(plain, 1)
	}
	if len(left) > 0 {
		return undone, &UndoError{left}
	}
	return undone, nil
}

// since are the notes since a mark of a context's branch.
func (u *Undo) since(ctx context.Context, to Mark) []*note {
	u.mu.Lock()
	defer u.mu.Unlock()
	var of *branch
	if s := scopeOf(ctx); s != nil {
		of = s.b
	}
	var out []*note
	first := len(u.notes) // they are in the order of their numbers
	for first > 0 && u.notes[first-1].seq > to {
		first--
	}
	for _, n := range u.notes[first:] {
		if of == nil || n.branch.within(of) {
			out = append(out, n)
		}
	}
	return out
}

// forget drops the notes of a context's branch that were made after one mark and
// up to another.
func (u *Undo) forget(ctx context.Context, after, to Mark) {
	for _, n := range u.since(ctx, after) {
		if n.seq <= to && n.branch == scopeOf(ctx).b {
			u.done(n)
		}
	}
}

// done forgets a note.
func (u *Undo) done(n *note) {
	if n.strike != nil {
		// A note that stays in the journal does no harm: it finds nothing to undo.
		_ = n.strike()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := len(u.notes) - 1; i >= 0; i-- { // it is mostly the last
		if u.notes[i] == n {
			u.notes = slices.Delete(u.notes, i, i+1)
			return
		}
	}
}

// undo does what undoes a change. What is gone needs no undoing.
func (e *Engine) undo(ctx context.Context, n *note) error {
	pc, err := e.pool.get(ctx, n.ns, e.newRun())
	if err == nil {
		err = n.op.act(ctx, &pc.Conn)
		err = explain(n.ns, nsAction("undo", funcOp{text: summary(n.op)}), err)
		e.pool.put(pc)
	}
	if IsGone(err) {
		return nil
	}
	return err
}

// IsGone reports whether an error says that a link or a namespace is not there:
// then there is nothing to undo of it.
func IsGone(err error) bool {
	var link *NoLinkError
	var ns *NoNamespaceError
	return errors.As(err, &link) || errors.As(err, &ns) || errors.Is(err, unix.ENODEV)
}

// summary is a statement without the data that only a program reads.
func summary(op operation) string {
	if s, ok := op.(interface{ summary() string }); ok {
		return s.summary()
	}
	return op.String()
}

// undoing reports whether something is being undone.
func (p *pool) undoing() bool { return p.engine.undoes.Load() > 0 }
