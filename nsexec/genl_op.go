//go:build linux

package nsexec

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// GenlConfig is an object of generic netlink.
type GenlConfig struct {
	Kind  GenlKind
	Attrs []Attr     // what it is made of, as the kernel's headers have it
	Links []LinkAttr // and of that what is the index of a link
	Text  string     // the statement
}

// Genl makes, changes or deletes an object of generic netlink. It needs
// CAP_NET_ADMIN, and of SRv6, in-situ OAM and fou in the machine's first user
// namespace.
func Genl(mode Mode, cfg GenlConfig) NsAction {
	prefix := map[Mode]string{ModeReplace: "replace ", ModeEnsure: "ensure ", ModeDel: "del "}[mode]
	return nsAction(prefix+genlObjects[cfg.Kind].name, genlOp{mode, cfg})
}

// GenlNeeds is the kind that a kernel must have for objects of a kind.
func GenlNeeds(kind GenlKind) Kind { return Kind{Of: genlKindOf, Name: genlObjects[kind].family.name} }

type genlOp struct {
	mode Mode
	cfg  GenlConfig
}

func (o genlOp) String() string { return o.cfg.Text }

func (o genlOp) object() *genlObject { return genlObjects[o.cfg.Kind] }

// message is the object, its links found.
func (o genlOp) message(c *Conn) (message, error) {
	attrs := o.cfg.Attrs
	for _, l := range o.cfg.Links {
		index, err := c.Index(l.Link)
		if err != nil {
			return message{}, err
		}
		attrs = append(attrs[:len(attrs):len(attrs)], Attr{Type: l.Type, Data: nl.Uint32Attr(uint32(index))})
	}
	return genlOf(o.cfg.Kind, genlMessage(o.cfg.Kind, attrs).attrs().byKind()), nil
}

// prepare notes what is there, or that nothing is, and what goes with it.
func (o genlOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	all, err := c.listGenl(o.cfg.Kind)
	if err != nil {
		return nil, err
	}
	had := findGenl(all, m)
	switch {
	case had == nil && o.mode == ModeDel, had != nil && o.mode == ModeAdd && !o.object().single:
		return o, nil // act will refuse it
	case had != nil && o.mode == ModeEnsure && had.genlHas(m):
		return o, nil // as it is
	}
	var was, fresh []message
	if had == nil {
		fresh = []message{m}
	} else {
		was = []message{*had}
		if err := c.mayGo(u, *had); err != nil {
			return nil, err
		}
	}
	with, err := c.genlWith(m)
	if err != nil {
		return nil, err
	}
	return o, u.noteParts(ctx, c, o.object().title(), append(was, with...), fresh)
}

func (o genlOp) act(ctx context.Context, c *Conn) error {
	m, err := o.message(c)
	if err != nil {
		return err
	}
	if err := c.fault("request genl"); err != nil {
		return err
	}
	if o.object().single {
		return c.addGenl(m)
	}
	all, err := c.listGenl(o.cfg.Kind)
	if err != nil {
		return err
	}
	had := findGenl(all, m)
	switch {
	case o.mode == ModeDel && had == nil:
		return fmt.Errorf("there is no such %s: %w", o.object().name, unix.ENOENT)
	case o.mode == ModeDel:
		return c.removeGenl(*had)
	case o.mode == ModeAdd && had != nil:
		return fmt.Errorf("there is one already: %w", unix.EEXIST)
	case o.mode == ModeEnsure && had != nil:
		if had.genlHas(m) {
			return nil
		}
		m = had.genlWith(m)
	}
	with, err := c.genlWith(m)
	if err != nil {
		return err
	}
	if err := c.putGenl(m, had); err != nil {
		return err
	}
	if o.cfg.Kind == L2tpSession {
		return c.learnSession(ctx, m)
	}
	if o.cfg.Kind != IOAMSchema {
		return nil
	}
	return c.restoreGenl(with) // those that had the old one
}

// FlushGenl deletes all objects of a kind.
func FlushGenl(kind GenlKind, text string) NsAction {
	return nsAction("flush "+genlObjects[kind].name, flushGenlOp{kind, text})
}

type flushGenlOp struct {
	kind GenlKind
	text string
}

func (o flushGenlOp) String() string { return o.text }

func (o flushGenlOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	all, err := c.listGenl(o.kind)
	if err != nil || len(all) == 0 {
		return o, err
	}
	was := all
	for _, m := range all {
		if err := c.mayGo(u, m); err != nil {
			return nil, err
		}
		with, err := c.genlWith(m)
		if err != nil {
			return nil, err
		}
		was = append(was, with...)
	}
	return o, u.noteParts(ctx, c, "all", was, nil)
}

func (o flushGenlOp) act(_ context.Context, c *Conn) error {
	if err := c.fault("request genl"); err != nil {
		return err
	}
	all, err := c.listGenl(o.kind)
	for _, m := range all {
		if err == nil {
			err = c.removeGenl(m)
		}
	}
	return err
}
