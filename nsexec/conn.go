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
	socket  *socket
	dialErr error // why there is none

	handleOnce sync.Once
	handle     *netlink.Handle // nil until somebody asks for it

	known        knownLinks
	listings     listings
	prefixRoutes prefixRoutes
	addrsLeft    addrsLeft

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
	s, err := openSocket()
	if err != nil {
		return err
	}
	if c.id, err = socketCookie(s.fd); err != nil {
		s.close()
		return err
	}
	c.socket = s
	return nil
}

// dialHere opens the socket from within an action that runs on a thread in the
// namespace. Where that fails, requests return the error.
func (c *Conn) dialHere() {
	if c.socket == nil {
		c.dialErr = c.dial()
	}
}

// Handle is a netlink handle bound to the namespace, for rtnetlink only. It
// retries interrupted dumps, and its errors carry the kernel's own text. It has
// a socket of its own, opened by the first call; where that fails its requests
// do, too.
func (c *Conn) Handle() *netlink.Handle {
	c.handleOnce.Do(func() {
		err := inNamespace(c.nsfd, func(*thread) (err error) {
			c.handle, err = openHandle()
			return err
		})
		if err != nil {
			c.handle = &netlink.Handle{}
		}
	})
	return c.handle
}

// openHandle opens a handle in the calling thread's namespace.
func openHandle() (*netlink.Handle, error) {
	h, err := netlink.NewHandleWithOptions(netlink.HandleOptions{
		RetryInterrupted:        true,
		DisableVFInfoCollection: true,
	}, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	extendErrors(h)
	return h, nil
}

// extendErrors has the kernel explain its errors to a handle. The netlink
// package can switch that on for all handles of a program only. A version of it
// that keeps its sockets elsewhere costs its handles the kernel's text.
func extendErrors(h *netlink.Handle) {
	field := reflect.ValueOf(h).Elem().FieldByName("sockets")
	if !field.IsValid() || field.Type() != reflect.TypeFor[map[int]*nl.SocketHandle]() {
		return
	}
	for it := field.MapRange(); it.Next(); {
		// A kernel without extended acks gives plain errnos.
		_ = (*nl.SocketHandle)(it.Value().UnsafePointer()).Socket.SetExtAck(true)
	}
}

// close closes the sockets and the namespace's descriptor.
func (c *Conn) close() {
	if c.handle != nil {
		c.handle.Close()
	}
	if c.socket != nil {
		c.socket.close()
	}
	if c.nsfd >= 0 {
		unix.Close(c.nsfd)
		c.nsfd = -1
	}
}
