//go:build linux

package nsexec

import (
	"encoding/binary"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// HoldProcessor has the engine make its calls to the kernel about a link, an
// address or a route that is new or changes without telling Go's scheduler. The
// scheduler takes the processor from a thread whose call lasts longer than 20 µs,
// as nearly all of these do, and gives it to another thread; the first has to wait
// for one when its call returns. Where Go has few processors, a run of many
// messages spends up to a tenth of its time on that.
//
// In return, all other goroutines may have to wait for such a call: a collection
// stops them until it has returned. It mostly takes less than a millisecond, but
// waits as long as somebody else holds the lock of rtnetlink. So this is for a
// program that does little else. It has no effect where Go has but one processor.
func HoldProcessor() Option { return func(e *Engine) { e.holds = runtime.GOMAXPROCS(0) > 1 } }

// calls are the system calls on a socket for one request: held if they hold the
// processor.
type calls struct {
	fd   int
	held bool
}

// callsFor are those for a message of the type, as it is in the message's header.
func (s *socket) callsFor(msg []byte) calls {
	switch binary.NativeEndian.Uint16(msg[4:]) {
	case unix.RTM_NEWLINK, unix.RTM_NEWADDR, unix.RTM_NEWROUTE:
		return calls{s.fd, s.holds}
	}
	return calls{fd: s.fd}
}

func (c calls) write(b []byte) (int, error) {
	if !c.held {
		return retry(func() (int, error) { return unix.Write(c.fd, b) })
	}
	return c.hold(unix.SYS_WRITE, b)
}

// read reads what is there already, since the kernel answers within the call that
// asks.
func (c calls) read(b []byte) (int, error) {
	if !c.held {
		return retry(func() (int, error) { return unix.Read(c.fd, b) })
	}
	return c.hold(unix.SYS_READ, b)
}

func (c calls) hold(call uintptr, b []byte) (int, error) {
	return retry(func() (int, error) {
		n, _, errno := unix.RawSyscall(call, uintptr(c.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if errno != 0 {
			return -1, errno
		}
		return int(n), nil
	})
}
