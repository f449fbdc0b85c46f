//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// MPLSRouteConfig is a route for packets with a label.
type MPLSRouteConfig struct {
	Label int
	Hop   MPLSHop   // of a route with one way
	Hops  []MPLSHop // of one with several
	Proto int       // RTPROT_*; 0 is boot
	// TTLPropagate says whether a label's TTL goes into the packet when its
	// last label is taken off: 1 for yes, -1 for no, 0 as the sysctl
	// net.mpls.ip_ttl_propagate has it.
	TTLPropagate int
	Text         string // the statement, for people
}

// MPLSHop is one way of a route for a label: the labels that take its place, none
// where it is only taken off, and the gateway.
type MPLSHop struct {
	NextHop
	Swap []byte // as the kernel has them
}

// AddMPLSRoute adds a route for a label (RTM_NEWROUTE with AF_MPLS). Labels from
// 16 on can have one, up to the sysctl net.mpls.platform_labels. It needs
// CAP_NET_ADMIN.
func AddMPLSRoute(cfg MPLSRouteConfig) NsAction {
	return nsAction("mpls-route", mplsRouteOp{cfg, unix.RTM_NEWROUTE, unix.NLM_F_CREATE | unix.NLM_F_EXCL})
}

// ReplaceMPLSRoute adds a route for a label or changes the one that there is.
func ReplaceMPLSRoute(cfg MPLSRouteConfig) NsAction {
	return nsAction("replace-mpls-route", mplsRouteOp{cfg, unix.RTM_NEWROUTE, unix.NLM_F_CREATE | unix.NLM_F_REPLACE})
}

// DelMPLSRoute deletes the route of a label.
func DelMPLSRoute(cfg MPLSRouteConfig) NsAction {
	return nsAction("del-mpls-route", mplsRouteOp{cfg, unix.RTM_DELROUTE, 0})
}

// Attributes of linux/rtnetlink.h.
const (
	rtaNewDst       = 19 // RTA_NEWDST
	rtaTTLPropagate = 26 // RTA_TTL_PROPAGATE
)

const mplsLabelBits = 20

// LabelEntry is a label as the kernel has it: a word of the network's byte order;
// the last one of a stack is marked.
func LabelEntry(label int, last bool) []byte {
	const shift, bottom = 12, 1 << 8
	entry := uint32(label) << shift
	if last {
		entry |= bottom
	}
	return binary.BigEndian.AppendUint32(nil, entry)
}

type mplsRouteOp struct {
	cfg   MPLSRouteConfig
	proto int
	flags int
}

func (o mplsRouteOp) String() string { return o.cfg.Text }

func (o mplsRouteOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("mpls %d", o.cfg.Label)
	had, err := c.routes(func(h message, _ attrs) bool { return h.routeKey() == m.routeKey() })
	switch {
	case err != nil:
		return nil, err
	case len(had) == 0 && o.proto == unix.RTM_NEWROUTE:
		return o, u.note(ctx, c.cookieRef(), unmakeOp{text, &Record{msgs: []message{m}}})
	case len(had) == 0 || o.flags&unix.NLM_F_EXCL != 0:
		return o, nil // the kernel will say that it is not there, or is
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: text, Record: &Record{msgs: had}}})
}

func (o mplsRouteOp) act(_ context.Context, c *Conn) error {
	m, err := o.message(c)
	if err != nil {
		return err
	}
	if o.proto == unix.RTM_DELROUTE {
		return c.remove(m)
	}
	return c.add(m, o.flags)
}

// message is the route that the operation is about.
func (o mplsRouteOp) message(c *Conn) (message, error) {
	cfg := o.cfg
	head := &nl.RtMsg{RtMsg: unix.RtMsg{
		Family: unix.AF_MPLS, Dst_len: mplsLabelBits, Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, Protocol: uint8(cfg.Proto),
	}}
	if cfg.Proto == 0 {
		head.Protocol = unix.RTPROT_BOOT
	}
	attrs := []Attr{{Type: unix.RTA_DST, Data: LabelEntry(cfg.Label, true)}}
	if cfg.TTLPropagate != 0 {
		on := byte(max(cfg.TTLPropagate, 0))
		attrs = append(attrs, Attr{Type: rtaTTLPropagate, Data: []byte{on}})
	}
	index, way, err := cfg.Hop.attrs(c)
	if err != nil {
		return message{}, err
	}
	attrs = append(attrs, way...)
	if index != 0 {
		attrs = append(attrs, Attr{Type: unix.RTA_OIF, Data: nl.Uint32Attr(uint32(index))})
	}
	if len(cfg.Hops) > 0 {
		hops, err := cfg.multipath(c)
		if err != nil {
			return message{}, err
		}
		attrs = append(attrs, Attr{Type: unix.RTA_MULTIPATH, Data: hops})
	}
	body := bytes.Clone(head.Serialize())
	for _, a := range attrs {
		body = appendAttr(body, a)
	}
	return message{unix.RTM_NEWROUTE, body}, nil
}

// attrs are what a way says of itself, and its link, which is 0 where the kernel
// is to find it.
func (h MPLSHop) attrs(c *Conn) (index int, out []Attr, err error) {
	if len(h.Swap) > 0 {
		out = append(out, Attr{Type: rtaNewDst, Data: h.Swap})
	}
	if h.Via.IsValid() { // struct rtvia
		via := byteOrder.AppendUint16(nil, uint16(familyOf(h.Via)))
		out = append(out, Attr{Type: unix.RTA_VIA, Data: append(via, h.Via.AsSlice()...)})
	}
	if h.Dev != (LinkRef{}) {
		index, err = c.indexOf(h.Dev)
	}
	return index, out, err
}

// multipath is a run of struct rtnexthop, each with its attributes.
func (cfg MPLSRouteConfig) multipath(c *Conn) ([]byte, error) {
	var out []byte
	for _, hop := range cfg.Hops {
		index, way, err := hop.attrs(c)
		if err != nil {
			return nil, err
		}
		var attrs []byte
		for _, a := range way {
			attrs = appendAttr(attrs, a)
		}
		out = byteOrder.AppendUint16(out, uint16(unix.SizeofRtNexthop+len(attrs)))
		out = append(out, 0, 0) // neither flags nor weights
		out = byteOrder.AppendUint32(out, uint32(index))
		out = append(out, attrs...)
	}
	return out, nil
}

// mplsRoutes lists the routes of labels. A kernel that has none answers with the
// routes of all families, so it is not asked.
func (c *Conn) mplsRoutes() ([]message, error) {
	if _, err := os.Stat("/proc/sys/net/mpls"); err != nil {
		return nil, nil
	}
	list, err := c.list(unix.RTM_NEWROUTE, &nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_MPLS}})
	var out []message
	for _, m := range list {
		if m.body[0] == unix.AF_MPLS {
			out = append(out, m)
		}
	}
	return out, err
}
