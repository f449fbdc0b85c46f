//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// TunConfig is what a TUN or TAP link has besides what every link has.
type TunConfig struct {
	Tap                     bool
	MultiQueue, VNetHdr, PI bool
	User, Group             int // who may attach to it, or -1
}

func (t TunConfig) kind() string {
	if t.Tap {
		return "tap"
	}
	return "tun"
}

// NewTun makes a TUN or TAP link that stays (see the kernel's tuntap.rst) and
// then sets what cfg says. With ensure, one that is there is taken and given
// what it lacks, as [EnsureLink] does. It opens /dev/net/tun on a thread in the
// namespace and needs CAP_NET_ADMIN.
func NewTun(cfg LinkConfig, tun TunConfig, ensure bool) LinkAction {
	return linkAction("new-"+tun.kind(), LinkRef{Name: cfg.Name}, newTunOp{cfg, tun, ensure}).inThread()
}

// ReplaceTun is NewTun after it has deleted a link of that name.
func ReplaceTun(cfg LinkConfig, tun TunConfig) LinkAction {
	link := LinkRef{Name: cfg.Name}
	return linkAction("replace-"+tun.kind(), link, replaceLinkOp{link, newTunOp{cfg, tun, false}}).inThread()
}

type newTunOp struct {
	cfg    LinkConfig
	tun    TunConfig
	ensure bool
}

func (o newTunOp) String() string {
	text := o.tun.kind() + " " + o.cfg.Name
	if o.ensure {
		text = "ensure " + text
	}
	return text
}

func (o newTunOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	is, err := c.linkState(LinkRef{Name: o.cfg.Name})
	if err == nil { // it is to get what it lacks, or is in the way
		if o.ensure && !u.ownsLink(c, is.index) && o.ownsAnew(is) {
			return nil, &FixedError{Link: o.cfg.Name, What: "owner"}
		}
		if o.ensure && o.cfg.Index == 0 {
			o.cfg.Index = is.index // should it go meanwhile, none is made without a note
		}
		return o, u.noteLink(ctx, c, is.index)
	}
	if !IsGone(err) || u.owns(c.id) {
		return o, nil
	}
	if o.cfg.Index == 0 {
		o.cfg.Index = u.index()
	}
	u.hasMadeLink(c.id, o.cfg.Index)
	return o, u.note(ctx, c.cookieRef(), unmakeLinkOp{o.cfg.Name, o.cfg.Index})
}

// ownsAnew reports whether a link that has no owner is to get one: the kernel
// changes an owner, but takes none away (TUNSETOWNER of drivers/net/tun.c).
func (o newTunOp) ownsAnew(is linkState) bool {
	data := is.data()
	user := data.has(tunOwner)
	group := data.has(tunGroup)
	return o.tun.User >= 0 && !user || o.tun.Group >= 0 && !group
}

func (o newTunOp) act(ctx context.Context, c *Conn) error {
	link := LinkRef{Name: o.cfg.Name}
	is, err := c.linkState(link)
	var none *NoLinkError
	switch {
	case err == nil && o.ensure:
		return o.change(ctx, c, is)
	case err == nil:
		return unix.EEXIST
	case !errors.As(err, &none):
		return err
	}
	if err := o.attach(o.tun); err != nil {
		return err
	}
	if err := setTun(ctx, c, o.cfg); err != nil {
		_ = delLinkOp{link: link}.act(ctx, c) // it was made just now, and half of it is none
		return err
	}
	return nil
}

// change gives a link that is there what it lacks. It attaches to the link only
// where it must: a program that uses it may be the only one that can.
func (o newTunOp) change(ctx context.Context, c *Conn, is linkState) error {
	if err := is.isOf(o.tun.kind()); err != nil {
		return err
	}
	if err := o.cfg.fixedNumbers(is); err != nil {
		return err
	}
	data, want := is.data(), o.tun
	multi := data.number(tunMultiQueue) != 0
	if want.MultiQueue && !multi {
		return &FixedError{Link: o.cfg.Name, What: "multi_queue"}
	}
	want.MultiQueue = multi
	pi, vnet := data.number(tunPI) != 0, data.number(tunVNetHdr) != 0
	lacks := data.number(tunPersist) == 0 || want.PI && !pi || want.VNetHdr && !vnet ||
		!ownedBy(want.User, data, tunOwner) || !ownedBy(want.Group, data, tunGroup)
	if lacks {
		want.PI, want.VNetHdr = want.PI || pi, want.VNetHdr || vnet
		if err := o.attach(want); err != nil {
			return err
		}
	}
	cfg, err := is.lacking(c, o.cfg)
	if err != nil || cfg.isEmpty() {
		return err
	}
	return setTun(ctx, c, cfg)
}

// ownedBy reports whether a user or group, if one is asked for, is the owner.
func ownedBy(id int, data attrs, attr uint16) bool {
	owned := data.has(attr)
	return id < 0 || owned && data.int(attr) == id
}

// setTun sets what every link has, which /dev/net/tun knows nothing of.
func setTun(ctx context.Context, c *Conn, cfg LinkConfig) error {
	if cfg.isEmpty() {
		return nil
	}
	change := LinkChange{Attrs: cfg.attrs(), Master: cfg.Master}
	if cfg.Alias != "" {
		change.Attrs = append(change.Attrs, Attr{Type: unix.IFLA_IFALIAS, Data: []byte(cfg.Alias)})
	}
	if cfg.Up {
		change.Flags, change.Mask = unix.IFF_UP, unix.IFF_UP
	}
	return perform(ctx, c, setLinkOp{link: LinkRef{Name: cfg.Name}, change: &change})
}

// attach makes the link, or attaches to it, and has it stay after the
// descriptor is closed.
func (o newTunOp) attach(tun TunConfig) error {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	defer unix.Close(fd)
	if o.cfg.Index != 0 {
		if err := unix.IoctlSetPointerInt(fd, unix.TUNSETIFINDEX, o.cfg.Index); err != nil {
			return err
		}
	}
	ifr, err := unix.NewIfreq(o.cfg.Name)
	if err != nil {
		return err
	}
	ifr.SetUint16(tun.flags())
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		return err
	}
	for _, owner := range []struct {
		req uint
		id  int
	}{{unix.TUNSETOWNER, tun.User}, {unix.TUNSETGROUP, tun.Group}} {
		if owner.id < 0 {
			continue
		}
		if err := unix.IoctlSetInt(fd, owner.req, owner.id); err != nil {
			return err
		}
	}
	return unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1)
}

func (t TunConfig) flags() uint16 {
	flags := uint16(unix.IFF_TUN)
	if t.Tap {
		flags = unix.IFF_TAP
	}
	if !t.PI {
		flags |= unix.IFF_NO_PI
	}
	if t.MultiQueue {
		flags |= unix.IFF_MULTI_QUEUE
	}
	if t.VNetHdr {
		flags |= unix.IFF_VNET_HDR
	}
	return flags
}

// restoreTun gives a TUN or TAP link the owner and the headers that it had. An
// owner can be changed but not taken away (TUNSETOWNER of drivers/net/tun.c).
func (c *Conn) restoreTun(want, have linkState) error {
	was, is := want.data(), have.data()
	if kind := want.kind(); kind != "tun" && kind != "tap" || kind != have.kind() {
		return nil
	}
	same := true
	for _, attr := range []uint16{tunOwner, tunGroup, tunPI, tunVNetHdr, tunPersist} {
		same = same && bytes.Equal(was.get(attr), is.get(attr))
	}
	if same {
		return nil
	}
	tun := TunConfig{Tap: want.kind() == "tap", User: -1, Group: -1}
	tun.MultiQueue, tun.PI, tun.VNetHdr = was.number(tunMultiQueue) != 0, was.number(tunPI) != 0, was.number(tunVNetHdr) != 0
	for attr, id := range map[uint16]*int{tunOwner: &tun.User, tunGroup: &tun.Group} {
		if v, owned := was.find(attr); owned {
			*id = was.int(attr)
		} else if is.get(attr) != nil && v == nil {
			return fmt.Errorf("the kernel takes no owner from %q: %w", want.name(), unix.EINVAL)
		}
	}
	o := newTunOp{cfg: LinkConfig{Name: want.name()}, tun: tun}
	return inNamespace(c.nsfd, func(*thread) error { return o.attach(tun) })
}
