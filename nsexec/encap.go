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
	// Programs are those that packets pass.
	Programs []EncapProgram
}

// attrs are the encapsulation and its type as attributes of these numbers, which
// differ between routes and nexthop objects.
func (e *Encap) attrs(c *Conn, kind, typ uint16) ([]Attr, error) {
	if e == nil {
		return nil, nil
	}
	nested := append([]Attr(nil), e.Attrs...)
	for _, l := range e.Links {
		index, err := c.indexOf(l.Link)
		if err != nil {
			return nil, err
		}
		nested = append(nested, Attr{Type: l.Type, Data: nl.Uint32Attr(uint32(index))})
	}
	for _, p := range e.Programs {
		nested = append(nested, p.attr(e.Type))
	}
	return []Attr{
		{Type: kind | unix.NLA_F_NESTED, Nested: nested},
		{Type: typ, Data: nl.Uint16Attr(e.Type)},
	}, nil
}

// Attributes of linux/seg6_local.h.
const (
	seg6LocalCounters = 10 // SEG6_LOCAL_COUNTERS
	seg6CountPackets  = 2  // SEG6_LOCAL_CNT_PACKETS
	seg6CountErrors   = 4  // SEG6_LOCAL_CNT_ERRORS
)

// SEG6Counters is the attribute that has a seg6local encapsulation count. The
// kernel wants all counters named, and starts them at 0.
func SEG6Counters() Attr {
	out := Attr{Type: seg6LocalCounters | unix.NLA_F_NESTED}
	for kind := uint16(seg6CountPackets); kind <= seg6CountErrors; kind++ {
		out.Nested = append(out.Nested, Attr{Type: kind, Data: make([]byte, 8)})
	}
	return out
}

// uncounted has the counters of a route's seg6local encapsulation at 0, as they
// are in one that is made again.
func (m message) uncounted() message {
	a := m.attrs()
	if a.int(unix.RTA_ENCAP_TYPE) != unix.LWTUNNEL_ENCAP_SEG6_LOCAL {
		return m
	}
	inner := message{body: a.get(unix.RTA_ENCAP)}
	if counts := inner.attrs().has(seg6LocalCounters); !counts {
		return m
	}
	inner = inner.without(func(kind uint16) bool { return kind == seg6LocalCounters })
	inner.body = appendAttr(inner.body, SEG6Counters())
	out := m.without(func(kind uint16) bool { return kind == unix.RTA_ENCAP })
	out.body = appendAttr(out.body, Attr{Type: unix.RTA_ENCAP | unix.NLA_F_NESTED, Data: inner.body})
	return out
}
