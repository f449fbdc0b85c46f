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
	plain := context.WithValue(ctx, undoKey{}, (*Undo)(nil)) // undoing is not noted
	todo := u.since(ctx, to)
	slices.Reverse(todo)
	NamespacesFirst(todo, (*note).makes)
	var dismantling Dismantling
	left := u.undoAll(ctx, plain, todo, &dismantling)
	// What others can see of namespaces has been taken away one by one; what is
	// left of them goes with the first wait, and nobody is told if it does not.
	_ = dismantling.Finish(plain, false)
	if len(left) > 0 {
		return len(todo) - len(left), &UndoError{left}
	}
	return len(todo), nil
}

// undoAll undoes changes in order, and returns those that could not be.
func (u *Undo) undoAll(ctx, plain context.Context, todo []*note, dismantling *Dismantling) []Leftover {
	failed := InPasses(ctx, todo, (*note).once, func(n *note, _ bool) error {
		dismantling.Before(plain, n.makes())
		err := u.engine.undo(plain, n)
		if ns, ok := n.op.(restoreNSOp); ok && err == nil {
			u.turns.restored(ns.cookie)
		}
		return err
	})
	return u.settle(todo, failed)
}

// makes is what [Makes] says of the change.
func (n *note) makes() string { return makes(n.op) }

// once reports whether a note must not be done twice: what a script says of its
// own undo may not bear it.
func (n *note) once() bool {
	_, own := n.op.(stepOp)
	return own
}

// settle forgets what was done, and what a note could not restore where an
// older one has restored the same links to what they were before.
func (u *Undo) settle(todo []*note, failed map[int]error) (left []Leftover) {
	covered := func(i int) bool {
		for k := i + 1; k < len(todo); k++ {
			if failed[k] == nil && todo[k].covers(todo[i]) {
				return true
			}
		}
		return false
	}
	for i, n := range todo {
		if err := failed[i]; err == nil || covered(i) {
			u.done(n)
		} else {
			left = append(left, Leftover{n.ns, summary(n.op), err})
		}
	}
	return left
}

// covers reports whether a note restores all that another does.
func (n *note) covers(other *note) bool {
	return covers(n.op, n.ns, other.op, other.ns)
}

// Covers reports whether a step of a journal, a [Restore], makes links what they
// were before one that is younger and only restores the same links.
func Covers(older, younger Step) bool {
	a, ok := older.Action.(NsAction)
	b, ok2 := younger.Action.(NsAction)
	return ok && ok2 && covers(a.op, older.NS, b.op, younger.NS)
}

func covers(older operation, olderNS Ref, younger operation, youngerNS Ref) bool {
	mine, ok := older.(restoreOp)
	theirs, ok2 := younger.(restoreOp)
	if !ok || !ok2 || olderNS.TID != youngerNS.TID || theirs.cfg.Index != 0 {
		return false
	}
	links := map[int]bool{}
	for _, m := range mine.cfg.Record.msgs {
		links[m.linkIndex()] = links[m.linkIndex()] || m.kind == unix.RTM_NEWLINK
	}
	some := false
	for _, m := range theirs.cfg.Record.msgs {
		if m.kind == unix.RTM_NEWLINK || m.kind == unix.RTM_SETLINK {
			some = true
			if !links[m.linkIndex()] {
				return false
			}
		}
	}
	return some
}

// since are the notes since a mark of a context's branch.
func (u *Undo) since(ctx context.Context, to Mark) []*note {
	u.mu.Lock()
	defer u.mu.Unlock()
	var of *branch
	if in := undoOf(ctx); in != nil {
		of = in.branch
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
		if !n.ahead && n.seq <= to && n.branch == undoOf(ctx).branch {
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
		e.pool.changes.Add(1)
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
