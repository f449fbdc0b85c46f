//go:build linux

package nsexec

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// IPSetRef is an IP set (ipset(8)) whose number stands in a filter's options, in
// two bytes from At on.
type IPSetRef struct {
	Name string
	At   int
}

// withSets are options with the numbers of the sets that they name.
func (c *Conn) withSets(options []byte, sets []IPSetRef) ([]byte, error) {
	for _, s := range sets {
		index, err := c.ipsetIndex(s.Name)
		if err != nil {
			return nil, err
		}
		byteOrder.PutUint16(options[s.At:], index)
	}
	return options, nil
}

// ipsetIndex is the number that the kernel has for a set of the namespace:
// IPSET_CMD_GET_BYNAME of linux/netfilter/ipset/ip_set.h.
func (c *Conn) ipsetIndex(name string) (uint16, error) {
	const (
		subsystem, getByName           = unix.NFNL_SUBSYS_IPSET, 14
		attrProtocol, attrName, attrID = 1, 2, 11
		protocol                       = 7
	)
	var msgs [][]byte
	err := inNamespace(c.nsfd, func(*thread) error {
		socket, err := nl.GetNetlinkSocketAt(-1, -1, unix.NETLINK_NETFILTER)
		if err != nil {
			return err
		}
		defer socket.Close()
		req := nl.NewNetlinkRequest(subsystem<<8|getByName, unix.NLM_F_ACK)
		req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: {Socket: socket}}
		req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET})
		req.AddData(nl.NewRtAttr(attrProtocol, []byte{protocol}))
		req.AddData(nl.NewRtAttr(attrName, nl.ZeroTerminated(name)))
		msgs, err = req.Execute(unix.NETLINK_NETFILTER, 0)
		return err
	})
	switch {
	case errors.Is(err, unix.ENOENT):
		return 0, fmt.Errorf("there is no IP set %q (ipset(8))", name)
	case err != nil:
		return 0, fmt.Errorf("looking up the IP set %q: %w", name, err)
	}
	for _, m := range msgs {
		if a, _ := parseAttrs(m, nl.SizeofNfgenmsg); len(a.get(attrID)) == 2 {
			return binary.BigEndian.Uint16(a.get(attrID)), nil
		}
	}
	return 0, fmt.Errorf("the kernel does not tell the number of the IP set %q", name)
}
