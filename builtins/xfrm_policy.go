//go:build linux

package builtins

import (
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

var xfrmPolicySpec = &Spec{
	Name: "xfrm policy", Group: Layer3,
	Doc:       "add a policy of IPsec: which packets are protected, and as which states do",
	Example:   "xfrm policy src 10.1.0.0/24 dst 10.2.0.0/24 dir out tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel",
	Modifiers: Del | Replace | Flush,
	ModParams: map[Modifiers][]Param{Flush: {}},
	Options: slices.Concat(selectorOptions, []Option{
		{Name: "dir", Type: oneOf(word{"in", 0}, word{"out", 1}, word{"fwd", 2}), Doc: "of what comes in, goes out or is forwarded"},
		{Name: "priority", Type: word32, Doc: "its place: the lowest is asked first"},
		{Name: "ptype", Type: oneOf(word{"main", 0}, word{"sub", 1}), Doc: "which list it is in"},
		{Name: "action", Type: oneOf(word{"allow", 0}, word{"block", 1}), Doc: "what becomes of the packets; allow unless said otherwise"},
		{Name: "flag", Type: oneOf(word{"localok", 1}, word{"icmp", 2}), Many: true, Doc: "localok: sockets may have their own; icmp: errors about the packets, too"},
		{Name: "index", Type: word32, Doc: "its number, rather than the kernel's choice"},
		{Name: "limit", Repeat: true, Options: xfrmLimits, Doc: "when it ends"},
		{Name: "mark", Type: markType, Doc: "only packets with this mark"},
		{Name: "if_id", Type: word32, Doc: "the number of the xfrm link that it belongs to"},
		{Name: "offload", Options: policyOffloadOptions, Doc: "have a link do it (Linux 6.2)"},
		{Name: "tmpl", Repeat: true, Options: templateOptions(), Doc: "the state that packets need, one after the other"},
	}),
	Verify:  compiles,
	Compile: compileXfrmPolicy,
}

func templateOptions() []Option {
	return append(slices.Clone(xfrmID), Option{Name: "level", Type: oneOf(word{"required", 0}, word{"use", 1}), Doc: "use: only where there is such a state"})
}

func compileXfrmPolicy(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		return flushXfrm(c, true, "ptype")
	}
	if !c.Has("dir") {
		return nil, fmt.Errorf(`%q needs "dir": in, out or fwd`, c.Spec.Name)
	}
	var info nl.XfrmUserpolicyInfo
	cfg := nsexec.XfrmConfig{Policy: true}
	var err error
	if info.Sel, cfg.SelDev, err = selector(c.Options()); err != nil {
		return nil, err
	}
	if info.Sel.Family == 0 {
		info.Sel.Family = unix.AF_INET
	}
	dir, _ := Opt[int64](c, "dir")
	action, _ := Opt[int64](c, "action")
	priority, _ := Opt[int64](c, "priority")
	index, _ := Opt[int64](c, "index")
	if index != 0 && index&7 != dir {
		return nil, fmt.Errorf("the last three bits of an index say the direction: %d may be %d", index, index&^7|dir)
	}
	info.Dir, info.Action, info.Priority, info.Index = uint8(dir), uint8(action), uint32(priority), uint32(index)
	info.Flags, info.Lft = uint8(flagsOf(c, "flag")), xfrmLifetime(c)
	if cfg.Attrs, err = xfrmPolicyAttrs(c, info.Sel.Family); err != nil {
		return nil, err
	}
	if err := offloadOf(c, &cfg); err != nil {
		return nil, err
	}
	cfg.Info = info.Serialize()
	return xfrmSteps(c, cfg), nil
}

func xfrmPolicyAttrs(c *Call, family uint16) (attrs []nsexec.Attr, err error) {
	ptype, _ := Opt[int64](c, "ptype")
	attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_POLICY_TYPE, Data: nsexec.XfrmPolicyType(byte(ptype))})
	var templates []byte
	for _, g := range c.Repeated("tmpl") {
		t, err := template(g.Given, family)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", "tmpl", err)
		}
		templates = append(templates, t.Serialize()...)
	}
	const most = 6 // XFRM_MAX_DEPTH
	switch {
	case len(templates) > most*nl.SizeofXfrmUserTmpl:
		return nil, fmt.Errorf("a policy has at most %d templates", most)
	case len(templates) > 0:
		attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_TMPL, Data: templates})
	}
	attrs = append(attrs, markAttr(c)...)
	return append(attrs, attr32Of(c, "if_id", nl.XFRMA_IF_ID)...), nil
}

// template is struct xfrm_user_tmpl. Without addresses it is of the policy's
// family.
func template(given []Given, family uint16) (t nl.XfrmUserTmpl, err error) {
	if t.XfrmId, t.Saddr, t.Family, err = xfrmEnds(given); err != nil {
		return t, err
	}
	if t.Family == 0 {
		t.Family = family
	}
	if t.XfrmId.Proto == 0 {
		return t, fmt.Errorf(`it needs "proto": esp, ah, comp, route2 or hao`)
	}
	mode, _ := GivenAs[int64](given, "mode")
	reqid, _ := GivenAs[int64](given, "reqid")
	level, _ := GivenAs[int64](given, "level")
	t.Mode, t.Reqid, t.Optional = uint8(mode), uint32(reqid), uint8(level)
	t.Aalgos, t.Ealgos, t.Calgos = 1<<32-1, 1<<32-1, 1<<32-1
	return t, nil
}
