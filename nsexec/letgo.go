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
	for range times {
		if err := awaitLast(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitLast makes a namespace that is joined to another by a pair of links,
// deletes it, and waits until the end that is left has gone, too.
func awaitLast(ctx context.Context) error {
	here, err := newNamespace(nil)
	if err != nil {
		return err
	}
	defer unix.Close(here)
	last, err := newNamespace(nil)
	if err != nil {
		return err
	}
	c := &Conn{nsfd: -1}
	defer c.close()
	var changes linkChanges
	err = inNamespace(here, func(*thread) (err error) {
		if err := c.dial(); err != nil {
			return err
		}
		changes, err = openLinkChanges()
		return err
	})
	if err == nil {
		defer changes.close()
		err = c.joinTo(last)
	}
	unix.Close(last)
	if err != nil {
		return err
	}
	for {
		if _, err := c.askLink(lastIndex, nil); err != nil {
			return nil // it says ENODEV
		}
		if err := changes.wait(ctx); err != nil {
			return err
		}
	}
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

func (l linkChanges) close() { unix.Close(l.fd) }

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

// lastIndex is the index of the link that joinTo makes.
const lastIndex = 7

// joinTo makes a pair of links whose other end is in an open namespace.
func (c *Conn) joinTo(nsfd int) error {
	pair := Attr{Type: unix.IFLA_LINKINFO, Nested: []Attr{
		{Type: unix.IFLA_INFO_KIND, Data: []byte("veth")},
		{Type: unix.IFLA_INFO_DATA, Nested: []Attr{vethPeer("last", nsfd)}},
	}}
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddRawData(appendAttr(linkHeader(lastIndex), pair))
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
