//go:build linux

package nsexec

import (
	"bytes"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// removeAddr deletes an IPv4 address and nothing else: with the first address of
// a network, the kernel deletes the others of it, which may be somebody else's.
func (c *Conn) removeAddr(m message) error {
	index := m.addrIndex()
	switch alone, err := c.goesAlone(m); {
	case err != nil:
		return err
	case alone:
		return c.remove(m)
	}
	had, err := c.recordOf([]int{index}, false)
	if err != nil {
		return err
	}
	if err := c.remove(m); err != nil {
		return err
	}
	kept := had.besidesAddr(m)
	now, err := c.recordOf([]int{index}, false)
	if err != nil {
		return err
	}
	if slices.EqualFunc(kept.msgs, now.besidesAddr(m).msgs, message.equal) {
		return nil // to look at each address of many, at each's turn, takes minutes
	}
	routes := &Record{}
	kept.msgs = slices.DeleteFunc(kept.msgs, func(other message) bool {
		way := other.kind == unix.RTM_NEWROUTE || other.kind == unix.RTM_NEWNEXTHOP
		if way {
			routes.msgs = append(routes.msgs, other)
		}
		return way
	})
	if err := kept.restoreIn(c, false); err != nil {
		return err
	}
	// Routes that need the address have no place any more.
	_ = routes.restoreIn(c, false)
	return nil
}

// besidesAddr is what a record of a link has besides an address and what comes and
// goes with that.
func (r *Record) besidesAddr(m message) *Record {
	kept := &Record{}
	for _, other := range r.msgs {
		switch other.kind {
		case unix.RTM_NEWADDR:
			if bytes.Equal(other.addrKey(), m.addrKey()) {
				continue
			}
		case unix.RTM_NEWROUTE:
			a := other.attrs()
			if other.body[5] == unix.RTPROT_KERNEL || bytes.Equal(a.get(unix.RTA_PREFSRC), m.attrs().get(unix.IFA_LOCAL)) {
				continue // they go with the address, or come with another
			}
		case unix.RTM_NEWLINK, unix.RTM_SETLINK:
			continue
		}
		kept.msgs = append(kept.msgs, other)
	}
	return kept
}

// addrsLeft are the IPv4 addresses of a link of which some are taken away, one
// after the other. To list them for each would take time by the square of their
// number.
type addrsLeft struct {
	mu        sync.Mutex
	link      int
	until     time.Time
	secondary map[string]bool // of an address's key, whether it is one
	networks  map[string]int  // how many there are in each
}

// goesAlone reports whether nothing goes with an IPv4 address that is deleted now,
// besides the routes that need it (see __inet_del_ifa and fib_inetaddr_event in the
// kernel): with a primary address go the secondary ones of its network, with the
// last one of a link all of its routes.
func (c *Conn) goesAlone(m message) (bool, error) {
	left := &c.addrsLeft
	left.mu.Lock()
	defer left.mu.Unlock()
	if c.ageOf() == nil || left.link != m.addrIndex() || time.Now().After(left.until) {
		if err := left.list(c, m.addrIndex()); err != nil {
			return false, err
		}
	}
	key, network := string(m.addrKey()), m.addrNetwork()
	secondary, known := left.secondary[key]
	if !known || len(left.secondary) == 1 || !secondary && left.networks[network] > 1 {
		left.until = time.Time{}
		return false, nil
	}
	delete(left.secondary, key)
	left.networks[network]--
	return true, nil
}

// list takes the list anew.
func (l *addrsLeft) list(c *Conn, link int) error {
	l.link, l.until = link, time.Now().Add(listingAge)
	l.secondary, l.networks = map[string]bool{}, map[string]int{}
	all, err := c.list(unix.RTM_NEWADDR, nl.NewIfAddrmsg(unix.AF_INET))
	for _, m := range all {
		if m.addrIndex() == link {
			l.secondary[string(m.addrKey())] = m.addrFlags(m.attrs())&unix.IFA_F_SECONDARY != 0
			l.networks[m.addrNetwork()]++
		}
	}
	if err != nil {
		l.until = time.Time{}
	}
	return err
}

// addrNetwork is the network of an IPv4 address, or of its peer's.
func (m message) addrNetwork() string {
	p := netip.PrefixFrom(m.attrs().addr(unix.IFA_ADDRESS), int(m.body[1]))
	return p.Masked().String()
}
