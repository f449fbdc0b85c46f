//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// AddrConfig is an address of a link. A zero field is left to the kernel.
type AddrConfig struct {
	Link      LinkRef
	Prefix    netip.Prefix // the address, with its host bits
	Peer      netip.Prefix // of a point-to-point link
	Broadcast netip.Addr
	Label     string
	Scope     int // RT_SCOPE_*; the kernel derives IPv6's
	Metric    int // of the route that comes with it
	Proto     int // IFAPROT_*: who set it
	Valid     time.Duration
	Preferred time.Duration
	HasValid  bool
	HasPref   bool
	Flags     uint32 // IFA_F_*
}

// AddAddr gives a link an address (RTM_NEWADDR, see rtnetlink(7)). It needs
// CAP_NET_ADMIN.
func AddAddr(cfg AddrConfig) LinkAction {
	return newAddrOp("addr", addAddr, cfg)
}

// ReplaceAddr gives a link an address, or changes what it has of it.
func ReplaceAddr(cfg AddrConfig) LinkAction {
	return newAddrOp("replace-addr", replaceAddr, cfg)
}

// DelAddr takes an address from a link.
func DelAddr(cfg AddrConfig) LinkAction {
	return newAddrOp("del-addr", delAddr, cfg)
}

// addrOp is what is done to an address, with its action. A run may hold thousands,
// most of which say nothing but the address.
type addrOp struct {
	linkAct
	how    *how
	prefix netip.Prefix
	whole  *AddrConfig // nil where that is all
}

var (
	addAddr     = &how{"", unix.RTM_NEWADDR, unix.NLM_F_CREATE | unix.NLM_F_EXCL}
	replaceAddr = &how{"replace ", unix.RTM_NEWADDR, unix.NLM_F_CREATE | unix.NLM_F_REPLACE}
	delAddr     = &how{"del ", unix.RTM_DELADDR, 0}
)

func newAddrOp(name string, how *how, cfg AddrConfig) LinkAction {
	o := &addrOp{linkAct: linkAct{name: name, link: cfg.Link}, how: how, prefix: cfg.Prefix}
	o.op = o
	if cfg != o.config() {
		whole := cfg
		o.whole = &whole
	}
	return LinkAction{&o.linkAct}
}

func (o *addrOp) config() AddrConfig {
	if o.whole != nil {
		return *o.whole
	}
	return AddrConfig{Link: o.link, Prefix: o.prefix}
}

func (o *addrOp) String() string {
	return o.how.mod + "addr " + o.link.String() + " " + o.prefix.String()
}

// prepare notes how to take an address away that is new, or what the link had,
// where one changes or goes: others may go with it, and routes.
func (o *addrOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.indexOf(o.link)
	if err != nil {
		return nil, err
	}
	if u.ownsLink(c, index) {
		return o, nil
	}
	cfg := o.config()
	m := addrMessage(index, cfg)
	switch o.how {
	case delAddr:
		return o, u.noteLink(ctx, c, index)
	case addAddr:
		if none, err := c.hasNoAddr(m); err != nil || !none {
			return o, err // the kernel will say that it is there
		}
	default: // the kernel would not say so
		is, err := c.addrLike(m)
		if err != nil {
			return nil, err
		}
		if is != nil {
			return o, o.noteChange(ctx, c, u, is)
		}
	}
	ways, err := c.newPrefixRoutes(index, cfg)
	if err != nil {
		return nil, err
	}
	made := append([]message{m}, ways...)
	text := o.link.String() + " " + o.prefix.String()
	return o, u.note(ctx, c.cookieRef(), unmakeOp{text, &Record{msgs: made}})
}

// noteChange notes what a link has, before an address that is there is changed,
// unless all stays as it is.
func (o *addrOp) noteChange(ctx context.Context, c *Conn, u *Undo, is *message) error {
	index, cfg := is.addrIndex(), o.config()
	if o.whole == nil && is.isPlainAddr() && bytes.Equal(is.addrKey(), addrMessage(index, cfg).addrKey()) {
		// An IPv6 address that is set again gets back its route, if that was deleted.
		if ways, err := c.newPrefixRoutes(index, cfg); err != nil || len(ways) == 0 {
			return err
		}
	}
	return u.noteLink(ctx, c, index)
}

func (o *addrOp) act(_ context.Context, c *Conn) error {
	return c.send(o)
}

func (o *addrOp) appendMessage(b []byte, c *Conn) (out []byte, typ, flags int, err error) {
	index, err := c.indexOf(o.link)
	if err != nil {
		return nil, 0, 0, err
	}
	cfg := o.config()
	return appendAttrs(cfg.appendKey(b, index), cfg.attrs()), o.how.proto, o.how.flags, nil
}

func (o *addrOp) retractable() bool { return o.how.flags&unix.NLM_F_EXCL != 0 }
func (o *addrOp) alone() bool       { return !o.retractable() }

// Attributes of linux/if_addr.h that x/sys has no names for.
const (
	ifaRtPriority = 9  // IFA_RT_PRIORITY
	ifaProto      = 11 // IFA_PROTO
)

func (cfg *AddrConfig) attrs() []Attr {
	var out []Attr
	if cfg.Broadcast.IsValid() {
		out = append(out, Attr{Type: unix.IFA_BROADCAST, Data: cfg.Broadcast.AsSlice()})
	}
	if cfg.Label != "" {
		out = append(out, Attr{Type: unix.IFA_LABEL, Data: nl.ZeroTerminated(cfg.Label)})
	}
	if cfg.Metric != 0 {
		out = append(out, Attr{Type: ifaRtPriority, Data: nl.Uint32Attr(uint32(cfg.Metric))})
	}
	if cfg.Proto != 0 {
		out = append(out, Attr{Type: ifaProto, Data: []byte{byte(cfg.Proto)}})
	}
	if cfg.Flags != 0 {
		out = append(out, Attr{Type: unix.IFA_FLAGS, Data: nl.Uint32Attr(cfg.Flags)})
	}
	if cfg.HasValid || cfg.HasPref {
		out = append(out, Attr{Type: unix.IFA_CACHEINFO, Data: cfg.cacheInfo()})
	}
	return out
}

// cacheInfo is struct ifa_cacheinfo: the preferred and the valid lifetime in
// seconds, where all ones is for ever.
func (cfg AddrConfig) cacheInfo() []byte {
	const forever = ^uint32(0)
	pref, valid := forever, forever
	if cfg.HasPref {
		pref = uint32(cfg.Preferred / time.Second)
	}
	if cfg.HasValid {
		valid = uint32(cfg.Valid / time.Second)
		if !cfg.HasPref {
			pref = valid
		}
	}
	b := binary.NativeEndian.AppendUint32(nil, pref)
	b = binary.NativeEndian.AppendUint32(b, valid)
	return append(b, make([]byte, 8)...)
}

// FlushAddrs takes all addresses from a link, of one family where that is not
// zero. A link-local IPv6 address goes too, as with `ip addr flush`.
func FlushAddrs(link LinkRef, family int) LinkAction {
	return linkAction("flush-addr", link, flushAddrOp{link, family})
}

type flushAddrOp struct {
	link   LinkRef
	family int
}

func (o flushAddrOp) String() string { return "flush addr " + o.link.String() }

func (o flushAddrOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	return o, u.noteLinkRef(ctx, c, o.link)
}

func (o flushAddrOp) act(_ context.Context, c *Conn) error {
	index, err := c.indexOf(o.link)
	if err != nil {
		return err
	}
	addrs, err := c.addrs(func(m message) bool {
		return m.addrIndex() == index && (o.family == 0 || o.family == int(m.body[0]))
	})
	if err != nil {
		return err
	}
	for _, m := range addrs {
		// A secondary address goes with its primary one.
		if err := c.remove(m); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
	}
	return nil
}

// familyOf is AF_INET or AF_INET6.
func familyOf(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
