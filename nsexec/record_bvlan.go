//go:build linux

package nsexec

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes and flags of linux/if_bridge.h that the netlink library lacks.
const (
	vlandbEntry          = 1      // BRIDGE_VLANDB_ENTRY
	vlanEntryInfo        = 1      // BRIDGE_VLANDB_ENTRY_INFO
	vlanEntryRange       = 2      // …RANGE
	vlanEntryState       = 3      // …STATE
	vlanEntryTunnel      = 4      // …TUNNEL_INFO
	vlanEntryMcastRouter = 6      // …MCAST_ROUTER
	vlanEntryMaxGroups   = 8      // …MCAST_MAX_GROUPS
	vlanEntrySuppress    = 9      // …NEIGH_SUPPRESS
	vlanTunnelID         = 1      // BRIDGE_VLANDB_TINFO_ID
	vlanTunnelCmd        = 2      // BRIDGE_VLANDB_TINFO_CMD
	vlanOnlyOptions      = 1 << 6 // BRIDGE_VLAN_INFO_ONLY_OPTS
)

// vlanOptions are the options of a VLAN of a link.
var vlanOptions = []uint16{vlanEntryState, vlanEntryMcastRouter, vlanEntryMaxGroups, vlanEntrySuppress}

// bridgeVLAN is how a link is in a VLAN.
type bridgeVLAN struct {
	flags   uint16            // BRIDGE_VLAN_INFO_PVID, BRIDGE_VLAN_INFO_UNTAGGED
	tunnel  []byte            // the tunnel's number
	options map[uint16][]byte // vlanOptions
}

// bridgeVLANs are the VLANs that a link is in.
type bridgeVLANs map[uint16]bridgeVLAN

const sizeofVLANMsg = 8 // struct br_vlan_msg

// vlanMsg is struct br_vlan_msg of linux/if_bridge.h.
type vlanMsg struct{ index int }

func (m vlanMsg) Len() int { return sizeofVLANMsg }

func (m vlanMsg) Serialize() []byte {
	b := make([]byte, sizeofVLANMsg)
	b[0] = unix.AF_BRIDGE
	byteOrder.PutUint32(b[4:], uint32(m.index))
	return b
}

// bridgeVLANs lists the VLANs that links are in, by index. A kernel without them
// has none.
func (c *Conn) bridgeVLANs() (map[int]bridgeVLANs, error) {
	list, err := c.list(unix.RTM_NEWVLAN, vlanMsg{})
	if err != nil {
		return nil, err
	}
	out := map[int]bridgeVLANs{}
	for _, m := range list {
		if out[m.linkIndex()] == nil {
			out[m.linkIndex()] = bridgeVLANs{}
		}
		maps.Copy(out[m.linkIndex()], m.bridgeVLANs())
	}
	return out, nil
}

// vlansOf lists the VLANs that one link is in.
func (c *Conn) vlansOf(index int) (bridgeVLANs, error) {
	all, err := c.bridgeVLANs()
	return all[index], err
}

// bridgeVLANs are the VLANs of a message, one by one.
func (m message) bridgeVLANs() bridgeVLANs {
	out := bridgeVLANs{}
	list, _ := nl.ParseRouteAttr(m.body[sizeofVLANMsg:])
	for _, a := range list {
		entry, err := parseAttrs(a.Value, 0)
		info := entry.get(vlanEntryInfo)
		if a.Attr.Type&^unix.NLA_F_NESTED != vlandbEntry || err != nil || len(info) != 4 {
			continue
		}
		first := byteOrder.Uint16(info[2:])
		last := max(first, uint16(entry.int(vlanEntryRange)))
		for vid := first; vid <= last; vid++ {
			v := bridgeVLAN{flags: byteOrder.Uint16(info) & (nl.BRIDGE_VLAN_INFO_PVID | nl.BRIDGE_VLAN_INFO_UNTAGGED), options: map[uint16][]byte{}}
			if id, ok := entry.nested(vlanEntryTunnel).find(vlanTunnelID); ok {
				v.tunnel = u32(int(byteOrder.Uint32(id)) + int(vid-first))
			}
			for _, kind := range vlanOptions {
				if b, ok := entry.find(kind); ok {
					v.options[kind] = b
				}
			}
			out[vid] = v
		}
	}
	return out
}

// messages are the record, which is empty where there are none.
func (all bridgeVLANs) messages(index int) []message {
	if len(all) == 0 {
		return nil
	}
	return []message{all.message(index)}
}

// message is the record of the VLANs that a link is in.
func (all bridgeVLANs) message(index int) message {
	body := vlanMsg{index}.Serialize()
	for _, e := range all.entries() {
		body = appendAttr(body, e)
	}
	return message{unix.RTM_NEWVLAN, body}
}

// entries are the VLANs as attributes, those that are the same in one.
func (all bridgeVLANs) entries() []Attr {
	var out []Attr
	vids := slices.Sorted(maps.Keys(all))
	for i := 0; i < len(vids); {
		first, v := vids[i], all[vids[i]]
		n := i + 1
		for n < len(vids) && vids[n] == vids[n-1]+1 && v.tunnel == nil && v.same(all[vids[n]]) {
			n++
		}
		var attrs []Attr
		if n > i+1 {
			attrs = append(attrs, Attr{Type: vlanEntryRange, Data: nl.Uint16Attr(vids[n-1])})
		}
		for _, kind := range slices.Sorted(maps.Keys(v.options)) {
			attrs = append(attrs, Attr{Type: kind, Data: v.options[kind]})
		}
		if v.tunnel != nil {
			attrs = append(attrs, Attr{Type: vlanEntryTunnel | unix.NLA_F_NESTED, Nested: []Attr{{Type: vlanTunnelID, Data: v.tunnel}}})
		}
		out = append(out, vlanEntry(first, v.flags, attrs...))
		i = n
	}
	return out
}

func (v bridgeVLAN) same(w bridgeVLAN) bool {
	return v.flags == w.flags && bytes.Equal(v.tunnel, w.tunnel) && maps.EqualFunc(v.options, w.options, bytes.Equal)
}

// vlanInfo is struct bridge_vlan_info.
func vlanInfo(vid, flags uint16) []byte {
	return append(nl.Uint16Attr(flags), nl.Uint16Attr(vid)...)
}

// vlanEntry is a BRIDGE_VLANDB_ENTRY.
func vlanEntry(vid, flags uint16, more ...Attr) Attr {
	return Attr{Type: vlandbEntry | unix.NLA_F_NESTED, Nested: append([]Attr{{Type: vlanEntryInfo, Data: vlanInfo(vid, flags)}}, more...)}
}

// tunnelAttr maps a VLAN to a tunnel, or no more.
func tunnelAttr(id uint32, del bool) Attr {
	cmd := unix.RTM_SETLINK
	if del {
		cmd = unix.RTM_DELLINK
	}
	return Attr{Type: vlanEntryTunnel | unix.NLA_F_NESTED, Nested: []Attr{{Type: vlanTunnelID, Data: nl.Uint32Attr(id)}, {Type: vlanTunnelCmd, Data: u32(cmd)}}}
}

// sendVLANs changes VLANs of a link.
func (c *Conn) sendVLANs(proto, index int, entries []Attr) error {
	return c.sendSome(proto, vlanMsg{index}, entries)
}

// sendSome sends entries behind a header, some in a message.
func (c *Conn) sendSome(proto int, head nl.NetlinkRequestData, entries []Attr) error {
	for some := range slices.Chunk(entries, 500) {
		req := c.Request(proto, unix.NLM_F_ACK)
		req.AddData(head)
		for _, e := range some {
			req.AddData(rtAttr(e))
		}
		if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
			return err
		}
	}
	return nil
}

// recordVLANs are the VLANs of those of the links that have any: bridges, with
// their ports, and ports.
func (c *Conn) recordVLANs(r *Record, indexes map[int]bool) ([]message, error) {
	bridging := slices.ContainsFunc(r.msgs, func(m message) bool {
		info := m.attrs().nested(unix.IFLA_LINKINFO)
		return indexes[m.linkIndex()] && (info.text(nl.IFLA_INFO_KIND) == "bridge" || info.text(unix.IFLA_INFO_SLAVE_KIND) == "bridge")
	})
	if !bridging {
		return nil, nil
	}
	all, err := c.bridgeVLANs()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	states, _, err := c.states()
	if err != nil {
		return nil, err
	}
	var out []message
	bridges := map[int]bool{}
	for _, s := range states {
		if s.kind() == "bridge" && indexes[s.index] || s.isBridgePort() && (indexes[s.index] || indexes[s.attrs.int(unix.IFLA_MASTER)]) {
			out = append(out, all[s.index].message(s.index))
			maps.Copy(bridges, s.bridgeOf())
		}
	}
	options, err := c.globalVLANsOf(bridges, nil)
	return append(out, options...), err
}

// restoreVLANs has links be in the VLANs that they were in: those of which the
// record says what they or their bridges were in no others.
func (c *Conn) restoreVLANs(links map[int]bool, want []message) error {
	for _, m := range want {
		if m.isGlobalVLANs() {
			continue
		}
		is, err := c.linkState(ByIndex(m.linkIndex()))
		if IsGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		if is.kind() != "bridge" && !is.isBridgePort() {
			continue
		}
		exact := links[is.index] || links[is.attrs.int(unix.IFLA_MASTER)]
		if err := c.restoreVLANsOf(is.index, m.bridgeVLANs(), exact); err != nil {
			return fmt.Errorf("the VLANs of %s: %w", is.name(), err)
		}
	}
	return nil
}

func (c *Conn) restoreVLANsOf(index int, want bridgeVLANs, exact bool) error {
	have, err := c.vlansOf(index)
	if err != nil {
		return err
	}
	extra, set := bridgeVLANs{}, []Attr{}
	for vid := range have {
		if _, keep := want[vid]; exact && !keep {
			extra[vid] = bridgeVLAN{}
		}
	}
	for vid, v := range want {
		if had, ok := have[vid]; !ok || had.flags != v.flags {
			set = append(set, vlanEntry(vid, v.flags))
		}
	}
	if err := c.sendVLANs(unix.RTM_DELVLAN, index, extra.entries()); err != nil {
		return err
	}
	if err := c.sendVLANs(unix.RTM_NEWVLAN, index, set); err != nil {
		return err
	}
	if have, err = c.vlansOf(index); err != nil {
		return err
	}
	var options []Attr
	for vid, v := range want {
		if attrs := v.lacking(have[vid]); len(attrs) > 0 {
			options = append(options, vlanEntry(vid, vlanOnlyOptions, attrs...))
		}
	}
	if err := c.unmapVLANs(index, want, have); err != nil {
		return err
	}
	return c.sendVLANs(unix.RTM_NEWVLAN, index, options)
}

// unmapVLANs takes away the tunnels that VLANs are not to have: a VLAN has one,
// and one has a VLAN.
func (c *Conn) unmapVLANs(index int, want, have bridgeVLANs) error {
	var wrong []Attr
	for vid, v := range want {
		if now := have[vid].tunnel; now != nil && !bytes.Equal(now, v.tunnel) {
			wrong = append(wrong, vlanEntry(vid, vlanOnlyOptions, tunnelAttr(byteOrder.Uint32(now), true)))
		}
	}
	return c.sendVLANs(unix.RTM_NEWVLAN, index, wrong)
}

// lacking are the options of a VLAN that differ from what they are.
func (v bridgeVLAN) lacking(have bridgeVLAN) []Attr {
	var out []Attr
	for kind, b := range v.options {
		if now, ok := have.options[kind]; ok && !bytes.Equal(b, now) {
			out = append(out, Attr{Type: kind, Data: b})
		}
	}
	if v.tunnel != nil && !bytes.Equal(v.tunnel, have.tunnel) {
		out = append(out, tunnelAttr(byteOrder.Uint32(v.tunnel), false))
	}
	return out
}

// removeVLANs takes a link out of the VLANs of a record.
func (c *Conn) removeVLANs(m message) error {
	have, err := c.vlansOf(m.linkIndex())
	if err != nil {
		return err
	}
	gone := m.bridgeVLANs()
	maps.DeleteFunc(gone, func(vid uint16, _ bridgeVLAN) bool {
		_, there := have[vid]
		return !there
	})
	return c.sendVLANs(unix.RTM_DELVLAN, m.linkIndex(), gone.entries())
}
