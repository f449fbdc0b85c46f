//go:build linux

package nsexec

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// FDBConfig is an entry of a forwarding table: of the bridge that a link is a
// port of (NTF_MASTER), or of a link's own (NTF_SELF), as a VXLAN has one.
type FDBConfig struct {
	Link LinkRef
	MAC  net.HardwareAddr
	// Dst are the tunnel ends of a VXLAN's entry. Only an entry for all that is
	// unknown (00:00:00:00:00:00) and one of a multicast address has several.
	Dst   []netip.Addr
	Via   LinkRef // NDA_IFINDEX: the link that a VXLAN's packets leave by
	Attrs []Attr  // further attributes NDA_*
	State int     // NUD_*; 0 is static for a bridge's table, else permanent
	Flags int     // NTF_*; with neither NTF_SELF nor NTF_MASTER the link decides
}

// AddFDB adds an entry (RTM_NEWNEIGH of AF_BRIDGE, see bridge(8)); with add, one
// that is there already keeps the tunnel ends that it has. text is the statement
// that errors show. It needs CAP_NET_ADMIN.
func AddFDB(text string, cfg FDBConfig, add bool) LinkAction {
	if add {
		return linkAction("append-fdb", cfg.Link, fdbOp{fdbAppend, text, cfg})
	}
	return linkAction("fdb", cfg.Link, fdbOp{fdbAdd, text, cfg})
}

// ReplaceFDB adds an entry or puts it in the place of the one for its address.
func ReplaceFDB(text string, cfg FDBConfig) LinkAction {
	return linkAction("replace-fdb", cfg.Link, fdbOp{fdbReplace, text, cfg})
}

// EnsureFDB adds an entry, or changes the one for its address to be so. Tunnel
// ends that it has beside stay.
func EnsureFDB(text string, cfg FDBConfig) LinkAction {
	return linkAction("ensure-fdb", cfg.Link, fdbOp{fdbEnsure, text, cfg})
}

// DelFDB deletes an entry, or those of its tunnel ends that are given.
func DelFDB(text string, cfg FDBConfig) LinkAction {
	return linkAction("del-fdb", cfg.Link, fdbOp{fdbDel, text, cfg})
}

// fdbMode is what is done with an entry.
type fdbMode int

const (
	fdbAdd fdbMode = iota
	fdbAppend
	fdbReplace
	fdbEnsure
	fdbDel
)

type fdbOp struct {
	mode fdbMode
	text string
	cfg  FDBConfig
}

func (o fdbOp) String() string { return o.text }

// prepare notes the entries for the address that are there, and the one that is
// to be made.
func (o fdbOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	is, err := c.linkState(o.cfg.Link)
	if err != nil {
		return nil, err
	}
	for _, one := range o.inEach(is) {
		if err := one.note(ctx, c, u, is, o.isNew()); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// note notes how to undo the operation in one table. What isNew is struck out where
// the operation fails.
func (o fdbOp) note(ctx context.Context, c *Conn, u *Undo, is linkState, isNew bool) error {
	msgs, err := o.messages(c, is)
	if err != nil {
		return err
	}
	of := tableOf(msgs[0], is)
	if u.ownsLink(c, is.index) && u.ownsLink(c, cmp.Or(of.bridge, of.link)) {
		return nil // they go with the table
	}
	if isNew && !u.ownsLink(c, is.index) {
		switch none, err := c.hasNoFDB(of, o.cfg.MAC); {
		case err != nil:
			return err
		case none:
			return u.noteParts(ctx, c, o.subject(), nil, msgs)
		}
	}
	had, err := c.fdb(func(m message) bool { return of.holds(m) && of.isFor(m, msgs[0]) })
	if err != nil {
		return err
	}
	had = slices.DeleteFunc(had, func(m message) bool { return !m.lastingNeigh() && !m.isOwnEntry() || u.ownsLink(c, m.linkIndex()) })
	if o.mode == fdbDel || u.ownsLink(c, is.index) {
		return u.noteParts(ctx, c, o.subject(), had, nil)
	}
	fresh := slices.DeleteFunc(msgs, func(m message) bool {
		return !of.everyVLAN && slices.ContainsFunc(had, func(h message) bool { return h.fdbKey() == m.fdbKey() })
	})
	return u.noteParts(ctx, c, o.subject(), had, fresh)
}

// inBoth are the flags of an entry in the link's own table and in its bridge's.
const inBoth = unix.NTF_SELF | unix.NTF_MASTER

// isNew reports whether the operation makes one entry, or none where it fails.
func (o fdbOp) isNew() bool {
	return o.mode == fdbAdd && len(o.cfg.Dst) <= 1 && o.cfg.Flags&inBoth != inBoth
}

// subject is the entry, for people.
func (o fdbOp) subject() string { return o.cfg.Link.String() + " " + o.cfg.MAC.String() }

func (o fdbOp) act(_ context.Context, c *Conn) error {
	is, err := c.linkState(o.cfg.Link)
	if err != nil {
		return err
	}
	for _, one := range o.inEach(is) {
		if err := one.request(c, is); err != nil {
			return err
		}
	}
	return nil
}

// inEach is the operation for each of the tables that are meant.
func (o fdbOp) inEach(is linkState) []fdbOp {
	if o.cfg.Flags&inBoth != inBoth {
		o.cfg.Flags |= o.cfg.place(is)
		return []fdbOp{o}
	}
	bridges, own := o, o
	bridges.cfg.Flags &^= unix.NTF_SELF
	bridges.cfg.Dst, bridges.cfg.Via = nil, LinkRef{}
	bridges.cfg.Attrs = slices.DeleteFunc(slices.Clone(o.cfg.Attrs), func(a Attr) bool { return a.Type != unix.NDA_VLAN })
	own.cfg.Flags &^= unix.NTF_MASTER
	return []fdbOp{bridges, own}
}

// request makes or deletes the entry in one table.
func (o fdbOp) request(c *Conn, is linkState) error {
	msgs, err := o.messages(c, is)
	if err != nil {
		return err
	}
	several := o.cfg.isTunnel(is) && isForMany(o.cfg.MAC)
	if o.mode == fdbReplace && several {
		// The kernel replaces no entry that may have several ends.
		if err := c.removeFDB(o.message(is.index)); err != nil && !isMissing(err) {
			return err
		}
	}
	for i, m := range msgs {
		if o.mode == fdbDel {
			err = c.remove(m)
		} else {
			err = c.add(m, o.flags(i, several))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// flags are those of the request for the n-th end of an entry.
func (o fdbOp) flags(n int, several bool) int {
	switch {
	case o.mode == fdbAdd && n == 0:
		return unix.NLM_F_CREATE | unix.NLM_F_EXCL
	case several || o.mode == fdbAppend || o.mode == fdbAdd:
		return unix.NLM_F_CREATE | unix.NLM_F_APPEND
	}
	return unix.NLM_F_CREATE | unix.NLM_F_REPLACE
}

// messages are the entry, once for each end.
func (o fdbOp) messages(c *Conn, is linkState) ([]message, error) {
	if o.cfg.leadsAway() {
		if err := is.isOf("vxlan"); err != nil {
			return nil, err
		}
	}
	attrs := slices.Clone(o.cfg.Attrs)
	if o.cfg.Via != (LinkRef{}) {
		via, err := c.Index(o.cfg.Via)
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, Attr{Type: unix.NDA_IFINDEX, Data: u32(via)})
	}
	var out []message
	for _, dst := range o.cfg.Dst {
		end := Attr{Type: unix.NDA_DST, Data: dst.AsSlice()}
		out = append(out, o.message(is.index, append([]Attr{end}, attrs...)...))
	}
	if out == nil {
		out = []message{o.message(is.index, attrs...)}
	}
	return out, nil
}

func (o fdbOp) message(index int, attrs ...Attr) message {
	state := o.cfg.State
	switch {
	case state != 0:
	case o.cfg.Flags&unix.NTF_MASTER != 0:
		state = unix.NUD_NOARP | unix.NUD_REACHABLE
	default:
		state = unix.NUD_NOARP | unix.NUD_PERMANENT
	}
	head := ndmsg{unix.NdMsg{Family: unix.AF_BRIDGE, Ifindex: int32(index), State: uint16(state), Flags: uint8(o.cfg.Flags)}}
	body := appendAttr(head.Serialize(), Attr{Type: unix.NDA_LLADDR, Data: o.cfg.MAC})
	for _, a := range attrs {
		body = appendAttr(body, a)
	}
	return message{unix.RTM_NEWNEIGH, body}
}

// place is NTF_SELF or NTF_MASTER, whichever is said. Else what a port knows is
// its bridge's, unless it is a tunnel, which has to know where to send to.
func (cfg FDBConfig) place(is linkState) int {
	switch {
	case cfg.Flags&(unix.NTF_SELF|unix.NTF_MASTER) != 0:
		return cfg.Flags & (unix.NTF_SELF | unix.NTF_MASTER)
	case !cfg.isTunnel(is) && is.isBridgePort():
		return unix.NTF_MASTER
	}
	return unix.NTF_SELF
}

// isTunnel reports whether the entry says, or has to, where a tunnel leads.
func (cfg FDBConfig) isTunnel(is linkState) bool {
	return cfg.leadsAway() || is.kind() == "vxlan" && cfg.Flags&unix.NTF_MASTER == 0
}

// leadsAway reports whether the entry has what only a VXLAN's has.
func (cfg FDBConfig) leadsAway() bool {
	return len(cfg.Dst) > 0 || cfg.Via != (LinkRef{}) || slices.ContainsFunc(cfg.Attrs, func(a Attr) bool { return a.Type != unix.NDA_VLAN })
}

// isForMany reports whether an entry of a VXLAN for an address may have several
// ends: of multicast, and of all zeros, which stands for what is unknown.
func isForMany(mac net.HardwareAddr) bool {
	return mac[0]&1 == 1 || !slices.ContainsFunc(mac, func(b byte) bool { return b != 0 })
}

// isBridgePort reports whether a link is a port of a bridge.
func (s linkState) isBridgePort() bool {
	return s.attrs.nested(unix.IFLA_LINKINFO).text(unix.IFLA_INFO_SLAVE_KIND) == "bridge"
}
