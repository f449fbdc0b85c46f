//go:build linux

package nsexec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Request is an rtnetlink request to one namespace: the message of the netlink
// package, sent by the socket that the [Conn] keeps. It is used once.
type Request struct {
	nl.NetlinkRequest
	socket *socket
	err    error  // why there is no socket
	whole  []byte // the message, behind room for its header; nil where the netlink package has its parts
}

// Request starts an rtnetlink request that goes through the namespace's socket.
// Its errors carry the kernel's own text.
func (c *Conn) Request(proto, flags int) *Request {
	if c.faulty(proto) {
		proto = badMessage
	}
	return c.sound(proto, flags)
}

// sound is Request without the faults of InjectFaults.
func (c *Conn) sound(proto, flags int) *Request {
	c.once.Do(c.dialHere)
	req := &Request{socket: c.socket, err: c.dialErr}
	req.Type, req.Flags = uint16(proto), uint16(unix.NLM_F_REQUEST|flags)
	return req
}

// requestOf is a Request of a body that was appended to headerRoom.
func (c *Conn) requestOf(proto, flags int, whole []byte) *Request {
	req := c.Request(proto, flags)
	req.whole = whole
	return req
}

// messenger is an operation that is one message.
type messenger interface {
	// appendMessage appends the body of the message, and says of which type it is
	// and with which flags it is sent, besides those that each has.
	appendMessage(b []byte, c *Conn) (out []byte, typ, flags int, err error)
}

// send has the kernel do an operation.
func (c *Conn) send(m messenger) error {
	whole, typ, flags, err := m.appendMessage(headerRoom(), c)
	if err != nil {
		return err
	}
	_, err = c.requestOf(typ, flags|unix.NLM_F_ACK, whole).Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// headerRoom is what a message of usual size is appended to.
func headerRoom() []byte { return make([]byte, unix.NLMSG_HDRLEN, 112) }

// Serialize is the message as it is sent, but for its number. It overrides the
// netlink package's.
func (r *Request) Serialize() []byte {
	if r.whole == nil {
		return r.NetlinkRequest.Serialize()
	}
	binary.NativeEndian.PutUint32(r.whole, uint32(len(r.whole)))
	binary.NativeEndian.PutUint16(r.whole[4:], r.Type)
	binary.NativeEndian.PutUint16(r.whole[6:], r.Flags)
	return r.whole
}

// dumpMost bounds the objects of a dump: more than twice the Internet's routes.
// Linux 6.18 has been seen to list address labels again and again.
const dumpMost = 1 << 21

// dumpTries is how often a dump is asked for that changes while it is sent.
const dumpTries = 10

// Execute sends the request and returns the bodies of the answers, of one type
// of message where that is not zero. The error is the kernel's errno, with its
// explanation where it gave one. It overrides the netlink package's, of which
// it takes the arguments; the only kind of socket there is, is NETLINK_ROUTE.
func (r *Request) Execute(kind int, answer uint16) ([][]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	if kind != unix.NETLINK_ROUTE {
		return nil, unix.EPROTONOSUPPORT
	}
	msg := r.Serialize()
	for range dumpTries {
		out, err := r.socket.exchange(msg, answer)
		if !errors.Is(err, nl.ErrDumpInterrupted) {
			return out, err
		}
	}
	return nil, nl.ErrDumpInterrupted
}

// socket is a route socket of one namespace, which is the kernel's alone: it is
// connected, so nobody else can send to it. It is safe for concurrent use.
//
// rtnetlink does what it is asked within the call that asks, so its answer is
// there by the time one reads: two system calls are a request, without waiting.
type socket struct {
	mu    sync.Mutex
	fd    int
	seq   uint32
	most  int  // messages of a batch; 0 until it is known
	holds bool // of HoldProcessor
}

// openSocket opens a socket in the calling thread's namespace.
func openSocket() (*socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	// A kernel without extended acks gives plain errnos.
	_ = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_EXT_ACK, 1)
	return &socket{fd: fd}, nil
}

func (s *socket) close() { unix.Close(s.fd) }

// namespace opens the one that the socket is in, which is the calling thread's.
// The ioctl (SIOCGSKNS of linux/sockios.h) takes CAP_NET_ADMIN over it, and half as
// long as /proc.
func (s *socket) namespace() (int, error) {
	fd, err := unix.IoctlRetInt(s.fd, unix.SIOCGSKNS)
	if err != nil {
		return openSelf()
	}
	return fd, nil
}

// buffers are what answers are read into; what is returned is a copy. The
// kernel puts at most 32 KiB of a dump into a message (netlink_dump), and a
// single answer is smaller.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// exchange sends a message and returns the bodies of the answers to it.
func (s *socket) exchange(msg []byte, answer uint16) (out [][]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	const seqAt = 8 // of struct nlmsghdr
	binary.NativeEndian.PutUint32(msg[seqAt:], s.seq)
	by := s.callsFor(msg)
	if _, err := by.write(msg); err != nil {
		return nil, err
	}
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	var in collector
	for !in.done {
		n, err := by.read(buf[:])
		if err != nil {
			return nil, os.NewSyscallError("recv", err)
		}
		if err := in.read(buf[:n], s.seq, answer); err != nil {
			return nil, err
		}
		if len(in.bodies) > dumpMost {
			return nil, fmt.Errorf("the kernel's answer has no end: %w", unix.EOVERFLOW)
		}
	}
	if in.changed {
		return nil, nl.ErrDumpInterrupted
	}
	return in.bodies, nil
}

// collector takes the answers to one request together.
type collector struct {
	bodies  [][]byte
	done    bool
	changed bool // what is dumped changed meanwhile
}

// read takes the messages of one datagram apart. Those to an earlier request,
// that was not read to its end, are passed over.
func (in *collector) read(b []byte, seq uint32, answer uint16) error {
	for len(b) >= unix.NLMSG_HDRLEN && !in.done {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.NLMSG_HDRLEN || size > len(b) {
			return fmt.Errorf("an answer of the kernel is cut off: %w", unix.EBADMSG)
		}
		if binary.NativeEndian.Uint32(b[8:]) == seq {
			kind, flags := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:])
			if err := in.add(kind, flags, b[unix.NLMSG_HDRLEN:size], answer); err != nil {
				return err
			}
		}
		b = b[min(nlmAlign(size), len(b)):]
	}
	return nil
}

func nlmAlign(n int) int { return (n + unix.NLMSG_ALIGNTO - 1) &^ (unix.NLMSG_ALIGNTO - 1) }

func (in *collector) add(kind, flags uint16, body []byte, answer uint16) error {
	in.changed = in.changed || flags&unix.NLM_F_DUMP_INTR != 0
	switch kind {
	case unix.NLMSG_DONE, unix.NLMSG_ERROR:
		in.done = true
		return answered(kind, flags, body)
	}
	if answer == 0 || kind == answer {
		in.bodies = append(in.bodies, append([]byte(nil), body...))
	}
	in.done = flags&unix.NLM_F_MULTI == 0
	return nil
}

// answered is the error of a last message: struct nlmsgerr, or a dump's end.
func answered(kind, flags uint16, body []byte) error {
	if len(body) < 4 {
		return nil // a dump's end need not say more
	}
	code := int32(binary.NativeEndian.Uint32(body))
	if code == 0 {
		return nil
	}
	err := unix.Errno(-code)
	skip := 4
	if kind == unix.NLMSG_ERROR {
		if skip += unix.NLMSG_HDRLEN; flags&unix.NLM_F_CAPPED == 0 && len(body) >= 8 {
			skip = 4 + nlmAlign(int(binary.NativeEndian.Uint32(body[4:]))) // the request, as it was sent
		}
	}
	if flags&unix.NLM_F_ACK_TLVS == 0 || skip > len(body) {
		return err
	}
	attrs, perr := parseAttrs(body, skip)
	if text := attrs.text(nlmsgerrMsg); perr == nil && text != "" {
		return fmt.Errorf("%w: %s", err, text)
	}
	return err
}

const nlmsgerrMsg = 1 // NLMSGERR_ATTR_MSG of linux/netlink.h
