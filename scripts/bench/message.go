//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// batch is rtnetlink messages, one after the other, encoded by hand: this is
// the floor, and no library is to cost it anything.
type batch struct {
	b     []byte
	last  int // where the last message begins
	count int
}

var order = binary.NativeEndian

const vethInfoPeer = 1 // VETH_INFO_PEER

func (m *batch) reset() { m.b, m.last, m.count = m.b[:0], 0, 0 }

// begin begins a message. Its length is set by end.
func (m *batch) begin(typ, flags uint16) {
	m.last = len(m.b)
	m.count++
	m.b = order.AppendUint32(m.b, 0)
	m.b = order.AppendUint16(m.b, typ)
	m.b = order.AppendUint16(m.b, unix.NLM_F_REQUEST|flags)
	m.b = order.AppendUint32(m.b, uint32(m.count))
	m.b = order.AppendUint32(m.b, 0)
}

func (m *batch) end() { order.PutUint32(m.b[m.last:], uint32(len(m.b)-m.last)) }

// ifinfo is a struct ifinfomsg of a link that is to be up, if up is set.
func (m *batch) ifinfo(index int, up bool) {
	var flags uint32
	if up {
		flags = unix.IFF_UP
	}
	m.b = append(m.b, unix.AF_UNSPEC, 0, 0, 0)
	m.b = order.AppendUint32(m.b, uint32(index))
	m.b = order.AppendUint32(m.b, flags)
	m.b = order.AppendUint32(m.b, flags) // which of them count
}

// open begins an attribute that close ends.
func (m *batch) open(typ uint16) (at int) {
	at = len(m.b)
	m.b = order.AppendUint16(m.b, 0)
	m.b = order.AppendUint16(m.b, typ)
	return at
}

func (m *batch) close(at int) {
	order.PutUint16(m.b[at:], uint16(len(m.b)-at))
	for len(m.b)%unix.RTA_ALIGNTO != 0 {
		m.b = append(m.b, 0)
	}
}

func (m *batch) text(typ uint16, s string) {
	at := m.open(typ)
	m.b = append(append(m.b, s...), 0)
	m.close(at)
}

func (m *batch) number(typ uint16, n int) {
	at := m.open(typ)
	m.b = order.AppendUint32(m.b, uint32(n))
	m.close(at)
}

func (m *batch) address(typ uint16, a netip.Addr) {
	at, ip := m.open(typ), a.As4()
	m.b = append(m.b, ip[:]...)
	m.close(at)
}

const create = unix.NLM_F_CREATE | unix.NLM_F_EXCL

// newLink makes a link of a kind that needs no data, up.
func (m *batch) newLink(index int, name, kind string) {
	m.begin(unix.RTM_NEWLINK, create)
	m.ifinfo(index, true)
	m.text(unix.IFLA_IFNAME, name)
	info := m.open(unix.IFLA_LINKINFO)
	m.text(unix.IFLA_INFO_KIND, kind)
	m.close(info)
	m.end()
}

// vethEnd is one end of a pair that is to be made. A namespace of -1 is that of
// the socket; a master of 0 is none.
type vethEnd struct {
	index  int
	name   string
	master int
	nsfd   int
}

// newVeth makes a pair, its near end up and in its master. The kernel refuses
// to take the far end up as yet, since the two are not joined then.
func (m *batch) newVeth(near, far vethEnd) {
	m.begin(unix.RTM_NEWLINK, create)
	m.ifinfo(near.index, true)
	m.text(unix.IFLA_IFNAME, near.name)
	if near.master != 0 {
		m.number(unix.IFLA_MASTER, near.master)
	}
	info := m.open(unix.IFLA_LINKINFO)
	m.text(unix.IFLA_INFO_KIND, "veth")
	data := m.open(unix.IFLA_INFO_DATA)
	peer := m.open(vethInfoPeer)
	m.ifinfo(far.index, false)
	m.text(unix.IFLA_IFNAME, far.name)
	if far.nsfd >= 0 {
		m.number(unix.IFLA_NET_NS_FD, far.nsfd)
	}
	m.close(peer)
	m.close(data)
	m.close(info)
	m.end()
}

// setUp takes a link up, and makes it a port of a master that is not 0.
func (m *batch) setUp(index, master int) {
	m.begin(unix.RTM_NEWLINK, 0)
	m.ifinfo(index, true)
	if master != 0 {
		m.number(unix.IFLA_MASTER, master)
	}
	m.end()
}

// newAddr gives a link an address, without a broadcast address, as ip does.
func (m *batch) newAddr(index int, a netip.Prefix) {
	m.begin(unix.RTM_NEWADDR, create)
	m.b = append(m.b, unix.AF_INET, byte(a.Bits()), 0, unix.RT_SCOPE_UNIVERSE)
	m.b = order.AppendUint32(m.b, uint32(index))
	m.address(unix.IFA_LOCAL, a.Addr())
	m.address(unix.IFA_ADDRESS, a.Addr())
	m.end()
}

// newRoute adds a route to the main table.
func (m *batch) newRoute(index int, to netip.Prefix, via netip.Addr) {
	m.begin(unix.RTM_NEWROUTE, create)
	m.b = append(m.b, unix.AF_INET, byte(to.Bits()), 0, 0,
		unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RT_SCOPE_UNIVERSE, unix.RTN_UNICAST)
	m.b = order.AppendUint32(m.b, 0)
	if to.Bits() > 0 {
		m.address(unix.RTA_DST, to.Addr())
	}
	m.address(unix.RTA_GATEWAY, via)
	m.number(unix.RTA_OIF, index)
	m.end()
}
