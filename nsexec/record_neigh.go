//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// neighs lists the entries of neighbour tables that fit: of IPv4 and IPv6, the
// proxies among them, and of bridges and VXLANs their forwarding entries.
func (c *Conn) neighs(fits func(m message) bool) ([]message, error) {
	var out []message
	for _, ask := range []unix.NdMsg{
		{Family: unix.AF_INET}, {Family: unix.AF_INET6},
		{Family: unix.AF_INET, Flags: unix.NTF_PROXY}, {Family: unix.AF_INET6, Flags: unix.NTF_PROXY},
		{Family: unix.AF_BRIDGE},
	} {
		list, err := c.list(unix.RTM_NEWNEIGH, &ndmsg{ask})
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			if fits(m) {
				out = append(out, m.neigh())
			}
		}
	}
	return out, nil
}

// neigh is an entry as it can be added again.
func (m message) neigh() message {
	managed := m.isManaged()
	out := m.without(func(kind uint16) bool {
		return kind == unix.NDA_CACHEINFO || kind == unix.NDA_PROBES || managed && kind == unix.NDA_LLADDR
	})
	if managed { // the kernel finds out by itself, time and again
		byteOrder.PutUint16(out.body[8:], unix.NUD_NONE)
	}
	if m.isFDB() {
		return out.placed()
	}
	return out
}

// isManaged reports whether the kernel keeps asking for an entry.
func (m message) isManaged() bool { return m.attrs().int(ndaFlagsExt)&ntfExtManaged != 0 }

// lastingNeigh reports whether an entry was set by somebody, rather than learnt or
// made by the kernel for itself.
func (m message) lastingNeigh() bool {
	head := readNdmsg(m.body)
	switch {
	case head.Flags&unix.NTF_PROXY != 0, m.isManaged():
		return true
	case head.Family == unix.AF_BRIDGE:
		set := head.State&(unix.NUD_PERMANENT|unix.NUD_NOARP) != 0 || head.Flags&unix.NTF_EXT_LEARNED != 0
		return set && !m.isOwnEntry()
	}
	if head.State&unix.NUD_NOARP != 0 { // the kernel has such entries for what is no single host
		a := m.attrs()
		hw := a.get(unix.NDA_LLADDR)
		return !a.addr(unix.NDA_DST).IsMulticast() && len(hw) > 0 && hw[0]&1 == 0 && bytes.ContainsFunc(hw, func(r rune) bool { return r != 0 })
	}
	return head.State&unix.NUD_PERMANENT != 0
}

// isOwnEntry reports whether an entry is of a link's own list of the addresses
// that it takes packets for: mostly of the links on top of it, which keep it up
// to date. It is lost where the link moves to another namespace.
func (m message) isOwnEntry() bool {
	head, a := readNdmsg(m.body), m.attrs()
	return head.Family == unix.AF_BRIDGE && head.Flags&unix.NTF_SELF != 0 && a.get(unix.NDA_DST) == nil && a.get(unix.NDA_MASTER) == nil
}

// withOwnEntries adds to the record of a link that goes its own list of
// addresses, but for multicast, which its protocols join again.
func (c *Conn) withOwnEntries(r *Record, index int) error {
	own, err := c.neighs(func(m message) bool {
		if m.linkIndex() != index || !m.isOwnEntry() {
			return false
		}
		mac := m.attrs().get(unix.NDA_LLADDR)
		return len(mac) > 0 && mac[0]&1 == 0
	})
	r.msgs = append(r.msgs, own...)
	return err
}

// isPortEntry reports whether an entry is one of a bridge's forwarding table, for
// one of its ports.
func (m message) isPortEntry(bridge int) bool {
	head := readNdmsg(m.body)
	return head.Family == unix.AF_BRIDGE && int(head.Ifindex) != bridge && m.attrs().int(unix.NDA_MASTER) == bridge
}

// neighKey is what tells the entries of a namespace apart. A bridge's own are of
// the same key as the kernel shows them and as they are placed.
func (m message) neighKey() string {
	a := m.attrs()
	head := readNdmsg(m.body)
	if head.Family == unix.AF_BRIDGE && a.int(unix.NDA_MASTER) == int(head.Ifindex) {
		head.Flags |= unix.NTF_SELF
	}
	key := slices.Concat([]byte{head.Family, head.Flags & (unix.NTF_PROXY | unix.NTF_SELF)}, m.body[4:8], a.get(unix.NDA_DST))
	if head.Family == unix.AF_BRIDGE {
		key = slices.Concat(key, a.get(unix.NDA_LLADDR), a.get(unix.NDA_VLAN), a.get(unix.NDA_VNI))
	}
	return string(key)
}

// restoreNeighs adds the entries that are missing and changes those that differ.
func (c *Conn) restoreNeighs(want []message) error {
	if len(want) == 0 {
		return nil
	}
	keys := map[string]bool{}
	for _, m := range want {
		keys[m.neighKey()] = true
	}
	have, err := c.neighs(func(m message) bool { return keys[m.neighKey()] })
	if err != nil {
		return err
	}
	vlans := slices.ContainsFunc(want, func(m message) bool { return m.isFDB() && m.attrs().get(unix.NDA_VLAN) != nil })
	for _, w := range want {
		if vlans && c.isOfItself(w) {
			if err := c.restoreOfItself(w, keys); err != nil {
				return err
			}
			continue
		}
		if slices.ContainsFunc(have, func(h message) bool { return sameAttrs(w, h) }) {
			continue
		}
		if readNdmsg(w.body).Flags&unix.NTF_PROXY != 0 {
			// The kernel does not take back who has set a proxy, unless it goes.
			if err := c.removeThere(w); err != nil {
				return err
			}
		}
		if err := c.restoreNeigh(w); err != nil {
			return err
		}
	}
	return nil
}

// isOfItself reports whether an entry of a bridge's table is for the address of the
// very link that it leads to. The kernel has one for each of its VLANs and takes
// it away with that, but not what somebody has set, which is one for each, too,
// where no VLAN is named.
func (c *Conn) isOfItself(m message) bool {
	head := readNdmsg(m.body)
	if !m.isFDB() || head.State&unix.NUD_PERMANENT == 0 {
		return false
	}
	is, err := c.linkState(ByIndex(int(head.Ifindex)))
	if err != nil || head.Flags&unix.NTF_MASTER == 0 && is.kind() != "bridge" {
		return false
	}
	return bytes.Equal(is.attrs.get(unix.IFLA_ADDRESS), m.attrs().get(unix.NDA_LLADDR))
}

// restoreOfItself restores such an entry where the kernel has it for another link
// of the bridge with the same address, which a new bridge has for itself. Where it
// has none there is no such VLAN yet, and it will have one. What is said of no VLAN
// it has done for all of them, so those that are not wanted go again.
func (c *Conn) restoreOfItself(w message, wanted map[string]bool) error {
	of := w.attrs()
	same := func(m message) bool {
		return m.isFDB() && m.linkIndex() != w.linkIndex() && bytes.Equal(m.attrs().get(unix.NDA_LLADDR), of.get(unix.NDA_LLADDR)) &&
			bytes.Equal(m.attrs().get(unix.NDA_VLAN), of.get(unix.NDA_VLAN))
	}
	others, err := c.neighs(same)
	if err != nil || len(others) == 0 {
		return err
	}
	if err := c.restoreNeigh(w); err != nil || of.get(unix.NDA_VLAN) != nil {
		return err
	}
	more, err := c.neighs(func(m message) bool {
		a := m.attrs()
		return m.isFDB() && m.linkIndex() == w.linkIndex() && a.get(unix.NDA_VLAN) != nil && bytes.Equal(a.get(unix.NDA_LLADDR), of.get(unix.NDA_LLADDR)) && !wanted[m.neighKey()]
	})
	if err != nil {
		return err
	}
	return c.removeThere(more...)
}

func (c *Conn) restoreNeigh(m message) error {
	if !m.isFDB() {
		return c.add(m, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	}
	err := c.add(m, m.restoreFlags())
	// A bridge has the addresses of its own ports in its table by itself.
	for _, fine := range []error{unix.EEXIST, unix.EOPNOTSUPP, unix.EINVAL, unix.ENODEV} {
		if errors.Is(err, fine) {
			return nil
		}
	}
	return err
}

// neighOf finds the entry of IPv4 or IPv6 that an operation is about, if it is there.
func (c *Conn) neighOf(m message) ([]message, error) {
	key, head := m.neighKey(), readNdmsg(m.body)
	ask := ndmsg{unix.NdMsg{Family: head.Family, Ifindex: head.Ifindex, Flags: head.Flags & unix.NTF_PROXY}}
	req := c.Request(unix.RTM_GETNEIGH, 0)
	req.AddRawData(appendAttr(ask.Serialize(), Attr{Type: unix.NDA_DST, Data: m.attrs().get(unix.NDA_DST)}))
	found, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGH)
	switch {
	case err == nil && len(found) == 1:
		return []message{message{m.kind, found[0]}.neigh()}, nil
	case errors.Is(err, unix.ENOENT):
		return nil, nil
	}
	// Before Linux 5.0 it can't be asked for one.
	return c.neighs(func(h message) bool { return h.neighKey() == key })
}
