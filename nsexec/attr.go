//go:build linux

package nsexec

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Attributes are appended to a message as they are to be sent (struct rtattr of
// rtnetlink(7)): a length of two bytes with the header's four, the type, the
// value, and what aligns the next one.

// appendAttr appends an attribute with what is nested in it.
func appendAttr(b []byte, a Attr) []byte {
	b, at := openAttr(b, a.Type)
	b = append(b, a.Data...)
	if len(a.Nested) > 0 {
		b = appendAttrs(aligned(b, at), a.Nested)
	}
	return closeAttr(b, at)
}

func appendAttrs(b []byte, attrs []Attr) []byte {
	for _, a := range attrs {
		b = appendAttr(b, a)
	}
	return b
}

// appendUint32 appends an attribute that is a number.
func appendUint32(b []byte, typ uint16, n uint32) []byte {
	b, at := openAttr(b, typ)
	return closeAttr(binary.NativeEndian.AppendUint32(b, n), at)
}

// appendText appends an attribute that is a text, with a NUL behind it.
func appendText(b []byte, typ uint16, text string) []byte {
	b, at := openAttr(b, typ)
	return closeAttr(append(append(b, text...), 0), at)
}

// appendAddr appends an attribute that is an address of IPv4 or IPv6.
func appendAddr(b []byte, typ uint16, a netip.Addr) []byte {
	b, at := openAttr(b, typ)
	return closeAttr(appendIP(b, a), at)
}

func appendIP(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		ip := a.As4()
		return append(b, ip[:]...)
	}
	ip := a.As16()
	return append(b, ip[:]...)
}

// openAttr begins an attribute, at a place that closeAttr needs.
func openAttr(b []byte, typ uint16) (out []byte, at int) {
	at = len(b)
	b = binary.NativeEndian.AppendUint16(b, 0)
	return binary.NativeEndian.AppendUint16(b, typ), at
}

func closeAttr(b []byte, at int) []byte {
	binary.NativeEndian.PutUint16(b[at:], uint16(len(b)-at))
	return aligned(b, at)
}

// aligned fills the attribute at a place up.
func aligned(b []byte, at int) []byte {
	for (len(b)-at)%unix.RTA_ALIGNTO != 0 {
		b = append(b, 0)
	}
	return b
}
