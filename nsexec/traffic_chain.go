//go:build linux

package nsexec

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Chain adds a chain of filters, which is there without any, or deletes one with
// what is in it (RTM_NEWCHAIN).
func Chain(mode Mode, cfg TrafficConfig) LinkAction {
	return linkAction("chain", cfg.Link, trafficOp{unix.RTM_NEWCHAIN, mode, cfg})
}

// BlockChain is Chain for a block that links share.
func BlockChain(mode Mode, cfg TrafficConfig) NsAction {
	return nsAction("chain", trafficOp{unix.RTM_NEWCHAIN, mode, cfg})
}

func (m message) tcChain() uint32 { return uint32(m.attrs().int(nl.TCA_CHAIN)) }

// ofFilters reports whether a message is of a filter or of a chain, which are at
// a qdisc, a class or in a block.
func (m message) ofFilters() bool {
	return m.kind == unix.RTM_NEWTFILTER || m.kind == unix.RTM_NEWCHAIN
}

// chains are those at a qdisc or a class, or of a block, that somebody has made:
// those with a template and those without any of the filters. Of others it can't
// be known, since the first filter of a chain makes it, too.
func (c *Conn) chains(index int, parent uint32, filters []message) ([]message, error) {
	list, err := c.list(unix.RTM_NEWCHAIN, &nl.TcMsg{Ifindex: int32(index), Parent: parent})
	if err != nil {
		return nil, err
	}
	used := map[uint32]bool{}
	for _, m := range filters {
		used[m.tcChain()] = true
	}
	var out []message
	for _, m := range list {
		if m.linkIndex() == blockIndex && index != blockIndex || used[m.tcChain()] && m.attrs().get(nl.TCA_KIND) == nil {
			continue
		}
		m = m.traffic(true)
		byteOrder.PutUint32(m.body[4:], uint32(index))
		byteOrder.PutUint32(m.body[12:], parent)
		out = append(out, m)
	}
	return out, nil
}

// chainOf is what a chain is now, and what is in it.
func (t traffic) chainOf(m message) []message {
	parent := m.tcParent()
	if parent == 0 {
		parent = t.root()
	}
	var out []message
	for _, h := range t {
		if h.ofFilters() && h.trafficPlace() == m.trafficPlace() && sameHook(h.tcParent(), parent) && h.tcChain() == m.tcChain() {
			out = append(out, h)
		}
	}
	return out
}

// addChain makes a chain again. One that is there is its first filter's, or an
// action's.
func (c *Conn) addChain(m message) error {
	err := c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}
