//go:build linux

package nsexec

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketCookie is the cookie of the namespace that a socket was made in. A
// kernel before 5.14 has none; there the inode has to serve, which a later
// namespace may get again.
func socketCookie(fd int) (uint64, error) {
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err == nil {
		return cookie, nil
	}
	if err != unix.ENOPROTOOPT {
		return 0, os.NewSyscallError("getsockopt", err)
	}
	here, err := idAt("/proc/thread-self/ns/net")
	return here.ino, err
}

// cookieOf is the cookie of an open namespace.
func cookieOf(nsfd int) (uint64, error) {
	if idsAreCookies() {
		return namespaceID(nsfd)
	}
	return enterForCookie(nsfd)
}

// idsAreCookies reports whether the ID of a namespace, which can be had without
// entering it, is its cookie. It is since Linux 6.18 (preinit_net of
// net/core/net_namespace.c). No manual says so, so that of this process's is had
// both ways, once.
var idsAreCookies = sync.OnceValue(func() bool {
	fd, err := openSelf()
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	id, noID := namespaceID(fd)
	cookie, err := enterForCookie(fd)
	return noID == nil && err == nil && id == cookie
})

// namespaceID is the ID of an open namespace (NS_GET_ID of linux/nsfs.h), which no other has until the next
// boot. A kernel before 6.18 has none.
func namespaceID(nsfd int) (id uint64, err error) {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(nsfd), unix.NS_GET_ID, uintptr(unsafe.Pointer(&id)))
	if errno != 0 {
		return 0, os.NewSyscallError("ioctl", errno)
	}
	return id, nil
}

// enterForCookie is cookieOf on a thread that enters the namespace.
func enterForCookie(nsfd int) (cookie uint64, err error) {
	err = inNamespace(nsfd, func(*thread) error {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
		if err != nil {
			return os.NewSyscallError("socket", err)
		}
		defer unix.Close(fd)
		cookie, err = socketCookie(fd)
		return err
	})
	return cookie, err
}

// hintHost is the hint of a RefCookie for the namespace that the program was
// started in.
const hintHost = "host"

// openCookie opens the namespace with a cookie: among those that are open
// already, those with a name, and those of processes. The caller closes it.
func (p *pool) openCookie(ref Ref) (int, error) {
	want := uint64(ref.TID)
	fd, gone, err := p.dupCookie(want)
	if gone {
		return -1, &NoNamespaceError{Ref: ref}
	}
	if fd >= 0 || err != nil {
		return fd, err
	}
	seen := map[nsID]bool{}
	try := func(path string) (int, bool) {
		fd, err := openNetns(path)
		if err != nil {
			return -1, false
		}
		id, err := idOf(fd)
		if err == nil && !seen[id] {
			seen[id] = true
			if cookie, err := cookieOf(fd); err == nil && cookie == want {
				return fd, true
			}
		}
		unix.Close(fd)
		return -1, false
	}
	for path := range candidatePaths(ref.Name) {
		if fd, ok := try(path); ok {
			return fd, nil
		}
	}
	p.setGone(want, true)
	return -1, &NoNamespaceError{Ref: ref}
}

// dupCookie looks for a cookie among the open connections; -1 is none. A
// namespace that was not to be found once is gone: it could only come back
// through restoreNSOp.
func (p *pool) dupCookie(cookie uint64) (fd int, gone bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone[cookie] {
		return -1, true, nil
	}
	for _, pc := range p.conns {
		if pc.Conn.id == cookie {
			fd, err = dup(pc.nsfd)
			return fd, false, err
		}
	}
	return -1, false, nil
}

func (p *pool) setGone(cookie uint64, gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone[cookie] = gone
}

// candidatePaths are the files of the namespaces of this system, that of a hint
// first, then the named ones, then those of processes. A namespace may come up
// more than once.
func candidatePaths(hint string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if path, err := namedPath(DefaultMountPath, hint); err == nil && hint != hintHost && !yield(path) {
			return
		}
		if !yield("/proc/self/ns/net") {
			return
		}
		names, _ := Namespaces()
		for _, name := range names {
			if !yield(filepath.Join(DefaultMountPath, name)) {
				return
			}
		}
		for _, path := range processNetns() {
			if !yield(path) {
				return
			}
		}
	}
}

// cookieRef is the namespace of a connection, named so that it can be found
// again by its identity.
func (c *Conn) cookieRef() Ref { return Cookie(c.id, c.ref.hint()) }

// hint is where to look first for a namespace that is known by its cookie.
func (r Ref) hint() string {
	switch r.Kind {
	case RefHost:
		return hintHost
	case RefName, RefCookie:
		return r.Name
	}
	return ""
}

// cookieAt is the cookie of another namespace.
func (c *Conn) cookieAt(ref Ref) (uint64, error) {
	if p, ok := c.space.(*pool); ok {
		pc, err := p.get(context.Background(), ref, p.runOf(c))
		if err != nil {
			return 0, err
		}
		defer p.put(pc)
		return pc.Conn.id, nil
	}
	fd, release, err := c.NsFd(ref)
	if err != nil {
		return 0, err
	}
	defer release()
	return cookieOf(fd)
}

// hereText is a statement with the namespace that it runs in, as the language
// writes it.
func hereText(ns Ref, stmt string) string {
	if ns == (Ref{}) {
		return stmt
	}
	return fmt.Sprintf("in %s < %s >", ns, stmt)
}
