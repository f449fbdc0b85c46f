//go:build linux

package nsexec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Entries of a vxlan's multicast database say which other end of the tunnel gets
// what is sent to a group (Linux 6.3). They are laid out as those of bridges, with
// attributes more.

// mdbTunnel are the attributes that say where an entry of a vxlan sends to. A
// bridge's has none.
func (s linkState) mdbTunnel(c *Conn, cfg MDBConfig) ([]Attr, error) {
	if s.kind() != "vxlan" {
		if err := s.isOf("bridge"); err != nil {
			return nil, err
		}
		if len(cfg.Tunnel) > 0 {
			return nil, fmt.Errorf("%s is a bridge, and only an entry of a vxlan has another end: %w", cfg.Link, unix.EINVAL)
		}
		return nil, nil
	}
	if len(cfg.Tunnel) == 0 {
		return nil, fmt.Errorf("%s is a vxlan, whose entries need another end of the tunnel: dst: %w", cfg.Link, unix.EINVAL)
	}
	own := s.mdbDefaults()
	tunnel := slices.DeleteFunc(slices.Clone(cfg.Tunnel), func(a Attr) bool {
		return a.Type == mdbeSrcVNI && bytes.Equal(a.Data, own[mdbeSrcVNI]) // nobody says it of the entry either
	})
	if i := slices.IndexFunc(tunnel, func(a Attr) bool { return a.Type == mdbeSrcVNI }); i >= 0 && !s.external() {
		return nil, fmt.Errorf("%s was made without external, so its entries are of its own VNI, %d, not of %d: %w", cfg.Link,
			byteOrder.Uint32(own[mdbeSrcVNI]), byteOrder.Uint32(tunnel[i].Data), unix.EINVAL)
	}
	if cfg.Via == (LinkRef{}) {
		return tunnel, nil
	}
	via, err := c.Index(cfg.Via)
	return append(tunnel, Attr{Type: mdbeIfindex, Data: u32(via)}), err
}

// external reports whether packets say the VNI, not the vxlan.
func (s linkState) external() bool { return s.data().int(nl.IFLA_VXLAN_FLOWBASED) != 0 }

// mdbDefaults are the attributes of an entry of a vxlan that the kernel tells only
// where they are others.
func (s linkState) mdbDefaults() map[uint16][]byte {
	data := s.data()
	out := map[uint16][]byte{mdbeVNI: make([]byte, 4), mdbeSrcVNI: make([]byte, 4)}
	if id := data.get(nl.IFLA_VXLAN_ID); len(id) == 4 {
		out[mdbeVNI], out[mdbeSrcVNI] = id, id
	}
	if port := data.get(nl.IFLA_VXLAN_PORT); len(port) == 2 {
		out[mdbeDstPort] = nl.Uint16Attr(binary.BigEndian.Uint16(port))
	}
	return out
}

// withoutTunnels explains the error of a kernel whose vxlans have no such entries.
func (o mdbOp) withoutTunnels(err error) error {
	if len(o.cfg.Tunnel) == 0 || !isUnsupported(err) {
		return err
	}
	return fmt.Errorf("this kernel's vxlans have no multicast database, which came with Linux 6.3: %w", err)
}
