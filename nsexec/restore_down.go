//go:build linux

package nsexec

import (
	"bytes"
	"context"

	"golang.org/x/sys/unix"
)

// protoDown are the attributes that have a link be held down by a protocol as it
// was, and for the same reasons.
func protoDown(want, have attrs) []Attr {
	var out []Attr
	bits := func(a attrs) uint32 {
		return uint32(a.nested(unix.IFLA_PROTO_DOWN_REASON).number(unix.IFLA_PROTO_DOWN_REASON_VALUE))
	}
	if mask := bits(want) ^ bits(have); mask != 0 {
		out = append(out, Attr{Type: unix.IFLA_PROTO_DOWN_REASON, Nested: []Attr{
			{Type: unix.IFLA_PROTO_DOWN_REASON_MASK, Data: u32(int(mask))}, {Type: unix.IFLA_PROTO_DOWN_REASON_VALUE, Data: u32(int(bits(want)))},
		}})
	}
	if v, ok := want.find(unix.IFLA_PROTO_DOWN); ok && !bytes.Equal(v, have.get(unix.IFLA_PROTO_DOWN)) {
		out = append(out, Attr{Type: unix.IFLA_PROTO_DOWN, Data: v})
	}
	return out
}

// noteCarrier notes the carrier of an older link that somebody sets by hand. Of
// other links it is no one's to put back.
func (u *Undo) noteCarrier(ctx context.Context, c *Conn, index int) error {
	body, err := c.getLink(ByIndex(index))
	if err != nil {
		return err
	}
	m := linkMessage(unix.RTM_SETLINK, body)
	carrier := message{unix.RTM_NEWLINK, body}.attrs().get(unix.IFLA_CARRIER)
	m.body = appendAttr(m.body, Attr{Type: unix.IFLA_CARRIER, Data: carrier})
	return u.noteRecord(ctx, c, &Record{msgs: []message{m}})
}

// restoreCarrier sets the carrier that a record has noted.
func (c *Conn) restoreCarrier(want linkState) error {
	v, noted := want.attrs.find(unix.IFLA_CARRIER)
	if !noted {
		return nil
	}
	have, err := c.linkState(ByIndex(want.index))
	if err != nil || bytes.Equal(v, have.attrs.get(unix.IFLA_CARRIER)) {
		return err
	}
	return c.setLink(want.index, 0, 0, Attr{Type: unix.IFLA_CARRIER, Data: v})
}
