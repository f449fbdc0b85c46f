//go:build linux

package nsexec

import "golang.org/x/sys/unix"

// InjectFaults is for tests of what happens when an action fails. The engine
// calls f at each point at which one can: "before NAME", before the action of
// that name changes anything; "request NAME", before a netlink request that
// changes something, which is then spoilt so that it is the kernel that refuses
// it; "after NAME", when the action has been done and counts as failed. Where f
// returns an error the action fails there. While something is undone f is not
// called. It may be called by several goroutines at once.
func InjectFaults(f func(point string) error) Option {
	return func(e *Engine) { e.faults = f }
}

// fault is an error that InjectFaults has for a point.
func (c *Conn) fault(point string) error {
	if p, ok := c.space.(*pool); ok && p.engine.faults != nil && !p.undoing() {
		return p.engine.faults(point)
	}
	return nil
}

// faultAt is fault at a point that has two parts. They are joined only where
// somebody asks for faults.
func (c *Conn) faultAt(when, name string) error {
	if p, ok := c.space.(*pool); ok && p.engine.faults != nil {
		return c.fault(when + name)
	}
	return nil
}

// badMessage is a type of message that rtnetlink has not: it is above RTM_MAX.
const badMessage = 0xfff0

// faulty reports whether a request is to be spoilt. What only asks is not.
func (c *Conn) faulty(proto int) bool {
	const kinds, get = 3, 2 // as linux/rtnetlink.h numbers the messages
	if (proto-unix.RTM_BASE)&kinds == get {
		return false
	}
	return c.fault("request rtnetlink") != nil
}
