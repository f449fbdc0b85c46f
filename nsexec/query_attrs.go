//go:build linux

package nsexec

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// attrs are the attributes of a netlink message, by their type.
type attrs map[uint16][]byte

// parseAttrs reads the attributes behind a message's header.
func parseAttrs(msg []byte, header int) (attrs, error) {
	if len(msg) < header {
		return nil, unix.EBADMSG
	}
	list, err := nl.ParseRouteAttr(msg[header:])
	if err != nil {
		return nil, err
	}
	m := make(attrs, len(list))
	for _, a := range list {
		m[a.Attr.Type&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER)] = a.Value
	}
	return m, nil
}

// nested reads the attributes within an attribute; there may be none.
func (m attrs) nested(kind uint16) attrs {
	inner, _ := parseAttrs(m[kind], 0)
	return inner
}

func (m attrs) text(kind uint16) string { return unix.ByteSliceToString(m[kind]) }

// number is an attribute of 1, 2, 4 or 8 bytes; 0 where it is missing.
func (m attrs) number(kind uint16) uint64 {
	switch v := m[kind]; len(v) {
	case 1:
		return uint64(v[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(v))
	case 4:
		return uint64(binary.NativeEndian.Uint32(v))
	case 8:
		return binary.NativeEndian.Uint64(v)
	}
	return 0
}

func (m attrs) int(kind uint16) int { return int(m.number(kind)) }

// port is a number of 2 bytes in network byte order.
func (m attrs) port(kind uint16) int {
	if v := m[kind]; len(v) == 2 {
		return int(binary.BigEndian.Uint16(v))
	}
	return 0
}

// addr is an IP address; the zero one where it is missing.
func (m attrs) addr(kind uint16) netip.Addr {
	ip, _ := netip.AddrFromSlice(m[kind])
	return ip
}

// named is what a table calls a number, or the number.
func named[N ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int](names map[N]string, n N) string {
	if name, ok := names[n]; ok {
		return name
	}
	return strconv.FormatUint(uint64(n), 10)
}

// dump asks for all objects of a kind.
func (c *Conn) dump(get, answer int, header nl.NetlinkRequestData) ([][]byte, error) {
	req := c.Request(get, unix.NLM_F_DUMP)
	req.AddData(header)
	return req.Execute(unix.NETLINK_ROUTE, uint16(answer))
}

// linkIndexes are the names of the links, by index.
func (c *Conn) linkIndexes() (map[int]string, error) {
	msgs, err := c.dumpLinks()
	if err != nil {
		return nil, err
	}
	names := make(map[int]string, len(msgs))
	for _, msg := range msgs {
		names[int(nl.DeserializeIfInfomsg(msg).Index)] = linkAttr(msg, unix.IFLA_IFNAME)
	}
	return names, nil
}

// ndmsg is struct ndmsg of linux/neighbour.h, as a part of a request.
type ndmsg struct{ unix.NdMsg }

func (m *ndmsg) Len() int { return unix.SizeofNdMsg }

func (m *ndmsg) Serialize() []byte {
	return (*(*[unix.SizeofNdMsg]byte)(unsafe.Pointer(&m.NdMsg)))[:]
}

func readNdmsg(msg []byte) unix.NdMsg {
	return *(*unix.NdMsg)(unsafe.Pointer(&msg[0]))
}
