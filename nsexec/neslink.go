//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// This file has what programs written for github.com/willfantom/neslink use, by
// the names they use: with the import path changed they compile and run. It is
// all over the plainly named functions of this package, which new programs
// rather use.

// NPGeneric makes a provider of any function; the docker package has an
// example. The name is for errors.
func NPGeneric(name string, f func() (Namespace, error)) NsProvider {
	if name == "" {
		name = "unnamed-ns-provider"
	}
	return NsProvider{name: name, f: f}
}

// NPNow provides the namespace of the thread that asks: in a [Do] within a Do,
// that of the outer one.
func NPNow() NsProvider {
	return NsProvider{name: nameNow, f: func() (Namespace, error) { return threadNamespace(), nil }}
}

// NPProcess provides the namespace of a process.
func NPProcess(pid int) NsProvider { return refProvider("process", Process(pid)) }

// NPThread provides the namespace of a thread of a process.
func NPThread(pid, tid int) NsProvider { return refProvider("thread", Thread(pid, tid)) }

// NPName provides the namespace of that name under DefaultMountPath.
func NPName(name string) NsProvider { return refProvider("name", Named(name)) }

// NPNameAt provides the namespace of that name in another folder.
func NPNameAt(mountdir, name string) NsProvider {
	return NsProvider{name: "name-at", ref: namedAt(mountdir, name), f: func() (Namespace, error) {
		path, err := namedPath(mountdir, name)
		return Namespace(path), err
	}}
}

// NPPath provides the namespace of a file.
func NPPath(path string) NsProvider { return refProvider("path", Path(path)) }

// NAGeneric makes an action of any function, which runs on a thread in the
// namespace. The name is for errors.
func NAGeneric(name string, f func() error) NsAction {
	return ActionFunc(name, "", true, func(context.Context, *Conn) error { return f() })
}

// NANewNs is [NewNS] with the loopback left down.
func NANewNs(name string) NsAction { return NewNS(name, false) }

// NANewNsAt is [NewNSAt] with the loopback left down.
func NANewNsAt(mountdir, name string) NsAction { return NewNSAt(mountdir, name, false) }

// NADeleteNamed is [DelNS].
func NADeleteNamed(name string) NsAction { return DelNS(name) }

// NADeleteNamedAt is [DelNSAt].
func NADeleteNamedAt(mountdir, name string) NsAction { return DelNSAt(mountdir, name) }

// DeleteNamedNs is [DeleteNamedNS].
func DeleteNamedNs(name string) error { return DeleteNamedNS(name) }

// NASetLinkNs moves a link to the namespace that the provider provides when the
// action runs. In a [Do], later actions on the link follow it; see [MoveLink].
func NASetLinkNs(lp LinkProvider, nsp NsProvider) NsAction {
	return nsAction("set-link-ns", moveOp{link: lp.ref, ref: nsp.ref, open: nsp.open})
}

// NAGetNsFd opens the namespace that it runs in. The caller closes *nsfd.
func NAGetNsFd(nsfd *NsFd) NsAction {
	return ActionFunc("get-ns-fd", "", false, func(_ context.Context, c *Conn) error {
		fd, err := dup(c.nsfd)
		if err != nil {
			return err
		}
		*nsfd = NsFd(fd)
		return nil
	})
}

// NALinks stores all links of the namespace in *links.
func NALinks(links *[]netlink.Link) NsAction {
	return ActionFunc("get-ns-links", "", false, func(_ context.Context, c *Conn) (err error) {
		*links, err = c.Handle().LinkList()
		return err
	})
}

// NAGetLink stores a link of the namespace in *link.
func NAGetLink(lp LinkProvider, link *netlink.Link) NsAction {
	return ActionFunc("get-ns-link", "", false, func(_ context.Context, c *Conn) error {
		l, err := c.Link(lp.ref)
		if err != nil {
			return err
		}
		*link = l
		return nil
	})
}

// LinkProvider finds a link when it is asked to. The zero LinkProvider finds
// none.
type LinkProvider struct{ ref LinkRef }

// Provide returns the link, as it is now in the calling thread's namespace.
func (lp LinkProvider) Provide() (netlink.Link, error) {
	c := &Conn{nsfd: -1}
	defer c.close()
	if err := c.dial(); err != nil {
		return nil, err
	}
	return c.Link(lp.ref)
}

// LPName provides the link of that name or altname.
func LPName(name string) LinkProvider { return LinkProvider{ByName(name)} }

// LPAlias provides the link with that alias, the first one of several.
func LPAlias(alias string) LinkProvider { return LinkProvider{ByAlias(alias)} }

// LPIndex provides the link with that index.
func LPIndex(index int) LinkProvider { return LinkProvider{ByIndex(index)} }

// LAGeneric makes an action on a link of any function, which runs on a thread
// in the link's namespace, provided that the link is there.
func LAGeneric(name string, lp LinkProvider, f func() error) LinkAction {
	if name == "" {
		name = "unnamed-link-action"
	}
	return linkAction(name, lp.ref, funcOp{name, func(_ context.Context, c *Conn) error {
		if _, err := c.Index(lp.ref); err != nil {
			return err
		}
		return f()
	}}).inThread()
}

// LANewBridge makes a bridge.
func LANewBridge(name string) LinkAction {
	return NewLink(LinkConfig{Kind: "bridge", Name: name})
}

// LANewVeth makes a pair of veth links, both in the namespace.
func LANewVeth(name, peer string) LinkAction {
	cfg := LinkConfig{Kind: "veth", Name: name}
	a := NewLink(cfg)
	a.op = funcOp{"veth " + name + " " + peer, func(ctx context.Context, c *Conn) error {
		cfg := cfg
		cfg.Peer = &LinkConfig{Name: peer, NS: c.ref}
		return NewLink(cfg).act(ctx, c)
	}}
	return a
}

// LANewDummy makes a dummy link.
func LANewDummy(name string) LinkAction {
	return NewLink(LinkConfig{Kind: "dummy", Name: name})
}

// LANewGRETap makes an Ethernet-over-GRE tunnel between two IPv4 addresses.
func LANewGRETap(name, local, remote string) LinkAction {
	from, err1 := netip.ParseAddr(local)
	to, err2 := netip.ParseAddr(remote)
	return orFail(join(err1, err2), NewLink(LinkConfig{Kind: "gretap", Name: name, Data: []Attr{
		{Type: nl.IFLA_GRE_LOCAL, Data: from.AsSlice()},
		{Type: nl.IFLA_GRE_REMOTE, Data: to.AsSlice()},
	}}))
}

// LANewWireguard makes a WireGuard link, which has no keys and no peers yet.
func LANewWireguard(name string) LinkAction {
	return NewLink(LinkConfig{Kind: "wireguard", Name: name})
}

// LANewVxlan makes a VXLAN link with that VNI. The group may be a single host.
func LANewVxlan(name, local, group string, id, port int) LinkAction {
	from, err1 := netip.ParseAddr(local)
	to, err2 := netip.ParseAddr(group)
	localAttr, groupAttr := uint16(nl.IFLA_VXLAN_LOCAL), uint16(nl.IFLA_VXLAN_GROUP)
	if from.Is6() {
		localAttr = nl.IFLA_VXLAN_LOCAL6
	}
	if to.Is6() {
		groupAttr = nl.IFLA_VXLAN_GROUP6
	}
	return orFail(join(err1, err2), NewLink(LinkConfig{Kind: "vxlan", Name: name, Data: []Attr{
		{Type: nl.IFLA_VXLAN_ID, Data: nl.Uint32Attr(uint32(id))},
		{Type: localAttr, Data: from.AsSlice()},
		{Type: groupAttr, Data: to.AsSlice()},
		{Type: nl.IFLA_VXLAN_PORT, Data: binary.BigEndian.AppendUint16(nil, uint16(port))},
	}}))
}

// LADelete deletes a link.
func LADelete(lp LinkProvider) LinkAction { return called("delete-link", DelLink(lp.ref, "")) }

// LASetName renames a link.
func LASetName(lp LinkProvider, name string) LinkAction {
	return setAttr("set-name", "rename", lp, name, Attr{Type: unix.IFLA_IFNAME, Data: nl.ZeroTerminated(name)})
}

// LASetAlias sets a link's alias; an empty one takes it away.
func LASetAlias(lp LinkProvider, alias string) LinkAction {
	return setAttr("set-alias", "alias", lp, alias, Attr{Type: unix.IFLA_IFALIAS, Data: []byte(alias)})
}

// LASetHw sets a link's hardware address.
func LASetHw(lp LinkProvider, addr string) LinkAction {
	mac, err := net.ParseMAC(addr)
	return orFail(err, setAttr("set-hw", "hw", lp, addr, Attr{Type: unix.IFLA_ADDRESS, Data: mac}))
}

// LASetUp sets a link up.
func LASetUp(lp LinkProvider) LinkAction { return called("set-state-up", SetUp(lp.ref)) }

// LASetDown sets a link down.
func LASetDown(lp LinkProvider) LinkAction { return called("set-state-down", SetDown(lp.ref)) }

// LASetPromiscOn has a link receive what is not meant for it, too.
func LASetPromiscOn(lp LinkProvider) LinkAction {
	return SetLink(lp.ref, "set-promisc-on", "promisc "+lp.ref.String()+" on", LinkChange{Flags: unix.IFF_PROMISC, Mask: unix.IFF_PROMISC})
}

// LASetPromiscOff undoes LASetPromiscOn.
func LASetPromiscOff(lp LinkProvider) LinkAction {
	return SetLink(lp.ref, "set-promisc-off", "promisc "+lp.ref.String()+" off", LinkChange{Mask: unix.IFF_PROMISC})
}

// LAAddAddr gives a link an address, such as "10.0.0.1/24".
func LAAddAddr(lp LinkProvider, cidr string) LinkAction {
	cfg, err := addrOf(lp, cidr)
	return called("add-address", orFail(err, AddAddr(cfg)))
}

// LADelAddr takes an address from a link.
func LADelAddr(lp LinkProvider, cidr string) LinkAction {
	cfg, err := addrOf(lp, cidr)
	return called("del-address", orFail(err, DelAddr(cfg)))
}

// addrOf reads an address as the netlink package does: an IPv4 one comes with
// the broadcast address of its prefix.
func addrOf(lp LinkProvider, cidr string) (AddrConfig, error) {
	prefix, err := netip.ParsePrefix(cidr)
	cfg := AddrConfig{Link: lp.ref, Prefix: prefix}
	if err != nil || !prefix.Addr().Is4() || prefix.Bits() >= 31 {
		return cfg, err
	}
	last := prefix.Addr().As4()
	host := binary.BigEndian.Uint32(last[:]) | 1<<(32-prefix.Bits()) - 1
	binary.BigEndian.PutUint32(last[:], host)
	cfg.Broadcast = netip.AddrFrom4(last)
	return cfg, nil
}

// setAttr makes an action that sets one attribute of a link.
func setAttr(name, verb string, lp LinkProvider, arg string, a Attr) LinkAction {
	return SetLink(lp.ref, name, verb+" "+lp.ref.String()+" "+arg, LinkChange{Attrs: []Attr{a}})
}

// called gives an action the name that neslink has for it.
func called(name string, a LinkAction) LinkAction {
	a.name = name
	return a
}

// orFail is the action, or where its arguments were wrong one that says so.
func orFail(err error, a LinkAction) LinkAction {
	if err != nil {
		a.op = funcOp{a.op.String(), func(context.Context, *Conn) error { return err }}
	}
	return a
}

// ScriptResult is what a script left behind.
type ScriptResult struct {
	StdOut   string
	StdErr   string
	ExitCode int // 128 and the signal's number for one that a signal ended
}

// NAExecNescript runs a shell script in the namespace and stores in *result,
// unless that is nil, what it printed and how it ended, also where it fails. A
// script that ends with anything but 0 is an *ExitError. The script is the last
// argument of subcommand, by default `sh -c`.
func NAExecNescript(script string, subcommand []string, result *ScriptResult) NsAction {
	if len(subcommand) == 0 {
		subcommand = []string{"sh", "-c"}
	}
	argv := append(slices.Clone(subcommand), script)
	return ActionFunc("exec-nescript", "sh "+strconv.Quote(script), true, func(ctx context.Context, _ *Conn) error {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		code, err := exitCode(cmd.Run())
		if result != nil {
			*result = ScriptResult{StdOut: stdout.String(), StdErr: stderr.String(), ExitCode: code}
		}
		if err != nil || code == 0 {
			return err
		}
		return &ExitError{Cmd: strings.Join(subcommand, " "), Code: code, Stderr: endOf(stderr.String())}
	})
}

// endOf is the end of a program's output, as much as an error should hold.
func endOf(text string) string {
	const most = 512
	if len(text) <= most {
		return text
	}
	return "…" + strings.ToValidUTF8(text[len(text)-most:], "")
}
