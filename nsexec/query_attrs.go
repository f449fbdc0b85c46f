//go:build linux

package nsexec

import (
	"encoding/binary"
	"iter"
	"maps"
	"net/netip"
	"strconv"
	"unsafe"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// attrs are the attributes of a message, or within one, as they stand in it: each
// with its struct rtattr (rtnetlink(7)). To read one is to look for it, which of the
// thousands of messages of a long list is far less than to sort them first.
type attrs []byte

// parseAttrs are the attributes behind a message's header.
func parseAttrs(msg []byte, header int) (attrs, error) {
	if len(msg) < header {
		return nil, unix.EBADMSG
	}
	if len(msg) == header {
		return attrs{}, nil
	}
	a := attrs(msg[header:])
	for rest := a; len(rest) >= unix.SizeofRtAttr; {
		var ok bool
		if _, _, rest, ok = rest.first(); !ok {
			return nil, unix.EINVAL
		}
	}
	return a, nil
}

// first is the first attribute, and those behind it. ok is false where there is none.
func (m attrs) first() (kind uint16, value []byte, rest attrs, ok bool) {
	if len(m) < unix.SizeofRtAttr {
		return 0, nil, nil, false
	}
	size := int(binary.NativeEndian.Uint16(m))
	if size < unix.SizeofRtAttr || size > len(m) {
		return 0, nil, nil, false
	}
	kind = binary.NativeEndian.Uint16(m[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
	aligned := (size + unix.RTA_ALIGNTO - 1) &^ (unix.RTA_ALIGNTO - 1)
	return kind, m[unix.SizeofRtAttr:size:size], m[min(aligned, len(m)):], true
}

// all are the attributes in their order.
func (m attrs) all() iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for kind, value, rest, ok := m.first(); ok; kind, value, rest, ok = rest.first() {
			if !yield(kind, value) {
				return
			}
		}
	}
}

// count is how many attributes there are.
func (m attrs) count() int {
	n := 0
	for range m.all() {
		n++
	}
	return n
}

// byKind are the attributes to be changed.
func (m attrs) byKind() map[uint16][]byte { return maps.Collect(m.all()) }

// get is an attribute's value, of several the last one; nil where it is missing.
func (m attrs) get(kind uint16) []byte {
	var out []byte
	for k, value, rest, ok := m.first(); ok; k, value, rest, ok = rest.first() {
		if k == kind {
			out = value
		}
	}
	return out
}

// find is get that says whether there is one, be it empty.
func (m attrs) find(kind uint16) (value []byte, ok bool) {
	value = m.get(kind)
	return value, value != nil
}

// has reports whether there is an attribute, be it empty.
func (m attrs) has(kind uint16) bool { return m.get(kind) != nil }

// nested are the attributes within an attribute; there may be none.
func (m attrs) nested(kind uint16) attrs {
	inner, _ := parseAttrs(m.get(kind), 0)
	return inner
}

func (m attrs) text(kind uint16) string { return unix.ByteSliceToString(m.get(kind)) }

// number is an attribute of 1, 2, 4 or 8 bytes; 0 where it is missing.
func (m attrs) number(kind uint16) uint64 { return number(m.get(kind)) }

func number(v []byte) uint64 {
	switch len(v) {
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
	if v := m.get(kind); len(v) == 2 {
		return int(binary.BigEndian.Uint16(v))
	}
	return 0
}

// addr is an IP address; the zero one where it is missing.
func (m attrs) addr(kind uint16) netip.Addr {
	ip, _ := netip.AddrFromSlice(m.get(kind))
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
