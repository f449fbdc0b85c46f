//go:build linux

package nsexec

import (
	"sync"
	"time"
)

// Before something new is made in a namespace that is older than the run, it has
// to be known whether it is there already: then it must stay when the run is
// undone. Of most kinds the kernel tells that by a list of all only, and to ask for
// one each time takes time by the square of their number. So what a list shows is
// kept for a moment, and only to say that something is not there. Should others make
// the very same thing in that moment, the kernel refuses to make it again, and then
// the note of how to undo it is struck out (see isNew).

// listingAge is how long a list counts, or listingShare times as long as it took.
const (
	listingAge   = 250 * time.Millisecond
	listingShare = 4
)

// listings are the lists that were taken in a namespace.
type listings struct {
	mu sync.Mutex
	of map[listingKind]*listing
}

// listingKind is what a list is of: messages, and of those a family.
type listingKind struct {
	message uint16
	family  uint8
}

type listing struct {
	until time.Time
	keys  map[string]bool
}

// isAbsent reports whether nothing of a kind has a key, which is about to be made.
// list lists the keys that there are.
func (c *Conn) isAbsent(kind listingKind, key string, list func(add func(key string)) error) (bool, error) {
	if c.ageOf() == nil { // a single Do, or one that is to be done step by step
		l, err := listed(list)
		return err == nil && !l.keys[key], err
	}
	c.listings.mu.Lock()
	defer c.listings.mu.Unlock()
	l := c.listings.of[kind]
	if l == nil || l.keys[key] || time.Now().After(l.until) {
		var err error
		if l, err = listed(list); err != nil {
			return false, err
		}
		if c.listings.of == nil {
			c.listings.of = map[listingKind]*listing{}
		}
		c.listings.of[kind] = l
	}
	if l.keys[key] {
		return false, nil
	}
	l.keys[key] = true
	return true, nil
}

// changes counts what the engine has done that may have taken away something.
func (c *Conn) changes() uint64 {
	if p, ok := c.space.(*pool); ok {
		return p.changes.Load()
	}
	return 0
}

// mayTake counts an operation, unless all that it does is to add one thing.
func (c *Conn) mayTake(op operation, err error) {
	if p, ok := c.space.(*pool); ok && (err != nil || !isNew(op)) {
		p.changes.Add(1)
	}
}

// listed takes a list.
func listed(list func(add func(key string)) error) (*listing, error) {
	l, start := &listing{keys: map[string]bool{}}, time.Now()
	err := list(func(key string) { l.keys[key] = true })
	took := time.Since(start)
	l.until = start.Add(took + max(listingAge, listingShare*took))
	return l, err
}
