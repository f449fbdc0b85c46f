//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// NewNS makes a named network namespace, as `ip netns add` does, its loopback
// up if loUp is set. In a [Do], what follows runs in it.
//
// It needs CAP_SYS_ADMIN in the user namespace that owns the mounts.
func NewNS(name string, loUp bool) NsAction {
	return nsAction("new-ns", newNSOp{dir: DefaultMountPath, name: name, loUp: loUp})
}

// NewNSAt is NewNS in another folder than DefaultMountPath, which is made where
// it is missing. `ip netns` does not see such a namespace.
func NewNSAt(dir, name string, loUp bool) NsAction {
	return nsAction("new-ns-at", newNSOp{dir: dir, name: name, loUp: loUp})
}

// DelNS deletes a named network namespace, as `ip netns del` does: its name is
// gone at once, its links once the last program in it has ended.
func DelNS(name string) NsAction {
	return nsAction("del-ns", delNSOp{dir: DefaultMountPath, name: name})
}

// DelNSAt is DelNS in another folder than DefaultMountPath.
func DelNSAt(dir, name string) NsAction {
	return nsAction("del-ns-at", delNSOp{dir: dir, name: name})
}

// NewNamedNS makes a named network namespace, as [NewNS].
func NewNamedNS(name string, loUp bool) error {
	c, err := newNSOp{dir: DefaultMountPath, name: name, loUp: loUp}.make(context.Background())
	if err != nil {
		return err
	}
	c.close()
	return nil
}

// DeleteNamedNS deletes a named network namespace, as [DelNS].
func DeleteNamedNS(name string) error {
	return delNSOp{dir: DefaultMountPath, name: name}.delete()
}

// newNSOp makes a named namespace.
type newNSOp struct {
	dir, name string
	loUp      bool
	// made, where set, is told of the namespace before it gets its name. Until
	// then it goes by itself if the process ends.
	made func(cookie uint64) error
}

// prepare has the namespace noted once it is there and can be told from any
// other, and before anybody can reach it.
func (o newNSOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	o.made = func(cookie uint64) error {
		u.hasMade(cookie)
		return u.note(ctx, Host(), unmakeNSOp{o.dir, o.name, cookie})
	}
	return o, nil
}

func (o newNSOp) String() string {
	text := "ns " + o.name
	if o.dir != DefaultMountPath {
		text = "ns " + o.dir + "/" + o.name
	}
	if !o.loUp {
		text += " lo off"
	}
	return text
}

func (o newNSOp) ref() Ref { return namedAt(o.dir, o.name) }

func namedAt(dir, name string) Ref {
	if dir == DefaultMountPath {
		return Named(name)
	}
	return Path(dir + "/" + name)
}

func (o newNSOp) act(ctx context.Context, c *Conn) error {
	made, err := o.make(ctx)
	if err != nil {
		return err
	}
	c.Forget(made.ref)
	return c.space.made(made)
}

// make makes the namespace and returns a connection to it. The namespace comes
// before the file of its name, so that a user without privilege gets EPERM.
func (o newNSOp) make(ctx context.Context) (*Conn, error) {
	path, err := namedPath(o.dir, o.name)
	if err != nil {
		return nil, err
	}
	c, named := o.madeAhead(ctx)
	if !named {
		if c, err = o.makeNow(c, path); err != nil {
			return nil, err
		}
	}
	c.ref = o.ref()
	return c, nil
}

// madeAhead is the namespace if it is there already, and whether it has its name.
func (o newNSOp) madeAhead(ctx context.Context) (c *Conn, named bool) {
	if !o.loUp || o.dir != DefaultMountPath {
		return nil, false
	}
	return aheadOf(ctx).take(o.name)
}

// makeNow makes what there is not yet of the namespace: it, and its name.
func (o newNSOp) makeNow(c *Conn, path string) (*Conn, error) {
	_, err := os.Lstat(path)
	if err == nil {
		err = &NSExistsError{Name: o.name}
	} else if err = nil; c == nil {
		c, err = o.nameless()
	}
	if err == nil {
		err = o.christen(c, path)
	}
	if err != nil && c != nil {
		c.close()
	}
	return c, err
}

// nameless is a new namespace, its loopback up where that is wanted.
func (o newNSOp) nameless() (*Conn, error) {
	c := &Conn{nsfd: -1}
	err := onWorker(func(t *thread) error {
		if err := t.unshare(); err != nil {
			return err
		}
		return c.openHere(o.loUp)
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// openHere connects to the calling thread's namespace, which is new.
func (c *Conn) openHere(loUp bool) (err error) {
	if err := c.dial(); err != nil {
		return err
	}
	if c.nsfd, err = c.socket.namespace(); err != nil {
		return err
	}
	if !loUp {
		return nil
	}
	if err := c.loUp(); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}

// christen gives the namespace of a connection its name, once that is noted.
func (o newNSOp) christen(c *Conn, path string) error {
	if err := makeMountDir(o.dir); err != nil {
		return err
	}
	if o.made != nil {
		if err := o.made(c.id); err != nil {
			return err
		}
	}
	return o.bind(c, path)
}

// bind binds the name to the namespace. The file alone decides between two who
// want the same one.
func (o newNSOp) bind(c *Conn, path string) error {
	err := newNameFile(o.dir, path, nameMark(c.id))
	if errors.Is(err, unix.EEXIST) {
		return &NSExistsError{Name: o.name}
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", c.nsfd), path, "none", unix.MS_BIND, ""); err != nil {
		return join(mountError(path, err), os.Remove(path))
	}
	return nil
}

// newNameFile makes the file that a namespace is to be bound to. It holds the
// text from the moment that it has its name, where the file system knows files
// without one, so that an interrupted run knows its own.
func newNameFile(dir, path, text string) error {
	const mode = 0o400
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, mode)
	if err != nil {
		if fd, err = unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, mode); err != nil {
			return &os.PathError{Op: "make", Path: path, Err: err}
		}
		defer unix.Close(fd)
		_, err = unix.Write(fd, []byte(text))
		return err
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	// Before Linux 6.10 it takes CAP_DAC_READ_SEARCH on the machine to do so without
	// /proc, which is slower.
	if err = unix.Linkat(fd, "", unix.AT_FDCWD, path, unix.AT_EMPTY_PATH); err == unix.ENOENT {
		err = unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	}
	if err != nil {
		return &os.PathError{Op: "make", Path: path, Err: err}
	}
	return nil
}

// delNSOp deletes a named namespace.
type delNSOp struct{ dir, name string }

func (o delNSOp) String() string {
	if o.dir != DefaultMountPath {
		return "del ns " + o.dir + "/" + o.name
	}
	return "del ns " + o.name
}

func (o delNSOp) act(_ context.Context, c *Conn) error {
	defer c.Forget(namedAt(o.dir, o.name)) // its links are gone only then
	return o.delete()
}

// delete takes the namespace's name away. A file that is no mount is what an
// interrupted `ip netns add` leaves; it goes too.
func (o delNSOp) delete() error {
	path, err := namedPath(o.dir, o.name)
	if err != nil {
		return err
	}
	err = unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && err != unix.EINVAL {
		return missing(namedAt(o.dir, o.name), &os.PathError{Op: "umount", Path: path, Err: err})
	}
	if err := unix.Unlink(path); err != nil {
		return missing(namedAt(o.dir, o.name), &os.PathError{Op: "unlink", Path: path, Err: err})
	}
	return nil
}
