//go:build linux

package nsexec

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// rules lists the rules of a family in their order.
func (c *Conn) rules(family int) ([]message, error) {
	list, err := c.list(unix.RTM_NEWRULE, ruleHeader{0: byte(family)})
	for i := range list {
		list[i] = list[i].rule()
	}
	return list, err
}

// rule is a rule as it can be added again: without what the kernel finds out
// by itself.
func (m message) rule() message {
	out := m.without(func(kind uint16) bool { return kind == unix.FRA_PAD })
	const detached = unix.FIB_RULE_PERMANENT | unix.FIB_RULE_UNRESOLVED | unix.FIB_RULE_IIF_DETACHED | unix.FIB_RULE_OIF_DETACHED
	for i, bits := 8, uint32(detached); i < 12; i, bits = i+1, bits>>8 {
		out.body[i] &^= byte(bits)
	}
	return out
}

func (m message) rulePriority() uint64 { return m.attrs().number(unix.FRA_PRIORITY) }

// restoreRules adds the rules that are missing. Of several with one priority the
// kernel asks the oldest first, so those that come after a missing one are made
// again behind it.
func (c *Conn) restoreRules(want []message) error {
	type place struct {
		family   byte
		priority uint64
	}
	var places []place
	at := map[place][]message{}
	for _, w := range want {
		p := place{w.body[0], w.rulePriority()}
		if at[p] == nil {
			places = append(places, p)
		}
		at[p] = append(at[p], w)
	}
	have := map[byte][]message{}
	for _, family := range bothFamilies {
		list, err := c.rules(int(family))
		if err != nil {
			return err
		}
		have[family] = list
	}
	for _, p := range places {
		if err := c.restoreRulesAt(at[p], have[p.family]); err != nil {
			return err
		}
	}
	return nil
}

// restoreRulesAt has the rules of one priority be there in their order.
func (c *Conn) restoreRulesAt(want, have []message) error {
	among := func(list []message) func(message) bool {
		return func(m message) bool {
			return slices.ContainsFunc(list, func(o message) bool { return sameAttrs(m, o) })
		}
	}
	had := slices.DeleteFunc(slices.Clone(have), func(h message) bool { return !among(want)(h) })
	same := 0
	for same < min(len(want), len(had)) && sameAttrs(want[same], had[same]) {
		same++
	}
	for _, h := range had[same:] {
		if err := c.remove(h); err != nil && !isMissing(err) {
			return err
		}
	}
	for _, w := range want[same:] {
		if err := c.add(w, unix.NLM_F_CREATE|unix.NLM_F_EXCL); err != nil {
			return err
		}
	}
	return nil
}

// addMainRules adds, for the families that lack it, the rule that the kernel has
// from the start: look in the main table. drop takes them away again.
func (c *Conn) addMainRules() (drop func(), added bool) {
	const mainPriority = 32766
	var made []message
	for _, family := range bothFamilies {
		head := ruleHeader{0: family, 4: unix.RT_TABLE_MAIN, 7: frActToTable}
		by := nl.NewRtAttr(unix.FRA_PROTOCOL, []byte{unix.RTPROT_KERNEL})
		m := message{unix.RTM_NEWRULE, append(head.Serialize(), by.Serialize()...)}.withPriority(mainPriority)
		if c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL) == nil {
			made = append(made, m)
		}
	}
	return func() {
		for _, m := range made {
			_ = c.remove(m) // it may be gone
		}
	}, len(made) > 0
}

// meant returns the rule that the kernel deletes when it is told to delete o,
// the first that has all that o says, and those behind it with its priority.
func (o ruleOp) meant(c *Conn) ([]message, error) {
	list, err := c.rules(o.cfg.Family)
	if err != nil {
		return nil, err
	}
	want := o.message()
	first := slices.IndexFunc(list, func(m message) bool { return ruleFits(want, m) })
	if first < 0 {
		return nil, nil
	}
	end := first
	for end < len(list) && list[end].rulePriority() == list[first].rulePriority() {
		end++
	}
	return list[first:end], nil
}

func ruleFits(want, m message) bool {
	a := m.attrs()
	for kind, v := range want.attrs().all() {
		if kind != unix.FRA_TABLE && !bytes.Equal(a.get(kind), v) || kind == unix.FRA_TABLE && a.number(kind) != want.attrs().number(kind) {
			return false
		}
	}
	w := want.body
	return w[0] == m.body[0] && (w[1] == 0 || w[1] == m.body[1]) && (w[2] == 0 || w[2] == m.body[2]) &&
		(w[3] == 0 || w[3] == m.body[3]) && (w[7] == 0 || w[7] == m.body[7])
}

// nextPriority is the priority that the kernel gives a rule that asks for none:
// one less than that of the second (fib_default_rule_pref).
func nextPriority(list []message) uint32 {
	if len(list) < 2 {
		return 0
	}
	return uint32(max(list[1].rulePriority(), 1) - 1)
}

// hasNoRule reports whether there is no rule of the priority that one is to get.
func (c *Conn) hasNoRule(m message) (bool, error) {
	family := m.body[0]
	key := func(m message) string { return strconv.FormatUint(m.rulePriority(), 10) }
	return c.isAbsent(listingKind{m.kind, family}, key(m), func(add func(string)) error {
		list, err := c.list(m.kind, ruleHeader{0: family})
		for _, h := range list {
			add(key(h))
		}
		return err
	})
}

// withPriority is a rule with the priority that it is about to get.
func (m message) withPriority(n uint32) message {
	if m.attrs().has(unix.FRA_PRIORITY) {
		return m
	}
	body := appendUint32(bytes.Clone(m.body), unix.FRA_PRIORITY, n)
	return message{m.kind, body}
}
