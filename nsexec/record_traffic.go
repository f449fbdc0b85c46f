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

// filters are those of a qdisc or a class.
func (c *Conn) filters(index int, parent uint32) ([]message, error) {
	list, err := c.list(unix.RTM_NEWTFILTER, &nl.TcMsg{Ifindex: int32(index), Parent: parent})
	if err != nil {
		return nil, err
	}
	var out []message
	own := map[uint32]uint32{} // the number of the hash table that each preference has for itself
	for _, m := range list {
		a := m.attrs()
		if a[nl.TCA_OPTIONS] == nil || m.tcHandle() == 0 && a.text(nl.TCA_KIND) != "cgroup" {
			continue // what stands for all of a preference
		}
		m = m.traffic(true)
		byteOrder.PutUint32(m.body[4:], uint32(index)) // a shared block has none
		byteOrder.PutUint32(m.body[12:], parent)
		if m.isU32() && m.isTable() && m.tcHandle()>>20 >= u32OwnTables {
			own[m.tcPref()] = m.tcHandle()
			continue // it comes with the first filter
		}
		out = append(out, m)
	}
	// The kernel gives these numbers in order, and other tables must be there
	// before what is in them.
	slices.SortStableFunc(out, func(a, b message) int {
		if order := cmp.Compare(own[a.tcPref()], own[b.tcPref()]); order != 0 || !a.isU32() || !b.isU32() {
			return order
		}
		return cmp.Compare(a.tableRank(), b.tableRank())
	})
	return out, nil
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

// Attributes of filters that hold TCA_CLS_FLAGS_* of linux/pkt_cls.h.
var filterFlags = map[string]uint16{"u32": 11, "flower": 22, "matchall": nl.TCA_MATCHALL_FLAGS, "bpf": nl.TCA_BPF_FLAGS_GEN}

// rewritten has the options as the kernel takes them, where that is not how it
// tells them.
func (m message) rewritten() message {
	head := headers[m.kind]
	kind := m.attrs().text(nl.TCA_KIND)
	var rewrite func(string, uint16, []byte) []byte
	switch {
	case m.kind == unix.RTM_NEWQDISC && kind == "htb":
		rewrite = htbOption
	case m.kind == unix.RTM_NEWTFILTER && filterActs[kind] != 0:
		rewrite = filterOption
	default:
		return m // of many kinds the options are no attributes, but a struct
	}
	body := rewriteAttrs(m.body[head:], func(attr uint16, value []byte) (uint16, []byte) {
		if attr == nl.TCA_OPTIONS {
			value = rewriteAttrs(value, func(option uint16, v []byte) (uint16, []byte) { return option, rewrite(kind, option, v) })
		}
		return attr, value
	})
	return message{m.kind, append(bytes.Clone(m.body[:head]), body...)}
}

// htbOption is an option of an htb as the kernel takes it.
func htbOption(_ string, option uint16, value []byte) []byte {
	if option == nl.TCA_HTB_INIT && len(value) >= 4 {
		value = bytes.Clone(value)
		byteOrder.PutUint32(value, htbVersion)
	}
	return value
}

const htbVersion = 3 // of struct tc_htb_glob; the kernel tells it with more digits

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
	} else if there, err := c.traffic(m.linkIndex()); err != nil || len(there.affected(m)) == 0 {
		return err
	}
	return c.remove(m.without(func(kind uint16) bool { return kind == nl.TCA_OPTIONS }))
}

// restoreTraffic puts qdiscs, classes and filters back, in their order.
func (c *Conn) restoreTraffic(want []message) error {
	have := map[int]traffic{}
	for _, m := range want {
		index := m.linkIndex()
		if _, known := have[index]; !known {
			var err error
			if have[index], err = c.traffic(index); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(have[index], func(h message) bool { return h.kind == m.kind && bytes.Equal(h.body, m.body) }) {
			continue
		}
		if m.kind == unix.RTM_NEWQDISC {
			if err := c.clearQdisc(m); err != nil {
				return err
			}
			delete(have, index) // and so may have gone what was below
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
	had, err := c.traffic(m.linkIndex())
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
	opts, _ := nl.ParseRouteAttr(m.attrs()[nl.TCA_OPTIONS])
	for _, o := range opts {
		if o.Attr.Type == nl.TCA_U32_HASH && len(o.Value) == 4 {
			byteOrder.PutUint32(o.Value, 0xfff00000) // TC_U32_ROOT
		}
	}
	return m
}

// isTraffic reports whether a message is of a qdisc, a class or a filter.
func (m message) isTraffic() bool {
	return m.kind == unix.RTM_NEWQDISC || m.kind == unix.RTM_NEWTCLASS || m.kind == unix.RTM_NEWTFILTER
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
