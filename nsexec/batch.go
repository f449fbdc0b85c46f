//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// A call that sends several messages costs less than several calls do, and less
// waiting: each message takes the lock of rtnetlink, and who asks for it again at
// once mostly gets it before the threads that make namespaces do. The kernel goes
// on behind a message that it refuses. So what is behind the first of a batch are
// only addresses and routes that are new, which are deleted again where one
// before them failed.

// Each message that is refused is answered by itself, and a socket's buffer holds
// some two hundred such answers; more than these messages are hardly faster.
const (
	batchMost  = 64       // messages
	batchBytes = 16 << 10 // of a batch
)

// batchable is an operation that is one message.
type batchable interface {
	operation
	// request is the message, ready to be sent.
	request(c *Conn) (*Request, error)
	// retractable reports whether the opposite message undoes it.
	retractable() bool
	// alone reports whether it must not be part of a batch.
	alone() bool
}

var _, _, _ batchable = setLinkOp{}, addrOp{}, routeOp{}

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
	reqs := c.batchOf(steps)
	if len(reqs) < 2 {
		return 0, nil
	}
	return e.sendBatch(ctx, c, steps, reqs)
}

// sendBatch sends messages, each of a step, and returns how many steps were done.
func (e *Engine) sendBatch(ctx context.Context, c *Conn, steps []Step, reqs []*Request) (int, error) {
	failed, err := c.socket.exchangeAll(reqs)
	if err != nil {
		return 0, err
	}
	if failed == len(reqs) {
		return failed, nil
	}
	for i := len(reqs) - 1; i > failed; i-- {
		if err := c.retract(reqs[i]); err != nil {
			return failed, err
		}
	}
	// By itself it says what is wrong, or finds what has changed meanwhile.
	if err := steps[failed].Action.act(ctx, c); err != nil {
		return failed, err
	}
	return failed + 1, nil
}

// batchOf are the messages of the steps that can go together. Of what can't be
// told now, such as a link that is not there, the step itself will say so.
func (c *Conn) batchOf(steps []Step) []*Request {
	var reqs []*Request
	size := 0
	for _, s := range steps[:min(len(steps), batchMost)] {
		op, ok := operationOf(s.Action).(batchable)
		if !ok || s.NS != c.ref || s.Action.NeedsThread() || op.alone() || len(reqs) > 0 && !op.retractable() {
			break
		}
		req, err := op.request(c)
		if err != nil || req.err != nil {
			break
		}
		req.msg = req.Serialize()
		if size += nlmAlign(len(req.msg)); size > batchBytes {
			break
		}
		reqs = append(reqs, req)
	}
	return reqs
}

// operationOf is what an action does.
func operationOf(a Action) operation {
	switch a := a.(type) {
	case NsAction:
		return a.op
	case LinkAction:
		return a.op
	}
	return nil
}

// retract undoes a message of a batch that was behind one that failed, unless it
// failed itself.
func (c *Conn) retract(r *Request) error {
	if r.failed {
		return nil
	}
	del := c.Request(int(r.Type)+1, unix.NLM_F_ACK) // RTM_DEL… follows RTM_NEW…
	del.AddRawData(r.msg[unix.NLMSG_HDRLEN:])
	_, err := del.Execute(unix.NETLINK_ROUTE, 0)
	if isMissing(err) {
		return nil // it went with another
	}
	return err
}

// exchangeAll sends messages by one call, and returns which was the first that
// the kernel refused, or how many they are. The last alone is acknowledged.
func (s *socket) exchangeAll(reqs []*Request) (failed int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.seq + 1
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	all := buf[:0]
	for i, r := range reqs {
		s.seq++
		flags := r.Flags &^ unix.NLM_F_ACK
		if i == len(reqs)-1 {
			flags |= unix.NLM_F_ACK
		}
		binary.NativeEndian.PutUint16(r.msg[6:], flags)
		binary.NativeEndian.PutUint32(r.msg[8:], s.seq)
		all = aligned(append(all, r.msg...), 0)
	}
	if _, err := retry(func() (int, error) { return unix.Write(s.fd, all) }); err != nil {
		return 0, err
	}
	failed = len(reqs)
	for last := false; !last; {
		seq, err := s.answer()
		i := int(int32(seq - first))
		if errors.Is(err, errNoAnswer) {
			return 0, err
		}
		if i < 0 || i >= len(reqs) {
			continue // to an earlier request
		}
		if err != nil {
			reqs[i].failed = true
			failed = min(failed, i)
		}
		last = i == len(reqs)-1
	}
	return failed, nil
}

// errNoAnswer is that the socket gave none.
var errNoAnswer = errors.New("the kernel gave no answer")

// answer reads one answer of struct nlmsgerr: to which message, and what it says.
func (s *socket) answer() (seq uint32, err error) {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	n, err := retry(func() (int, error) { return unix.Read(s.fd, buf[:]) })
	if err != nil || n < unix.NLMSG_HDRLEN {
		return 0, join(errNoAnswer, err)
	}
	kind, flags := binary.NativeEndian.Uint16(buf[4:]), binary.NativeEndian.Uint16(buf[6:])
	if kind == unix.NLMSG_ERROR {
		err = answered(kind, flags, buf[unix.NLMSG_HDRLEN:n])
	}
	return binary.NativeEndian.Uint32(buf[8:]), err
}
