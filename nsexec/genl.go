//go:build linux

package nsexec

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Objects of families of generic netlink: each family has commands of its own,
// and a number that the kernel gives it when it starts.

// genlFamily is a family, and what a kernel without it lacks.
type genlFamily struct {
	name  string
	lacks NoKindError
	// root says that the kernel obeys the machine's own root alone, not that of
	// a user namespace (GENL_ADMIN_PERM rather than GENL_UNS_ADMIN_PERM).
	root bool
}

var (
	seg6Family  = &genlFamily{name: "SEG6", lacks: NoKindError{Kind: "SEG6", Of: "settings", Config: "CONFIG_IPV6"}, root: true}
	ioamFamily  = &genlFamily{name: "IOAM6", lacks: NoKindError{Kind: "IOAM6", Of: "namespaces and schemas, which Linux has since 5.15", Config: "CONFIG_IPV6"}, root: true}
	fouFamily   = &genlFamily{name: "fou", lacks: NoKindError{Kind: "fou", Of: "ports", Module: "fou", Config: "CONFIG_NET_FOU"}, root: true}
	l2tpFamily  = &genlFamily{name: "l2tp", lacks: NoKindError{Kind: "l2tp", Of: "tunnels", Module: "l2tp_netlink", Config: "CONFIG_L2TP"}}
	mptcpFamily = &genlFamily{name: "mptcp_pm", lacks: NoKindError{Kind: "mptcp", Of: "endpoints", Config: "CONFIG_MPTCP"}}
)

// genlKindOf is what a [Kind] is of that is a family.
const genlKindOf = "generic netlink"

// find asks the kernel for the family's number, upon which it may load the
// family's module.
func (f *genlFamily) find(sockets map[int]*nl.SocketHandle) (uint16, error) {
	req := nl.NewNetlinkRequest(unix.GENL_ID_CTRL, unix.NLM_F_ACK)
	req.Sockets = sockets
	req.AddData(&nl.Genlmsg{Command: unix.CTRL_CMD_GETFAMILY, Version: 1})
	req.AddData(nl.NewRtAttr(unix.CTRL_ATTR_FAMILY_NAME, nl.ZeroTerminated(f.name)))
	msgs, err := req.Execute(unix.NETLINK_GENERIC, 0)
	if errors.Is(err, unix.ENOENT) {
		none := f.lacks
		return 0, &none
	}
	if err != nil {
		return 0, err
	}
	for _, m := range msgs {
		if a, err := parseAttrs(m, nl.SizeofGenlmsg); err == nil && len(a.get(unix.CTRL_ATTR_FAMILY_ID)) == 2 {
			return uint16(a.number(unix.CTRL_ATTR_FAMILY_ID)), nil
		}
	}
	return 0, unix.EBADMSG
}

// genl does requests through a socket of the namespace's.
func (c *Conn) genl(f *genlFamily, do func(ask genlAsk) error) error {
	return inNamespace(c.nsfd, func(*thread) error {
		socket, err := nl.GetNetlinkSocketAt(-1, -1, unix.NETLINK_GENERIC)
		if err != nil {
			return err
		}
		defer socket.Close()
		_ = socket.SetExtAck(true) // a kernel without them gives plain errnos
		sockets := map[int]*nl.SocketHandle{unix.NETLINK_GENERIC: {Socket: socket}}
		id, err := f.find(sockets)
		if err != nil {
			return err
		}
		return do(func(command uint8, flags int, attrs []Attr) ([][]byte, error) {
			req := nl.NewNetlinkRequest(int(id), flags)
			if flags&unix.NLM_F_DUMP == 0 {
				req.Flags |= unix.NLM_F_ACK
			}
			req.Sockets = sockets
			req.RetryInterrupted = true
			req.AddData(&nl.Genlmsg{Command: command, Version: 1})
			req.AddRawData(appendAttrs(nil, attrs))
			msgs, err := req.Execute(unix.NETLINK_GENERIC, 0)
			return msgs, f.explain(err)
		})
	})
}

// genlAsk is a request of a family: a command with its attributes.
type genlAsk func(command uint8, flags int, attrs []Attr) ([][]byte, error)

// explain says who may do what the kernel refuses.
func (f *genlFamily) explain(err error) error {
	if f.root && errors.Is(err, unix.EPERM) {
		return fmt.Errorf("the kernel lets only the root of the machine itself do this, not that of a user namespace, as a sandbox is one: %w", err)
	}
	return err
}

// tryGenl finds out whether the kernel has a family.
func (c *Conn) tryGenl(name string) error {
	for _, f := range []*genlFamily{seg6Family, ioamFamily, fouFamily, l2tpFamily, mptcpFamily, tcpMetricsFamily} {
		if f.name == name {
			return c.genl(f, func(genlAsk) error { return nil })
		}
	}
	return nil
}
