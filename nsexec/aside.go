//go:build linux

package nsexec

import (
	"context"
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A link that is older than the run and that a script deletes is set aside: it
// moves to a namespace of its own, which goes with the run's success. What
// can't move (bridges, and what the kernel deletes with the link below), or would
// be in the way of its successor all the same, is deleted, and made again if need
// be, under its old index.

// delAsideOp deletes an older link so that it can come back.
type delAsideOp struct{ delLinkOp }

// asideLink is a link on its way out, in the order to delete them in.
type asideLink struct {
	c       *Conn // where it is
	release func()
	index   int
	lost    bool // the kernel deletes it when the lowest of them moves, or it can't move
	remake  bool // it is deleted, and made again
	bare    bool // what is on it is noted by itself
}

func (o delLinkOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	is, err := o.target(c)
	if err != nil {
		return nil, err
	}
	if u.ownsLink(c, is.index) || is.kind() == "device" {
		return o, nil // the kernel has the last word on a device
	}
	return delAsideOp{o}, nil
}

func (o delAsideOp) act(ctx context.Context, c *Conn) error {
	is, err := o.target(c)
	if err != nil {
		return err
	}
	return c.setAside(ctx, undoOf(ctx), is)
}

// setAside deletes a link with those made on it and, of a pair, the other end.
func (c *Conn) setAside(ctx context.Context, u *Undo, is linkState) error {
	links, err := c.toSetAside(is, true)
	defer func() {
		for _, l := range links {
			l.release()
		}
	}()
	if err != nil {
		return err
	}
	if is.isPair() {
		// What needs a carrier can be put back only when both ends are there.
		for _, l := range links {
			if err := u.noteLink(ctx, l.c, l.index); err != nil {
				return err
			}
		}
	}
	for _, l := range links {
		l.bare = is.isPair() && !l.remake
		if err := l.setAside(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// notePeer notes what is on the other end of an older pair, one end of which is
// about to lose its carrier or get it: the other end's goes and comes with it.
func (u *Undo) notePeer(ctx context.Context, c *Conn, index int) error {
	is, err := c.linkState(ByIndex(index))
	if err != nil {
		return err
	}
	if !is.isPair() {
		return nil
	}
	other, err := c.otherEnd(is)
	if err != nil || other == nil {
		return err
	}
	defer other.release()
	return u.noteLink(ctx, other.c, other.index)
}

// fixedKinds are the kinds of links that the kernel does not let move
// (netns_immutable).
var fixedKinds = []string{"bridge", "bond", "vrf", "team", "ovpn", "hsr"}

// followers are the kinds of links that stay as they are when the link that
// they are made on moves. Others the kernel deletes.
var followers = []string{"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"}

// keepers are the kinds of links that keep what only one link may have (an
// identifier, a port, a pair of ends) from others of the namespace in which they
// were made, wherever they have moved since. Somebody may want to make one like
// them in their place. (A gtp does, too, but can't be made again: the sockets that
// it has been given are not to be had a second time.)
var keepers = []string{
	"vxlan", "geneve", "bareudp", "vlan", "macsec", "xfrm", "vti", "vti6", "sit", "ipip", "ip6tnl",
	"gre", "gretap", "erspan", "ip6gre", "ip6gretap", "ip6erspan",
}

// toSetAside are the links that go with one, those on top first; with both,
// those that go with the other end of a pair too.
func (c *Conn) toSetAside(is linkState, both bool) ([]asideLink, error) {
	states, _, err := c.states()
	if err != nil {
		return nil, err
	}
	byIndex := map[int]linkState{}
	for _, s := range states {
		byIndex[s.index] = s
	}
	follows := func(s linkState) bool { return slices.Contains(followers, s.kind()) }
	keeps := func(s linkState) bool { return slices.Contains(keepers, s.kind()) && !c.hasMacsecKeys(s) }
	lost := map[int]bool{is.index: slices.Contains(fixedKinds, is.kind()) || is.under() != 0 && !follows(is)}
	remake := map[int]bool{is.index: lost[is.index] || keeps(is)}
	var out []asideLink
	all := family(states, []int{is.index})
	for _, index := range all {
		s := byIndex[index]
		if index != is.index {
			lost[index] = lost[s.under()] || !follows(s)
			remake[index] = lost[index] || remake[s.under()] || keeps(s)
		}
		out = append(out, asideLink{c: c, release: func() {}, index: index, lost: lost[index], remake: remake[index]})
	}
	slices.Reverse(out)
	if !both || !is.isPair() {
		return out, nil
	}
	other, err := c.otherEnd(is)
	if err != nil || other == nil {
		return out, err
	}
	// It goes first, and comes back last: until then there is no carrier.
	far, err := other.withUppers()
	return append(far, out...), err
}

// withUppers is a link with those that are made on it, those on top first.
func (l asideLink) withUppers() ([]asideLink, error) {
	s, err := l.c.linkState(ByIndex(l.index))
	if IsGone(err) {
		return []asideLink{l}, nil
	}
	if err != nil {
		return []asideLink{l}, err
	}
	all, err := l.c.toSetAside(s, false)
	if n := len(all); n > 0 {
		all[n-1].release = l.release // the link itself is the last
	}
	return all, err
}

// noteLost notes the links on top of one that the kernel deletes when that one
// moves.
func (u *Undo) noteLost(ctx context.Context, c *Conn, index int) error {
	is, err := c.linkState(ByIndex(index))
	if err != nil {
		return err
	}
	links, err := c.toSetAside(is, false)
	if err != nil {
		return err
	}
	for _, l := range slices.Backward(links) { // the lowest is the last to come back
		if !l.lost || l.index == index {
			continue
		}
		if err := u.noteRemake(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// noteRemake notes how to make a link again that is about to be deleted.
func (u *Undo) noteRemake(ctx context.Context, l asideLink) error {
	if is, err := l.c.linkState(ByIndex(l.index)); err != nil || l.c.hasMacsecKeys(is) {
		return errors.Join(err, errMacsecKeys)
	}
	record, err := l.c.recordOf([]int{l.index}, true)
	if err != nil {
		return err
	}
	if err := l.withPorts(record); err != nil {
		return err
	}
	if err := l.c.withL3Stats(record, l.index); err != nil {
		return err
	}
	if err := u.noteOffloads(ctx, l.c, l.index); err != nil { // undone after what follows
		return err
	}
	back := RestoreConfig{Text: record.title(), Record: record, Index: l.index, Remake: true}
	return u.note(ctx, l.c.cookieRef(), restoreOp{back})
}

// otherEnd finds the other end of a pair; nil where it is in no namespace that
// can be found.
func (c *Conn) otherEnd(is linkState) (*asideLink, error) {
	index := int(int32(is.attrs.number(unix.IFLA_LINK)))
	if !is.attrs.has(unix.IFLA_LINK_NETNSID) {
		return &asideLink{c: c, release: func() {}, index: index}, nil
	}
	p, ok := c.space.(*pool)
	if !ok {
		return nil, nil
	}
	nsid := int(int32(is.attrs.number(unix.IFLA_LINK_NETNSID)))
	fd, err := c.openNSID(nsid)
	if err != nil || fd < 0 {
		return nil, err
	}
	cookie, err := cookieOf(fd)
	unix.Close(fd)
	if err != nil {
		return nil, err
	}
	pc, err := p.get(context.Background(), Cookie(cookie, ""), p.engine.newRun())
	if err != nil {
		return nil, err
	}
	return &asideLink{c: &pc.Conn, release: func() { p.put(pc) }, index: index}, nil
}

// openNSID opens the namespace that this one knows by a number; -1 where it has
// neither a name nor a process.
func (c *Conn) openNSID(nsid int) (int, error) {
	for path := range candidatePaths("") {
		fd, err := openNetns(path)
		if err != nil {
			continue
		}
		if id, err := c.Handle().GetNetNsIdByFd(fd); err == nil && id == nsid {
			return fd, nil
		}
		unix.Close(fd)
	}
	return -1, nil
}

// setAside notes how the link comes back, and has it go.
func (l asideLink) setAside(ctx context.Context, u *Undo) error {
	body, err := l.c.getLink(ByIndex(l.index))
	if IsGone(err) {
		return nil // with one before it
	}
	if err != nil {
		return err
	}
	is, err := readLinkState(body)
	if err != nil {
		return err
	}
	if l.remake {
		if err := u.noteRemake(ctx, l); err != nil {
			return err
		}
		return l.c.delLink(l.index)
	}
	record, err := l.record()
	if err != nil {
		return err
	}
	if err := l.c.withOwnEntries(record, l.index); err != nil {
		return err
	}
	back := restoreOp{RestoreConfig{Text: record.title(), Record: record, Index: l.index}}
	fd, err := newNamespace(nil)
	if err != nil {
		return err
	}
	if back.cfg.From, err = u.hold(fd); err != nil {
		return err
	}
	if err := u.note(ctx, l.c.cookieRef(), back); err != nil {
		return err
	}
	if is.flags&unix.IFF_UP != 0 { // its end is seen while it is still there
		if err := l.c.setLink(l.index, 0, unix.IFF_UP); err != nil {
			return err
		}
	}
	return l.c.setNS(l.index, fd, l.index)
}

// record is what comes back with the link: of a bare one, itself and its
// sysctls.
func (l asideLink) record() (*Record, error) {
	if !l.bare {
		return l.c.recordOf([]int{l.index}, true)
	}
	r, err := l.c.attrsOnly(l.index)
	if err != nil {
		return nil, err
	}
	r.sysctls, err = l.c.sysctlsOf(l.index, r.title())
	return r, err
}

// withPorts adds to the record of a master what its ports are: they are no
// longer its ports once it is gone.
func (l asideLink) withPorts(r *Record) error {
	states, bodies, err := l.c.states()
	if err != nil {
		return err
	}
	var numbered []linkState
	for _, s := range states {
		if s.attrs.int(unix.IFLA_MASTER) == l.index {
			numbered = append(numbered, s)
		}
	}
	slices.SortFunc(numbered, func(a, b linkState) int { return a.portNumber() - b.portNumber() })
	var own []message
	for _, s := range numbered {
		m := linkMessage(unix.RTM_SETLINK, bodies[s.index])
		if r.links()[s.index] {
			continue
		}
		own = append(own, m)
	}
	fdb, err := l.c.neighs(func(m message) bool { return m.isPortEntry(l.index) && m.lastingNeigh() })
	if err != nil {
		return err
	}
	r.msgs = append(r.msgs, fdb...)
	body, ok := bodies[l.index]
	if !ok {
		return unix.ENODEV // it went while it was looked at
	}
	// The master last: it takes its MAC address and its MTU from its ports.
	r.msgs = append(r.msgs, append(own, linkMessage(unix.RTM_SETLINK, body))...)
	return nil
}

// portNumber is the number of a bridge's port.
func (s linkState) portNumber() int {
	return s.attrs.nested(unix.IFLA_LINKINFO).nested(unix.IFLA_INFO_SLAVE_DATA).int(nl.IFLA_BRPORT_NO)
}
