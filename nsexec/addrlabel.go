//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// AddrLabelConfig is an entry of the table by which IPv6 chooses the address to
// send from (RFC 6724).
type AddrLabelConfig struct {
	Prefix netip.Prefix
	Label  uint32
	Dev    LinkRef // for addresses of this link only
	Text   string  // the statement, for people
}

// AddAddrLabel adds an entry (RTM_NEWADDRLABEL, linux/if_addrlabel.h). It needs
// CAP_NET_ADMIN.
func AddAddrLabel(cfg AddrLabelConfig) NsAction {
	return nsAction("addrlabel", addrLabelOp{cfg, unix.RTM_NEWADDRLABEL, unix.NLM_F_CREATE | unix.NLM_F_EXCL})
}

// ReplaceAddrLabel adds an entry or changes the label of the one that there is.
func ReplaceAddrLabel(cfg AddrLabelConfig) NsAction {
	return nsAction("replace-addrlabel", addrLabelOp{cfg, unix.RTM_NEWADDRLABEL, unix.NLM_F_CREATE | unix.NLM_F_REPLACE})
}

// DelAddrLabel deletes the entry of a prefix and a link.
func DelAddrLabel(cfg AddrLabelConfig) NsAction {
	return nsAction("del-addrlabel", addrLabelOp{cfg, unix.RTM_DELADDRLABEL, 0})
}

// Of linux/if_addrlabel.h.
const (
	sizeofIfAddrLblMsg = 12 // struct ifaddrlblmsg
	ifalAddress        = 1  // IFAL_ADDRESS
	ifalLabel          = 2  // IFAL_LABEL
)

// addrLabelHeader is struct ifaddrlblmsg.
type addrLabelHeader [sizeofIfAddrLblMsg]byte

func (h addrLabelHeader) Len() int          { return len(h) }
func (h addrLabelHeader) Serialize() []byte { return h[:] }

type addrLabelOp struct {
	cfg   AddrLabelConfig
	proto int
	flags int
}

func (o addrLabelOp) String() string { return o.cfg.Text }

func (o addrLabelOp) text() string { return o.cfg.Prefix.String() }

func (o addrLabelOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	had, err := c.addrLabels(func(h message) bool { return h.addrLabelKey() == m.addrLabelKey() })
	switch {
	case err != nil:
		return nil, err
	case len(had) == 0 && o.proto == unix.RTM_NEWADDRLABEL:
		return o, u.note(ctx, c.cookieRef(), unmakeOp{o.text(), &Record{msgs: []message{m}}})
	case len(had) == 0 || o.flags&unix.NLM_F_EXCL != 0:
		return o, nil // the kernel will say that it is not there, or is
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.text(), Record: &Record{msgs: had}}})
}

func (o addrLabelOp) act(_ context.Context, c *Conn) error {
	m, err := o.message(c)
	if err != nil {
		return err
	}
	if o.proto == unix.RTM_DELADDRLABEL {
		return c.remove(m)
	}
	return c.add(m, o.flags)
}

// message is the entry that the operation is about.
func (o addrLabelOp) message(c *Conn) (message, error) {
	head := addrLabelHeader{0: unix.AF_INET6, 2: byte(o.cfg.Prefix.Bits())}
	if o.cfg.Dev != (LinkRef{}) {
		index, err := c.indexOf(o.cfg.Dev)
		if err != nil {
			return message{}, err
		}
		byteOrder.PutUint32(head[4:], uint32(index))
	}
	body := bytes.Clone(head[:])
	for _, a := range []Attr{
		{Type: ifalAddress, Data: o.cfg.Prefix.Masked().Addr().AsSlice()},
		{Type: ifalLabel, Data: nl.Uint32Attr(o.cfg.Label)},
	} {
		body = appendAttr(body, a)
	}
	return message{unix.RTM_NEWADDRLABEL, body}, nil
}

// addrLabelKey is what tells entries apart.
func (m message) addrLabelKey() string {
	return string(slices.Concat(m.body[2:3], m.body[4:8], m.attrs().get(ifalAddress)))
}

// addrLabels lists the entries that fit, without the number of the table's latest
// change.
func (c *Conn) addrLabels(fits func(m message) bool) ([]message, error) {
	list, err := c.list(unix.RTM_NEWADDRLABEL, addrLabelHeader{0: unix.AF_INET6})
	list = slices.DeleteFunc(list, func(m message) bool { return !fits(m) })
	for i, m := range list {
		list[i] = message{m.kind, bytes.Clone(m.body)}
		byteOrder.PutUint32(list[i].body[8:], 0)
	}
	return list, err
}

// restoreAddrLabels adds the entries that are missing and changes those that
// differ.
func (c *Conn) restoreAddrLabels(want []message) error {
	for _, m := range want {
		if err := c.add(m, unix.NLM_F_CREATE|unix.NLM_F_REPLACE); err != nil && !IsGone(err) {
			return err
		}
	}
	return nil
}

// FlushAddrLabels deletes all entries, the kernel's own too, as `ip addrlabel
// flush` does.
func FlushAddrLabels() NsAction { return nsAction("flush-addrlabel", flushAddrLabelOp{}) }

type flushAddrLabelOp struct{}

func (flushAddrLabelOp) String() string { return "flush addrlabel" }

func (o flushAddrLabelOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	had, err := c.addrLabels(func(message) bool { return true })
	if err != nil || len(had) == 0 || u.owns(c.id) {
		return o, err
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: "all", Record: &Record{msgs: had}}})
}

func (flushAddrLabelOp) act(_ context.Context, c *Conn) error {
	list, err := c.addrLabels(func(message) bool { return true })
	if err != nil {
		return err
	}
	return c.removeThere(list...)
}
