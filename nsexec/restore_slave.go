//go:build linux

package nsexec

import (
	"bytes"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// slaveOptions are the attributes IFLA_BOND_SLAVE_* of linux/if_link.h that can
// be set; the others are state.
var slaveOptions = []uint16{nl.IFLA_BOND_SLAVE_QUEUE_ID, bondSlavePrio}

const bondSlavePrio = 9 // IFLA_BOND_SLAVE_PRIO

// restoreSlave gives a link under a bond its options.
func (c *Conn) restoreSlave(want linkState) error {
	data := want.slaveData("bond")
	if data == nil {
		return nil
	}
	have, err := c.linkState(ByIndex(want.index))
	if err != nil {
		return err
	}
	now := have.slaveData("bond")
	if now == nil { // its master is gone
		return nil
	}
	var diff []Attr
	for _, kind := range slaveOptions {
		if v, ok := data.find(kind); ok && !bytes.Equal(v, now.get(kind)) {
			diff = append(diff, Attr{Type: kind, Data: v})
		}
	}
	if len(diff) == 0 {
		return nil
	}
	return c.setLink(want.index, 0, 0, SlaveAttr("bond", diff))
}

// slaveData is what a link has from being under a master of a kind.
func (s linkState) slaveData(kind string) attrs {
	info := s.attrs.nested(unix.IFLA_LINKINFO)
	if info.text(unix.IFLA_INFO_SLAVE_KIND) != kind {
		return nil
	}
	return info.nested(unix.IFLA_INFO_SLAVE_DATA)
}

// SlaveAttr is the attribute that sets options which a link has from being under
// a master of a kind.
func SlaveAttr(kind string, options []Attr) Attr {
	return Attr{Type: unix.IFLA_LINKINFO, Nested: []Attr{
		{Type: unix.IFLA_INFO_SLAVE_KIND, Data: nl.NonZeroTerminated(kind)}, {Type: unix.IFLA_INFO_SLAVE_DATA, Nested: options},
	}}
}
