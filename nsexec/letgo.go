//go:build linux

package nsexec

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// freeName is a name for a link that is there for a moment only. Chance keeps
// it from being somebody's.
func freeName(prefix string) string {
	return prefix + strconv.FormatUint(uint64(rand.Uint32()), 36)
}

// letGoWithin bounds the wait for the kernel, which takes seconds over some
// thousand namespaces.
const letGoWithin = 2 * time.Minute

// LetGo waits until the kernel has dismantled the namespaces that have been
// deleted: that goes on, in their order, long after the call that deletes one.
// It is over when one that is made and deleted now has gone. That is done
// twice: some of those before may have been held by sockets for just as long as
// the first took.
func (e *Engine) LetGo(ctx context.Context) error { return awaitLasts(ctx, letGoTimes) }

const letGoTimes = 2

// awaitLasts does it some times in turn.
func awaitLasts(ctx context.Context, times int) error {
	ctx, cancel := context.WithTimeout(ctx, letGoWithin)
	defer cancel()
	l := &lasts{nsfd: -1, c: &Conn{nsfd: -1}, changes: linkChanges{-1}}
	defer l.close()
	if err := l.make(times); err != nil {
		return err
	}
	return l.await(ctx)
}

// lasts are namespaces that will be the last to be deleted. Each is joined to
// one that stays by a pair of links.
type lasts struct {
	nsfd    int // the one that stays
	c       *Conn
	changes linkChanges
	fds     []int // the lasts
}

// make makes them all beforehand: while the kernel dismantles others, it takes
// its time over a new one.
func (l *lasts) make(n int) (err error) {
	if l.nsfd, err = newNamespace(nil); err != nil {
		return err
	}
	err = inNamespace(l.nsfd, func(*thread) (err error) {
		if err := l.c.dial(); err != nil {
			return err
		}
		l.changes, err = openLinkChanges()
		return err
	})
	for i := 0; i < n && err == nil; i++ {
		var fd int
		if fd, err = newNamespace(nil); err != nil {
			break
		}
		l.fds = append(l.fds, fd)
		err = l.c.joinTo(fd, lastIndex+i)
	}
	return err
}

// await deletes each in turn, and waits until the end of its links that stays
// has gone, too.
func (l *lasts) await(ctx context.Context) error {
	for i, fd := range l.fds {
		l.fds[i] = -1
		unix.Close(fd)
		for {
			if _, err := l.c.askLink(int32(lastIndex+i), nil); err != nil {
				break // it says ENODEV
			}
			if err := l.changes.wait(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *lasts) close() {
	for _, fd := range append(l.fds, l.changes.fd, l.nsfd) {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	l.c.close()
}

// linkChanges is a socket that the kernel tells of changes of links in its
// namespace (RTNLGRP_LINK of rtnetlink(7)).
type linkChanges struct{ fd int }

// openLinkChanges opens one in the calling thread's namespace.
func openLinkChanges() (linkChanges, error) {
	const flags = unix.SOCK_RAW | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	fd, err := unix.Socket(unix.AF_NETLINK, flags, unix.NETLINK_ROUTE)
	if err != nil {
		return linkChanges{-1}, os.NewSyscallError("socket", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}); err != nil {
		unix.Close(fd)
		return linkChanges{-1}, os.NewSyscallError("bind", err)
	}
	return linkChanges{fd}, nil
}

// wait waits until something may have changed since the last wait: now and then
// it returns for nothing.
func (l linkChanges) wait(ctx context.Context) error {
	const patience = 100 // ms
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := retry(func() (int, error) {
		return unix.Poll([]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}, patience)
	})
	if err != nil {
		return os.NewSyscallError("poll", err)
	}
	var news [4 << 10]byte
	for err == nil || err == unix.ENOBUFS { // too much was told; what, does not matter
		_, err = unix.Read(l.fd, news[:])
	}
	if err == unix.EAGAIN || err == unix.EINTR {
		return nil
	}
	return os.NewSyscallError("read", err)
}

// lastIndex is the index of the first link to one of the lasts.
const lastIndex = 7

// joinTo makes a pair of links, of which one has an index here and the other is
// in an open namespace.
func (c *Conn) joinTo(nsfd, index int) error {
	pair := Attr{Type: unix.IFLA_LINKINFO, Nested: []Attr{
		{Type: unix.IFLA_INFO_KIND, Data: []byte("veth")},
		{Type: unix.IFLA_INFO_DATA, Nested: []Attr{vethPeer("last", nsfd)}},
	}}
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddRawData(appendAttr(linkHeader(index), pair))
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// vethPeer is VETH_INFO_PEER for an end of that name in an open namespace: a
// header, then attributes.
func vethPeer(name string, nsfd int) Attr {
	const infoPeer = 1
	data := linkHeader(0)
	data = appendAttr(data, Attr{Type: unix.IFLA_IFNAME, Data: append([]byte(name), 0)})
	data = appendAttr(data, Attr{Type: unix.IFLA_NET_NS_FD, Data: u32(nsfd)})
	return Attr{Type: infoPeer, Data: data}
}

// linkHeader is a struct ifinfomsg with an index.
func linkHeader(index int) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	byteOrder.PutUint32(b[4:], uint32(index))
	return b
}
