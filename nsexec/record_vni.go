//go:build linux

package nsexec

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of linux/if_link.h.
const (
	vniFilterEntry = 1 // VXLAN_VNIFILTER_ENTRY
	vniEntryStart  = 1 // VXLAN_VNIFILTER_ENTRY_START
	vniEntryEnd    = 2 // …END
	vniEntryGroup  = 3 // …GROUP
	vniEntryGroup6 = 4 // …GROUP6

	vxlanVNIFilter = 30 // IFLA_VXLAN_VNIFILTER
)

// vniFilter are the identifiers that a vxlan takes, and where the packets of each
// go, which may be nowhere.
type vniFilter map[uint32]netip.Addr

// vniFilterOf lists those of one link. A kernel without them has none.
func (c *Conn) vniFilterOf(index int) (vniFilter, error) {
	list, err := c.list(rtmNewTunnel, tunnelMsg{index})
	out := vniFilter{}
	for _, m := range list {
		if m.linkIndex() == index {
			maps.Copy(out, m.vniFilter())
		}
	}
	return out, err
}

// vniFilter are the identifiers of a message, one by one.
func (m message) vniFilter() vniFilter {
	out := vniFilter{}
	list, _ := nl.ParseRouteAttr(m.body[sizeofTunnelMsg:])
	for _, a := range list {
		entry, err := parseAttrs(a.Value, 0)
		if a.Attr.Type&^unix.NLA_F_NESTED != vniFilterEntry || err != nil {
			continue
		}
		first := uint32(entry.int(vniEntryStart))
		last := max(first, uint32(entry.int(vniEntryEnd)))
		to, ok := netip.AddrFromSlice(entry.get(vniEntryGroup))
		if !ok {
			to, _ = netip.AddrFromSlice(entry.get(vniEntryGroup6))
		}
		for vni := first; vni <= last; vni++ {
			out[vni] = to
		}
	}
	return out
}

// messages are the record, which is empty where there are none.
func (f vniFilter) messages(index int) []message {
	if len(f) == 0 {
		return nil
	}
	return []message{f.message(index)}
}

// message is the record of the identifiers that a link takes.
func (f vniFilter) message(index int) message {
	body := tunnelMsg{index}.Serialize()
	for _, e := range f.entries() {
		body = appendAttr(body, e)
	}
	return message{rtmNewTunnel, body}
}

// entries are the identifiers as attributes, those that are the same in one.
func (f vniFilter) entries() []Attr {
	var out []Attr
	vnis := slices.Sorted(maps.Keys(f))
	for i := 0; i < len(vnis); {
		n := i + 1
		for n < len(vnis) && vnis[n] == vnis[n-1]+1 && f[vnis[n]] == f[vnis[i]] {
			n++
		}
		out = append(out, vniEntry(VNIRange{vnis[i], vnis[n-1]}, f[vnis[i]]))
		i = n
	}
	return out
}

// vniEntry is a VXLAN_VNIFILTER_ENTRY.
func vniEntry(r VNIRange, to netip.Addr) Attr {
	nested := []Attr{{Type: vniEntryStart, Data: nl.Uint32Attr(r.First)}}
	if r.Last > r.First {
		nested = append(nested, Attr{Type: vniEntryEnd, Data: nl.Uint32Attr(r.Last)})
	}
	switch {
	case to.Is4():
		nested = append(nested, Attr{Type: vniEntryGroup, Data: to.AsSlice()})
	case to.Is6():
		nested = append(nested, Attr{Type: vniEntryGroup6, Data: to.AsSlice()})
	}
	return Attr{Type: vniFilterEntry | unix.NLA_F_NESTED, Nested: nested}
}

// recordVNIs are the identifiers of those of the links that choose them.
func (c *Conn) recordVNIs(r *Record, indexes map[int]bool) ([]message, error) {
	var out []message
	for _, m := range r.msgs {
		info := m.attrs().nested(unix.IFLA_LINKINFO)
		if m.kind != unix.RTM_NEWLINK || !indexes[m.linkIndex()] || info.text(nl.IFLA_INFO_KIND) != "vxlan" ||
			info.nested(nl.IFLA_INFO_DATA).int(vxlanVNIFilter) == 0 {
			continue
		}
		have, err := c.vniFilterOf(m.linkIndex())
		if err != nil {
			return nil, err
		}
		if len(have) > 0 {
			out = append(out, have.message(m.linkIndex()))
		}
	}
	return out, nil
}

// restoreVNIs has links take the identifiers that they took.
func (c *Conn) restoreVNIs(want []message) error {
	for _, m := range want {
		have, err := c.vniFilterOf(m.linkIndex())
		if err != nil {
			return err
		}
		lacking := m.vniFilter()
		maps.DeleteFunc(lacking, func(vni uint32, to netip.Addr) bool {
			now, ok := have[vni]
			return ok && now == to
		})
		if err := c.sendSome(rtmNewTunnel, tunnelMsg{m.linkIndex()}, lacking.entries()); err != nil && !IsGone(err) {
			return err
		}
	}
	return nil
}

// removeVNIs takes the identifiers of a record away from a link.
func (c *Conn) removeVNIs(m message) error {
	have, err := c.vniFilterOf(m.linkIndex())
	if err != nil {
		return err
	}
	gone := m.vniFilter()
	maps.DeleteFunc(gone, func(vni uint32, _ netip.Addr) bool {
		_, there := have[vni]
		return !there
	})
	return c.sendSome(rtmDelTunnel, tunnelMsg{m.linkIndex()}, gone.entries())
}
