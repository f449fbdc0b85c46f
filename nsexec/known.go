//go:build linux

package nsexec

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// To find a link by its name costs as much as to give it an address. So what an
// engine has learnt within a Run it does not ask again: which index a name has.
// That holds until an operation is done that may give a name to another link,
// which are all but those that namesStay knows. What other programs rename
// meanwhile is found by the index it had, as it would be a moment earlier.

// nameAge tells what was learnt before names may have changed from what was
// learnt since. An engine has one.
type nameAge struct{ n atomic.Uint64 }

func (a *nameAge) next() { a.n.Add(1) }

// knownLinks are the links of one namespace that a Run has come to know.
type knownLinks struct {
	mu    sync.Mutex
	age   uint64
	index map[string]int
	last  string // the name that was asked for last, which mostly is the next, too
	found int    // its index
	next  int    // the index to give to the next link; 0 leaves it to the kernel
}

// ageOf is the engine's age of names; nil in a single Do, which learns nothing.
func (c *Conn) ageOf() *nameAge {
	if p, ok := c.space.(*pool); ok && !p.engine.stepwise {
		return &p.names
	}
	return nil
}

// indexOf is Index for operations that leave the names of links as they are: it
// may know the answer.
func (c *Conn) indexOf(link LinkRef) (int, error) {
	if link.Name == "" {
		return c.Index(link)
	}
	if index := c.knows(link.Name); index != 0 {
		return index, nil
	}
	index, err := c.Index(link)
	if err == nil {
		c.learn(link.Name, index)
	}
	return index, err
}

// knows is the index of a name, 0 where it is not known.
func (c *Conn) knows(name string) int {
	age := c.ageOf()
	if age == nil {
		return 0
	}
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	k := &c.known
	if k.age != age.n.Load() {
		return 0
	}
	if k.last != name || k.found == 0 {
		k.last, k.found = name, k.index[name]
	}
	return k.found
}

// learn notes the index of a name.
func (c *Conn) learn(name string, index int) {
	age := c.ageOf()
	if age == nil {
		return
	}
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	if now := age.n.Load(); c.known.age != now || c.known.index == nil {
		c.known.age = now
		c.known.index = make(map[string]int, 2)
	}
	c.known.index[name] = index
	c.known.last, c.known.found = name, index
}

// keepsNames is an operation after which each name still means the same link.
type keepsNames interface{ keepsNames() bool }

// namesStay reports whether an operation leaves the names of links as they are.
func namesStay(op operation) bool {
	k, ok := op.(keepsNames)
	return ok && k.keepsNames()
}

// Plain reports whether a step is one of the engine's own that only changes what
// it is about: it calls no function of others, writes nothing, and takes no
// thread. It does not matter which goroutine has it done.
func Plain(s Step) bool {
	return !s.Action.NeedsThread() && namesStay(operationOf(s.Action))
}

func (*newLinkOp) keepsNames() bool { return true }
func (newNSOp) keepsNames() bool    { return true }
func (*addrOp) keepsNames() bool    { return true }
func (*routeOp) keepsNames() bool   { return true }
func (neighOp) keepsNames() bool    { return true }
func (ruleOp) keepsNames() bool     { return true }
func (sysctlOp) keepsNames() bool   { return true }
func (forwardOp) keepsNames() bool  { return true }

// keepsNames is false for a change of the name, or of the namespace.
func (o setLinkOp) keepsNames() bool {
	for _, a := range o.change.Attrs {
		switch a.Type {
		case unix.IFLA_IFNAME, unix.IFLA_ALT_IFNAME, unix.IFLA_PROP_LIST, unix.IFLA_NET_NS_FD, unix.IFLA_NET_NS_PID, unix.IFLA_NEW_IFINDEX:
			return false
		}
	}
	return true
}

func (nexthopOp) keepsNames() bool   { return true }
func (mplsRouteOp) keepsNames() bool { return true }
