//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

func u32(n int) []byte { return nl.Uint32Attr(uint32(n)) }

// setLink sends one RTM_NEWLINK that changes a link.
func (c *Conn) setLink(index int, flags, mask uint32, attrs ...Attr) error {
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index, msg.Flags, msg.Change = int32(index), flags, mask
	req.AddData(msg)
	for _, a := range attrs {
		req.AddData(rtAttr(a))
	}
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// rename gives a link another name. Older kernels, and some links, want it down
// for that.
func (c *Conn) rename(index int, name string) error {
	as := Attr{Type: unix.IFLA_IFNAME, Data: nl.ZeroTerminated(name)}
	err := c.setLink(index, 0, 0, as)
	if !errors.Is(err, unix.EBUSY) {
		return err
	}
	if err := c.setLink(index, 0, unix.IFF_UP); err != nil {
		return err
	}
	return c.setLink(index, 0, 0, as)
}

// ownerFlags are the flags of a link that whoever owns it sets.
const ownerFlags = unix.IFF_UP | unix.IFF_NOARP | unix.IFF_MULTICAST | unix.IFF_ALLMULTI | unix.IFF_PROMISC | unix.IFF_DYNAMIC | unix.IFF_DEBUG | unix.IFF_NOTRAILERS

// restoreLink makes a link what it was, apart from what is on it. One that is
// to be up makes no link-local address of its own meanwhile: see settleAddrGen.
func (c *Conn) restoreLink(m message) error {
	want, err := readLinkState(m.body)
	if err != nil {
		return err
	}
	have, err := c.linkState(ByIndex(want.index))
	if err != nil {
		return err
	}
	if name := want.attrs.text(unix.IFLA_IFNAME); name != have.attrs.text(unix.IFLA_IFNAME) {
		if err := c.rename(want.index, name); err != nil {
			return err
		}
	}
	if err := c.restoreMaster(want, have); err != nil {
		return err
	}
	if err := c.restoreKindData(want, have); err != nil {
		return err
	}
	if err := c.restoreTun(want, have); err != nil {
		return err
	}
	if err := c.restoreAltNames(want, have); err != nil {
		return err
	}
	if err := c.restoreAttrs(want); err != nil {
		return err
	}
	if err := c.restorePort(want); err != nil {
		return err
	}
	if err := c.restoreSlave(want); err != nil {
		return err
	}
	return c.restoreCarrier(want)
}

// plainAttrs are the attributes of every link that are set as they are shown.
var plainAttrs = []uint16{
	unix.IFLA_ADDRESS, unix.IFLA_BROADCAST, unix.IFLA_MTU, unix.IFLA_TXQLEN, unix.IFLA_GROUP, unix.IFLA_LINKMODE,
	unix.IFLA_GSO_MAX_SIZE, unix.IFLA_GSO_MAX_SEGS, unix.IFLA_GRO_MAX_SIZE, unix.IFLA_GSO_IPV4_MAX_SIZE, unix.IFLA_GRO_IPV4_MAX_SIZE,
	unix.IFLA_IFALIAS,
}

// restoreAttrs sets what every link has.
func (c *Conn) restoreAttrs(want linkState) error {
	have, err := c.linkState(ByIndex(want.index)) // its master may have changed it
	if err != nil {
		return err
	}
	var attrs []Attr
	for _, kind := range plainAttrs {
		v, there := want.attrs.find(kind)
		if bytes.Equal(v, have.attrs.get(kind)) || !there && kind != unix.IFLA_IFALIAS {
			continue
		}
		attrs = append(attrs, Attr{Type: kind, Data: v})
	}
	attrs = append(attrs, protoDown(want.attrs, have.attrs)...)
	mask := (want.flags ^ have.flags) & ownerFlags
	if mask&unix.IFF_UP != 0 && want.flags&unix.IFF_UP != 0 {
		if mode := addrGen(want.attrs); mode != nil {
			const none = 1
			if err := c.setLink(want.index, 0, 0, addrGenAttr(none)); err != nil && !isUnsupported(err) {
				return err
			}
		}
	} else if mode, now := addrGen(want.attrs), addrGen(have.attrs); mode != nil && now != nil && !bytes.Equal(mode, now) {
		attrs = append(attrs, addrGenAttr(mode[0]))
	}
	if len(attrs) == 0 && mask == 0 {
		return nil
	}
	return c.setLink(want.index, want.flags&mask, mask, attrs...)
}

// settleAddrGen gives links back how they make their link-local address, now
// that they have it.
func (c *Conn) settleAddrGen(links []message) error {
	return c.setBack(links, addrGen, func(mode []byte) Attr { return addrGenAttr(mode[0]) })
}

// setBack gives links back one value that read finds, where they have another.
func (c *Conn) setBack(links []message, read func(attrs) []byte, write func(value []byte) Attr) error {
	for _, m := range links {
		value := read(m.attrs())
		if value == nil {
			continue
		}
		have, err := c.linkState(ByIndex(m.linkIndex()))
		if IsGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		if now := read(have.attrs); now == nil || bytes.Equal(value, now) {
			continue
		}
		if err := c.setLink(m.linkIndex(), 0, 0, write(value)); err != nil && !isUnsupported(err) {
			return err
		}
	}
	return nil
}

// restoreMaster puts a link back under the master that it had.
func (c *Conn) restoreMaster(want, have linkState) error {
	master := want.attrs.int(unix.IFLA_MASTER)
	if master == have.attrs.int(unix.IFLA_MASTER) {
		return nil
	}
	err := c.enslave(want, master)
	if errors.Is(err, unix.ENODEV) { // the master is gone
		return nil
	}
	return err
}

// enslave puts a link under a master, 0 for none. A bridge numbers its ports by
// the lowest number that is free, which is part of what others see of it; where
// that is not the number that the port had, links that are made for it take up
// the numbers before it for a moment.
func (c *Conn) enslave(want linkState, master int) error {
	set := func(index, master int) error {
		return c.setLink(index, 0, 0, Attr{Type: unix.IFLA_MASTER, Data: u32(master)})
	}
	if err := set(want.index, master); err != nil || master == 0 {
		return err
	}
	wanted := want.portNumber()
	if wanted == 0 {
		return nil
	}
	have, err := c.linkState(ByIndex(want.index))
	if err != nil || have.portNumber() >= wanted {
		return err
	}
	if err := set(want.index, 0); err != nil {
		return err
	}
	states, _, err := c.states()
	if err != nil {
		return err
	}
	free := wanted - 1
	for _, s := range states {
		if s.attrs.int(unix.IFLA_MASTER) == master && s.portNumber() < wanted {
			free--
		}
	}
	for range free {
		filler, err := c.fillPort(master)
		if err != nil {
			return err
		}
		defer c.delLink(filler) // it goes with its other end
	}
	return set(want.index, master)
}

// fillPort makes a pair of links, one of which is a port of a bridge.
func (c *Conn) fillPort(master int) (index int, err error) {
	name := freeName("nesp")
	cfg := LinkConfig{Kind: "veth", Name: name, Master: ByIndex(master), Peer: &LinkConfig{Name: freeName("nesq"), NS: c.ref}}
	if err := newLink(cfg).request(c); err != nil {
		return 0, err
	}
	return c.Index(ByName(name))
}

// fixedKindData are the attributes of IFLA_INFO_DATA that can't be set: state,
// and what a link has from its making.
var fixedKindData = map[string][]uint16{
	"bridge": {
		nl.IFLA_BR_ROOT_ID, nl.IFLA_BR_BRIDGE_ID, nl.IFLA_BR_ROOT_PORT, nl.IFLA_BR_ROOT_PATH_COST, nl.IFLA_BR_TOPOLOGY_CHANGE,
		nl.IFLA_BR_TOPOLOGY_CHANGE_DETECTED, nl.IFLA_BR_HELLO_TIMER, nl.IFLA_BR_TCN_TIMER, nl.IFLA_BR_TOPOLOGY_CHANGE_TIMER,
		nl.IFLA_BR_GC_TIMER, nl.IFLA_BR_FDB_FLUSH,
		47, // MCAST_QUERIER_STATE
		48, // FDB_N_LEARNED
	},
	"bond":   {nl.IFLA_BOND_AD_INFO},
	"vxlan":  {33},      // RESERVED_BITS
	"netkit": {1, 2, 5}, // PEER_INFO, PRIMARY, MODE
}

// flagKindData are the attributes that are shown as numbers and set by being
// there.
var flagKindData = map[string][]uint16{"vxlan": {nl.IFLA_VXLAN_TTL_INHERIT}}

// settable are the attributes of IFLA_INFO_DATA that can be set and differ from
// what is there, in order.
func settable(kind string, data, now attrs) []Attr {
	var out []Attr
	for attr, v := range data.all() {
		switch {
		case slices.Contains(fixedKindData[kind], attr) || now != nil && bytes.Equal(v, now.get(attr)):
		case maskedKindData[kind] == attr: // below
		case !slices.Contains(flagKindData[kind], attr):
			out = append(out, Attr{Type: attr, Data: v})
		case data.number(attr) != 0:
			out = append(out, Attr{Type: attr})
		}
	}
	if bits := differingBits(kind, data, now); bits != nil {
		out = append(out, Attr{Type: maskedKindData[kind], Data: bits})
	}
	slices.SortFunc(out, func(a, b Attr) int { return int(a.Type) - int(b.Type) })
	return out
}

// maskedKindData are the attributes that are switches and a mask of those that are
// meant: struct br_boolopt_multi of IFLA_BR_MULTI_BOOLOPT, and struct
// ifla_vlan_flags.
var maskedKindData = map[string]uint16{"bridge": 46, "vlan": nl.IFLA_VLAN_FLAGS}

// switchesAtFirst are those that a new link has (VLAN_FLAG_REORDER_HDR).
var switchesAtFirst = map[string]uint64{"vlan": 1}

// differingBits are the switches of a kind that differ, and a mask of them; a
// kernel refuses to be told of those that it lacks, or passes over all. Where none
// is on it may show none. now is nil of a new link.
func differingBits(kind string, want, now attrs) []byte {
	attr := maskedKindData[kind]
	if attr == 0 {
		return nil
	}
	switches := func(of attrs) uint64 { return number(of.get(attr)[:min(4, len(of.get(attr)))]) }
	a, b := switches(want), switchesAtFirst[kind]
	if now != nil {
		b = switches(now)
	}
	if a == b {
		return nil
	}
	return append(u32(int(a&(a^b))), u32(int(a^b))...)
}

// restoreKindData sets what links of the kind alone have, where it differs.
func (c *Conn) restoreKindData(want, have linkState) error {
	kind := want.kind()
	if kind == "tun" || kind == "tap" || kind != have.kind() {
		return nil
	}
	data, now := want.data(), have.data()
	diff := settable(kind, data, now)
	if len(diff) == 0 {
		return nil
	}
	if kind == "bond" {
		return c.setBond(want.index, diff)
	}
	return c.setLink(want.index, 0, 0, Attr{Type: unix.IFLA_LINKINFO, Nested: []Attr{
		{Type: nl.IFLA_INFO_KIND, Data: []byte(kind)}, {Type: nl.IFLA_INFO_DATA, Nested: diff},
	}})
}

// restoreAltNames gives a link the alternative names that it had, in their
// order, and no others. The kernel adds each as the last.
func (c *Conn) restoreAltNames(want, have linkState) error {
	should, has := altNames(want.attrs), altNames(have.attrs)
	same := 0
	for same < min(len(should), len(has)) && should[same] == has[same] {
		same++
	}
	for _, name := range has[same:] {
		if err := (altNameOp{ByIndex(want.index), name, true}).act(context.Background(), c); err != nil {
			return err
		}
	}
	for _, name := range should[same:] {
		if err := (altNameOp{ByIndex(want.index), name, false}).act(context.Background(), c); err != nil {
			return err
		}
	}
	return nil
}

// remake makes a link that is gone, from its description.
func (c *Conn) remake(m message) error {
	s, err := readLinkState(m.body)
	if err != nil {
		return err
	}
	kind := s.kind()
	var data []Attr
	switch kind {
	case "bridge": // which is made without, and then given what differs
	case "bond":
		data = bondMode(s.data())
	default:
		data = settable(kind, s.data(), nil)
	}
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	head := nl.NewIfInfomsg(unix.AF_UNSPEC)
	head.Index = int32(s.index)
	req.AddData(head)
	for _, attr := range []uint16{unix.IFLA_IFNAME, unix.IFLA_ADDRESS, unix.IFLA_MTU, unix.IFLA_TXQLEN, unix.IFLA_NUM_TX_QUEUES, unix.IFLA_NUM_RX_QUEUES} {
		if v, ok := s.attrs.find(attr); ok {
			req.AddData(rtAttr(Attr{Type: attr, Data: v}))
		}
	}
	if lower := s.under(); lower != 0 && kind != "vxlan" {
		req.AddData(rtAttr(Attr{Type: unix.IFLA_LINK, Data: u32(lower)}))
	}
	req.AddData(rtAttr(Attr{Type: unix.IFLA_LINKINFO, Nested: []Attr{
		{Type: nl.IFLA_INFO_KIND, Data: []byte(kind)}, {Type: nl.IFLA_INFO_DATA, Nested: data},
	}}))
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
