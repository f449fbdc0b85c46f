//go:build linux

package nsexec

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of linux/if_bridge.h.
const (
	vlandbDumpFlags   = 1 // BRIDGE_VLANDB_DUMP_FLAGS
	vlandbDumpGlobal  = 2 // BRIDGE_VLANDB_DUMPF_GLOBAL
	vlandbGlobal      = 2 // BRIDGE_VLANDB_GLOBAL_OPTIONS
	vlanGlobalID      = 1 // BRIDGE_VLANDB_GOPTS_ID
	vlanGlobalRange   = 2 // …RANGE
	vlanGlobalPad     = 9 // …PAD
	vlanGlobalRouters = 16
	vlanGlobalQuerier = 17 // …MCAST_QUERIER_STATE
)

// globalVLANs are the options that VLANs have on a bridge as a whole. A VLAN has
// them as long as the bridge or one of its ports is in it.
type globalVLANs map[uint16]map[uint16][]byte

// globalVLANDump asks for those.
type globalVLANDump struct{}

func (globalVLANDump) Len() int { return len(globalVLANDump{}.Serialize()) }

func (globalVLANDump) Serialize() []byte {
	return appendAttr(vlanMsg{}.Serialize(), Attr{Type: vlandbDumpFlags, Data: u32(vlandbDumpGlobal)})
}

// globalVLANs lists those of all bridges, by index. A kernel without them has none.
func (c *Conn) globalVLANs() (map[int]globalVLANs, error) {
	list, err := c.list(unix.RTM_NEWVLAN, globalVLANDump{})
	if err != nil {
		return nil, err
	}
	out := map[int]globalVLANs{}
	for _, m := range list {
		if out[m.linkIndex()] == nil {
			out[m.linkIndex()] = globalVLANs{}
		}
		maps.Copy(out[m.linkIndex()], m.globalVLANs())
	}
	return out, nil
}

// globalVLANs are the options of a message, by VLAN.
func (m message) globalVLANs() globalVLANs {
	out := globalVLANs{}
	list, _ := nl.ParseRouteAttr(m.body[sizeofVLANMsg:])
	for _, a := range list {
		entry, err := parseAttrs(a.Value, 0)
		if a.Attr.Type&^unix.NLA_F_NESTED != vlandbGlobal || err != nil {
			continue
		}
		first := uint16(entry.int(vlanGlobalID))
		last := max(first, uint16(entry.int(vlanGlobalRange)))
		options := entry.byKind()
		maps.DeleteFunc(options, func(kind uint16, _ []byte) bool {
			return slices.Contains([]uint16{vlanGlobalID, vlanGlobalRange, vlanGlobalPad, vlanGlobalRouters, vlanGlobalQuerier}, kind)
		})
		for vid := first; vid <= last; vid++ {
			out[vid] = options
		}
	}
	return out
}

// isGlobalVLANs tells the record of such options from that of the VLANs that a link
// is in.
func (m message) isGlobalVLANs() bool {
	return m.kind == unix.RTM_NEWVLAN && len(m.globalVLANs()) > 0
}

// only are those of some VLANs.
func (g globalVLANs) only(vids iter.Seq[uint16]) globalVLANs {
	out := globalVLANs{}
	for vid := range vids {
		if options, ok := g[vid]; ok {
			out[vid] = options
		}
	}
	return out
}

// messages are the record, which is empty where there are none.
func (g globalVLANs) messages(index int) []message {
	if len(g) == 0 {
		return nil
	}
	body := vlanMsg{index}.Serialize()
	for _, e := range g.entries() {
		body = appendAttr(body, e)
	}
	return []message{{unix.RTM_NEWVLAN, body}}
}

// entries are the options as attributes, VLANs that have the same in one.
func (g globalVLANs) entries() []Attr {
	var out []Attr
	vids := slices.Sorted(maps.Keys(g))
	for i := 0; i < len(vids); {
		options := g[vids[i]]
		n := i + 1
		for n < len(vids) && vids[n] == vids[n-1]+1 && maps.EqualFunc(options, g[vids[n]], bytes.Equal) {
			n++
		}
		var list []Attr
		for _, kind := range slices.Sorted(maps.Keys(options)) {
			list = append(list, Attr{Type: kind, Data: options[kind]})
		}
		out = append(out, globalVLANEntry(VLANRange{vids[i], vids[n-1]}, list))
		i = n
	}
	return out
}

// globalVLANEntry is a BRIDGE_VLANDB_GLOBAL_OPTIONS.
func globalVLANEntry(r VLANRange, options []Attr) Attr {
	nested := []Attr{{Type: vlanGlobalID, Data: nl.Uint16Attr(r.First)}}
	if r.Last > r.First {
		nested = append(nested, Attr{Type: vlanGlobalRange, Data: nl.Uint16Attr(r.Last)})
	}
	return Attr{Type: vlandbGlobal | unix.NLA_F_NESTED, Nested: append(nested, options...)}
}

// globalVLANsOf are the records of the options that VLANs have on some bridges.
func (c *Conn) globalVLANsOf(bridges map[int]bool, vids iter.Seq[uint16]) ([]message, error) {
	all, err := c.globalVLANs()
	if err != nil {
		return nil, err
	}
	var out []message
	for _, index := range slices.Sorted(maps.Keys(bridges)) {
		options := all[index]
		if vids != nil {
			options = options.only(vids)
		}
		out = append(out, options.messages(index)...)
	}
	return out, nil
}

// bridgeOf is the bridge that a link is, or is a port of; there may be none.
func (s linkState) bridgeOf() map[int]bool {
	switch {
	case s.kind() == "bridge":
		return map[int]bool{s.index: true}
	case s.isBridgePort():
		return map[int]bool{s.attrs.int(unix.IFLA_MASTER): true}
	}
	return nil
}

// restoreGlobalVLANs has VLANs that there are have the options that they had.
func (c *Conn) restoreGlobalVLANs(want []message) error {
	want = slices.DeleteFunc(slices.Clone(want), func(m message) bool { return !m.isGlobalVLANs() })
	if len(want) == 0 {
		return nil
	}
	all, err := c.globalVLANs()
	if err != nil {
		return err
	}
	for _, m := range want {
		have, lacking := all[m.linkIndex()], globalVLANs{}
		for vid, options := range m.globalVLANs() {
			now, ok := have[vid]
			differs := maps.Clone(options)
			maps.DeleteFunc(differs, func(kind uint16, b []byte) bool { return bytes.Equal(now[kind], b) })
			if ok && len(differs) > 0 {
				lacking[vid] = differs
			}
		}
		if err := c.sendVLANs(unix.RTM_NEWVLAN, m.linkIndex(), lacking.entries()); err != nil && !IsGone(err) {
			return fmt.Errorf("the options of VLANs: %w", err)
		}
	}
	return nil
}
