//go:build linux

package nsexec

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"
)

// TunConfig is what a TUN or TAP link has besides what every link has.
type TunConfig struct {
	Tap                     bool
	MultiQueue, VNetHdr, PI bool
	User, Group             int // who may attach to it, or -1
}

// NewTun makes a TUN or TAP link that stays (see the kernel's tuntap.rst) and
// then sets what cfg says. With ensure, one that is there is taken. It opens
// /dev/net/tun on a thread in the namespace and needs CAP_NET_ADMIN.
func NewTun(cfg LinkConfig, tun TunConfig, ensure bool) LinkAction {
	a := linkAction("new-tun", LinkRef{Name: cfg.Name}, newTunOp{cfg, tun, ensure})
	a.thread = true
	return a
}

type newTunOp struct {
	cfg    LinkConfig
	tun    TunConfig
	ensure bool
}

func (o newTunOp) String() string {
	if o.tun.Tap {
		return "tap " + o.cfg.Name
	}
	return "tun " + o.cfg.Name
}

func (o newTunOp) act(ctx context.Context, c *Conn) error {
	link := LinkRef{Name: o.cfg.Name}
	_, err := c.Index(link)
	if err == nil && !o.ensure {
		return unix.EEXIST
	}
	if err := o.attach(); err != nil {
		return err
	}
	change := LinkChange{Attrs: o.cfg.attrs()[1:], Master: o.cfg.Master}
	if o.cfg.Up {
		change.Flags, change.Mask = unix.IFF_UP, unix.IFF_UP
	}
	err = setLinkOp{link, "", change}.act(ctx, c)
	if err != nil && !o.ensure {
		// What was made for this action goes with it.
		_ = delLinkOp{link: link}.act(ctx, c)
	}
	return err
}

// attach makes the link, or attaches to it, and has it stay after the
// descriptor is closed.
func (o newTunOp) attach() error {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq(o.cfg.Name)
	if err != nil {
		return err
	}
	ifr.SetUint16(o.flags())
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		return err
	}
	for _, owner := range []struct {
		req uint
		id  int
	}{{unix.TUNSETOWNER, o.tun.User}, {unix.TUNSETGROUP, o.tun.Group}} {
		if owner.id < 0 {
			continue
		}
		if err := unix.IoctlSetInt(fd, owner.req, owner.id); err != nil {
			return err
		}
	}
	return unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1)
}

func (o newTunOp) flags() uint16 {
	flags := uint16(unix.IFF_TUN)
	if o.tun.Tap {
		flags = unix.IFF_TAP
	}
	if !o.tun.PI {
		flags |= unix.IFF_NO_PI
	}
	if o.tun.MultiQueue {
		flags |= unix.IFF_MULTI_QUEUE
	}
	if o.tun.VNetHdr {
		flags |= unix.IFF_VNET_HDR
	}
	return flags
}
