//go:build linux

package nsexec

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// nsID tells namespaces apart: a namespace has an inode of its own, which stays
// its own for as long as anything holds the namespace open.
type nsID struct{ dev, ino uint64 }

// openNetns opens the file of a network namespace. The caller closes it.
func openNetns(path string) (int, error) {
	// O_NONBLOCK, since the path may turn out to be a fifo's.
	fd, err := retry(func() (int, error) {
		return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	})
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE); err != nil || kind != unix.CLONE_NEWNET {
		unix.Close(fd)
		return -1, fmt.Errorf("%q is not a network namespace: %w", path, unix.EINVAL)
	}
	return fd, nil
}

// openRef opens a namespace that has a file. The caller closes it.
func openRef(r Ref) (int, error) {
	path, err := r.path()
	if err != nil {
		return -1, err
	}
	fd, err := openNetns(path)
	return fd, missing(r, err)
}

// missing makes a NoNamespaceError of the error that opening r gave, where that
// is what it means.
func missing(r Ref, err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOTDIR) {
		names, _ := Namespaces()
		return &NoNamespaceError{Ref: r, Have: names}
	}
	return err
}

// idOf is the identity of an open namespace.
func idOf(fd int) (nsID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nsID{}, os.NewSyscallError("fstat", err)
	}
	return nsID{st.Dev, st.Ino}, nil
}

// idAt is the identity of the namespace that path names now.
func idAt(path string) (nsID, error) {
	var st unix.Stat_t
	_, err := retry(func() (int, error) { return 0, unix.Stat(path, &st) })
	if err != nil {
		return nsID{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return nsID{st.Dev, st.Ino}, nil
}

// retry calls f again for as long as a signal interrupts it.
func retry(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// Namespaces returns the names of the named namespaces, sorted. Where nobody
// has made one yet there are none.
func Namespaces() ([]string, error) {
	entries, err := os.ReadDir(DefaultMountPath)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}
