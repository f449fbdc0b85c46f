//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"slices"

	"golang.org/x/sys/unix"
)

// Steps that the kernel takes in one message are sent as one: a link that is
// made and then set, and settings of one link. Only those are fused of which one
// message does just what several do, in their order. What the kernel refuses is
// done again step by step, so that the error is that of the right one: a link
// that could not be made that way is not there, and what was set of one may be
// set once more.

// fuse returns one action for the first of the steps, and how many those are. It
// is 1 where there is nothing to fuse.
func (e *Engine) fuse(steps []Step) (LinkAction, int) {
	if e.stepwise || e.faults != nil {
		return LinkAction{}, 1
	}
	return fuse(steps)
}

func fuse(steps []Step) (LinkAction, int) {
	first, ok := steps[0].Action.(LinkAction)
	if !ok || first.Link().Name == "" {
		return first, 1
	}
	n := 1
	switch op := first.op.(type) {
	case *newLinkOp:
		all := *op
		for ; n < len(steps) && all.takes(follows(steps[0], first.link, steps[n])); n++ {
			all.cfg = all.cfg.with(steps[n].Action.(LinkAction).op.(setLinkOp).change)
		}
		if n > 1 {
			fused := all // which alone is allocated
			first = first.by(&fused)
		}
	case setLinkOp:
		for ; n < len(steps) && op.takes(follows(steps[0], first.link, steps[n])); n++ {
			both := op.change.with(steps[n].Action.(LinkAction).op.(setLinkOp).change)
			op.change = &both
		}
		if n > 1 {
			first = first.by(op)
		}
	}
	return first, n
}

// follows is the change of a step to the same link; nil where it is none.
func follows(first Step, link LinkRef, s Step) *LinkChange {
	la, ok := s.Action.(LinkAction)
	if !ok || s.NS != first.NS || la.Link() != link || la.thread {
		return nil
	}
	op, ok := la.op.(setLinkOp)
	if !ok || op.link != link {
		return nil
	}
	return op.change
}

// simple reports whether a change is only of what may be fused: IFF_UP, a
// master, and some attributes.
func (ch *LinkChange) simple(attrs ...uint16) bool {
	return ch != nil && !ch.NoMaster && ch.Port == nil && ch.PortLink == (LinkAttr{}) &&
		ch.Mask&^unix.IFF_UP == 0 && ch.Flags == ch.Mask &&
		!slices.ContainsFunc(ch.Attrs, func(a Attr) bool { return !slices.Contains(attrs, a.Type) })
}

// takes reports whether a link may be made as a change would have it a moment
// later. An MTU is left out for most kinds: a bridge keeps one that is set, but
// not one that it was made with, and others take theirs from the link below.
func (o *newLinkOp) takes(ch *LinkChange) bool {
	if o.flags&(unix.NLM_F_CREATE|unix.NLM_F_EXCL) != unix.NLM_F_CREATE|unix.NLM_F_EXCL || !fusesAsMade[o.cfg.Kind] {
		return false
	}
	attrs := []uint16{unix.IFLA_ADDRESS, unix.IFLA_TXQLEN}
	if o.cfg.Kind == "veth" || o.cfg.Kind == "dummy" {
		attrs = append(attrs, unix.IFLA_MTU)
	}
	if !ch.simple(attrs...) {
		return false
	}
	// What is up already is set as something that is up.
	return !o.cfg.Up || ch.Attrs == nil && ch.Master == (LinkRef{})
}

// fusesAsMade are the kinds that are the same whether they are made with an
// address and up, or get those at once. Others have an order of their own.
var fusesAsMade = map[string]bool{"bridge": true, "veth": true, "dummy": true, "ifb": true}

// with is the link, made as a change would have it.
func (cfg LinkConfig) with(ch *LinkChange) LinkConfig {
	cfg.Up = cfg.Up || ch.Flags&unix.IFF_UP != 0
	if ch.Master != (LinkRef{}) {
		cfg.Master = ch.Master
	}
	rest := slices.Clone(cfg.Attrs)
	for _, a := range ch.Attrs {
		switch a.Type {
		case unix.IFLA_ADDRESS:
			cfg.Hw = bytes.Clone(a.Data)
		case unix.IFLA_MTU:
			cfg.MTU = attrMTU([]Attr{a})
		default:
			rest = slices.DeleteFunc(rest, func(b Attr) bool { return b.Type == a.Type })
			rest = append(rest, a)
		}
	}
	cfg.Attrs = rest
	return cfg
}

// takes reports whether another change of the link may come in the same message.
// The kernel sets attributes first, so they must come first. Which of a master and
// IFF_UP it sets first differs from kernel to kernel, and a bond takes no link that
// is up: those two go by themselves.
func (o setLinkOp) takes(ch *LinkChange) bool {
	mine := o.change
	if !mine.simple(unix.IFLA_ADDRESS) || !ch.simple() || mine.Mask != 0 {
		return false
	}
	return mine.Master == (LinkRef{})
}

// with is a change and another one behind it.
func (ch LinkChange) with(other *LinkChange) LinkChange {
	ch.Flags, ch.Mask = ch.Flags|other.Flags, ch.Mask|other.Mask
	if other.Master != (LinkRef{}) {
		ch.Master = other.Master
	}
	return ch
}

// fused does several steps as one action. Where that fails nothing of it counts
// as done.
func (e *Engine) fused(ctx context.Context, c *Conn, a LinkAction) error {
	u := undoOf(ctx)
	if u == nil {
		return a.act(ctx, c)
	}
	before := u.Mark()
	err := a.act(ctx, c)
	if _, made := a.op.(*newLinkOp); err != nil && made {
		u.forget(ctx, before, u.Mark()) // the link is not there
	}
	return err
}
