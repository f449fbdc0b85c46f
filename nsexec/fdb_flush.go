//go:build linux

package nsexec

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// FDBFilter says which entries to flush.
type FDBFilter struct {
	VLAN  uint16
	State int // NUD_PERMANENT, NUD_NOARP for static, NUD_REACHABLE for dynamic; 0 is all
	Flags int // NTF_SELF or NTF_MASTER
}

// FlushFDB deletes the entries of a link: of a bridge all, of its port those that
// lead there, of another link those of its own table. The addresses of a bridge
// and its ports themselves stay.
func FlushFDB(text string, link LinkRef, filter FDBFilter) LinkAction {
	return linkAction("flush-fdb", link, flushFDBOp{text, link, filter})
}

type flushFDBOp struct {
	text   string
	link   LinkRef
	filter FDBFilter
}

func (o flushFDBOp) String() string { return o.text }

func (o flushFDBOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	entries, err := o.entries(c)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(m message) bool { return !m.lastingNeigh() && !m.isOwnEntry() || u.ownsLink(c, m.linkIndex()) })
	if len(entries) == 0 {
		return o, nil
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.link.String(), Record: &Record{msgs: entries}}})
}

// entries are those to delete.
func (o flushFDBOp) entries(c *Conn) ([]message, error) {
	is, err := c.linkState(o.link)
	if err != nil {
		return nil, err
	}
	own, err := c.hardwareAddrs()
	if err != nil {
		return nil, err
	}
	place := FDBConfig{Flags: o.filter.Flags}.place(is)
	return c.fdb(func(m message) bool {
		head, a := readNdmsg(m.body), m.attrs()
		mac := a[unix.NDA_LLADDR]
		if o.filter.VLAN != 0 && a.int(unix.NDA_VLAN) != int(o.filter.VLAN) {
			return false
		}
		if o.filter.State != 0 && o.filter.State != fdbState(head.State) {
			return false
		}
		bridge := a.int(unix.NDA_MASTER)
		switch {
		case bridge != is.index && int(head.Ifindex) != is.index:
			return false
		case bridge == is.index, bridge != 0 && place&unix.NTF_MASTER != 0:
			return !(head.State&unix.NUD_PERMANENT != 0 && own[string(mac)])
		case bridge != 0:
			return false
		}
		return place&unix.NTF_SELF != 0 && (is.kind() == "vxlan" || len(mac) > 0 && mac[0]&1 == 0)
	})
}

func (o flushFDBOp) act(_ context.Context, c *Conn) error {
	entries, err := o.entries(c)
	if err != nil {
		return err
	}
	for _, m := range entries {
		if err := c.removeFDB(m); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}

// fdbState is the one state that an entry is shown with.
func fdbState(state uint16) int {
	switch {
	case state&unix.NUD_PERMANENT != 0:
		return unix.NUD_PERMANENT
	case state&unix.NUD_NOARP != 0:
		return unix.NUD_NOARP
	}
	return unix.NUD_REACHABLE
}

// hardwareAddrs are the addresses of the links of the namespace.
func (c *Conn) hardwareAddrs() (map[string]bool, error) {
	states, _, err := c.states()
	out := map[string]bool{}
	for _, s := range states {
		out[string(s.attrs[unix.IFLA_ADDRESS])] = true
	}
	return out, err
}
