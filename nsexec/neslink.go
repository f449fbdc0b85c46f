//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
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
	return LinkAction{name: name, link: lp.ref, thread: true, op: funcOp{name, func(_ context.Context, c *Conn) error {
		if _, err := c.Index(lp.ref); err != nil {
			return err
		}
		return f()
	}}}
}

// LANewBridge makes a bridge.
func LANewBridge(name string) LinkAction {
	return addLink("new-bridge", &netlink.Bridge{LinkAttrs: attrsOf(name)}, nil)
}

// LANewVeth makes a pair of veth links, both in the namespace.
func LANewVeth(name, peer string) LinkAction {
	return addLink("new-veth", &netlink.Veth{LinkAttrs: attrsOf(name), PeerName: peer}, nil)
}

// LANewDummy makes a dummy link.
func LANewDummy(name string) LinkAction {
	return addLink("new-dummy", &netlink.Dummy{LinkAttrs: attrsOf(name)}, nil)
}

// LANewGRETap makes an Ethernet-over-GRE tunnel between two addresses.
func LANewGRETap(name, local, remote string) LinkAction {
	from, err1 := parseIP("local address", local)
	to, err2 := parseIP("remote address", remote)
	return addLink("new-gretap", &netlink.Gretap{LinkAttrs: attrsOf(name), Local: from, Remote: to}, errors.Join(err1, err2))
}

// LANewWireguard makes a WireGuard link, which has no keys and no peers yet.
func LANewWireguard(name string) LinkAction {
	return addLink("new-wireguard", &netlink.Wireguard{LinkAttrs: attrsOf(name)}, nil)
}

// LANewVxlan makes a VXLAN link with that VNI. The group may be one host.
func LANewVxlan(name, local, group string, id, port int) LinkAction {
	from, err1 := parseIP("local address", local)
	to, err2 := parseIP("group address", group)
	return addLink("new-vxlan", &netlink.Vxlan{LinkAttrs: attrsOf(name), VxlanId: id, SrcAddr: from, Group: to, Port: port}, errors.Join(err1, err2))
}

// LADelete deletes a link.
func LADelete(lp LinkProvider) LinkAction {
	return changeLink("delete-link", "del link", lp, (*netlink.Handle).LinkDel)
}

// LASetName renames a link.
func LASetName(lp LinkProvider, name string) LinkAction {
	return changeLink("set-name", "rename", lp, func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetName(l, name) }, name)
}

// LASetAlias sets a link's alias; an empty one takes it away.
func LASetAlias(lp LinkProvider, alias string) LinkAction {
	return changeLink("set-alias", "alias", lp, func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetAlias(l, alias) }, alias)
}

// LASetHw sets a link's hardware address.
func LASetHw(lp LinkProvider, addr string) LinkAction {
	return changeLink("set-hw", "hw", lp, func(h *netlink.Handle, l netlink.Link) error {
		mac, err := net.ParseMAC(addr)
		if err != nil {
			return fmt.Errorf("%q is not a hardware address", addr)
		}
		return h.LinkSetHardwareAddr(l, mac)
	}, addr)
}

// LASetUp sets a link up.
func LASetUp(lp LinkProvider) LinkAction {
	return changeLink("set-state-up", "up", lp, (*netlink.Handle).LinkSetUp)
}

// LASetDown sets a link down.
func LASetDown(lp LinkProvider) LinkAction {
	return changeLink("set-state-down", "down", lp, (*netlink.Handle).LinkSetDown)
}

// LASetPromiscOn has a link receive what is not meant for it, too.
func LASetPromiscOn(lp LinkProvider) LinkAction {
	return changeLink("set-promisc-on", "promisc", lp, (*netlink.Handle).SetPromiscOn, "on")
}

// LASetPromiscOff undoes LASetPromiscOn.
func LASetPromiscOff(lp LinkProvider) LinkAction {
	return changeLink("set-promisc-off", "promisc", lp, (*netlink.Handle).SetPromiscOff, "off")
}

// LAAddAddr gives a link an address, such as "10.0.0.1/24".
func LAAddAddr(lp LinkProvider, cidr string) LinkAction {
	return changeLink("add-address", "addr", lp, withAddr(cidr, (*netlink.Handle).AddrAdd), cidr)
}

// LADelAddr takes an address from a link.
func LADelAddr(lp LinkProvider, cidr string) LinkAction {
	return changeLink("del-address", "del addr", lp, withAddr(cidr, (*netlink.Handle).AddrDel), cidr)
}

func attrsOf(name string) netlink.LinkAttrs {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	return attrs
}

// addLink makes an action that makes a link, or that fails with err.
func addLink(name string, link netlink.Link, err error) LinkAction {
	text := link.Type() + " " + link.Attrs().Name
	return linkAction(name, LinkRef{}, funcOp{text, func(_ context.Context, c *Conn) error {
		if err != nil {
			return err
		}
		return unknownKind(link.Type(), c.Handle().LinkAdd(link))
	}})
}

// changeLink makes an action of a function of the netlink package.
func changeLink(name, verb string, lp LinkProvider, f func(*netlink.Handle, netlink.Link) error, args ...string) LinkAction {
	text := strings.Join(append([]string{verb, lp.ref.String()}, args...), " ")
	return linkAction(name, lp.ref, funcOp{text, func(_ context.Context, c *Conn) error {
		link, err := c.Link(lp.ref)
		if err != nil {
			return err
		}
		return f(c.Handle(), link)
	}})
}

func withAddr(cidr string, f func(*netlink.Handle, netlink.Link, *netlink.Addr) error) func(*netlink.Handle, netlink.Link) error {
	return func(h *netlink.Handle, l netlink.Link) error {
		addr, err := netlink.ParseAddr(cidr)
		if err != nil {
			return fmt.Errorf("%q is not an address with a prefix length", cidr)
		}
		return f(h, l, addr)
	}
}

func parseIP(what, text string) (net.IP, error) {
	if ip := net.ParseIP(text); ip != nil {
		return ip, nil
	}
	return nil, fmt.Errorf("the %s %q is not an IP address", what, text)
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
		return &ExitError{Cmd: strings.Join(subcommand, " "), Code: code, Stderr: tail(stderr.String())}
	})
}

// tail is the end of a program's output, as much as an error should hold.
func tail(text string) string {
	const most = 512
	if len(text) <= most {
		return text
	}
	return "…" + strings.ToValidUTF8(text[len(text)-most:], "")
}
