//go:build linux

package nsexec

import (
	"context"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// prepare notes how to take away what is new on an older link, or how to put
// back what is changed or deleted, with all that is below it.
func (o trafficOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	at, err := o.place(c)
	if err != nil {
		return nil, err
	}
	if at.block == 0 && u.ownsLink(c, at.index) {
		return o, nil
	}
	if o.kind == unix.RTM_NEWTCLASS && o.mode != ModeDel { // of one the kernel tells without a list of all
		m, err := o.message(c)
		if err != nil {
			return nil, err
		}
		if c.hasNoClass(m) {
			return o, u.note(ctx, c.cookieRef(), unmakeOp{o.text(), &Record{msgs: []message{m.traffic(true)}}})
		}
	}
	tree, err := c.trafficAt(at)
	if err != nil {
		return nil, err
	}
	ofFilters := o.kind == unix.RTM_NEWTFILTER || o.kind == unix.RTM_NEWCHAIN
	if ofFilters && at.block == 0 && o.cfg.Parent == 0 {
		o.cfg.Parent = tree.root()
	}
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	had := tree.affected(m)
	if o.mode == ModeDel {
		return o, o.noteHad(ctx, c, u, had)
	}
	if o, err = o.settled(c, tree, m); err != nil {
		return nil, err
	}
	if m, err = o.message(c); err != nil {
		return nil, err
	}
	if o.kind == unix.RTM_NEWTFILTER { // another one of the preference is none of its own
		had = slices.DeleteFunc(had, func(h message) bool { return !sameFilter(m, h) })
	}
	if len(had) > 0 {
		return o, o.noteHad(ctx, c, u, had)
	}
	return o, u.note(ctx, c.cookieRef(), unmakeOp{o.text(), &Record{msgs: []message{m.traffic(o.pick(tree, m))}}})
}

func (o trafficOp) noteHad(ctx context.Context, c *Conn, u *Undo, had []message) error {
	if len(had) == 0 {
		return nil
	}
	if err := canBeMadeAgain(had); err != nil {
		return err
	}
	return u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.text(), Record: &Record{msgs: had}}})
}

// pick says whether the handle tells a new object apart. Of a filter that is the
// first of its preference the kernel chooses it.
func (o trafficOp) pick(tree traffic, m message) bool {
	return o.kind != unix.RTM_NEWTFILTER || len(tree.filtersLike(m)) > 0
}

// settled is the operation with the names that the kernel would choose chosen, so
// that what it makes can be known again.
func (o trafficOp) settled(c *Conn, tree traffic, m message) (trafficOp, error) {
	switch o.kind {
	case unix.RTM_NEWQDISC:
		if o.cfg.Handle != 0 || o.cfg.Parent == tcIngress || len(tree.affected(m)) > 0 {
			return o, nil
		}
		o.cfg.Handle = tree.freeHandle()
	case unix.RTM_NEWTFILTER:
		if o.cfg.Pref == 0 {
			o.cfg.Pref = tree.freePref(m.tcParent(), o.cfg.Chain)
		}
		m, err := o.message(c)
		if err != nil {
			return o, err
		}
		if like := tree.filtersLike(m); o.cfg.Handle == 0 && len(like) > 0 && !m.isMatchall() {
			o.cfg.Handle = freeFilter(m, like)
		}
	}
	return o, nil
}

// freeHandle is the handle that the kernel would give to a qdisc.
func (t traffic) freeHandle() uint32 {
	h := uint32(0x80010000)
	for slices.ContainsFunc(t, func(m message) bool { return m.kind == unix.RTM_NEWQDISC && m.tcHandle() == h }) {
		h += 0x10000
	}
	return h
}

// root is the handle of the qdisc that packets leave by.
func (t traffic) root() uint32 {
	for _, m := range t {
		if m.kind == unix.RTM_NEWQDISC && m.tcParent() == tcRoot {
			return m.tcHandle()
		}
	}
	return 0
}

// freePref is the preference that the kernel would give to a filter: below those
// that are there, else in the middle (tcf_auto_prio of net/sched/cls_api.c).
func (t traffic) freePref(parent, chain uint32) uint16 {
	pref := uint32(0xc000)
	for _, m := range t {
		// Those of u32 at the ingress and at the egress would be told together.
		near := sameHook(m.tcParent(), parent) || major(m.tcParent()) == major(parent) && parent >= major(tcIngress)
		if m.kind == unix.RTM_NEWTFILTER && near && uint32(m.attrs().int(nl.TCA_CHAIN)) == chain {
			pref = min(pref, m.tcPref()-1)
		}
	}
	return uint16(pref)
}

// filtersLike are the filters of the parent, the chain and the preference of one.
func (t traffic) filtersLike(m message) []message {
	var out []message
	for _, h := range t {
		if h.kind == unix.RTM_NEWTFILTER && h.trafficPlace() == m.trafficPlace() && sameHook(h.tcParent(), m.tcParent()) && h.tcPref() == m.tcPref() && h.attrs().int(nl.TCA_CHAIN) == m.attrs().int(nl.TCA_CHAIN) {
			out = append(out, h)
		}
	}
	return out
}

// sameFilter reports whether a message means a filter. One of u32 may leave the
// number of its preference's own hash table out.
func sameFilter(m, h message) bool {
	if m.isMatchall() {
		return true
	}
	if m.isU32() && m.tcHandle()>>12 == 0 {
		return h.tcHandle()&0xfff == m.tcHandle() && h.tcHandle()>>20 >= u32OwnTables
	}
	return m.tcHandle() == h.tcHandle()
}

// freeFilter is a handle that no filter of a preference has. Those of u32 are
// HASHTABLE:BUCKET:NODE, of 12, 8 and 12 bits, where nodes without a number
// start at 800.
func freeFilter(m message, like []message) uint32 {
	if !m.isU32() {
		most := uint32(0)
		for _, h := range like {
			most = max(most, h.tcHandle())
		}
		return most + 1
	}
	options := m.attrs().nested(nl.TCA_OPTIONS)
	if options.get(nl.TCA_U32_DIVISOR) != nil {
		return 0 // a table of its own: its number is the kernel's
	}
	table, most := uint32(options.int(nl.TCA_U32_HASH)), uint32(0x7ff)
	for _, h := range like {
		if table == 0 && h.tcHandle()>>20 >= u32OwnTables {
			table = h.tcHandle() &^ 0xfff
		}
		most = max(most, h.tcHandle()&0xfff)
	}
	return table | most + 1
}

// affected is what a message's object is now, and all that goes with it, in the
// order in which it is to be made.
func (t traffic) affected(m message) []message {
	switch m.kind {
	case unix.RTM_NEWCHAIN:
		return t.chainOf(m)
	case unix.RTM_NEWTFILTER:
		if m.tcPref() == 0 {
			return t.filtersAt(m)
		}
		return slices.DeleteFunc(t.filtersLike(m), func(h message) bool {
			return m.tcHandle() != 0 && !sameFilter(m, h)
		})
	case unix.RTM_NEWTCLASS:
		for _, h := range t {
			if h.kind == unix.RTM_NEWTCLASS && h.tcHandle() == m.tcHandle() {
				return t.below(h)
			}
		}
		return nil
	}
	for _, h := range t {
		if h.kind == unix.RTM_NEWQDISC && h.tcHandle() != 0 && h.tcParent() == m.tcParent() {
			return t.below(h)
		}
	}
	return nil
}

// filtersAt are the filters of the parent and the chain of one.
func (t traffic) filtersAt(m message) []message {
	parent := m.tcParent()
	if parent == 0 {
		parent = t.root()
	}
	var out []message
	for _, h := range t {
		near := h.trafficPlace() == m.trafficPlace() && h.attrs().int(nl.TCA_CHAIN) == m.attrs().int(nl.TCA_CHAIN)
		if h.kind == unix.RTM_NEWTFILTER && near && sameHook(h.tcParent(), parent) {
			out = append(out, h)
		}
	}
	return out
}

// below is an object with its classes, qdiscs and filters, in the order in which
// they are to be made: filters last, as they lead to classes.
func (t traffic) below(top message) []message {
	out := []message{top}
	in := map[uint32]bool{top.tcHandle(): true}
	grow := func(kind uint16, fits func(m message) bool) bool {
		was := len(out)
		for _, m := range t {
			if m.kind == kind && m.tcHandle() != 0 && !in[m.tcHandle()] && fits(m) {
				in[m.tcHandle()] = true
				out = append(out, m)
			}
		}
		return len(out) > was
	}
	class := func(m message) bool {
		return in[m.tcParent()] || m.tcParent() == tcRoot && in[major(m.tcHandle())]
	}
	// Some kinds have classes that nobody makes: 1:1 of a prio 1:.
	qdisc := func(m message) bool {
		return in[m.tcParent()] || m.tcParent() < tcIngress && in[major(m.tcParent())]
	}
	for grow(unix.RTM_NEWTCLASS, class) || grow(unix.RTM_NEWQDISC, qdisc) {
	}
	for _, m := range t {
		ofLink := m.ofFilters() && m.trafficPlace().block == 0
		if ofLink && (in[m.tcParent()] || in[major(m.tcParent())]) {
			out = append(out, m)
		}
	}
	return append(out, t.inBlocks(top)...)
}
