//go:build linux

package nsexec

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Handles of linux/pkt_sched.h that are no qdisc's.
const (
	tcRoot        = 0xffffffff // TC_H_ROOT
	tcIngress     = 0xfffffff1 // TC_H_INGRESS, TC_H_CLSACT
	tcHookIngress = 0xfffffff2 // TC_H_INGRESS's major with TC_H_MIN_INGRESS
	tcHookEgress  = 0xfffffff3 // and TC_H_MIN_EGRESS
)

// traffic are the qdiscs, classes and filters of a link, as they can be made
// again. The qdiscs that the kernel gave to the link by itself are not in it.
type traffic []message

// major is the qdisc that a class is of.
func major(id uint32) uint32 { return id &^ 0xffff }

// The fields of struct tcmsg.

func (m message) tcHandle() uint32 { return byteOrder.Uint32(m.body[8:]) }
func (m message) tcParent() uint32 { return byteOrder.Uint32(m.body[12:]) }
func (m message) tcPref() uint32   { return byteOrder.Uint32(m.body[16:]) >> 16 }

// sameHook reports whether two parents of filters are one: ffff: is the ingress.
func sameHook(a, b uint32) bool {
	hook := func(id uint32) uint32 {
		if id == major(tcIngress) {
			return tcHookIngress
		}
		return id
	}
	return hook(a) == hook(b)
}

// traffic asks for all that a link has.
func (c *Conn) traffic(index int) (traffic, error) {
	list, err := c.list(unix.RTM_NEWQDISC, &nl.TcMsg{Ifindex: int32(index)})
	if err != nil {
		return nil, err
	}
	return c.trafficIn(list, index)
}

// trafficOf asks for all that some links have, in the order in which it can be
// made.
func (c *Conn) trafficOf(indexes map[int]bool) ([]message, error) {
	list, err := c.list(unix.RTM_NEWQDISC, &nl.TcMsg{})
	if err != nil {
		return nil, err
	}
	var out []message
	for _, index := range slices.Sorted(maps.Keys(indexes)) {
		t, err := c.trafficIn(list, index)
		if err != nil {
			return nil, err
		}
		for _, m := range t {
			if m.kind == unix.RTM_NEWQDISC && (m.tcParent() == tcRoot || m.tcParent() == tcIngress) {
				out = append(out, t.below(m)...)
			}
		}
	}
	return out, nil
}

// trafficIn picks a link's qdiscs from a list and asks for what is below them.
func (c *Conn) trafficIn(list []message, index int) (traffic, error) {
	head := &nl.TcMsg{Ifindex: int32(index)}
	var out traffic
	for _, m := range list {
		if m.linkIndex() == index && m.tcHandle() != 0 {
			out = append(out, m.traffic(true))
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	parents := out.hooks()
	var blocks []uint32
	for _, m := range out {
		blocks = append(blocks, m.blocks()...)
	}
	classes, err := c.list(unix.RTM_NEWTCLASS, head)
	if err != nil {
		return nil, err
	}
	for _, m := range classes {
		if kind := m.attrs().text(nl.TCA_KIND); m.tcHandle()&0xffff != 0 && classKinds[kind] {
			out = append(out, m.traffic(true))
			parents = append(parents, m.tcHandle())
		}
	}
	for _, parent := range parents {
		filters, err := c.filters(index, parent)
		if err != nil {
			return nil, err
		}
		out = append(out, filters...)
	}
	for _, block := range blocks {
		filters, err := c.filters(blockIndex, block)
		if err != nil {
			return nil, err
		}
		out = append(out, filters...)
	}
	return out, nil
}

// classKinds are the qdiscs whose classes somebody makes.
var classKinds = map[string]bool{"htb": true, "hfsc": true, "drr": true, "qfq": true}

// hooks are the qdiscs' places for filters.
func (t traffic) hooks() []uint32 {
	var out []uint32
	for _, m := range t {
		switch m.attrs().text(nl.TCA_KIND) {
		case "ingress":
			out = append(out, tcHookIngress)
		case "clsact":
			out = append(out, tcHookIngress, tcHookEgress)
		default:
			out = append(out, m.tcHandle())
		}
	}
	return out
}

// filters are those of a qdisc or a class, or of a block, behind their chains.
func (c *Conn) filters(index int, parent uint32) ([]message, error) {
	list, err := c.list(unix.RTM_NEWTFILTER, &nl.TcMsg{Ifindex: int32(index), Parent: parent})
	if err != nil {
		return nil, err
	}
	var out []message
	own := map[uint32]uint32{} // the number of the hash table that each preference has for itself
	for _, m := range list {
		a := m.attrs()
		if a.get(nl.TCA_OPTIONS) == nil || m.tcHandle() == 0 && a.text(nl.TCA_KIND) != "cgroup" {
			continue // what stands for all of a preference
		}
		if m.linkIndex() == blockIndex && index != blockIndex {
			continue // of a block that the qdisc has
		}
		m = m.traffic(true)
		byteOrder.PutUint32(m.body[4:], uint32(index))
		byteOrder.PutUint32(m.body[12:], parent)
		if m.isU32() && m.isTable() && m.tcHandle()>>20 >= u32OwnTables {
			own[m.tcPref()] = m.tcHandle()
			continue // it comes with the first filter
		}
		out = append(out, m)
	}
	sortU32(out, own)
	chains, err := c.chains(index, parent, out)
	return append(chains, out...), err
}

// sortU32 has filters of u32 in the order in which they can be made: the kernel
// gives the numbers of own tables in order, and other tables must be there before
// what is in them. All else stays where it is, so that chains are made in order.
func sortU32(filters []message, own map[uint32]uint32) {
	var at []int
	var sorted []message
	for i, m := range filters {
		if m.isU32() {
			at, sorted = append(at, i), append(sorted, m)
		}
	}
	slices.SortStableFunc(sorted, func(a, b message) int {
		return cmp.Or(cmp.Compare(own[a.tcPref()], own[b.tcPref()]), cmp.Compare(a.tableRank(), b.tableRank()))
	})
	for i, m := range sorted {
		filters[at[i]] = m
	}
}

// isTable reports whether a message of u32 is of a hash table.
func (m message) isTable() bool { return m.tcHandle()&0xfff == 0 }

func (m message) tableRank() int {
	if m.isTable() {
		return 0
	}
	return 1
}

// u32OwnTables is the first number of the hash tables that u32 makes by itself.
const u32OwnTables = 0x800

// keptTraffic are what a record keeps of a qdisc, a class or a filter.
var keptTraffic = map[uint16]bool{
	nl.TCA_KIND: true, nl.TCA_OPTIONS: true, nl.TCA_STAB: true, nl.TCA_CHAIN: true,
	nl.TCA_INGRESS_BLOCK: true, nl.TCA_EGRESS_BLOCK: true,
}

// traffic is a qdisc, a class or a filter as it can be made again; without
// handle, for a filter that is known by its preference.
func (m message) traffic(handle bool) message {
	out := m.without(func(kind uint16) bool { return !keptTraffic[kind] })
	if m.kind != unix.RTM_NEWTFILTER {
		byteOrder.PutUint32(out.body[16:], 0) // how often it is used
	}
	if !handle {
		byteOrder.PutUint32(out.body[8:], 0)
	}
	return out.rewritten()
}

// qdiscAt is the qdisc that is where a message's would be, or nil.
func (c *Conn) qdiscAt(m message) (*message, error) {
	list, err := c.list(unix.RTM_NEWQDISC, &nl.TcMsg{Ifindex: int32(m.linkIndex())})
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		if h.linkIndex() == m.linkIndex() && h.tcHandle() != 0 && h.tcParent() == m.tcParent() {
			h = h.traffic(true)
			return &h, nil
		}
	}
	return nil, nil
}

// removeTraffic deletes a qdisc, a class or a filter if it is there.
func (c *Conn) removeTraffic(m message) error {
	if m.kind == unix.RTM_NEWQDISC {
		had, err := c.qdiscAt(m)
		if err != nil || had == nil || m.tcHandle() != 0 && had.tcHandle() != m.tcHandle() {
			return err
		}
	}
	err := c.remove(m.without(func(kind uint16) bool { return kind == nl.TCA_OPTIONS }))
	if err == nil || isMissing(err) || m.kind == unix.RTM_NEWQDISC {
		return err
	}
	// Of some that are not there the kernel says something else, such as that
	// their qdisc is not.
	there, listErr := c.trafficAt(m.trafficPlace())
	if listErr == nil && len(there.affected(m)) == 0 {
		return nil
	}
	return err
}

// hasNoClass reports whether a qdisc has no class of a handle, if the kernel says so.
func (c *Conn) hasNoClass(m message) bool {
	if m.tcHandle() == 0 {
		return false // the kernel will choose it
	}
	req := c.Request(unix.RTM_GETTCLASS, unix.NLM_F_ACK) // which is all that the answer is: the class itself is told to listeners
	req.AddData(&nl.TcMsg{Ifindex: int32(m.linkIndex()), Parent: m.tcParent(), Handle: m.tcHandle()})
	_, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWTCLASS)
	return errors.Is(err, unix.ENOENT)
}

// restoreTraffic puts qdiscs, classes and filters back, in their order.
func (c *Conn) restoreTraffic(want []message) error {
	have := map[trafficPlace]traffic{}
	for _, m := range want {
		at := m.trafficPlace()
		if _, known := have[at]; !known {
			var err error
			if have[at], err = c.trafficAt(at); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(have[at], func(h message) bool { return h.kind == m.kind && bytes.Equal(h.body, m.body) }) {
			continue
		}
		if m.kind == unix.RTM_NEWQDISC {
			if err := c.clearQdisc(m); err != nil {
				return err
			}
			delete(have, at) // and so may have gone what was below
		}
		if err := c.addTraffic(m); err != nil {
			return err
		}
	}
	return c.restoreActions(want)
}

// clearQdisc takes away what has another qdisc's place.
func (c *Conn) clearQdisc(m message) error {
	had, err := c.qdiscAt(m)
	if err != nil || had == nil {
		return err
	}
	err = c.remove(had.without(func(kind uint16) bool { return kind == nl.TCA_OPTIONS }))
	if isMissing(err) {
		return nil
	}
	return err
}

func (c *Conn) addTraffic(m message) error {
	switch {
	case m.kind == unix.RTM_NEWQDISC:
		return c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	case m.kind == unix.RTM_NEWCHAIN:
		return c.addChain(m)
	case m.makesWay():
		return c.replaceFilter(m)
	}
	m, done, err := m.withPrograms()
	if err != nil { // what has its place by now is not what was there
		return errors.Join(err, c.removeTraffic(m))
	}
	defer done()
	return c.add(m, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
}

// isU32 reports whether a message is of a filter of kind u32.
func (m message) isU32() bool {
	return m.kind == unix.RTM_NEWTFILTER && m.attrs().text(nl.TCA_KIND) == "u32"
}

// isMatchall reports whether a message is of a filter of kind matchall, of which
// each preference has one.
func (m message) isMatchall() bool {
	return m.kind == unix.RTM_NEWTFILTER && m.attrs().text(nl.TCA_KIND) == "matchall"
}

// makesWay reports whether a filter must go before another takes its place: of u32
// the kernel changes what one does, but not what it matches, and of matchall
// nothing.
func (m message) makesWay() bool {
	return m.isU32() && m.tcHandle()&0xfff != 0 || m.isMatchall()
}

// replaceFilter makes a filter in the place of another of its handle.
func (c *Conn) replaceFilter(m message) error {
	had, err := c.trafficAt(m.trafficPlace())
	if err != nil {
		return err
	}
	if len(had.affected(m)) > 0 {
		if err := c.remove(m.without(func(kind uint16) bool { return kind == nl.TCA_OPTIONS })); err != nil && !isMissing(err) {
			return err
		}
	}
	const flags = unix.NLM_F_CREATE | unix.NLM_F_EXCL
	if err := c.add(m, flags); !m.isU32() || !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EEXIST) {
		return err
	} // its preference's own table has another number now
	return c.add(m.inRootTable(), flags)
}

// inRootTable is a filter of u32 for the hash table of its own preference, which
// may have another number than it had.
func (m message) inRootTable() message {
	m.body = bytes.Clone(m.body)
	byteOrder.PutUint32(m.body[8:], m.tcHandle()&0xfff)
	opts, _ := nl.ParseRouteAttr(m.attrs().get(nl.TCA_OPTIONS))
	for _, o := range opts {
		if o.Attr.Type == nl.TCA_U32_HASH && len(o.Value) == 4 {
			byteOrder.PutUint32(o.Value, 0xfff00000) // TC_U32_ROOT
		}
	}
	return m
}

// isTraffic reports whether a message is of a qdisc, a class, a filter or a chain.
func (m message) isTraffic() bool {
	return m.kind == unix.RTM_NEWQDISC || m.kind == unix.RTM_NEWTCLASS || m.ofFilters()
}

// traffic is what a record holds of it, but for links that are gone.
func (r *Record) traffic(gone map[int]bool) []message {
	var out []message
	for _, m := range r.msgs {
		if m.isTraffic() && !gone[m.linkIndex()] {
			out = append(out, m)
		}
	}
	return out
}
