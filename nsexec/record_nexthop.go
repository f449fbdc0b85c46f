//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of linux/nexthop.h.
const (
	nhaID            = 1  // NHA_ID
	nhaGroup         = 2  // NHA_GROUP
	nhaGroupType     = 3  // NHA_GROUP_TYPE
	nhaBlackhole     = 4  // NHA_BLACKHOLE
	nhaOIF           = 5  // NHA_OIF
	nhaGateway       = 6  // NHA_GATEWAY
	nhaEncapType     = 7  // NHA_ENCAP_TYPE
	nhaEncap         = 8  // NHA_ENCAP
	nhaFDB           = 11 // NHA_FDB
	nhaResGroup      = 12 // NHA_RES_GROUP
	nhaOpFlags       = 14 // NHA_OP_FLAGS
	nhaHWStatsEnable = 16 // NHA_HW_STATS_ENABLE

	nhaOpDumpStats       = 1 // NHA_OP_FLAG_DUMP_STATS
	nhaResUnbalancedTime = 4 // NHA_RES_GROUP_UNBALANCED_TIME
)

// keptNexthop are what a record keeps of a nexthop object: the kernel refuses
// what else it tells of one.
var keptNexthop = map[uint16]bool{
	nhaID: true, nhaGroup: true, nhaGroupType: true, nhaBlackhole: true, nhaOIF: true, nhaGateway: true,
	nhaEncapType: true, nhaEncap: true, nhaFDB: true, nhaResGroup: true, nhaHWStatsEnable: true,
}

// nhMsg is an empty struct nhmsg.
type nhMsg struct{}

func (nhMsg) Len() int          { return sizeofNhMsg }
func (nhMsg) Serialize() []byte { return make([]byte, sizeofNhMsg) }

// nexthopsWith lists the nexthop objects that fit, and the groups that they are
// in, with the numbers of all of them.
func (c *Conn) nexthopsWith(fits func(m message, a attrs) bool) (list []message, used map[int]bool, err error) {
	all, err := c.list(unix.RTM_NEWNEXTHOP, nhMsg{})
	if err != nil {
		return nil, nil, err
	}
	used = map[int]bool{}
	add := func(id int, m message) error {
		used[id] = true
		m, err := c.withHWStats(m)
		list = append(list, m.nexthop())
		return err
	}
	for _, m := range all {
		if a := m.attrs(); fits(m, a) {
			if err := add(a.int(nhaID), m); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, m := range all {
		a := m.attrs()
		id := a.int(nhaID)
		if !used[id] && slices.ContainsFunc(a.members(), func(member int) bool { return used[member] }) {
			if err := add(id, m); err != nil {
				return nil, nil, err
			}
		}
	}
	return list, used, nil
}

// members are the numbers of the nexthops in a group: NHA_GROUP is a run of
// struct nexthop_grp.
func (m attrs) members() []int {
	const size = 8
	var out []int
	for group := m.get(nhaGroup); len(group) >= size; group = group[size:] {
		out = append(out, int(byteOrder.Uint32(group)))
	}
	return out
}

// nexthop is a nexthop object as it can be made again: of its struct nhmsg, the
// scope and most flags are the kernel's.
func (m message) nexthop() message {
	a := m.attrs()
	out := m.without(func(kind uint16) bool {
		return !keptNexthop[kind] || kind == nhaEncap || kind == nhaResGroup
	})
	out.body[1], out.body[3] = 0, 0
	byteOrder.PutUint32(out.body[4:], byteOrder.Uint32(out.body[4:])&unix.RTNH_F_ONLINK)
	// The kernel wants these marked as nested, and does not mark all of them so.
	nested := func(kind uint16, data []byte) {
		if data != nil {
			out.body = appendAttr(out.body, Attr{Type: kind | unix.NLA_F_NESTED, Data: data})
		}
	}
	nested(nhaEncap, a.get(nhaEncap))
	if timers, ok := a.find(nhaResGroup); ok {
		nested(nhaResGroup, message{body: timers}.without(func(kind uint16) bool { return kind == nhaResUnbalancedTime }).body)
	}
	return out
}

// withHWStats adds to a group whether hardware counts what goes by its members,
// which the kernel tells only who asks for it (Linux 6.9).
func (c *Conn) withHWStats(m message) (message, error) {
	a := m.attrs()
	if a.get(nhaGroup) == nil || a.get(nhaHWStatsEnable) != nil {
		return m, nil
	}
	asked, found, err := c.askNexthop(a.get(nhaID), Attr{Type: nhaOpFlags, Data: u32(nhaOpDumpStats)})
	if errors.Is(err, unix.EINVAL) { // older kernels do not know the question
		return m, nil
	}
	if err == nil && found && asked.attrs().int(nhaHWStatsEnable) != 0 {
		m = message{m.kind, appendAttr(bytes.Clone(m.body), Attr{Type: nhaHWStatsEnable, Data: u32(1)})}
	}
	return m, err
}

// nexthopByID asks for a nexthop object; found is false where there is none.
func (c *Conn) nexthopByID(id []byte) (m message, found bool, err error) {
	if m, found, err = c.askNexthop(id); err != nil || !found {
		return m, found, err
	}
	m, err = c.withHWStats(m)
	return m, true, err
}

func (c *Conn) askNexthop(id []byte, more ...Attr) (m message, found bool, err error) {
	req := c.Request(unix.RTM_GETNEXTHOP, 0)
	body := appendAttr(nhMsg{}.Serialize(), Attr{Type: nhaID, Data: id})
	for _, a := range more {
		body = appendAttr(body, a)
	}
	req.AddRawData(body)
	msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNEXTHOP)
	if errors.Is(err, unix.ENOENT) || err == nil && len(msgs) == 0 {
		return message{}, false, nil
	}
	if err != nil {
		return message{}, false, err
	}
	return message{unix.RTM_NEWNEXTHOP, msgs[0]}, true, nil
}

// restoreNexthop adds a nexthop object if it is missing and changes it where it
// differs; a group may have lost members.
func (c *Conn) restoreNexthop(m message) error {
	has, found, err := c.nexthopByID(m.attrs().get(nhaID))
	if err != nil || found && sameAttrs(m, has.nexthop()) {
		return err
	}
	return c.addPrograms(m, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
}

// removeNexthop deletes a nexthop object if it is still the one that was made: a
// group may have lost members.
func (c *Conn) removeNexthop(m message) error {
	made := m.attrs()
	has, found, err := c.nexthopByID(made.get(nhaID))
	if err != nil || !found {
		return err
	}
	is := has.attrs()
	for _, kind := range []uint16{nhaBlackhole, nhaOIF, nhaGateway} {
		if !bytes.Equal(made.get(kind), is.get(kind)) {
			return nil
		}
	}
	members := made.members()
	for _, member := range is.members() {
		if !slices.Contains(members, member) {
			return nil
		}
	}
	if len(members) > 0 != (len(is.members()) > 0) {
		return nil
	}
	return c.remove(m)
}

// byID is the message that asks to delete a nexthop object, which may say its
// number alone.
func (m message) byID() message {
	id := nl.NewRtAttr(nhaID, m.attrs().get(nhaID))
	return message{m.kind, append(nhMsg{}.Serialize(), id.Serialize()...)}
}
