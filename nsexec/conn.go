//go:build linux

package nsexec

import (
	"reflect"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Conn is an open connection to one namespace. An action gets one, and may use
// it until it returns; the engine keeps it open for the next. It is safe for
// concurrent use.
type Conn struct {
	ref   Ref
	nsfd  int    // of the namespace
	id    uint64 // its cookie, once the socket is open
	space space

	once    sync.Once
	handle  *netlink.Handle
	sockets map[int]*nl.SocketHandle // the route socket that handle uses

	reindexed map[int]int // in a Do: the indexes of links that were moved here
}

// space is what a Conn is part of: an Engine's pool, or a single Do.
type space interface {
	// nsFd opens another namespace than c's.
	nsFd(c *Conn, ref Ref) (fd int, release func(), err error)
	// forget drops what is kept of a namespace.
	forget(ref Ref)
	// made takes over the connection to a namespace that was just made. What
	// follows in a Do runs there; an Engine keeps it for when it is asked for.
	made(c *Conn) error
	// moved says that the link that had index old here went to another
	// namespace, under its name. A Do sends link actions after it.
	moved(old int, name string, to Ref, fd int) error
}

// Ref is the namespace that the connection is to.
func (c *Conn) Ref() Ref { return c.ref }

// Handle is a netlink handle bound to the namespace, for rtnetlink only. It
// retries interrupted dumps, and its errors carry the kernel's own text.
func (c *Conn) Handle() *netlink.Handle {
	c.once.Do(c.dialHere)
	return c.handle
}

// Request starts an rtnetlink request that goes through the namespace's socket.
// Execute it with unix.NETLINK_ROUTE as the kind of socket. Its errors carry
// the kernel's own text.
func (c *Conn) Request(proto, flags int) *nl.NetlinkRequest {
	c.once.Do(c.dialHere)
	if c.faulty(proto) {
		proto = badMessage
	}
	req := nl.NewNetlinkRequest(proto, flags)
	req.Sockets = c.sockets
	req.RetryInterrupted = true
	return req
}

// NsFd returns a descriptor of another namespace, to tell the kernel where a
// link's peer belongs or where it moves. The descriptor serves until release is
// called.
func (c *Conn) NsFd(ref Ref) (fd int, release func(), err error) {
	if ref == c.ref {
		return c.nsfd, func() {}, nil
	}
	return c.space.nsFd(c, ref)
}

// Forget drops what is kept of a namespace. An action that has deleted it, or
// made it, calls this, so that nobody gets the old one under its name.
func (c *Conn) Forget(ref Ref) { c.space.forget(ref) }

// dial opens the netlink socket. The calling thread must be in the namespace.
func (c *Conn) dial() error {
	h, err := netlink.NewHandleWithOptions(netlink.HandleOptions{
		RetryInterrupted:        true,
		DisableVFInfoCollection: true,
	}, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	c.handle = h
	if c.sockets = socketsOf(h); c.sockets == nil {
		s, err := nl.GetNetlinkSocketAt(-1, -1, unix.NETLINK_ROUTE)
		if err != nil {
			h.Close()
			return err
		}
		c.sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: s}}
	}
	// A kernel without extended acks gives plain errnos.
	_ = c.sockets[unix.NETLINK_ROUTE].Socket.SetExtAck(true)
	c.id, err = socketCookie(c.sockets[unix.NETLINK_ROUTE].Socket.GetFd())
	return err
}

// dialHere opens the socket from within an action that runs on a thread in the
// namespace. Where that fails, requests open a socket each, on this thread, and
// so return the same error.
func (c *Conn) dialHere() {
	if c.handle == nil && c.dial() != nil {
		c.handle = &netlink.Handle{}
	}
}

// socketsOf takes the sockets out of a handle. The netlink package has no other
// way to share them, or to switch extended acks on for one handle only. A
// version of it that keeps them elsewhere costs a second socket a namespace,
// and its handles the kernel's text.
func socketsOf(h *netlink.Handle) map[int]*nl.SocketHandle {
	field := reflect.ValueOf(h).Elem().FieldByName("sockets")
	if !field.IsValid() || field.Type() != reflect.TypeFor[map[int]*nl.SocketHandle]() {
		return nil
	}
	sockets := make(map[int]*nl.SocketHandle, field.Len())
	for it := field.MapRange(); it.Next(); {
		sockets[int(it.Key().Int())] = (*nl.SocketHandle)(it.Value().UnsafePointer())
	}
	return sockets
}

// close closes the sockets and the namespace's descriptor.
func (c *Conn) close() {
	if c.handle != nil {
		c.handle.Close()
	}
	for _, s := range c.sockets {
		s.Socket.Close() // the same as the handle's; a second close does nothing
	}
	if c.nsfd >= 0 {
		unix.Close(c.nsfd)
		c.nsfd = -1
	}
}
