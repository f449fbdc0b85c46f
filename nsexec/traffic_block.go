//go:build linux

package nsexec

import (
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Links may share the filters of their qdiscs ingress and clsact: a block, which
// has a number and is there for as long as a qdisc has it. Its filters are at no
// link, and the kernel refuses to change them through one.

// blockIndex stands for a link's index in what is of a block
// (TCM_IFINDEX_MAGIC_BLOCK), whose number is the parent then.
const blockIndex = 0xffffffff

// trafficPlace is where traffic control is: a link or a block.
type trafficPlace struct {
	index int
	block uint32
}

func (m message) trafficPlace() trafficPlace {
	if m.linkIndex() == blockIndex {
		return trafficPlace{blockIndex, m.tcParent()}
	}
	return trafficPlace{index: m.linkIndex()}
}

// place is where an operation is at.
func (o trafficOp) place(c *Conn) (trafficPlace, error) {
	if o.cfg.Block != 0 {
		return trafficPlace{blockIndex, o.cfg.Block}, nil
	}
	index, err := c.Index(o.cfg.Link)
	return trafficPlace{index: index}, err
}

func (o trafficOp) text() string {
	if o.cfg.Block != 0 {
		return fmt.Sprintf("block %d", o.cfg.Block)
	}
	return o.cfg.Link.String()
}

// trafficAt asks for all that is at a link or in a block.
func (c *Conn) trafficAt(at trafficPlace) (traffic, error) {
	if at.block != 0 {
		return c.filters(blockIndex, at.block)
	}
	return c.traffic(at.index)
}

// blocks are the blocks of a qdisc's filters.
func (m message) blocks() []uint32 {
	var out []uint32
	for _, attr := range []uint16{nl.TCA_INGRESS_BLOCK, nl.TCA_EGRESS_BLOCK} {
		if block := uint32(m.attrs().int(attr)); m.kind == unix.RTM_NEWQDISC && block != 0 && !slices.Contains(out, block) {
			out = append(out, block)
		}
	}
	return out
}

// inBlocks are the filters of a qdisc's blocks.
func (t traffic) inBlocks(qdisc message) []message {
	var out []message
	for _, m := range t {
		if at := m.trafficPlace(); at.block != 0 && slices.Contains(qdisc.blocks(), at.block) {
			out = append(out, m)
		}
	}
	return out
}
