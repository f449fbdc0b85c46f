//go:build linux

package main

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// goNetlinkTool is a Go program as one writes it on github.com/vishvananda/netlink:
// a handle kept for each namespace, both ends of a pair placed by one request,
// and each link looked up by its name when something is done to it.
var goNetlinkTool = tool{
	name: "go-netlink", about: "Go on vishvananda/netlink, a handle a namespace, lookups by name",
	does: map[task]func(*job) ([]string, error){
		build: func(j *job) ([]string, error) { return self("go-netlink", j.workload.String()), nil },
	},
}

// goNetlinkMain is its own process.
func goNetlinkMain(args []string) error {
	w, err := parseWorkload(args[0])
	if err != nil {
		return err
	}
	if err := raiseFiles(); err != nil {
		return err
	}
	if err := shareNames(); err != nil {
		return err
	}
	return goNetlinkBuild(w.plan(w.n))
}

// opened is a namespace with a handle in it.
type opened struct {
	*netlink.Handle
	nsfd int
}

func goNetlinkBuild(p *plan) error {
	spaces := make([]opened, len(p.spaces))
	for i, name := range p.spaces {
		var err error
		if spaces[i], err = goNetlinkSpace(name); err != nil {
			return err
		}
	}
	for _, l := range p.links {
		if err := spaces[l.space].alone(l); err != nil {
			return err
		}
	}
	for _, pr := range p.pairs {
		near, far := spaces[pr.near.space], spaces[pr.far.space]
		veth := netlink.NewVeth(netlink.LinkAttrs{Name: pr.near.name, TxQLen: -1})
		veth.PeerName, veth.PeerNamespace = pr.far.name, netlink.NsFd(far.nsfd)
		if err := near.LinkAdd(veth); err != nil {
			return err
		}
		if err := near.finish(pr.near); err != nil {
			return err
		}
		if err := far.finish(pr.far); err != nil {
			return err
		}
	}
	for _, r := range p.routes {
		if err := spaces[r.space].route(r); err != nil {
			return err
		}
	}
	return nil
}

// goNetlinkSpace makes a named namespace, its loopback up.
func goNetlinkSpace(name string) (o opened, err error) {
	err = nsexec.OnThread(func(unshare func() error) (err error) {
		if o.nsfd, err = newNamed(unshare, name); err != nil {
			return err
		}
		o.Handle, err = netlink.NewHandle(unix.NETLINK_ROUTE)
		return err
	})
	if err != nil {
		return o, err
	}
	lo, err := o.LinkByName("lo")
	if err != nil {
		return o, err
	}
	return o, o.LinkSetUp(lo)
}

// alone makes a link that stands alone.
func (o opened) alone(l link) error {
	err := o.LinkAdd(&netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: l.name, TxQLen: -1}, LinkType: l.kind})
	if err != nil {
		return err
	}
	return o.finish(end{name: l.name, addrs: l.addrs})
}

// finish has a link up, in its master, and addressed.
func (o opened) finish(e end) error {
	l, err := o.LinkByName(e.name)
	if err != nil {
		return err
	}
	if e.master != "" {
		master, err := o.LinkByName(e.master)
		if err != nil {
			return err
		}
		if err := o.LinkSetMaster(l, master); err != nil {
			return err
		}
	}
	for _, a := range e.addrs { // without a broadcast address, as ip does it
		if err := o.AddrAdd(l, &netlink.Addr{IPNet: ipNet(a), Broadcast: net.IPv4zero.To4()}); err != nil {
			return err
		}
	}
	return o.LinkSetUp(l)
}

func (o opened) route(r route) error {
	dev, err := o.LinkByName(r.dev)
	if err != nil {
		return err
	}
	return o.RouteAdd(&netlink.Route{LinkIndex: dev.Attrs().Index, Dst: ipNet(r.to), Gw: r.via.AsSlice(), Protocol: unix.RTPROT_BOOT})
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
