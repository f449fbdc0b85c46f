//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Undo notes how to undo what actions change, and undoes it. Actions whose
// context has it (see [Undo.Context]) note in it, before they change anything,
// what would put that back, in the way of the journal that it may have.
//
// Only what is older than the Undo needs that, or than the [Branch] of it that
// the actions are in. What those have made themselves, a namespace or a link, goes
// as a whole, and with it all that was done to it later. What actions delete is set aside until Commit: a link waits in a
// namespace of its own, a namespace behind a mount or a descriptor.
//
// It is safe for concurrent use. One that is begun must be ended, by Commit or
// by [Undo.Back] to its start and Commit.
type Undo struct {
	*undoState
	branch *branch // that actions are in; the whole, but in what undoOf returns
}

// undoState is what the branches of an Undo share.
type undoState struct {
	engine  *Engine
	journal Journal
	turns   turns

	mu     sync.Mutex
	notes  []*note
	seq    Mark               // of the last note
	made   map[uint64]*branch // which made the namespaces that were made, by cookie
	guests map[uint64]bool    // those of them that older links were moved to
	links  map[linkID]*branch // which made the links that were made in older namespaces
	holds  []hold
	next   int // the index of the next link
	// programs are those of BPF that objects of records run, by their numbers.
	programs map[uint32]*ebpf.Program
}

// linkID is a link, for as long as it stays where it is.
type linkID struct {
	cookie uint64
	index  int
}

// note is how to undo one change.
type note struct {
	seq    Mark
	branch *branch
	ns     Ref // where
	op     operation
	strike func() error // has the journal forget it
	ahead  bool         // of what was made ahead of its step
}

// branch is a part of a run that can be undone by itself.
type branch struct{ up *branch }

func (b *branch) within(of *branch) bool {
	for ; b != nil; b = b.up {
		if b == of {
			return true
		}
	}
	return false
}

// Journal keeps, outside of the process, what an Undo notes.
type Journal interface {
	// Note writes down a statement that undoes what is about to be done. An
	// error has the action fail before it changes anything. strike says that
	// the statement is no longer to be run.
	Note(statement string) (strike func() error, err error)
	// Hold keeps a namespace, given as an open descriptor, alive beyond the
	// process, and returns a path that names it.
	Hold(nsfd int) (path string, err error)
	// Release ends a Hold.
	Release(path string) error
}

// Begin returns an Undo that has noted nothing. The journal may be nil.
func (e *Engine) Begin(j Journal) *Undo {
	const least, span = 1 << 24, 1 << 30 // out of the way of the indexes that the kernel gives
	state := &undoState{
		engine: e, journal: j,
		made: map[uint64]*branch{}, guests: map[uint64]bool{}, links: map[linkID]*branch{},
		next: least + rand.IntN(span),
	}
	return &Undo{state, &branch{}}
}

type undoKey struct{}

// Context returns a context whose actions note in u how to undo them.
func (u *Undo) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, undoKey{}, u)
}

// undoOf is the Undo of a context, in the branch that the context is in.
func undoOf(ctx context.Context) *Undo {
	u, _ := ctx.Value(undoKey{}).(*Undo)
	return u
}

// Noting returns the Undo that the actions of a context note in, or nil.
func Noting(ctx context.Context) *Undo { return undoOf(ctx) }

// Branch returns a context like ctx, of which [Back] undoes what was noted
// through it and its branches alone. It is for what may be undone by itself, so
// that what the Undo has made before is older there, and for what runs beside
// other things.
func Branch(ctx context.Context) context.Context {
	u := undoOf(ctx)
	if u == nil {
		return ctx
	}
	return context.WithValue(ctx, undoKey{}, &Undo{u.undoState, &branch{up: u.branch}})
}

// Mark is a moment of a run that Back goes back to.
type Mark int

// Mark is now.
func (u *Undo) Mark() Mark {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seq
}

// Changes is how many changes are noted and have not been undone.
func (u *Undo) Changes() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.notes)
}

// note notes how to undo what is about to be done in ns.
func (u *Undo) note(ctx context.Context, ns Ref, op operation) error {
	return u.add(ctx, &note{ns: ns, op: op})
}

// noteParts notes how to undo a change of some objects of one kind in c's
// namespace: was are those that there are, as they are, and fresh those that the
// change makes. Either may be none.
func (u *Undo) noteParts(ctx context.Context, c *Conn, text string, was, fresh []message) error {
	if len(was) > 0 {
		if err := u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: text, Record: &Record{msgs: was}}}); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return u.note(ctx, c.cookieRef(), unmakeOp{text, &Record{msgs: fresh}})
}

// noteAhead is note for what is made ahead of its step.
func (u *Undo) noteAhead(ctx context.Context, ns Ref, op operation) (*note, error) {
	n := &note{ns: ns, op: op, ahead: true}
	if err := u.add(ctx, n); err != nil {
		return nil, err
	}
	return n, nil
}

func (u *Undo) add(ctx context.Context, n *note) error {
	n.branch = u.branch
	if in := undoOf(ctx); in != nil {
		n.branch = in.branch
	}
	u.keepPrograms(n.op)
	if u.journal != nil {
		strike, err := u.journal.Note(hereText(n.ns, n.op.String()))
		if err != nil {
			return fmt.Errorf("the journal: %w", err)
		}
		n.strike = strike
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seq++
	n.seq = u.seq
	u.notes = append(u.notes, n)
	return nil
}

// Note notes a statement's own way to be undone: an action, and the namespace
// that it is to run in. Its String must be a statement that does the same.
func (u *Undo) Note(ctx context.Context, step Step) error {
	return u.note(ctx, step.NS, stepOp{step.Action})
}

// stepOp is an action as an operation.
type stepOp struct{ a Action }

func (o stepOp) String() string { return o.a.String() }

func (o stepOp) act(ctx context.Context, c *Conn) error { return o.a.act(ctx, c) }

// index is an index for a link that is about to be made in an older namespace,
// so that it can be known again whatever its name is by then.
func (u *Undo) index() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.next++
	return u.next
}

// owns reports whether a namespace was made by the branch, with all that is in it.
func (u *Undo) owns(cookie uint64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.made[cookie].within(u.branch) && !u.guests[cookie]
}

// ownsLink reports whether a link was made by the branch.
func (u *Undo) ownsLink(c *Conn, index int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.made[c.id].within(u.branch) && !u.guests[c.id] || u.links[linkID{c.id, index}].within(u.branch)
}

func (u *Undo) hasMade(cookie uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.made[cookie] = u.branch
}

func (u *Undo) hasMadeLink(cookie uint64, index int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.links[linkID{cookie, index}] = u.branch
}

// hosts notes that an older link is about to be moved to a namespace.
func (u *Undo) hosts(cookie uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.guests[cookie] = true
}

// hold is a namespace that is kept alive until the end of the run.
type hold struct {
	fd   int
	path string // of the journal; empty where the descriptor alone holds it
}

// hold keeps a namespace alive until Commit and returns a path to it. It takes
// the descriptor over.
func (u *Undo) hold(fd int) (path string, err error) {
	h := hold{fd: fd}
	if u.journal != nil {
		if h.path, err = u.journal.Hold(fd); err != nil {
			unix.Close(fd)
			return "", fmt.Errorf("the journal: %w", err)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.holds = append(u.holds, h)
	if h.path != "" {
		return h.path, nil
	}
	return fmt.Sprintf("/proc/%d/fd/%d", unix.Getpid(), fd), nil
}

// Commit ends the Undo: what was set aside is deleted for good, and nothing can
// be undone any more.
func (u *Undo) Commit() error { return u.end(true) }

// Leave ends the Undo in this process and leaves it to the journal: what was
// set aside stays there.
func (u *Undo) Leave() error { return u.end(false) }

func (u *Undo) end(release bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	var errs []error
	for _, h := range u.holds {
		if h.path != "" && release {
			errs = append(errs, u.journal.Release(h.path))
		}
		unix.Close(h.fd)
	}
	u.holds, u.notes = nil, nil
	u.dropPrograms()
	return errors.Join(errs...)
}

// Leftover is a change that could not be undone.
type Leftover struct {
	NS   Ref
	Text string // the statement that would have undone it, for people
	Err  error  // why not; context.Canceled where it was not tried any more
}

// UndoError says what could not be put back.
type UndoError struct{ Left []Leftover }

func (e *UndoError) Error() string {
	var lines []string
	for _, l := range e.Left {
		lines = append(lines, fmt.Sprintf("%s: %v", hereText(l.NS, l.Text), l.Err))
	}
	return "not undone: " + strings.Join(lines, "; ")
}

// Unwrap returns the errors of all that is left.
func (e *UndoError) Unwrap() []error {
	var errs []error
	for _, l := range e.Left {
		errs = append(errs, l.Err)
	}
	return errs
}
