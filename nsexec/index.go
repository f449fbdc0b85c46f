//go:build linux

package nsexec

import (
	"cmp"
	"errors"
	"maps"

	"golang.org/x/sys/unix"
)

// A link that is made with an index need not be looked up to be worked on. In a
// namespace that the engine has made nobody else makes links, and there it gives
// them the indexes that the kernel would: 2 for the first, and so on.

// firstIndex is the index of the first link in a new namespace, next to lo. Where
// the kernel has put others there, such as the tunnels that some modules bring,
// the first choice fails, and shows where to go on.
const firstIndex = 2

// choose returns the index for a link that is about to be made, 0 for none.
func (k *knownLinks) choose() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	index := k.next
	if index != 0 {
		k.next++
	}
	return index
}

// giveBack takes back the last choice, of a link that was not made.
func (k *knownLinks) giveBack(index int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next == index+1 {
		k.next = index
	}
}

// forgetFrom takes back all choices from an index on.
func (k *knownLinks) forgetFrom(index int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next, k.found = index, 0
	maps.DeleteFunc(k.index, func(_ string, i int) bool { return i >= index })
}

// goOn has the next link get an index; 0 leaves it to the kernel.
func (k *knownLinks) goOn(next int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = next
}

// chooses reports whether a namespace's indexes are chosen.
func (k *knownLinks) chooses() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.next != 0
}

// withIndexes gives the links that are to be made indexes where those may be
// chosen: of a pair both or none, since the kernel takes the far end's only
// beside the near end's. The far end comes first, as the kernel has it.
func (o *newLinkOp) withIndexes(c, far *Conn) (newLinkOp, bool) {
	chosen := *o
	if o.cfg.Index != 0 || o.flags&unix.NLM_F_CREATE == 0 || !c.known.chooses() {
		return chosen, false
	}
	if o.cfg.Peer != nil {
		if far == nil || o.cfg.Peer.Index != 0 || !far.known.chooses() {
			return chosen, false
		}
		chosen.far = far.known.choose()
	}
	chosen.cfg.Index = c.known.choose()
	return chosen, true
}

// giveBack takes back the indexes of links that were not made.
func (o *newLinkOp) giveBack(c, far *Conn) {
	c.known.giveBack(o.cfg.Index)
	if far != nil {
		far.known.giveBack(o.far)
	}
}

// isTaken reports whether an index may be another link's. It may be the name,
// too: then the kernel says so again when it chooses the index itself.
func isTaken(err error) bool { return errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EBUSY) }

// learnMade notes the indexes of links that were made with one.
func (o *newLinkOp) learnMade(c, far *Conn) {
	if o.cfg.Index != 0 {
		c.learn(o.cfg.Name, o.cfg.Index)
	}
	if index := o.farIndex(); index != 0 && far != nil {
		far.learn(o.cfg.Peer.Name, index)
	}
}

// farIndex is the index that the other end of a pair is to get, 0 for any.
func (o *newLinkOp) farIndex() int {
	if o.cfg.Peer == nil {
		return 0
	}
	return cmp.Or(o.cfg.Peer.Index, o.far)
}

// goOnBehind has further links follow one that the kernel chose the index of.
func (c *Conn) goOnBehind(name string) {
	index, err := c.Index(ByName(name))
	if err != nil {
		c.known.goOn(0)
		return
	}
	c.learn(name, index)
	c.known.goOn(index + 1)
}
