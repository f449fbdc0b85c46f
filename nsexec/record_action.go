//go:build linux

package nsexec

import (
	"bytes"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// filterActs are the attributes of filters that hold their actions.
var filterActs = map[string]uint16{
	"u32": nl.TCA_U32_ACT, "flower": nl.TCA_FLOWER_ACT, "matchall": nl.TCA_MATCHALL_ACT,
	"fw": nl.TCA_FW_ACT, "basic": 3, "bpf": nl.TCA_BPF_ACT,
}

// filterOption is an option of a filter as the kernel takes it.
func filterOption(kind string, option uint16, value []byte) []byte {
	switch {
	case option == filterActs[kind]:
		return rewriteAttrs(value, func(number uint16, act []byte) (uint16, []byte) {
			return number, stillAction(act)
		})
	case option == filterFlags[kind] && len(value) == 4:
		const settable = 1 | 2 | 16 // SKIP_HW, SKIP_SW, VERBOSE
		value = bytes.Clone(value)
		byteOrder.PutUint32(value, byteOrder.Uint32(value)&settable)
	}
	return value
}

// stillAction is an action without what changes by itself: counters and when it
// was used. Of its options it says that they are attributes, which the kernel
// does not, but demands of ct and of newer kinds.
func stillAction(act []byte) []byte {
	a, _ := parseAttrs(act, 0)
	of := actionAttrsOf(a.text(nl.TCA_ACT_KIND))
	return rewriteAttrs(act, func(kind uint16, value []byte) (uint16, []byte) {
		switch kind {
		case nl.TCA_ACT_STATS:
			return 0, nil
		case nl.TCA_ACT_OPTIONS:
			value = rewriteAttrs(value, of.still)
			switch a.text(nl.TCA_ACT_KIND) {
			case "police":
				value = withRateTables(value)
			case "mpls":
				value = saidMPLS(value)
			case "tunnel_key":
				value = saidTunnelKey(value)
			}
			return kind | unix.NLA_F_NESTED, value
		}
		return kind, value
	})
}

// actionAttrs are the attributes of a kind of action that hold when it was used
// (struct tcf_t), and that start with struct tc_gen.
type actionAttrs struct {
	tm   uint16
	gens []uint16
}

// actionAttrsOf are those of linux/tc_act/*.h. A police has a struct of its own.
func actionAttrsOf(kind string) actionAttrs {
	switch kind {
	case "police":
		return actionAttrs{tm: 6}
	case "csum", "ct", "nat", "connmark", "ife":
		return actionAttrs{tm: 2, gens: []uint16{1}}
	case "ctinfo":
		return actionAttrs{tm: 2, gens: []uint16{3}}
	case "pedit": // its extended form has another attribute
		return actionAttrs{tm: nl.TCA_PEDIT_TM, gens: []uint16{nl.TCA_PEDIT_PARMS, nl.TCA_PEDIT_PARMS_EX}}
	}
	return actionAttrs{tm: 1, gens: []uint16{2}}
}

// still drops the one, which some kinds do not take, and clears in the others how
// often the action is used.
func (of actionAttrs) still(kind uint16, value []byte) (uint16, []byte) {
	const uses = 12 // tc_gen's refcnt and bindcnt
	switch {
	case kind == of.tm:
		return 0, nil
	case slices.Contains(of.gens, kind) && len(value) >= uses+8:
		value = bytes.Clone(value)
		clear(value[uses : uses+8])
	}
	return kind, value
}

// saidMPLS drops the protocol of an mpls that has none: the kernel tells one of
// each, but takes it only with what changes it.
func saidMPLS(options []byte) []byte {
	const (
		parms, proto   = 2, 4 // TCA_MPLS_PARMS, TCA_MPLS_PROTO
		actAt          = 20   // of struct tc_mpls, behind tc_gen
		modify, decTTL = 3, 4 // TCA_MPLS_ACT_*
	)
	a, _ := parseAttrs(options, 0)
	p := a.get(parms)
	if len(p) < actAt+4 || byteOrder.Uint32(p[actAt:]) != modify && byteOrder.Uint32(p[actAt:]) != decTTL {
		return options
	}
	return rewriteAttrs(options, func(kind uint16, value []byte) (uint16, []byte) {
		if kind == proto {
			return 0, nil
		}
		return kind, value
	})
}

// Where a struct tc_police has its rates (struct tc_ratespec) and counts.
const (
	policeRate     = 20
	policePeakRate = 32
	policeUses     = 44
)

// withRateTables has the options of a police as the kernel takes them: it demands
// a table for each rate, which it does not tell and reckons without.
func withRateTables(options []byte) []byte {
	const (
		tableSize = 1024 // TC_RTAB_SIZE
		rateAt    = 8    // of struct tc_ratespec, whose cell_log comes first
		cellLog   = 3
	)
	var tables []byte
	options = rewriteAttrs(options, func(kind uint16, value []byte) (uint16, []byte) {
		if kind != nl.TCA_POLICE_TBF || len(value) < policeUses+8 {
			return kind, value
		}
		value = bytes.Clone(value)
		clear(value[policeUses : policeUses+8])
		for i, at := range []int{policeRate, policePeakRate} {
			if byteOrder.Uint32(value[at+rateAt:]) != 0 {
				value[at] = cellLog
				tables = appendAttr(tables, Attr{Type: uint16(nl.TCA_POLICE_RATE + i), Data: make([]byte, tableSize)})
			}
		}
		return kind, value
	})
	return append(options, tables...)
}

// rewriteAttrs is a list of attributes with each as f returns it; those whose kind
// becomes 0 are left out. What is no list stays as it is.
func rewriteAttrs(data []byte, f func(kind uint16, value []byte) (uint16, []byte)) []byte {
	list, err := nl.ParseRouteAttr(data)
	if err != nil {
		return data
	}
	var out []byte
	for _, a := range list {
		const flags = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER
		if kind, value := f(a.Attr.Type&^flags, a.Value); kind != 0 {
			out = appendAttr(out, Attr{Type: kind | a.Attr.Type&flags, Data: value})
		}
	}
	return out
}
