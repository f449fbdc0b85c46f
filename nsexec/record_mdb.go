//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes and values of linux/if_bridge.h and linux/in.h.
const (
	mdbaMDB        = 1 // MDBA_MDB
	mdbaEntry      = 1 // MDBA_MDB_ENTRY, MDBA_MDB_ENTRY_INFO
	mdbaSetEntry   = 1 // MDBA_SET_ENTRY
	mdbaSetAttrs   = 2 // MDBA_SET_ENTRY_ATTRS
	mdbeSource     = 1 // MDBE_ATTR_SOURCE
	mdbeSources    = 2 // MDBE_ATTR_SRC_LIST
	mdbeMode       = 3 // MDBE_ATTR_GROUP_MODE
	mdbeProto      = 4 // MDBE_ATTR_RTPROT
	mdbeDst        = 5 // MDBE_ATTR_DST, and more of a vxlan's entry up to
	mdbeDstPort    = 6 // …DST_PORT
	mdbeVNI        = 7 // …VNI
	mdbeIfindex    = 8 // …IFINDEX
	mdbeSrcVNI     = 9 // …SRC_VNI
	eattrSources   = 2 // MDBA_MDB_EATTR_SRC_LIST
	eattrMode      = 3 // MDBA_MDB_EATTR_GROUP_MODE
	eattrSource    = 4 // MDBA_MDB_EATTR_SOURCE
	eattrProto     = 5 // MDBA_MDB_EATTR_RTPROT
	eattrDst       = 6 // MDBA_MDB_EATTR_DST, and on as MDBE_ATTR_DST
	mdbPermanent   = 1 // MDB_PERMANENT
	mcastExclude   = 0 // MCAST_EXCLUDE
	mcastInclude   = 1 // MCAST_INCLUDE
	sizeofMDBEntry = 28
	sizeofPortMsg  = 8 // struct br_port_msg
)

// mdbEntry is a struct br_mdb_entry.
type mdbEntry []byte

func (e mdbEntry) port() int    { return int(byteOrder.Uint32(e)) }
func (e mdbEntry) vlan() uint16 { return byteOrder.Uint16(e[6:]) }

// lasts reports whether somebody has set the entry, rather than that a member of
// the group was heard.
func (e mdbEntry) lasts() bool { return e[4] == mdbPermanent }

// group is the address and its protocol.
func (e mdbEntry) group() []byte { return e[8:26] }

// portMsg is struct br_port_msg of linux/if_bridge.h.
type portMsg struct{ index int }

func (m portMsg) Len() int { return sizeofPortMsg }

func (m portMsg) Serialize() []byte { return vlanMsg(m).Serialize() }

// mdbMessage is an entry as it can be added.
func mdbMessage(bridge int, e mdbEntry, more []Attr) message {
	body := appendAttr(portMsg{bridge}.Serialize(), Attr{Type: mdbaSetEntry, Data: e})
	if len(more) > 0 {
		body = appendAttr(body, Attr{Type: mdbaSetAttrs | unix.NLA_F_NESTED, Nested: more})
	}
	return message{unix.RTM_NEWMDB, body}
}

// mdbEntry is the entry of a message.
func (m message) mdbEntry() mdbEntry {
	if e := m.attrs().get(mdbaSetEntry); len(e) >= sizeofMDBEntry {
		return e
	}
	return make(mdbEntry, sizeofMDBEntry)
}

func (m message) mdbAttrs() attrs { return m.attrs().nested(mdbaSetAttrs) }

// mdb lists the entries of multicast databases that fit.
func (c *Conn) mdb(fits func(m message) bool) ([]message, error) {
	// Some kernels answer as RTM_GETMDB.
	msgs, err := c.dump(unix.RTM_GETMDB, 0, portMsg{})
	if err != nil {
		if isUnsupported(err) {
			return nil, nil
		}
		return nil, err
	}
	var out []message
	for _, body := range msgs {
		if len(body) < sizeofPortMsg {
			continue
		}
		bridge := int(byteOrder.Uint32(body[4:]))
		for _, e := range readMDB(bridge, body) {
			if fits(e) {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// readMDB are the entries of one message of a dump.
func readMDB(bridge int, body []byte) []message {
	var out []message
	each := func(b []byte, kind uint16, f func([]byte)) {
		list, _ := nl.ParseRouteAttr(b)
		for _, a := range list {
			if a.Attr.Type&^unix.NLA_F_NESTED == kind {
				f(a.Value)
			}
		}
	}
	each(body[sizeofPortMsg:], mdbaMDB, func(db []byte) {
		each(db, mdbaEntry, func(group []byte) {
			each(group, mdbaEntry, func(info []byte) {
				if len(info) >= sizeofMDBEntry {
					out = append(out, readMDBEntry(bridge, info))
				}
			})
		})
	})
	return out
}

// readMDBEntry makes of an entry of a dump one that can be added. What it has
// unless told is left out: kernels before 6.2 can't be told.
func readMDBEntry(bridge int, info []byte) message {
	a, _ := parseAttrs(info, sizeofMDBEntry)
	e := mdbEntry(bytes.Clone(info[:sizeofMDBEntry]))
	e[5] = 0 // flags are the kernel's
	var more []Attr
	if src := a.get(eattrSource); src != nil {
		more = append(more, Attr{Type: mdbeSource, Data: src})
	}
	var sources []netip.Addr
	list, _ := nl.ParseRouteAttr(a.get(eattrSources))
	for _, one := range list {
		inner, _ := parseAttrs(one.Value, 0)
		sources = append(sources, inner.addr(1))
	}
	slices.SortFunc(sources, netip.Addr.Compare) // a vxlan tells them in another order than it is told
	include, many := a.int(eattrMode) == mcastInclude, a.get(eattrSource) == nil
	if many && a.get(eattrMode) != nil && (include || len(sources) > 0) {
		more = append(more, filterAttrs(include, sources)...)
	}
	if proto := a.get(eattrProto); proto != nil && a.int(eattrProto) != unix.RTPROT_STATIC {
		more = append(more, Attr{Type: mdbeProto, Data: proto})
	}
	for kind := uint16(mdbeDst); kind <= mdbeSrcVNI; kind++ {
		if b := a.get(kind - mdbeDst + eattrDst); b != nil {
			more = append(more, Attr{Type: kind, Data: b})
		}
	}
	return mdbMessage(bridge, e, more)
}

// mdbKey are the attributes that tell apart entries for a port and a group, the
// source first.
var mdbKey = []uint16{mdbeSource, mdbeDst, mdbeSrcVNI}

// mdbLike lists the entries for the bridge, port, group, source and tunnel of
// another, and for its VLAN where it has one.
func (c *Conn) mdbLike(m message) ([]message, error) {
	return c.mdb(func(h message) bool { return m.isLike(h, mdbKey) })
}

// mdbOfSources lists those that are like an entry but for a source, which is one of
// some: with an entry that has these in its list they come and go.
func (c *Conn) mdbOfSources(m message, sources []netip.Addr) ([]message, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	return c.mdb(func(h message) bool {
		return m.isLike(h, mdbKey[1:]) && slices.Contains(sources, h.mdbAttrs().addr(mdbeSource))
	})
}

// isLike reports whether another entry is for the same port, group, and VLAN where
// there is one, and has the same attributes of some.
func (m message) isLike(h message, key []uint16) bool {
	e, a, other, has := m.mdbEntry(), m.mdbAttrs(), h.mdbEntry(), h.mdbAttrs()
	differs := func(kind uint16) bool { return !bytes.Equal(has.get(kind), a.get(kind)) }
	return h.linkIndex() == m.linkIndex() && other.port() == e.port() && bytes.Equal(other.group(), e.group()) &&
		!slices.ContainsFunc(key, differs) && (e.vlan() == 0 || other.vlan() == e.vlan())
}

// delMDB deletes an entry, which has to be there.
func (c *Conn) delMDB(m message) error {
	have, err := c.mdbLike(m)
	if err != nil {
		return err
	}
	if len(have) == 0 {
		return unix.ENOENT // which some kernels call EINVAL
	}
	return c.removeMDB(m)
}

// removeMDB deletes what there is of an entry.
func (c *Conn) removeMDB(m message) error {
	have, err := c.mdbLike(m)
	if err != nil {
		return err
	}
	for _, h := range have {
		// Only what says which it is: of the rest a kernel may want to hear nothing.
		var key []Attr
		for _, kind := range mdbKey {
			if b := h.mdbAttrs().get(kind); b != nil {
				key = append(key, Attr{Type: kind, Data: b})
			}
		}
		err := c.remove(mdbMessage(h.linkIndex(), h.mdbEntry(), key))
		if err != nil && !isMissing(err) && !errors.Is(err, unix.EINVAL) {
			return err
		}
	}
	return nil
}

// recordMDB are the lasting entries of some links: of bridges and vxlans, of ports,
// or of what vxlans send by.
func (c *Conn) recordMDB(indexes map[int]bool) ([]message, error) {
	return c.mdb(func(m message) bool {
		e := m.mdbEntry()
		return e.lasts() && (indexes[m.linkIndex()] || indexes[e.port()] || indexes[m.mdbAttrs().int(mdbeIfindex)])
	})
}

// restoreMDB adds the entries that are missing and changes those that differ, as
// far as there is the port. A bridge that is down takes none.
func (c *Conn) restoreMDB(want []message) error {
	// Those of sources come with those of which they are sources.
	slices.SortStableFunc(want, func(a, b message) int { return len(a.mdbAttrs().get(mdbeSource)) - len(b.mdbAttrs().get(mdbeSource)) })
	for _, m := range want {
		have, err := c.mdbLike(m)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(h message) bool { return sameAttrs(h, m) }) {
			continue
		}
		if err := c.removeMDB(m); err != nil {
			return err
		}
		err = c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
		if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) && !c.takesMDB(m) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takesMDB reports whether an entry's bridge is up and its port is one, and of a
// vxlan's whether the link is there that it sends by.
func (c *Conn) takesMDB(m message) bool {
	if a := m.mdbAttrs(); a.get(mdbeDst) != nil {
		_, err := c.linkState(ByIndex(a.int(mdbeIfindex)))
		return a.get(mdbeIfindex) == nil || err == nil
	}
	bridge, err := c.linkState(ByIndex(m.linkIndex()))
	if err != nil || bridge.flags&unix.IFF_UP == 0 {
		return false
	}
	port, err := c.linkState(ByIndex(m.mdbEntry().port()))
	return err == nil && port.attrs.int(unix.IFLA_MASTER) == bridge.index
}
