//go:build linux

package nsexec

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// A namespace that is older than the run and that a script deletes is kept
// alive, and can have its name back.

// heldNSOp deletes a named namespace that is held.
type heldNSOp struct {
	delNSOp
	fd     int
	cookie uint64
}

func (o delNSOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	path, err := namedPath(o.dir, o.name)
	if err != nil {
		return nil, err
	}
	fd, err := openNetns(path)
	if err != nil {
		if errors.Is(err, unix.EINVAL) {
			return o, nil // a name of nothing
		}
		return nil, missing(namedAt(o.dir, o.name), err)
	}
	cookie, err := cookieOf(fd)
	if err != nil || u.owns(cookie) {
		unix.Close(fd)
		return o, err
	}
	return heldNSOp{o, fd, cookie}, nil
}

func (o heldNSOp) act(ctx context.Context, c *Conn) error {
	u := undoOf(ctx)
	from, err := u.hold(o.fd)
	if err != nil {
		return err
	}
	turn := u.turns.of(o.cookie)
	turn.Lock()
	defer turn.Unlock()
	if turn.ended {
		return missing(namedAt(o.dir, o.name), unix.ENOENT)
	}
	if err := u.noteNearEnds(ctx, c, namedAt(o.dir, o.name)); err != nil {
		return err
	}
	if err := u.note(ctx, Host(), restoreNSOp{o.dir, o.name, o.cookie, from}); err != nil {
		return err
	}
	if err := setFarEndsAside(ctx, c, u, namedAt(o.dir, o.name)); err != nil {
		return err
	}
	err = o.delNSOp.act(ctx, c)
	turn.ended = err == nil
	return err
}

// halfPairs calls f with the ends in a namespace of the pairs that have the
// other end in another.
func halfPairs(ctx context.Context, c *Conn, ref Ref, f func(in *Conn, ends []linkState) error) error {
	p, ok := c.space.(*pool)
	if !ok {
		return nil
	}
	pc, err := p.get(ctx, ref, p.engine.newRun())
	if err != nil {
		return err
	}
	defer p.put(pc)
	states, _, err := pc.Conn.states()
	if err != nil {
		return err
	}
	return f(&pc.Conn, slices.DeleteFunc(states, func(s linkState) bool {
		return !s.attrs.has(unix.IFLA_LINK_NETNSID) || !s.isPair()
	}))
}

// noteNearEnds notes what is on the ends of pairs that are in a namespace which
// is about to be deleted: they lose their carrier with their far ends, and with
// it what needs one.
func (u *Undo) noteNearEnds(ctx context.Context, c *Conn, ref Ref) error {
	return halfPairs(ctx, c, ref, func(in *Conn, ends []linkState) error {
		var near []int
		for _, end := range ends {
			if !u.ownsLink(in, end.index) {
				near = append(near, end.index)
			}
		}
		if len(near) == 0 {
			return nil
		}
		r, err := in.recordOf(near, false)
		if err != nil {
			return err
		}
		return u.noteRecord(ctx, in, r)
	})
}

// setFarEndsAside has the links go that the kernel deletes along with a
// namespace, since their other ends are in it.
func setFarEndsAside(ctx context.Context, c *Conn, u *Undo, ref Ref) error {
	return halfPairs(ctx, c, ref, func(in *Conn, ends []linkState) error {
		for _, near := range ends {
			other, err := in.otherEnd(near)
			if err != nil {
				return err
			}
			if other == nil {
				continue
			}
			if err := other.setFamilyAside(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// setFamilyAside has a link go with those that are made on it, unless the run
// has made it.
func (l asideLink) setFamilyAside(ctx context.Context, u *Undo) error {
	release := l.release
	defer release()
	if u.ownsLink(l.c, l.index) {
		return nil
	}
	l.release = func() {}
	links, err := l.withUppers()
	if err != nil {
		return err
	}
	for _, one := range links {
		if err := one.setAside(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// restoreNSOp gives a namespace its name back.
type restoreNSOp struct {
	dir, name string
	cookie    uint64
	from      string // a path to it
}

// RestoreNS gives the namespace with that cookie, to which there is a path, its
// name back, unless it has it.
func RestoreNS(name string, cookie uint64, from string) NsAction {
	return nsAction("restore-ns", restoreNSOp{DefaultMountPath, name, cookie, from})
}

func (o restoreNSOp) String() string {
	name := o.name
	if o.dir != DefaultMountPath {
		name = o.dir + "/" + o.name
	}
	return "restore ns " + quote(name) + " cookie " + strconv.FormatUint(o.cookie, 10) + " from path " + quote(o.from)
}

func (o restoreNSOp) act(_ context.Context, c *Conn) error {
	path, err := namedPath(o.dir, o.name)
	if err != nil {
		return err
	}
	// A file that is no mount is left where the deletion was interrupted.
	if fd, err := openNetns(path); err == nil {
		cookie, err := cookieOf(fd)
		unix.Close(fd)
		if err == nil && cookie != o.cookie {
			err = &NSExistsError{Name: o.name}
		}
		return err
	}
	if err := makeMountDir(o.dir); err != nil {
		return err
	}
	if err := newNameFile(o.dir, path, nameMark(o.cookie)); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	c.Forget(namedAt(o.dir, o.name))
	if p, ok := c.space.(*pool); ok {
		p.setGone(o.cookie, false)
	}
	return mountError(path, unix.Mount(o.from, path, "none", unix.MS_BIND, ""))
}
