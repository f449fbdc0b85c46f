//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// RuleConfig is a rule of policy routing. A zero field fits everything.
type RuleConfig struct {
	Family   int // AF_INET or AF_INET6
	From, To netip.Prefix
	TOS      int
	Not      bool
	Table    int
	Action   int    // FR_ACT_*; 0 is to look the table up
	Attrs    []Attr // further FRA_* attributes
	Text     string // the statement, for errors
}

// AddRule adds a rule (RTM_NEWRULE). It needs CAP_NET_ADMIN.
func AddRule(cfg RuleConfig) NsAction {
	return nsAction("rule", ruleOp{cfg: cfg, proto: unix.RTM_NEWRULE, flags: unix.NLM_F_CREATE | unix.NLM_F_EXCL})
}

// EnsureRule adds a rule unless there is the same one.
func EnsureRule(cfg RuleConfig) NsAction {
	return nsAction("ensure-rule", ruleOp{cfg: cfg, proto: unix.RTM_NEWRULE, flags: unix.NLM_F_CREATE | unix.NLM_F_EXCL, ensure: true})
}

// DelRule deletes the first rule that cfg describes.
func DelRule(cfg RuleConfig) NsAction {
	return nsAction("del-rule", ruleOp{cfg: cfg, proto: unix.RTM_DELRULE})
}

type ruleOp struct {
	cfg    RuleConfig
	proto  int
	flags  int
	ensure bool
}

func (o ruleOp) String() string { return o.cfg.Text }

// Of linux/fib_rules.h.
const (
	frActToTable  = 1
	fibRuleInvert = 2
)

// ruleHeader is struct fib_rule_hdr.
type ruleHeader [12]byte

func (h ruleHeader) Len() int          { return len(h) }
func (h ruleHeader) Serialize() []byte { return h[:] }

func (o ruleOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	if o.proto == unix.RTM_DELRULE {
		had, err := o.meant(c)
		if err != nil || len(had) == 0 {
			return o, err
		}
		return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.cfg.Text, Record: &Record{msgs: had}}})
	}
	m := o.message()
	if said := m.attrs().has(unix.FRA_PRIORITY); said && !o.ensure {
		switch none, err := c.hasNoRule(m); {
		case err != nil:
			return nil, err
		case none:
			return o, u.note(ctx, c.cookieRef(), unmakeOp{o.cfg.Text, &Record{msgs: []message{m}}})
		}
	}
	list, err := c.rules(o.cfg.Family)
	if err != nil {
		return nil, err
	}
	added := m.withPriority(nextPriority(list))
	if slices.ContainsFunc(list, func(h message) bool { return ruleFits(m, h) && h.rulePriority() == added.rulePriority() }) {
		return o, nil // it is there: the kernel will say so, or there is nothing to do
	}
	return o, u.note(ctx, c.cookieRef(), unmakeOp{o.cfg.Text, &Record{msgs: []message{added}}})
}

func (o ruleOp) act(_ context.Context, c *Conn) error {
	req := c.Request(o.proto, o.flags|unix.NLM_F_ACK)
	req.AddRawData(o.message().body)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	if o.ensure && errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// message is the rule that the operation is about.
func (o ruleOp) message() message {
	cfg := o.cfg
	h := ruleHeader{0: byte(cfg.Family), 3: byte(cfg.TOS), 7: byte(cfg.Action)}
	if cfg.Action == 0 && (o.proto == unix.RTM_NEWRULE || cfg.Table != 0) {
		h[7] = frActToTable
	}
	if cfg.Table > 0 && cfg.Table < 256 {
		h[4] = byte(cfg.Table)
	}
	if cfg.Not {
		binary.NativeEndian.PutUint32(h[8:], fibRuleInvert)
	}
	var attrs []Attr
	for _, p := range []struct {
		prefix netip.Prefix
		attr   uint16
		length *byte
	}{{cfg.To, unix.FRA_DST, &h[1]}, {cfg.From, unix.FRA_SRC, &h[2]}} {
		if p.prefix.IsValid() {
			*p.length = byte(p.prefix.Bits())
			attrs = append(attrs, Attr{Type: p.attr, Data: p.prefix.Masked().Addr().AsSlice()})
		}
	}
	if cfg.Table != 0 {
		attrs = append(attrs, Attr{Type: unix.FRA_TABLE, Data: nl.Uint32Attr(uint32(cfg.Table))})
	}
	body := h[:]
	for _, a := range append(attrs, cfg.Attrs...) {
		body = appendAttr(body, a)
	}
	return message{unix.RTM_NEWRULE, body}
}

// FlushRules deletes all rules of a family but the one of the local table, as
// `ip rule flush` does.
func FlushRules(family int) NsAction { return nsAction("flush-rule", flushRuleOp{family}) }

type flushRuleOp struct{ family int }

func (o flushRuleOp) String() string {
	return fmt.Sprintf("flush rule family %s", map[int]string{unix.AF_INET: "inet", unix.AF_INET6: "inet6"}[o.family])
}

func (o flushRuleOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	rules, err := o.rules(c)
	if err != nil || len(rules) == 0 || u.owns(c.id) {
		return o, err
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: "all", Record: &Record{msgs: rules}}})
}

func (o flushRuleOp) rules(c *Conn) ([]message, error) {
	rules, err := c.rules(o.family)
	return slices.DeleteFunc(rules, func(m message) bool { return m.rulePriority() == 0 }), err
}

func (o flushRuleOp) act(_ context.Context, c *Conn) error {
	rules, err := o.rules(c)
	if err != nil {
		return err
	}
	for _, m := range rules {
		if err := c.remove(m); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}
