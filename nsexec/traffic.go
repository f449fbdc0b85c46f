//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// TrafficConfig is a qdisc, a class or a filter of a link (linux/pkt_sched.h,
// linux/pkt_cls.h). A zero field is left to the kernel.
type TrafficConfig struct {
	Link    LinkRef
	Parent  uint32 // TC_H_ROOT, TC_H_INGRESS, or of a qdisc or class
	Handle  uint32 // of a class its classid
	Kind    string // as in TCA_KIND
	Options []byte // what TCA_OPTIONS holds
	// Of a qdisc ingress or clsact, the blocks of filters that links share:
	IngressBlock, EgressBlock uint32
	// Of a filter:
	Block    uint32 // that it is in, rather than at a Link
	Pref     uint16
	Protocol uint16 // ETH_P_*
	Chain    uint32
	Actions  []TrafficAction
	ActAttr  uint16 // the attribute of Options that holds the actions
	Newer    []NewerAttr
	Sets     []IPSetRef // whose numbers stand in Options
	Text     string     // the statement, for people
	// Program is what a filter of kind bpf runs, unless Options say it.
	Program *BPFProgram
}

// TrafficAction is what a filter does with a packet that it matches.
type TrafficAction struct {
	Kind    string
	Options []byte
	// Dev, where it is not zero, is a link whose index stands in Options, in
	// four bytes from DevAt on.
	Dev   LinkRef
	DevAt int
}

// Qdisc adds, changes or deletes a queueing discipline (RTM_NEWQDISC, see
// rtnetlink(7)). To ensure one does nothing where there is one of the kind that
// can't be changed. It needs CAP_NET_ADMIN.
func Qdisc(mode Mode, cfg TrafficConfig) LinkAction {
	return linkAction("qdisc", cfg.Link, trafficOp{unix.RTM_NEWQDISC, mode, cfg})
}

// Class adds, changes or deletes a class of a qdisc (RTM_NEWTCLASS).
func Class(mode Mode, cfg TrafficConfig) LinkAction {
	return linkAction("class", cfg.Link, trafficOp{unix.RTM_NEWTCLASS, mode, cfg})
}

// Filter adds, changes or deletes a filter (RTM_NEWTFILTER). Without a handle,
// all filters of a preference are deleted; without a preference, all.
func Filter(mode Mode, cfg TrafficConfig) LinkAction {
	return linkAction("filter", cfg.Link, trafficOp{unix.RTM_NEWTFILTER, mode, cfg})
}

// BlockFilter is Filter for a block that links share.
func BlockFilter(mode Mode, cfg TrafficConfig) NsAction {
	return nsAction("filter", trafficOp{unix.RTM_NEWTFILTER, mode, cfg})
}

// trafficOp is one of them as an operation.
type trafficOp struct {
	kind uint16 // RTM_NEWQDISC, RTM_NEWTCLASS, RTM_NEWTFILTER or RTM_NEWCHAIN
	mode Mode
	cfg  TrafficConfig
}

func (o trafficOp) String() string { return o.cfg.Text }

func (o trafficOp) act(_ context.Context, c *Conn) error {
	o, done, err := o.loaded()
	if err != nil {
		return err
	}
	defer done()
	m, err := o.message(c)
	if err != nil {
		return err
	}
	if o.mode == ModeEnsure {
		if same, err := c.hasFixedQdisc(m); err != nil || same {
			return err
		}
	}
	if o.mode == ModeDel {
		return c.remove(m)
	}
	if err := c.knowsNewer(o.cfg, m); err != nil {
		return err
	}
	flags := unix.NLM_F_CREATE | unix.NLM_F_EXCL
	if o.mode != ModeAdd {
		if m.makesWay() {
			return o.cfg.unknown(c.replaceFilter(m))
		}
		flags = unix.NLM_F_CREATE | unix.NLM_F_REPLACE
	}
	return o.cfg.unknown(c.add(m, flags))
}

// message is what the operation sends.
func (o trafficOp) message(c *Conn) (message, error) {
	cfg := o.cfg
	at, err := o.place(c)
	if err != nil {
		return message{}, err
	}
	head := nl.TcMsg{Ifindex: int32(at.index), Parent: cfg.Parent, Handle: cfg.Handle}
	if at.block != 0 {
		head.Parent = at.block
	}
	if o.kind == unix.RTM_NEWTFILTER {
		head.Info = uint32(cfg.Pref)<<16 | uint32(htons(cfg.Protocol))
	}
	body := append([]byte(nil), head.Serialize()...)
	if cfg.Kind != "" {
		body = appendAttr(body, Attr{Type: nl.TCA_KIND, Data: nl.ZeroTerminated(cfg.Kind)})
	}
	if cfg.Chain != 0 {
		body = appendUint32(body, nl.TCA_CHAIN, cfg.Chain)
	}
	for attr, block := range map[uint16]uint32{nl.TCA_INGRESS_BLOCK: cfg.IngressBlock, nl.TCA_EGRESS_BLOCK: cfg.EgressBlock} {
		if block != 0 {
			body = appendUint32(body, attr, block)
		}
	}
	acts, err := cfg.actions(c)
	if err != nil {
		return message{}, err
	}
	own, err := c.withSets(bytes.Clone(cfg.Options), cfg.Sets)
	if err != nil {
		return message{}, err
	}
	if options := append(own, acts...); o.mode != ModeDel && (len(options) > 0 || o.kind == unix.RTM_NEWTFILTER) {
		body = appendAttr(body, Attr{Type: optionsAttr(cfg.Kind), Data: options})
	}
	return message{o.kind, body}, nil
}

// optionsAttr is TCA_OPTIONS. One kind of qdisc takes it only as one that holds
// attributes, but does not tell it so.
func optionsAttr(kind string) uint16 {
	if kind == "ets" {
		return nl.TCA_OPTIONS | unix.NLA_F_NESTED
	}
	return nl.TCA_OPTIONS
}

// actions are the filter's actions as an attribute, each under its number.
func (cfg TrafficConfig) actions(c *Conn) ([]byte, error) {
	if len(cfg.Actions) == 0 {
		return nil, nil
	}
	all := nl.NewRtAttr(int(cfg.ActAttr), nil)
	for i, a := range cfg.Actions {
		options := append([]byte(nil), a.Options...)
		if a.Dev != (LinkRef{}) {
			index, err := c.Index(a.Dev)
			if err != nil {
				return nil, err
			}
			byteOrder.PutUint32(options[a.DevAt:], uint32(index))
		}
		one := all.AddRtAttr(i+1, nil)
		one.AddRtAttr(nl.TCA_ACT_KIND, nl.ZeroTerminated(a.Kind))
		one.AddRtAttr(nl.TCA_ACT_OPTIONS|unix.NLA_F_NESTED, options)
	}
	return all.Serialize(), nil
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }

// unknown makes a NoKindError of the kernel's words for a kind that it has not.
func (cfg TrafficConfig) unknown(err error) error {
	if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	switch text, _ := kernelText(err); text {
	case "Specified qdisc kind is unknown", "Specified qdisc not found":
		return noTrafficKind("qdisc", "sch_", "SCH_", cfg.Kind)
	case "TC classifier not found":
		return noTrafficKind("filter", "cls_", "CLS_", cfg.Kind)
	case "Failed to load TC action module", "TC action not found":
		for _, a := range cfg.Actions[1:] {
			cfg.Actions[0].Kind += "\" or \"" + a.Kind // it does not say which
		}
		return noTrafficKind("action", "act_", "ACT_", cfg.Actions[0].Kind)
	}
	return err
}

// fixedQdiscs are the kinds that can't be changed once they are there.
var fixedQdiscs = map[string]bool{"htb": true, "ingress": true, "clsact": true}

// hasFixedQdisc reports whether a qdisc is there as it is wanted, so that there
// is nothing to ensure, for the kinds that the kernel does not change.
func (c *Conn) hasFixedQdisc(m message) (bool, error) {
	kind := m.attrs().text(nl.TCA_KIND)
	if m.kind != unix.RTM_NEWQDISC || !fixedQdiscs[kind] {
		return false, nil
	}
	had, err := c.qdiscAt(m)
	if err != nil || had == nil || had.attrs().text(nl.TCA_KIND) != kind {
		return false, err
	}
	if kind == "htb" && !sameHTB(*had, m) {
		return false, nil // the kernel says why not
	}
	for _, attr := range []uint16{nl.TCA_INGRESS_BLOCK, nl.TCA_EGRESS_BLOCK} {
		if block := m.attrs().int(attr); block != 0 && block != had.attrs().int(attr) {
			return false, nil
		}
	}
	return m.tcHandle() == 0 || m.tcHandle() == had.tcHandle(), nil
}

// sameHTB compares the default classes of two htb qdiscs (struct tc_htb_glob).
func sameHTB(a, b message) bool {
	x := a.attrs().nested(nl.TCA_OPTIONS).get(nl.TCA_HTB_INIT)
	y := b.attrs().nested(nl.TCA_OPTIONS).get(nl.TCA_HTB_INIT)
	return len(x) >= 12 && len(y) >= 12 && string(x[4:12]) == string(y[4:12])
}
