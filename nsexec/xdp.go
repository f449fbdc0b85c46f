//go:build linux

package nsexec

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// XDPMode says where a link runs a program: XDP_FLAGS_* of linux/if_link.h.
type XDPMode uint32

// The modes.
const (
	XDPAny     XDPMode = 0 // in the driver where that can, else in the kernel
	XDPGeneric XDPMode = unix.XDP_FLAGS_SKB_MODE
	XDPDriver  XDPMode = unix.XDP_FLAGS_DRV_MODE
	XDPOffload XDPMode = unix.XDP_FLAGS_HW_MODE
)

// SetXDP has a link run a program on all that comes in, in the place of one that
// it may have in the mode. text is the statement that errors show.
func SetXDP(link LinkRef, text string, mode XDPMode, program *BPFProgram) LinkAction {
	a := linkAction("xdp", link, xdpOp{link, text, mode, program})
	if mode == XDPOffload { // the kernel looks for the link where the one who loads the program is
		return a.inThread()
	}
	return a
}

// XDPOff takes a link's program away: that of a mode, or with XDPAny whatever
// there is.
func XDPOff(link LinkRef, text string, mode XDPMode) LinkAction {
	return linkAction("xdp", link, xdpOp{link, text, mode, nil})
}

type xdpOp struct {
	link    LinkRef
	text    string
	mode    XDPMode
	program *BPFProgram // nil for none
}

func (o xdpOp) String() string { return o.text }

// prepare notes what the link runs.
func (o xdpOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.indexOf(o.link)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	r, err := c.attrsOnly(index)
	if err != nil {
		return nil, err
	}
	if err := canBeMadeAgain(r.msgs); err != nil {
		return nil, err
	}
	return o, u.noteRecord(ctx, c, r)
}

func (o xdpOp) act(_ context.Context, c *Conn) error {
	index, err := c.indexOf(o.link)
	if err != nil {
		return err
	}
	if o.program == nil {
		return o.takeOff(c, index)
	}
	hardware := 0
	if o.mode == XDPOffload {
		hardware = index
	}
	p, err := o.program.loadFor(hardware)
	if err != nil {
		return err
	}
	defer p.Close()
	return c.setXDP(index, o.mode, p.FD())
}

func (o xdpOp) takeOff(c *Conn, index int) error {
	if o.mode != XDPAny {
		return c.setXDP(index, o.mode, xdpNone)
	}
	is, err := c.linkState(ByIndex(index))
	if err != nil {
		return err
	}
	for _, mode := range slices.Sorted(maps.Keys(xdpOf(is.attrs))) {
		if err := c.setXDP(index, mode, xdpNone); err != nil {
			return err
		}
	}
	return nil
}

const xdpNone = -1

// setXDP gives a link a program, by a descriptor, or xdpNone.
func (c *Conn) setXDP(index int, mode XDPMode, fd int) error {
	return c.setLink(index, 0, 0, Attr{Type: unix.IFLA_XDP | unix.NLA_F_NESTED, Nested: []Attr{
		{Type: unix.IFLA_XDP_FD, Data: nl.Uint32Attr(uint32(int32(fd)))},
		{Type: unix.IFLA_XDP_FLAGS, Data: nl.Uint32Attr(uint32(mode))},
	}})
}

// xdpIDs are the attributes that hold the number of the program of each mode.
var xdpIDs = map[uint16]XDPMode{unix.IFLA_XDP_SKB_PROG_ID: XDPGeneric, unix.IFLA_XDP_DRV_PROG_ID: XDPDriver, unix.IFLA_XDP_HW_PROG_ID: XDPOffload}

// xdpOf are the numbers of the programs that a link runs, by their modes.
func xdpOf(a attrs) map[XDPMode]uint32 {
	x := a.nested(unix.IFLA_XDP)
	if x.int(unix.IFLA_XDP_ATTACHED) == 0 {
		return nil
	}
	out := map[XDPMode]uint32{}
	for attr, mode := range xdpIDs {
		if id := x.int(attr); id != 0 {
			out[mode] = uint32(id)
		}
	}
	return out
}

// restoreXDP has links run the programs that they ran, and no others. What is not
// wanted goes first: no link has programs of two modes but one in hardware.
func (c *Conn) restoreXDP(links []message) error {
	for _, m := range links {
		is, err := c.linkState(ByIndex(m.linkIndex()))
		if IsGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		want, have := xdpOf(m.attrs()), xdpOf(is.attrs)
		for mode, id := range have {
			if want[mode] != id {
				if err := c.setXDP(is.index, mode, xdpNone); err != nil {
					return err
				}
			}
		}
		for mode, id := range want {
			if have[mode] != id {
				if err := c.putXDP(is, mode, id); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// putXDP has a link run a program that is loaded.
func (c *Conn) putXDP(link linkState, mode XDPMode, id uint32) error {
	p, err := bpfByID(id)
	if err != nil {
		return fmt.Errorf("xdp of %s: %w", link.name(), err)
	}
	defer p.Close()
	return c.setXDP(link.index, mode, p.FD())
}
