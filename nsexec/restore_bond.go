//go:build linux

package nsexec

import (
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// bondMode is what a bond is made with: it takes no other mode once it has links.
func bondMode(data attrs) []Attr {
	return []Attr{{Type: nl.IFLA_BOND_MODE, Data: data.get(nl.IFLA_BOND_MODE)}}
}

// ofBondNow are those of the attributes that can be set now: which of its links
// is to be used it takes only of links that it has.
func (c *Conn) ofBondNow(bond int, diff []Attr) []Attr {
	return slices.DeleteFunc(diff, func(a Attr) bool {
		if a.Type != nl.IFLA_BOND_ACTIVE_SLAVE && a.Type != nl.IFLA_BOND_PRIMARY {
			return false
		}
		link, err := c.linkState(ByIndex(int(number(a.Data))))
		return err != nil || link.attrs.int(unix.IFLA_MASTER) != bond
	})
}

// setBond sets what differs of a bond. Which link is in use is its own to choose
// where the one that was has no carrier yet.
func (c *Conn) setBond(index int, diff []Attr) error {
	set := func(attrs []Attr) error {
		if len(attrs) == 0 {
			return nil
		}
		return c.setLink(index, 0, 0, Attr{Type: unix.IFLA_LINKINFO, Nested: []Attr{
			{Type: nl.IFLA_INFO_KIND, Data: []byte("bond")}, {Type: nl.IFLA_INFO_DATA, Nested: attrs},
		}})
	}
	var active, rest []Attr
	for _, a := range c.ofBondNow(index, diff) {
		if a.Type == nl.IFLA_BOND_ACTIVE_SLAVE {
			active = append(active, a)
		} else {
			rest = append(rest, a)
		}
	}
	if err := set(rest); err != nil {
		return err
	}
	if err := set(active); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}
