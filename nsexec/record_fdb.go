//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// fdb lists the entries of forwarding tables that fit.
func (c *Conn) fdb(fits func(m message) bool) ([]message, error) {
	list, err := c.list(unix.RTM_NEWNEIGH, &ndmsg{unix.NdMsg{Family: unix.AF_BRIDGE}})
	var out []message
	for _, m := range list {
		if fits(m) {
			out = append(out, m.neigh())
		}
	}
	return out, err
}

// ntfOffloaded is NTF_OFFLOADED of linux/neighbour.h: a driver has the entry.
const ntfOffloaded = 0x20

// placed is an entry of a forwarding table with a flag for the table that it is
// in, as the kernel wants it of one that has other flags, and without what it
// says of itself.
func (m message) placed() message {
	head, a := readNdmsg(m.body), m.attrs()
	flags := head.Flags &^ ntfOffloaded
	if master := a.int(unix.NDA_MASTER); master == int(head.Ifindex) {
		flags |= unix.NTF_SELF // the bridge's own
	} else if master != 0 {
		flags |= unix.NTF_MASTER
	}
	head.Flags = flags
	return message{m.kind, append((&ndmsg{head}).Serialize(), m.body[unix.SizeofNdMsg:]...)}
}

// fdbTable is a forwarding table: of a bridge, or of a link that has its own.
type fdbTable struct {
	bridge, link int
	everyVLAN    bool // an entry without a VLAN is one for each that a port has
}

// tableOf is the table that an entry is for.
func tableOf(m message, is linkState) fdbTable {
	switch {
	case readNdmsg(m.body).Flags&unix.NTF_MASTER != 0:
		return fdbTable{bridge: is.attrs.int(unix.IFLA_MASTER), everyVLAN: m.attrs().int(unix.NDA_VLAN) == 0}
	case is.kind() == "bridge":
		return fdbTable{bridge: is.index, everyVLAN: m.attrs().int(unix.NDA_VLAN) == 0}
	}
	return fdbTable{link: is.index}
}

// holds reports whether an entry is in the table.
func (t fdbTable) holds(m message) bool {
	master := m.attrs().int(unix.NDA_MASTER)
	if t.bridge != 0 {
		return master == t.bridge
	}
	return master == 0 && m.linkIndex() == t.link
}

// key is what an address has in the table, whatever else is said of it.
func (t fdbTable) key(mac []byte) string {
	return fmt.Sprint(t.bridge, " ", t.link, " ", mac)
}

// hasNoFDB reports whether a table has no entry for an address that is to get one.
func (c *Conn) hasNoFDB(t fdbTable, mac []byte) (bool, error) {
	return c.isAbsent(listingKind{unix.RTM_NEWNEIGH, unix.AF_BRIDGE}, fdbTable{bridge: t.bridge, link: t.link}.key(mac), func(add func(string)) error {
		list, err := c.list(unix.RTM_NEWNEIGH, &ndmsg{unix.NdMsg{Family: unix.AF_BRIDGE}})
		for _, m := range list {
			in := fdbTable{bridge: m.attrs().int(unix.NDA_MASTER)}
			if in.bridge == 0 {
				in.link = m.linkIndex()
			}
			add(in.key(m.attrs().get(unix.NDA_LLADDR)))
		}
		return err
	})
}

// isFor reports whether an entry is for the address and, where it is said, the
// VLAN and the source's VNI of another.
func (t fdbTable) isFor(m, as message) bool {
	a, b := m.attrs(), as.attrs()
	for _, key := range []uint16{unix.NDA_VLAN, unix.NDA_SRC_VNI} {
		if b.get(key) != nil && !bytes.Equal(a.get(key), b.get(key)) {
			return false
		}
	}
	return bytes.Equal(a.get(unix.NDA_LLADDR), b.get(unix.NDA_LLADDR))
}

// fdbKey tells the ends of entries apart.
func (m message) fdbKey() string {
	a := m.attrs()
	return m.neighKey() + string(a.get(unix.NDA_PORT)) + "/" + string(a.get(unix.NDA_IFINDEX))
}

// restoreFlags are the flags to put an entry back with: of a VXLAN one that may
// have several ends is added to, and others are replaced.
func (m message) restoreFlags() int {
	head, mac := readNdmsg(m.body), m.attrs().get(unix.NDA_LLADDR)
	if head.Flags&unix.NTF_SELF != 0 && len(mac) > 0 && isForMany(mac) {
		return unix.NLM_F_CREATE | unix.NLM_F_APPEND
	}
	return unix.NLM_F_CREATE | unix.NLM_F_REPLACE
}

// removeFDB deletes an entry. What the kernel says is not possible any more, as
// of a link that has left its bridge, is not there.
func (c *Conn) removeFDB(m message) error {
	err := c.remove(m)
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	left, listErr := c.fdb(func(h message) bool { return h.fdbKey() == m.fdbKey() })
	if listErr != nil {
		return listErr
	}
	if len(left) == 0 {
		return unix.ENOENT
	}
	return err
}

// isFDB reports whether an entry is one of a forwarding table.
func (m message) isFDB() bool { return m.kind == unix.RTM_NEWNEIGH && m.body[0] == unix.AF_BRIDGE }
