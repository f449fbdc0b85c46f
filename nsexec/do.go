//go:build linux

package nsexec

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Do enters a namespace, does the actions there in order, and stops at the
// first that fails, with a *StepError. It is safe for concurrent use.
//
// The actions run on a thread of their own, so the caller's goroutine stays
// where it is; goroutines that an action starts are not in the namespace, but
// programs that it starts are. Programs must not be started with Pdeathsig: it
// is the death of the thread, which may come early. A panic of an action, or
// its runtime.Goexit, happens in the caller.
//
// After [NewNS] the actions that follow run in the new namespace. After
// [MoveLink] those that follow on the same link go to where the link is now,
// the others stay.
func Do(ns NsProvider, actions ...Action) error {
	return DoContext(context.Background(), ns, actions...)
}

// DoContext is Do, which ends before the next action once ctx is done.
func DoContext(ctx context.Context, ns NsProvider, actions ...Action) error {
	fd, ref, err := ns.open() // here, not on the worker: NPNow is the caller's
	if err != nil {
		return err
	}
	return onWorker(func(t *thread) error {
		d := &doing{t: t}
		defer d.close()
		if err := d.enter(&Conn{ref: ref, nsfd: fd, space: d}); err != nil {
			return err
		}
		return d.all(ctx, actions)
	})
}

// doing is one Do under way. It is only used on its thread.
type doing struct {
	t     *thread
	here  *Conn   // the thread is in its namespace
	conns []*Conn // to close in the end
	away  []movedLink
}

// movedLink is a link that an action of this Do has moved.
type movedLink struct {
	to    *Conn
	index int // there
}

// enter goes on in another namespace, whose connection it takes over.
func (d *doing) enter(c *Conn) error {
	d.conns = append(d.conns, c)
	d.here = c
	return d.t.enter(c.nsfd)
}

func (d *doing) close() {
	for _, c := range d.conns {
		c.close()
	}
}

func (d *doing) all(ctx context.Context, actions []Action) error {
	for i, a := range actions {
		ns, err := d.here.ref, ctx.Err()
		if err == nil {
			ns, err = d.one(ctx, a)
		}
		if err != nil {
			return &StepError{Index: i, Step: Step{NS: ns, Action: a}, Err: explain(ns, a, err)}
		}
	}
	return nil
}

// one does an action and returns the namespace that it was done in.
func (d *doing) one(ctx context.Context, a Action) (Ref, error) {
	at := d.connFor(a)
	if at == d.here {
		return at.ref, a.act(ctx, at)
	}
	return at.ref, d.within(at, func() error { return a.act(ctx, at) })
}

// within runs f in another namespace and comes back.
func (d *doing) within(c *Conn, f func() error) error {
	if err := d.t.enter(c.nsfd); err != nil {
		return err
	}
	err := f()
	return join(err, d.t.enter(d.here.nsfd))
}

// connFor is where an action belongs: that of a moved link, where the link is.
func (d *doing) connFor(a Action) *Conn {
	la, ok := a.(LinkAction)
	if !ok || len(d.away) == 0 || la.Link() == (LinkRef{}) || strings.HasPrefix(la.name, "new-") {
		return d.here
	}
	var none *NoLinkError
	if _, err := d.here.Index(la.link); !errors.As(err, &none) {
		return d.here
	}
	for _, m := range d.away {
		if index, err := m.to.Index(la.link); err == nil && index == m.index {
			return m.to
		}
	}
	return d.here
}

var _ space = (*doing)(nil)

func (d *doing) nsFd(_ *Conn, ref Ref) (int, func(), error) {
	fd, err := openRef(ref)
	if err != nil {
		return -1, nil, err
	}
	return fd, func() { unix.Close(fd) }, nil
}

func (d *doing) forget(Ref) {}

func (d *doing) made(c *Conn) error {
	c.space = d
	return d.enter(c)
}

func (d *doing) moved(old int, name string, ref Ref, fd int) error {
	fd, err := dup(fd)
	if err != nil {
		return err
	}
	to := &Conn{ref: ref, nsfd: fd, space: d}
	d.conns = append(d.conns, to)
	if err := d.within(to, to.dial); err != nil {
		return err
	}
	index, err := to.Index(ByName(name))
	if err != nil {
		return err
	}
	to.reindexed = map[int]int{old: index}
	d.away = append(d.away, movedLink{to: to, index: index})
	return nil
}
