//go:build linux

package nsexec

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Namespace is the path of a network namespace's file.
type Namespace string

// String is the path.
func (ns Namespace) String() string { return string(ns) }

// Exists reports whether there is a file at the path that could be a
// namespace's. Whether it is one turns out when it is entered.
func (ns Namespace) Exists() bool {
	info, err := os.Stat(string(ns))
	return err == nil && !info.IsDir()
}

// NsFd is a descriptor of an open network namespace. Whoever got it closes it.
type NsFd int

// NsFdNone is no descriptor.
const NsFdNone NsFd = -1

// Int is the descriptor as an int.
func (fd NsFd) Int() int { return int(fd) }

// Fd is Int.
func (fd NsFd) Fd() int { return int(fd) }

// Valid reports whether fd can be a descriptor, open or not.
func (fd NsFd) Valid() bool { return fd >= 0 }

// ID is the same text for two descriptors just if they are of the same
// namespace. For one that is not open it is "none".
func (fd NsFd) ID() string {
	id, err := idOf(int(fd))
	if err != nil {
		return "none"
	}
	return fmt.Sprintf("net:[%d:%d]", id.dev, id.ino)
}

// Set moves the calling thread into the namespace. The goroutine must hold the
// thread (see the runtime package) and must not let go of it again before it is
// back where it came from. [Do] does all that.
func (fd NsFd) Set() error { return setThread(int(fd)) }

// Close closes the descriptor and makes it NsFdNone. Of NsFdNone it is an
// error.
func (fd *NsFd) Close() error {
	if err := unix.Close(int(*fd)); err != nil {
		return os.NewSyscallError("close", err)
	}
	*fd = NsFdNone
	return nil
}

// NsProvider finds a namespace when it is asked to. The zero NsProvider fails.
type NsProvider struct {
	name string
	ref  Ref // for errors; of a generic provider, its path once it is known
	f    func() (Namespace, error)
}

// Provide returns the path of the namespace, as it is now. Nothing is opened.
func (p NsProvider) Provide() (Namespace, error) {
	if p.f == nil {
		return "", fmt.Errorf("namespace provider %q has no function", p.name)
	}
	return p.f()
}

// open opens what the provider provides. The caller closes it. NPNow names the
// calling thread, which must not become another's before it has been opened.
func (p NsProvider) open() (fd int, ref Ref, err error) {
	err = onThisThread(func() error {
		fd, ref, err = p.openProvided()
		return err
	})
	return fd, ref, err
}

func (p NsProvider) openProvided() (int, Ref, error) {
	ns, err := p.Provide()
	if err != nil {
		return -1, p.ref, fmt.Errorf("namespace provider %q: %w", p.name, err)
	}
	ref := p.ref
	if ref == (Ref{}) && p.name != nameNow {
		ref = Path(string(ns))
	}
	fd, err := openNetns(string(ns))
	return fd, ref, missing(ref, err)
}

const nameNow = "now"

// refProvider provides a namespace that has a file.
func refProvider(name string, ref Ref) NsProvider {
	return NsProvider{name: name, ref: ref, f: func() (Namespace, error) {
		path, err := ref.path()
		return Namespace(path), err
	}}
}

// threadNamespace is the file of the calling thread's namespace. It names the
// thread by its number, so that it means the same wherever it is opened.
func threadNamespace() Namespace {
	return Namespace(fmt.Sprintf("/proc/%d/task/%d/ns/net", unix.Getpid(), unix.Gettid()))
}
