//go:build linux

package nsexec

import (
	"context"
	"math/rand/v2"
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
	err = inNamespace(here, func(*thread) error { return c.dial() })
	if err == nil {
		err = c.joinTo(last)
	}
	unix.Close(last)
	if err != nil {
		return err
	}
	const first, most = time.Millisecond, 20 * time.Millisecond
	for wait := first; ; wait = min(2*wait, most) {
		if _, err := c.askLink(lastIndex, nil); err != nil {
			return nil // it says ENODEV
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
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
