//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// MDBFilter says which entries of a multicast database are meant: zero fields fit
// all.
type MDBFilter struct {
	Port   LinkRef
	VLAN   uint16
	Proto  uint8
	State  MDBState
	Tunnel []Attr // of a vxlan's: MDBE_ATTR_DST and the like
}

// MDBState is whether entries are meant that stay until they are deleted.
type MDBState int

// The states of entries.
const (
	MDBAny       MDBState = iota
	MDBPermanent          // that stay
	MDBTemporary          // that go by themselves
)

// FlushMDB deletes the entries of a bridge or a vxlan that fit. A bridge's own stay
// unless it is the filter's port.
func FlushMDB(text string, link LinkRef, f MDBFilter) LinkAction {
	return linkAction("flush-mdb", link, flushMDBOp{text, link, f})
}

type flushMDBOp struct {
	text string
	link LinkRef
	f    MDBFilter
}

func (o flushMDBOp) String() string { return o.text }

func (o flushMDBOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	entries, err := o.entries(c)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(m message) bool {
		return !m.mdbEntry().lasts() || u.ownsLink(c, m.linkIndex()) || u.ownsLink(c, m.mdbEntry().port())
	})
	if len(entries) == 0 {
		return o, nil
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.link.String(), Record: &Record{msgs: entries}}})
}

// entries are those that are to go.
func (o flushMDBOp) entries(c *Conn) ([]message, error) {
	is, err := c.linkState(o.link)
	if err != nil {
		return nil, err
	}
	isVXLAN := is.kind() == "vxlan"
	if isVXLAN && o.f.VLAN != 0 || !isVXLAN && len(o.f.Tunnel) > 0 {
		return nil, fmt.Errorf("%s is a %s: entries of a bridge have a vid, those of a vxlan have dst, dst_port, vni and src_vni: %w", o.link, is.kind(), unix.EINVAL)
	}
	port := 0
	if o.f.Port != (LinkRef{}) {
		if port, err = c.Index(o.f.Port); err != nil {
			return nil, err
		}
	}
	own := is.mdbDefaults()
	return c.mdb(func(m message) bool {
		e := m.mdbEntry()
		fits := m.linkIndex() == is.index && (e.port() == port || port == 0 && (isVXLAN || e.port() != is.index))
		return fits && o.f.fits(e, m.mdbAttrs(), own)
	})
}

// fits reports whether an entry is one of those. own are the attributes that it has
// where it does not say.
func (f MDBFilter) fits(e mdbEntry, a attrs, own map[uint16][]byte) bool {
	proto := uint8(unix.RTPROT_STATIC)
	if a.get(mdbeProto) != nil {
		proto = uint8(a.int(mdbeProto))
	}
	differs := func(want Attr) bool {
		is, ok := a.find(want.Type)
		if !ok {
			is = own[want.Type]
		}
		if want.Type == mdbeVNI && byteOrder.Uint32(is) == 0 && a.get(mdbeSrcVNI) != nil {
			is = a.get(mdbeSrcVNI) // packets keep the VNI that they have
		}
		return !bytes.Equal(is, want.Data)
	}
	return (f.VLAN == 0 || e.vlan() == f.VLAN) && (f.Proto == 0 || proto == f.Proto) &&
		(f.State == MDBAny || (f.State == MDBPermanent) == e.lasts()) && !slices.ContainsFunc(f.Tunnel, differs)
}

func (o flushMDBOp) act(_ context.Context, c *Conn) error {
	entries, err := o.entries(c)
	if err != nil {
		return err
	}
	for _, m := range entries {
		if err := c.removeMDB(m); err != nil {
			return err
		}
	}
	return nil
}
