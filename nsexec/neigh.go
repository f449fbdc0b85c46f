//go:build linux

package nsexec

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
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

type neighOp struct {
	mod   string
	cfg   NeighConfig
	proto int
	flags int
}

func (o neighOp) String() string {
	s := o.mod + "neigh " + o.cfg.Link.String() + " " + o.cfg.IP.String()
	if o.cfg.Hw != nil {
		s += " " + o.cfg.Hw.String()
	}
	return s
}

func (o neighOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.cfg.Link)
	if err != nil {
		return err
	}
	req := c.Request(o.proto, o.flags|unix.NLM_F_ACK)
	req.AddData(&netlink.Ndmsg{
		Family: uint8(familyOf(o.cfg.IP)),
		Index:  uint32(index),
		State:  uint16(o.cfg.State),
		Flags:  uint8(o.cfg.Flags),
	})
	req.AddData(nl.NewRtAttr(unix.NDA_DST, o.cfg.IP.AsSlice()))
	if o.cfg.Hw != nil {
		req.AddData(nl.NewRtAttr(unix.NDA_LLADDR, o.cfg.Hw))
	}
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// FlushNeighs deletes all entries of a link but those of state noarp, as
// `ip neigh flush` with `nud all` would.
func FlushNeighs(link LinkRef) LinkAction {
	return linkAction("flush-neigh", link, flushNeighOp{link})
}

type flushNeighOp struct{ link LinkRef }

func (o flushNeighOp) String() string { return "flush neigh " + o.link.String() }

func (o flushNeighOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.link)
	if err != nil {
		return err
	}
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		entries, err := c.Handle().NeighList(index, family)
		if err != nil {
			return err
		}
		for _, n := range entries {
			if n.State == unix.NUD_NOARP {
				continue
			}
			if err := c.Handle().NeighDel(&n); err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
		}
	}
	return nil
}
