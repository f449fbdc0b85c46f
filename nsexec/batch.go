//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// A call that sends several messages costs less than several calls do, and less
// waiting: each message takes the lock of rtnetlink, and who asks for it again at
// once mostly gets it before the threads that make namespaces do, and those of the
// kernel that look after links: a thousand bridges are made in nine tenths of the
// time. The kernel goes on behind a message that it refuses. So what is behind the
// first of a batch are only addresses, routes and plain links that are new, which
// are deleted again where one before them failed.

// More than these are hardly faster.
const (
	batchMost  = 256      // messages
	batchBytes = 32 << 10 // of a batch
)

// Each message that is refused is answered by itself, quoted. Should all of a
// batch be, their answers have to fit a socket's buffer, or the kernel drops some.
const (
	batchSmall  = 64   // as many messages as any buffer is large enough for
	refusalSize = 1280 // of a buffer, that an answer takes at most, but for a large message in it
)

// batchable is an operation that is one message.
type batchable interface {
	operation
	messenger
	// retractable reports whether the opposite message undoes it.
	retractable() bool
	// alone reports whether it must not be part of a batch.
	alone() bool
}

var _, _, _, _ batchable = &newLinkOp{}, setLinkOp{}, &addrOp{}, &routeOp{}

// batch does some of the steps that come first by one call, all in c's
// namespace, and returns how many; 0 and nil is that there is nothing to gain.
// Only in namespaces of the run's own, of which nothing is noted.
func (e *Engine) batch(ctx context.Context, c *Conn, steps []Step) (int, error) {
	if e.stepwise || e.faults != nil || len(steps) < 2 {
		return 0, nil
	}
	if u := undoOf(ctx); u != nil && !u.owns(c.id) {
		return 0, nil
	}
	p := c.batchOf(steps)
	defer p.free()
	if len(p.msgs) == 0 {
		return 0, nil
	}
	return e.sendBatch(ctx, c, steps, p)
}

// sendBatch sends messages, each of a step, and returns how many steps were done.
func (e *Engine) sendBatch(ctx context.Context, c *Conn, steps []Step, p *packet) (int, error) {
	failed, err := c.socket.exchangeAll(p)
	if err != nil {
		c.unlearn(p.msgs)
		return 0, err
	}
	if failed == len(p.msgs) {
		return failed, nil
	}
	for i := len(p.msgs) - 1; i > failed; i-- {
		if err := c.retract(p, i); err != nil {
			return failed, err
		}
	}
	c.unlearn(p.msgs[failed:])
	// By itself it says what is wrong, or finds what has changed meanwhile.
	if err := steps[failed].Action.act(ctx, c); err != nil {
		return failed, err
	}
	return failed + 1, nil
}

// batchOf are the messages of the steps that can go together, none where not even
// the first can. Of what can't be told now, such as a link that is not there, the
// step itself will say so. The packet is the caller's to free.
func (c *Conn) batchOf(steps []Step) *packet {
	p := packets.Get().(*packet)
	c.once.Do(c.dialHere)
	if c.dialErr != nil {
		return p
	}
	most := batchSmall
	for i := range steps {
		if i == most {
			if most = c.socket.together(); i >= most {
				break
			}
		}
		s := &steps[i]
		op, ok := operationOf(s.Action).(batchable)
		if !ok || s.NS != c.ref || s.Action.NeedsThread() || op.alone() || len(p.msgs) > 0 && !op.retractable() {
			break
		}
		if _, fused := fuse(steps[i:]); fused > 1 || !p.add(c, op) {
			break
		}
	}
	return p
}

// unlearn forgets the links of messages that were not made, and has the next one
// get the index of the first.
func (c *Conn) unlearn(msgs []packed) {
	for _, m := range msgs {
		if m.index != 0 {
			c.known.forgetFrom(m.index)
			return
		}
	}
}

// operationOf is what an action does.
func operationOf(a Action) operation {
	switch a := a.(type) {
	case NsAction:
		return a.op
	case LinkAction:
		return a.get().op
	}
	return nil
}

// retract undoes a message of a batch that was behind one that failed, unless it
// failed itself.
func (c *Conn) retract(p *packet, i int) error {
	m := p.msgs[i]
	if m.refused {
		return nil
	}
	del := c.Request(int(m.typ)+1, unix.NLM_F_ACK) // RTM_DEL… follows RTM_NEW…
	del.AddRawData(p.b[m.at+unix.NLMSG_HDRLEN : m.end])
	_, err := del.Execute(unix.NETLINK_ROUTE, 0)
	if isMissing(err) {
		return nil // it went with another
	}
	return err
}

// packet is some messages, which go to the kernel by one call.
type packet struct {
	b    []byte
	msgs []packed
}

// packed is where a message stands in a packet.
type packed struct {
	at, end int
	typ     uint16
	refused bool // by the kernel
	index   int  // of the link that it makes, which was chosen; otherwise 0
}

// packets are kept, since a run may need thousands. Most are of few messages, and
// many wait at a time.
var packets = sync.Pool{New: func() any { return &packet{b: make([]byte, 0, 512)} }}

// free has the packet used for others.
func (p *packet) free() {
	p.b, p.msgs = p.b[:0], p.msgs[:0]
	packets.Put(p)
}

// add appends an operation's message, and reports whether it could. Of a link that
// it makes the index is known from now on, to those behind it.
func (p *packet) add(c *Conn, op messenger) bool {
	made, makes := op.(*newLinkOp)
	if !makes {
		return p.end(op.appendMessage(p.begin(), c))
	}
	link, chosen := made.withIndexes(c, nil)
	if !chosen {
		return false
	}
	if !p.end(link.appendMessage(p.begin(), c)) {
		link.giveBack(c, nil)
		return false
	}
	link.learnMade(c, nil)
	p.msgs[len(p.msgs)-1].index = link.cfg.Index
	return true
}

// begin makes room for a message's header.
func (p *packet) begin() []byte {
	return append(p.b, make([]byte, unix.NLMSG_HDRLEN)...)
}

// end takes what appendMessage has made of begin, and reports whether that went
// well and there is room for it.
func (p *packet) end(b []byte, typ, flags int, err error) bool {
	if err != nil || len(b) > batchBytes {
		return false
	}
	order, at := binary.NativeEndian, len(p.b)
	order.PutUint32(b[at:], uint32(len(b)-at))
	order.PutUint16(b[at+4:], uint16(typ))
	order.PutUint16(b[at+6:], uint16(unix.NLM_F_REQUEST|flags))
	p.msgs = append(p.msgs, packed{at: at, end: len(b), typ: uint16(typ)})
	p.b = aligned(b, at)
	return true
}

// together is how many messages may go by one call: as many as there is room for
// the refusals of, which is made when it is first asked for.
func (s *socket) together() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most == 0 {
		const size = batchMost*refusalSize + 2*batchBytes // the memory of large ones is a power of two
		// The kernel doubles what it is asked for, and gives at most twice
		// net.core.rmem_max (socket(7)).
		_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, size/2)
		got, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		if s.most = batchSmall; err == nil && got >= size {
			s.most = batchMost
		}
	}
	return s.most
}

// exchangeAll sends messages by one call, and returns which was the first that
// the kernel refused, or how many they are. The last alone is acknowledged.
func (s *socket) exchangeAll(p *packet) (failed int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, first, last := binary.NativeEndian, s.seq+1, len(p.msgs)-1
	for _, m := range p.msgs {
		s.seq++
		order.PutUint32(p.b[m.at+8:], s.seq)
	}
	flags := p.b[p.msgs[last].at+6:]
	order.PutUint16(flags, order.Uint16(flags)|unix.NLM_F_ACK)
	by := s.callsFor(p.b)
	if _, err := by.write(p.b); err != nil {
		return 0, err
	}
	failed = len(p.msgs)
	for i := -1; i != last; {
		seq, err := by.answer()
		if errors.Is(err, errNoAnswer) {
			return 0, err
		}
		if i = int(int32(seq - first)); i < 0 || i > last {
			continue // to an earlier request
		}
		if err != nil {
			p.msgs[i].refused = true
			failed = min(failed, i)
		}
	}
	return failed, nil
}

// errNoAnswer is that the socket gave none.
var errNoAnswer = errors.New("the kernel gave no answer")

// answer reads one answer of struct nlmsgerr: to which message, and what it says.
func (c calls) answer() (seq uint32, err error) {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	n, err := c.read(buf[:])
	if err != nil || n < unix.NLMSG_HDRLEN {
		return 0, join(errNoAnswer, err)
	}
	kind, flags := binary.NativeEndian.Uint16(buf[4:]), binary.NativeEndian.Uint16(buf[6:])
	if kind == unix.NLMSG_ERROR {
		err = answered(kind, flags, buf[unix.NLMSG_HDRLEN:n])
	}
	return binary.NativeEndian.Uint32(buf[8:]), err
}
