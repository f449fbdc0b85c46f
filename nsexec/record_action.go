//go:build linux

package nsexec

import (
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// filterActs are the attributes of filters that hold their actions.
var filterActs = map[string]uint16{
	"u32": nl.TCA_U32_ACT, "flower": nl.TCA_FLOWER_ACT, "matchall": nl.TCA_MATCHALL_ACT,
	"fw": nl.TCA_FW_ACT, "basic": 3, "bpf": nl.TCA_BPF_ACT,
}

// stillActions clears, in place, what changes of actions by itself: counters and
// when they were used.
func stillActions(data []byte) {
	list, _ := nl.ParseRouteAttr(data)
	for _, act := range list {
		parts, _ := nl.ParseRouteAttr(act.Value)
		a, _ := parseAttrs(act.Value, 0)
		of := actionAttrsOf(a.text(nl.TCA_ACT_KIND))
		for _, p := range parts {
			switch p.Attr.Type &^ unix.NLA_F_NESTED {
			case nl.TCA_ACT_STATS:
				clear(p.Value)
			case nl.TCA_ACT_OPTIONS:
				of.still(p.Value)
			}
		}
	}
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

func (of actionAttrs) still(data []byte) {
	const uses = 12 // tc_gen's refcnt and bindcnt
	list, _ := nl.ParseRouteAttr(data)
	for _, o := range list {
		switch {
		case o.Attr.Type == of.tm:
			clear(o.Value)
		case slices.Contains(of.gens, o.Attr.Type) && len(o.Value) >= uses+8:
			clear(o.Value[uses : uses+8])
		}
	}
}
