//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// restorePort gives a bridge's port its options. The state of a port follows
// the link, so it comes after that, and where it can't be set it does so still.
func (c *Conn) restorePort(want linkState) error {
	have, err := c.linkState(ByIndex(want.index))
	if err != nil {
		return err
	}
	info := want.attrs.nested(unix.IFLA_LINKINFO)
	master := want.attrs.int(unix.IFLA_MASTER)
	if master == 0 || master != have.attrs.int(unix.IFLA_MASTER) || info.text(unix.IFLA_INFO_SLAVE_KIND) != "bridge" {
		return nil
	}
	data := info.nested(unix.IFLA_INFO_SLAVE_DATA)
	now := have.attrs.nested(unix.IFLA_LINKINFO).nested(unix.IFLA_INFO_SLAVE_DATA)
	if state := data.get(nl.IFLA_BRPORT_STATE); !bytes.Equal(state, now.get(nl.IFLA_BRPORT_STATE)) && have.flags&unix.IFF_UP != 0 {
		err := c.setPort(want.index, []Attr{{Type: nl.IFLA_BRPORT_STATE, Data: state}})
		if err != nil && !errors.Is(err, unix.ENETDOWN) && !errors.Is(err, unix.EBUSY) {
			return err
		}
	}
	var port []Attr
	for kind, v := range data.all() {
		if portOptions[kind] && !bytes.Equal(v, now.get(kind)) {
			port = append(port, Attr{Type: kind, Data: v})
		}
	}
	if !data.has(nl.IFLA_BRPORT_BACKUP_PORT) && now.get(nl.IFLA_BRPORT_BACKUP_PORT) != nil {
		port = append(port, Attr{Type: nl.IFLA_BRPORT_BACKUP_PORT, Data: u32(0)})
	}
	if len(port) == 0 {
		return nil
	}
	slices.SortFunc(port, func(a, b Attr) int { return int(a.Type) - int(b.Type) })
	return c.setPort(want.index, port)
}

// portOptions are the attributes of a bridge port that can be set (br_port_policy
// of the kernel), but for the state; the others are state.
var portOptions = func() map[uint16]bool {
	out := map[uint16]bool{}
	for _, kind := range []uint16{
		nl.IFLA_BRPORT_PRIORITY, nl.IFLA_BRPORT_COST, nl.IFLA_BRPORT_MODE, nl.IFLA_BRPORT_GUARD,
		nl.IFLA_BRPORT_PROTECT, nl.IFLA_BRPORT_FAST_LEAVE, nl.IFLA_BRPORT_LEARNING, nl.IFLA_BRPORT_UNICAST_FLOOD,
		nl.IFLA_BRPORT_PROXYARP, nl.IFLA_BRPORT_PROXYARP_WIFI, nl.IFLA_BRPORT_MULTICAST_ROUTER, nl.IFLA_BRPORT_MCAST_FLOOD,
		nl.IFLA_BRPORT_MCAST_TO_UCAST, nl.IFLA_BRPORT_VLAN_TUNNEL, nl.IFLA_BRPORT_BCAST_FLOOD, nl.IFLA_BRPORT_GROUP_FWD_MASK,
		nl.IFLA_BRPORT_NEIGH_SUPPRESS, nl.IFLA_BRPORT_ISOLATED, nl.IFLA_BRPORT_BACKUP_PORT,
		nl.IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT, nl.IFLA_BRPORT_LOCKED, nl.IFLA_BRPORT_MAB, nl.IFLA_BRPORT_MCAST_MAX_GROUPS,
		brportNeighVlanSuppress, brportBackupNHID,
	} {
		out[kind] = true
	}
	return out
}()

// Attributes of linux/if_link.h that the netlink library has no names for.
const (
	brportNeighVlanSuppress = 43
	brportBackupNHID        = 44
)

// setPort changes options of a bridge port.
func (c *Conn) setPort(index int, port []Attr) error {
	req := c.Request(unix.RTM_SETLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_BRIDGE)
	msg.Index = int32(index)
	req.AddData(msg)
	req.AddData(rtAttr(Attr{Type: unix.IFLA_PROTINFO | unix.NLA_F_NESTED, Nested: port}))
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
