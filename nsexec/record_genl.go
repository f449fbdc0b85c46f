//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Objects of generic netlink in records. What the kernel says of one is what makes
// it again, up to its counters.

// listGenl are all objects of a kind.
func (c *Conn) listGenl(kind GenlKind) (out []message, err error) {
	o := genlObjects[kind]
	flags := unix.NLM_F_DUMP
	if o.single {
		flags = 0
	}
	err = c.genl(o.family, func(ask genlAsk) error {
		msgs, err := ask(o.get, flags, nil)
		for _, body := range msgs {
			has, bad := parseAttrs(body, nl.SizeofGenlmsg)
			if bad != nil {
				continue
			}
			if o.nest != 0 {
				has = has.nested(o.nest)
			}
			out = append(out, genlOf(kind, has.byKind()))
		}
		return err
	})
	return out, err
}

// genl is what a record holds of them.
func (r *Record) genl() []message {
	return slices.DeleteFunc(slices.Clone(r.msgs), func(m message) bool { return !m.isGenl() })
}

// findGenl is what a message is about as it is now, or nil.
func findGenl(all []message, m message) *message {
	i := slices.IndexFunc(all, func(other message) bool { return m.genlKey() == other.genlKey() })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// genlHas reports whether an object has all that another is made of.
func (m message) genlHas(other message) bool {
	has := m.attrs()
	for t, data := range other.attrs().all() {
		if t == l2tpL2Spec && GenlKind(m.kind) == L2tpSession {
			continue // the kernel does not tell
		}
		if t == mptcpFlags && GenlKind(m.kind) == MptcpEndpoint {
			if flags := byteOrder.Uint32(data); uint32(has.number(t))&flags != flags {
				return false
			}
			continue
		}
		if t == ioamNoSchema && GenlKind(m.kind) == IOAMNamespace {
			if has.get(ioamSchemaID) != nil {
				return false
			}
			continue
		}
		if isSaid(data) || isSaid(has.get(t)) {
			if !bytes.Equal(data, has.get(t)) || (data == nil) != (has.get(t) == nil) {
				return false
			}
		}
	}
	return true
}

// genlWith is an object with what else another is made of.
func (m message) genlWith(other message) message {
	has := m.attrs().byKind()
	for t, data := range other.attrs().all() {
		if t == ioamNoSchema && GenlKind(m.kind) == IOAMNamespace {
			delete(has, ioamSchemaID)
			continue
		}
		if t == mptcpFlags && GenlKind(m.kind) == MptcpEndpoint {
			data = nl.Uint32Attr(uint32(number(has[t])) | byteOrder.Uint32(data))
		}
		has[t] = data
	}
	return genlOf(GenlKind(m.kind), has)
}

// genlWith are the other objects that change when one does: namespaces that lose
// their schema.
func (c *Conn) genlWith(m message) ([]message, error) {
	schema := m.attrs().get(ioamSchemaID)
	kind := GenlKind(m.kind)
	if kind != IOAMSchema && kind != IOAMNamespace || schema == nil {
		return nil, nil
	}
	all, err := c.listGenl(IOAMNamespace)
	return slices.DeleteFunc(all, func(other message) bool {
		return !bytes.Equal(other.attrs().get(ioamSchemaID), schema) || kind == IOAMNamespace && other.genlKey() == m.genlKey()
	}), err
}

// mayGo refuses to have an object deleted that is older than the run and can't be
// put back as it is.
func (c *Conn) mayGo(u *Undo, m message) error {
	o := genlObjects[GenlKind(m.kind)]
	refusal := func(what, why string) error {
		return fmt.Errorf("this %s is older than the run, or than the block that may be undone, and could not be put back as it is: %s: %w", what, why, unix.EOPNOTSUPP)
	}
	switch GenlKind(m.kind) {
	case L2tpSession:
		if !c.ownsSession(u, m) {
			return refusal(o.name, o.fixed)
		}
	case L2tpTunnel:
		const version = 3
		if m.attrs().number(l2tpVersion) != version {
			return refusal(o.name, "it belongs to a program")
		}
		sessions, err := c.listGenl(L2tpSession)
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if bytes.Equal(s.attrs().get(l2tpTunnelID), m.attrs().get(l2tpTunnelID)) && !c.ownsSession(u, s) {
				return refusal(o.name, "it has a session, whose "+o.sessionLoss())
			}
		}
	}
	return nil
}

func (o *genlObject) sessionLoss() string { return genlObjects[L2tpSession].fixed[len("its "):] }

// ownsSession reports whether the run has made the link of an L2TP session.
func (c *Conn) ownsSession(u *Undo, m message) bool {
	index, err := c.Index(LinkRef{Name: m.attrs().text(l2tpIfname)})
	return err == nil && u.ownsLink(c, index)
}

// learnSession notes that the run has made the link of an L2TP session.
func (c *Conn) learnSession(ctx context.Context, m message) error {
	u := undoOf(ctx)
	if u == nil {
		return nil
	}
	all, err := c.listGenl(L2tpSession)
	if err != nil {
		return err
	}
	if made := findGenl(all, m); made != nil {
		index, err := c.Index(LinkRef{Name: made.attrs().text(l2tpIfname)})
		if err != nil {
			return err
		}
		u.hasMadeLink(c.id, index)
	}
	return nil
}

// addGenl makes an object, or sets it where there is always one.
func (c *Conn) addGenl(m message) error {
	o := genlObjects[GenlKind(m.kind)]
	err := c.genl(o.family, func(ask genlAsk) error {
		_, err := ask(o.add, 0, o.sends(m, o.key, o.rest))
		return err
	})
	return m.l2tpLacks(err)
}

// removeGenl deletes an object that is there, and waits until it is gone.
func (c *Conn) removeGenl(m message) error {
	o := genlObjects[GenlKind(m.kind)]
	by := o.key
	if GenlKind(m.kind) == MptcpEndpoint {
		by = append(by[:len(by):len(by)], mptcpID)
	}
	err := c.genl(o.family, func(ask genlAsk) error {
		_, err := ask(o.del, 0, o.sends(m, by))
		return err
	})
	if err != nil || !o.lingers {
		return err
	}
	return c.awaitNoGenl(m)
}

// awaitNoGenl waits until an object that was deleted is gone. The kernel tells
// nobody when that is: a worker of its own does it (l2tp_tunnel_del_work).
func (c *Conn) awaitNoGenl(m message) error {
	const step, most = time.Millisecond, 3 * time.Second
	gone, err := poll(most, step, func() (bool, error) {
		all, err := c.listGenl(GenlKind(m.kind))
		return findGenl(all, m) == nil, err
	})
	if err == nil && !gone {
		err = fmt.Errorf("the %s is still there after %s: %w", genlObjects[GenlKind(m.kind)].name, most, unix.EBUSY)
	}
	return err
}

// putGenl makes an object what a message says. had is the one that is there.
func (c *Conn) putGenl(m message, had *message) error {
	o := genlObjects[GenlKind(m.kind)]
	var bound []byte
	if had != nil {
		now, want := had.without(o.isApart), m.without(o.isApart)
		if bytes.Equal(now.body, want.body) {
			bound = had.attrs().get(ioamSchemaID)
		} else {
			if err := c.removeGenl(*had); err != nil {
				return err
			}
			had = nil
		}
	}
	if had == nil {
		if err := c.addGenl(m); err != nil {
			return err
		}
	}
	if GenlKind(m.kind) != IOAMNamespace || bytes.Equal(bound, m.attrs().get(ioamSchemaID)) {
		return nil
	}
	schema := Attr{Type: ioamNoSchema}
	if id := m.attrs().get(ioamSchemaID); id != nil {
		schema = Attr{Type: ioamSchemaID, Data: id}
	}
	err := c.genl(o.family, func(ask genlAsk) error {
		_, err := ask(ioamSetSchema, 0, append(o.sends(m, o.key), schema))
		return err
	})
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("there is no such schema: %w", err)
	}
	return err
}

func (o *genlObject) isApart(kind uint16) bool { return slices.Contains(o.apart, kind) }

// restoreGenl makes objects what they were.
func (c *Conn) restoreGenl(want []message) error {
	slices.SortStableFunc(want, func(a, b message) int { return int(a.kind) - int(b.kind) }) // schemas before namespaces
	var errs []error
	for _, m := range want {
		all, err := c.listGenl(GenlKind(m.kind))
		if err != nil {
			return err
		}
		now := findGenl(all, m)
		switch {
		case genlObjects[GenlKind(m.kind)].single:
			if now == nil || !bytes.Equal(now.body, m.body) {
				err = c.addGenl(m)
			}
		case GenlKind(m.kind) == L2tpSession:
			// Its link is gone, and all that was about it.
		default:
			err = c.putGenl(m, now)
		}
		if IsGone(err) { // as is the link that it was for
			err = nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// unmakeGenl deletes what a message describes, if it is there.
func (c *Conn) unmakeGenl(m message) error {
	all, err := c.listGenl(GenlKind(m.kind))
	if err != nil {
		return err
	}
	if now := findGenl(all, m); now != nil {
		return c.removeGenl(*now)
	}
	return nil
}

// l2tpLacks makes a NoKindError of the error for what the kernel lacks of L2TP.
func (m message) l2tpLacks(err error) error {
	if !errors.Is(err, unix.EPROTONOSUPPORT) && !errors.Is(err, unix.ESOCKTNOSUPPORT) {
		return err
	}
	const overIP = 1 // L2TP_ENCAPTYPE_IP
	switch a := m.attrs(); {
	case GenlKind(m.kind) == L2tpSession:
		return &NoKindError{Kind: "eth", Of: "l2tp sessions", Module: "l2tp_eth", Config: "CONFIG_L2TP_ETH"}
	case GenlKind(m.kind) == L2tpTunnel && a.number(l2tpEncap) == overIP:
		module := "l2tp_ip"
		if a.get(l2tpSource6) != nil {
			module = "l2tp_ip6"
		}
		return &NoKindError{Kind: "ip", Of: "l2tp tunnels", Module: module, Config: "CONFIG_L2TP_IP"}
	}
	return err
}
