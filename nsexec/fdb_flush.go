//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// FDBFilter says which entries to flush: zero fields fit all.
type FDBFilter struct {
	VLAN uint16
	// State and Flags are NUD_* and NTF_* that entries have, of those in the masks.
	State, StateMask int
	Flags, FlagsMask int
	Place            int          // NTF_SELF or NTF_MASTER
	Dst              []netip.Addr // of a vxlan's: any of these
	Attrs            []Attr       // of a vxlan's: NDA_*
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
	if len(o.filter.Dst) > 0 || len(o.filter.Attrs) > 0 {
		if err := is.isOf("vxlan"); err != nil {
			return nil, err
		}
	}
	own, err := c.hardwareAddrs()
	if err != nil {
		return nil, err
	}
	place := FDBConfig{Flags: o.filter.Place}.place(is)
	unsaid := is.fdbDefaults()
	return c.fdb(func(m message) bool {
		head, a := readNdmsg(m.body), m.attrs()
		mac := a.get(unix.NDA_LLADDR)
		if !o.filter.fits(head, a, unsaid) {
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

// fits reports whether an entry is one of those. unsaid are the attributes that it
// has where it does not say.
func (f FDBFilter) fits(head unix.NdMsg, a attrs, unsaid map[uint16][]byte) bool {
	state := int(head.State)
	if state&unix.NUD_PERMANENT != 0 {
		state |= unix.NUD_NOARP // which a bridge does not say
	}
	if state&f.StateMask != f.State || int(head.Flags)&f.FlagsMask != f.Flags || f.VLAN != 0 && a.int(unix.NDA_VLAN) != int(f.VLAN) {
		return false
	}
	differs := func(want Attr) bool {
		is, ok := a.find(want.Type)
		if !ok {
			is = unsaid[want.Type]
		}
		return !bytes.Equal(is, want.Data)
	}
	return !slices.ContainsFunc(f.Attrs, differs) && (len(f.Dst) == 0 || slices.Contains(f.Dst, a.addr(unix.NDA_DST)))
}

// fdbDefaults are the attributes of a vxlan's entry that the kernel tells only where
// they are others.
func (s linkState) fdbDefaults() map[uint16][]byte {
	data := s.data()
	out := map[uint16][]byte{unix.NDA_VNI: data.get(nl.IFLA_VXLAN_ID), unix.NDA_PORT: data.get(nl.IFLA_VXLAN_PORT)}
	if !s.external() {
		out[unix.NDA_SRC_VNI] = data.get(nl.IFLA_VXLAN_ID)
	}
	return out
}

// hardwareAddrs are the addresses of the links of the namespace.
func (c *Conn) hardwareAddrs() (map[string]bool, error) {
	states, _, err := c.states()
	out := map[string]bool{}
	for _, s := range states {
		out[string(s.attrs.get(unix.IFLA_ADDRESS))] = true
	}
	return out, err
}
