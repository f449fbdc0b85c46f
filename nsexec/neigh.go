//go:build linux

package nsexec

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// NeighConfig is an entry of a link's neighbour table: ARP for IPv4, neighbour
// discovery for IPv6.
type NeighConfig struct {
	Link  LinkRef
	IP    netip.Addr
	Hw    net.HardwareAddr
	State int // NUD_*
	Flags int // NTF_*
	Proto int // RTPROT_*: who set it; 0 for nobody
	// Managed has the kernel keep asking for the address.
	Managed bool
	// Proxy has the link answer for the address, which is somebody else's.
	Proxy bool
}

// AddNeigh adds an entry (RTM_NEWNEIGH, see rtnetlink(7)). It needs
// CAP_NET_ADMIN.
func AddNeigh(cfg NeighConfig) LinkAction {
	return linkAction("neigh", cfg.Link, neighOp{"", cfg, unix.RTM_NEWNEIGH, unix.NLM_F_CREATE | unix.NLM_F_EXCL})
}

// ReplaceNeigh adds an entry or changes the one for its address.
func ReplaceNeigh(cfg NeighConfig) LinkAction {
	return linkAction("replace-neigh", cfg.Link, neighOp{"replace ", cfg, unix.RTM_NEWNEIGH, unix.NLM_F_CREATE | unix.NLM_F_REPLACE})
}

// DelNeigh deletes the entry of an address.
func DelNeigh(cfg NeighConfig) LinkAction {
	return linkAction("del-neigh", cfg.Link, neighOp{"del ", cfg, unix.RTM_DELNEIGH, 0})
}

// Of linux/neighbour.h.
const (
	ndaProtocol   = 12     // NDA_PROTOCOL
	ndaFlagsExt   = 15     // NDA_FLAGS_EXT
	ntfExtManaged = 1 << 0 // NTF_EXT_MANAGED
)

type neighOp struct {
	mod   string
	cfg   NeighConfig
	proto int
	flags int
}

func (o neighOp) String() string {
	s := o.mod + "neigh " + o.text()
	if o.cfg.Hw != nil {
		s += " " + o.cfg.Hw.String()
	}
	return s
}

func (o neighOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.indexOf(o.cfg.Link)
	if err != nil {
		return nil, err
	}
	if u.ownsLink(c, index) {
		return o, nil
	}
	is, err := c.linkState(ByIndex(index))
	if err != nil {
		return nil, err
	}
	m := o.as(is).message(index)
	had, err := c.neighOf(m)
	switch {
	case err != nil:
		return nil, err
	case len(had) > 0:
		return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.text(), Record: &Record{msgs: had}}})
	case o.proto == unix.RTM_DELNEIGH:
		return o, nil
	}
	return o, u.note(ctx, c.cookieRef(), unmakeOp{o.text(), &Record{msgs: []message{m}}})
}

// as is the operation on the entry that the kernel will have: for a link that
// leads to one place only, IPv4 keeps one entry, of 0.0.0.0 (arp_constructor of
// net/ipv4/arp.c).
func (o neighOp) as(is linkState) neighOp {
	if o.cfg.IP.Is4() && !o.cfg.Proxy && is.flags&(unix.IFF_POINTOPOINT|unix.IFF_LOOPBACK) != 0 {
		o.cfg.IP = netip.IPv4Unspecified()
	}
	return o
}

func (o neighOp) text() string {
	text := o.cfg.Link.String() + " " + o.cfg.IP.String()
	if o.cfg.Proxy {
		return "proxy " + text
	}
	return text
}

// message is the entry that the operation is about.
func (o neighOp) message(index int) message {
	head := ndmsg{unix.NdMsg{
		Family:  uint8(familyOf(o.cfg.IP)),
		Ifindex: int32(index),
		State:   uint16(o.cfg.State),
		Flags:   uint8(o.cfg.Flags),
	}}
	if o.cfg.Proxy {
		head.Flags |= unix.NTF_PROXY
	}
	body := appendAddr(head.Serialize(), unix.NDA_DST, o.cfg.IP)
	if o.cfg.Hw != nil {
		body = appendAttr(body, Attr{Type: unix.NDA_LLADDR, Data: o.cfg.Hw})
	}
	if o.cfg.Proto != 0 {
		body = appendAttr(body, Attr{Type: ndaProtocol, Data: []byte{byte(o.cfg.Proto)}})
	}
	if o.cfg.Managed {
		body = appendUint32(body, ndaFlagsExt, ntfExtManaged)
	}
	return message{unix.RTM_NEWNEIGH, body}
}

func (o neighOp) act(_ context.Context, c *Conn) error {
	index, err := c.indexOf(o.cfg.Link)
	if err != nil {
		return err
	}
	req := c.Request(o.proto, o.flags|unix.NLM_F_ACK)
	req.AddRawData(o.message(index).body)
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// FlushNeighs deletes all entries of a link but those of state noarp, as
// `ip neigh flush` with `nud all` would.
func FlushNeighs(link LinkRef) LinkAction {
	return linkAction("flush-neigh", link, flushNeighOp{link, false})
}

// FlushProxies deletes all entries by which a link answers for addresses of
// others.
func FlushProxies(link LinkRef) LinkAction {
	return linkAction("flush-neigh", link, flushNeighOp{link, true})
}

type flushNeighOp struct {
	link  LinkRef
	proxy bool
}

func (o flushNeighOp) String() string {
	if o.proxy {
		return "flush neigh proxy " + o.link.String()
	}
	return "flush neigh " + o.link.String()
}

func (o flushNeighOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	entries, err := o.entries(c)
	if err != nil || len(entries) == 0 || u.ownsLink(c, entries[0].linkIndex()) {
		return o, err
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.link.String(), Record: &Record{msgs: entries}}})
}

func (o flushNeighOp) entries(c *Conn) ([]message, error) {
	index, err := c.indexOf(o.link)
	if err != nil {
		return nil, err
	}
	return c.neighs(func(m message) bool {
		head := readNdmsg(m.body)
		return int(head.Ifindex) == index && head.Family != unix.AF_BRIDGE && head.State != unix.NUD_NOARP && (head.Flags&unix.NTF_PROXY != 0) == o.proxy
	})
}

func (o flushNeighOp) act(_ context.Context, c *Conn) error {
	entries, err := o.entries(c)
	if err != nil {
		return err
	}
	for _, m := range entries {
		if err := c.remove(m); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}
