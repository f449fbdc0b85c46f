//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// MDBConfig is an entry of a multicast database: of a bridge's, where a port gets
// what is sent to a group, or of a vxlan's, where another end of the tunnel does.
type MDBConfig struct {
	Link      LinkRef          // the bridge or the vxlan
	Port      LinkRef          // or the bridge itself, for the host; of a vxlan itself or none
	Group     netip.Addr       // of IP; of a vxlan 0.0.0.0 or :: is all that have no entry
	MAC       net.HardwareAddr // or of Ethernet
	VLAN      uint16           // 0 is none or, where VLANs are kept apart, all that the port is in
	Source    netip.Addr       // only what is sent by it
	Temporary bool             // it goes by itself unless somebody joins
	Include   bool             // only what Sources send, rather than all but what they send
	Filter    bool             // Include and Sources are meant
	Sources   []netip.Addr
	Proto     uint8   // RTPROT_*: who has set it
	Tunnel    []Attr  // of a vxlan: MDBE_ATTR_DST and what else says how to send there
	Via       LinkRef // of a vxlan: the link to send by
}

// AddMDB adds an entry (RTM_NEWMDB, see bridge(8)). text is the statement that
// errors show. It needs CAP_NET_ADMIN.
func AddMDB(text string, cfg MDBConfig) LinkAction {
	return linkAction("mdb", cfg.Link, mdbOp{mdbAdd, text, cfg})
}

// ReplaceMDB adds an entry or puts it in the place of the one for its group and
// port.
func ReplaceMDB(text string, cfg MDBConfig) LinkAction {
	return linkAction("replace-mdb", cfg.Link, mdbOp{mdbReplace, text, cfg})
}

// DelMDB deletes an entry.
func DelMDB(text string, cfg MDBConfig) LinkAction {
	return linkAction("del-mdb", cfg.Link, mdbOp{mdbDel, text, cfg})
}

type mdbMode int

const (
	mdbAdd mdbMode = iota
	mdbReplace
	mdbDel
)

type mdbOp struct {
	mode mdbMode
	text string
	cfg  MDBConfig
}

func (o mdbOp) String() string { return o.text }

// prepare notes the entry that is there, or is to be made.
func (o mdbOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	m, err := o.message(c)
	if err != nil {
		return nil, err
	}
	if u.ownsLink(c, m.linkIndex()) || u.ownsLink(c, m.mdbEntry().port()) {
		return o, nil
	}
	had, err := c.mdbLike(m)
	if err != nil {
		return nil, err
	}
	sources, err := c.mdbOfSources(m, o.cfg.Sources)
	if err != nil {
		return nil, err
	}
	lasting := slices.DeleteFunc(slices.Concat(had, sources), func(h message) bool { return !h.mdbEntry().lasts() })
	if len(lasting) > 0 {
		back := RestoreConfig{Text: o.subject(), Record: &Record{msgs: lasting}}
		if err := u.note(ctx, c.cookieRef(), restoreOp{back}); err != nil {
			return nil, err
		}
	}
	if o.mode == mdbDel || len(had) > 0 && m.mdbEntry().vlan() != 0 || len(had) > 0 && o.mode == mdbAdd {
		return o, nil
	}
	return o, u.note(ctx, c.cookieRef(), unmakeOp{o.subject(), &Record{msgs: []message{m}}})
}

// subject is the entry, for people.
func (o mdbOp) subject() string {
	group := o.cfg.MAC.String()
	if o.cfg.MAC == nil {
		group = o.cfg.Group.String()
	}
	if o.cfg.Port == (LinkRef{}) {
		return o.cfg.Link.String() + " " + group
	}
	return o.cfg.Port.String() + " " + group
}

func (o mdbOp) act(_ context.Context, c *Conn) error {
	m, err := o.message(c)
	if err != nil {
		return err
	}
	switch o.mode {
	case mdbDel:
		return c.delMDB(m)
	case mdbAdd:
		err = c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	default:
		err = c.replaceMDB(m)
	}
	return o.withoutTunnels(err)
}

// replaceMDB puts an entry in the place of another; older kernels than 6.2 have to
// be told so in two words.
func (c *Conn) replaceMDB(m message) error {
	err := c.add(m, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := c.removeMDB(m); err != nil {
		return err
	}
	return c.add(m, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
}

// message is the entry.
func (o mdbOp) message(c *Conn) (message, error) {
	cfg := o.cfg
	is, err := c.linkState(cfg.Link)
	if err != nil {
		return message{}, err
	}
	tunnel, err := is.mdbTunnel(c, cfg)
	if err != nil {
		return message{}, err
	}
	port := is.index
	if cfg.Port != (LinkRef{}) {
		if port, err = c.Index(cfg.Port); err != nil {
			return message{}, err
		}
	}
	state := uint8(mdbPermanent)
	if cfg.Temporary || port == is.index && cfg.MAC == nil && tunnel == nil { // the host's own are never permanent
		state = 0
	}
	var attrs []Attr
	if cfg.Source.IsValid() {
		attrs = append(attrs, Attr{Type: mdbeSource, Data: cfg.Source.AsSlice()})
	}
	if cfg.Filter {
		attrs = append(attrs, filterAttrs(cfg.Include, cfg.Sources)...)
	}
	if cfg.Proto != 0 {
		attrs = append(attrs, Attr{Type: mdbeProto, Data: []byte{cfg.Proto}})
	}
	return mdbMessage(is.index, newMDBEntry(port, state, cfg), append(attrs, tunnel...)), nil
}

// filterAttrs are MDBE_ATTR_GROUP_MODE and MDBE_ATTR_SRC_LIST.
func filterAttrs(include bool, sources []netip.Addr) []Attr {
	mode := byte(mcastExclude)
	if include {
		mode = mcastInclude
	}
	out := []Attr{{Type: mdbeMode, Data: []byte{mode}}}
	var list []Attr
	for _, src := range sources {
		list = append(list, Attr{Type: 1 | unix.NLA_F_NESTED, Nested: []Attr{{Type: 1, Data: src.AsSlice()}}})
	}
	if list != nil {
		out = append(out, Attr{Type: mdbeSources | unix.NLA_F_NESTED, Nested: list})
	}
	return out
}

// newMDBEntry is struct br_mdb_entry of linux/if_bridge.h.
func newMDBEntry(port int, state uint8, cfg MDBConfig) mdbEntry {
	e := make(mdbEntry, sizeofMDBEntry)
	byteOrder.PutUint32(e, uint32(port))
	e[4] = state
	byteOrder.PutUint16(e[6:], cfg.VLAN)
	if cfg.MAC != nil {
		copy(e[8:], cfg.MAC)
		return e
	}
	copy(e[8:], cfg.Group.AsSlice())
	proto := uint16(unix.ETH_P_IPV6)
	if cfg.Group.Is4() {
		proto = unix.ETH_P_IP
	}
	binary.BigEndian.PutUint16(e[24:], proto)
	return e
}
