//go:build linux

package nsexec

import (
	"bytes"
	"slices"

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

// restoreRules adds the rules that are missing.
func (c *Conn) restoreRules(want []message) error {
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		have, err := c.rules(family)
		if err != nil {
			return err
		}
		for _, w := range want {
			if int(w.body[0]) != family || slices.ContainsFunc(have, func(h message) bool { return sameAttrs(w, h) }) {
				continue
			}
			if err := c.add(w, unix.NLM_F_CREATE|unix.NLM_F_EXCL); err != nil {
				return err
			}
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

// meant returns the rule that the kernel deletes when it is told to delete o:
// the first that has all that o says.
func (o ruleOp) meant(c *Conn) ([]message, error) {
	list, err := c.rules(o.cfg.Family)
	if err != nil {
		return nil, err
	}
	want := o.message()
	for _, m := range list {
		if ruleFits(want, m) {
			return []message{m}, nil
		}
	}
	return nil, nil
}

func ruleFits(want, m message) bool {
	a := m.attrs()
	for kind, v := range want.attrs() {
		if kind != unix.FRA_TABLE && !bytes.Equal(a[kind], v) || kind == unix.FRA_TABLE && a.number(kind) != want.attrs().number(kind) {
			return false
		}
	}
	w := want.body
	return w[0] == m.body[0] && (w[1] == 0 || w[1] == m.body[1]) && (w[2] == 0 || w[2] == m.body[2]) &&
		(w[3] == 0 || w[3] == m.body[3]) && (w[7] == 0 || w[7] == m.body[7])
}

// nextPriority is the priority that the kernel gives a rule that asks for none:
// one less than that of the second (fib_default_rule_pref).
func (c *Conn) nextPriority(family int) (uint32, error) {
	list, err := c.rules(family)
	if err != nil || len(list) < 2 {
		return 0, err
	}
	return uint32(max(list[1].rulePriority(), 1) - 1), nil
}

// withPriority is a rule with the priority that it is about to get.
func (m message) withPriority(n uint32) message {
	if _, ok := m.attrs()[unix.FRA_PRIORITY]; ok {
		return m
	}
	body := append(bytes.Clone(m.body), nl.NewRtAttr(unix.FRA_PRIORITY, nl.Uint32Attr(n)).Serialize()...)
	return message{m.kind, body}
}
