//go:build linux

package nsexec

import (
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Encap is what a route wraps its packets in: a lightweight tunnel
// (linux/lwtunnel.h).
type Encap struct {
	Type  uint16     // LWTUNNEL_ENCAP_*
	Attrs []Attr     // what RTA_ENCAP holds
	Links []LinkAttr // and of that what is the index of a link
}

// attrs are the encapsulation and its type as attributes of these numbers, which
// differ between routes and nexthop objects.
func (e *Encap) attrs(c *Conn, kind, typ uint16) ([]Attr, error) {
	if e == nil {
		return nil, nil
	}
	nested := append([]Attr(nil), e.Attrs...)
	for _, l := range e.Links {
		index, err := c.Index(l.Link)
		if err != nil {
			return nil, err
		}
		nested = append(nested, Attr{Type: l.Type, Data: nl.Uint32Attr(uint32(index))})
	}
	return []Attr{
		{Type: kind | unix.NLA_F_NESTED, Nested: nested},
		{Type: typ, Data: nl.Uint16Attr(e.Type)},
	}, nil
}
