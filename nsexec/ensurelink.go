//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// EnsureLink makes a link unless there is one of that name and kind, which it
// gives what of cfg it lacks, and nothing where it lacks nothing. One of another
// kind is an error, a *WrongKindError, and so is one that differs in what can't
// be changed, such as the other end of a veth: a *FixedError.
func EnsureLink(cfg LinkConfig) LinkAction {
	return linkAction("ensure-"+cfg.Kind, LinkRef{Name: cfg.Name}, ensureLinkOp{newLink(cfg)})
}

type ensureLinkOp struct{ *newLinkOp }

func (o ensureLinkOp) String() string { return "ensure " + o.newLinkOp.String() }

// prepare notes nothing: the operations that it consists of do.
func (o ensureLinkOp) prepare(context.Context, *Conn, *Undo) (operation, error) { return o, nil }

func (o ensureLinkOp) act(ctx context.Context, c *Conn) error {
	is, err := c.linkState(LinkRef{Name: o.cfg.Name})
	var none *NoLinkError
	if errors.As(err, &none) {
		return perform(ctx, c, o.newLinkOp)
	}
	if err != nil {
		return err
	}
	if err := is.isOf(o.cfg.Kind); err != nil {
		return err
	}
	if err := o.fixed(c, is); err != nil {
		return err
	}
	lacks, err := is.lacking(c, o.cfg)
	if err != nil || lacks.isEmpty() {
		return err
	}
	lacks.Index, lacks.Peer, lacks.Parent = is.index, nil, LinkRef{}
	return perform(ctx, c, &newLinkOp{cfg: lacks})
}

// fixedAttrs are the attributes of every link that can't be changed, and
// fixedData those of each kind that the kernel ignores in a change without a
// word. What it refuses itself is left to it.
var (
	fixedAttrs = map[uint16]string{unix.IFLA_NUM_TX_QUEUES: "numtxqueues", unix.IFLA_NUM_RX_QUEUES: "numrxqueues"}
	// makingData only say how a link is made, and do not show afterwards.
	// IFLA_GTP_CREATE_SOCKETS, IFLA_MACSEC_PORT; IFLA_HSR_MULTICAST_SPEC and _VERSION
	makingData = map[string][]uint16{"gtp": {5}, "macsec": {2}, "hsr": {3, 6}}
	// bitData are flags, to which the kernel adds some of its own: IFLA_GRE_FLAGS
	// and IFLA_IPTUN_FLAGS.
	bitData   = map[string]uint16{"ip6gre": 13, "ip6gretap": 13, "ip6erspan": 13, "ip6tnl": 8}
	fixedData = map[string]map[uint16]string{"vlan": {nl.IFLA_VLAN_ID: "id", nl.IFLA_VLAN_PROTOCOL: "protocol"}}
)

// fixed compares what can't be changed of a link once it is made.
func (o ensureLinkOp) fixed(c *Conn, is linkState) error {
	if err := o.cfg.fixedNumbers(is); err != nil {
		return err
	}
	if o.cfg.Parent != (LinkRef{}) {
		parent, err := c.Index(o.cfg.Parent)
		if err != nil {
			return err
		}
		if is.attrs.has(unix.IFLA_LINK_NETNSID) || parent != is.attrs.int(unix.IFLA_LINK) {
			return &FixedError{Link: o.cfg.Name, What: "lower link"}
		}
	}
	if o.cfg.Peer != nil {
		return o.samePeer(c, is)
	}
	return nil
}

func (cfg LinkConfig) fixedNumbers(is linkState) error {
	if cfg.Index != 0 && cfg.Index != is.index {
		return &FixedError{Link: cfg.Name, What: "index"}
	}
	for _, of := range []struct {
		want  []Attr
		have  attrs
		names map[uint16]string
	}{{cfg.Attrs, is.attrs, fixedAttrs}, {cfg.Data, is.data(), fixedData[cfg.Kind]}} {
		for _, a := range differing(of.want, of.have) {
			if name, ok := of.names[a.Type]; ok {
				return &FixedError{Link: cfg.Name, What: name}
			}
		}
	}
	return nil
}

// samePeer looks whether a veth's other end is the one that is meant, in the
// namespace that is meant.
func (o ensureLinkOp) samePeer(c *Conn, is linkState) error {
	fd, release, err := c.NsFd(o.cfg.Peer.NS)
	if err != nil {
		return err
	}
	defer release()
	wrong := &FixedError{Link: o.cfg.Name, What: "other end"}
	here, err := sameNamespace(fd, c.nsfd)
	if err != nil {
		return err
	}
	elsewhere := is.attrs.has(unix.IFLA_LINK_NETNSID)
	if here == elsewhere {
		return wrong
	}
	var in *nl.RtAttr
	if elsewhere {
		// The namespace's number, as this one knows it.
		nsid, err := c.Handle().GetNetNsIdByFd(fd)
		if err != nil {
			return err
		}
		if nsid != int(int32(is.attrs.number(unix.IFLA_LINK_NETNSID))) {
			return wrong
		}
		in = nl.NewRtAttr(unix.IFLA_TARGET_NETNSID, nl.Uint32Attr(uint32(nsid)))
	}
	msg, err := c.askLink(int32(is.attrs.int(unix.IFLA_LINK)), in)
	if err != nil {
		return err
	}
	if linkAttr(msg, unix.IFLA_IFNAME) != o.cfg.Peer.Name {
		return wrong
	}
	return nil
}

func sameNamespace(a, b int) (bool, error) {
	idA, err := idOf(a)
	if err != nil {
		return false, err
	}
	idB, err := idOf(b)
	return idA == idB, err
}

// FixedError says that a link is there, but differs in something that can't be
// changed once it is made. It is a unix.EEXIST.
type FixedError struct{ Link, What string }

func (e *FixedError) Error() string {
	return fmt.Sprintf("link %q is there already with a different %s, which can't be changed", e.Link, e.What)
}

// Unwrap returns unix.EEXIST.
func (e *FixedError) Unwrap() error { return unix.EEXIST }

// ReplaceLink makes a link, after it has deleted one of that name.
func ReplaceLink(cfg LinkConfig) LinkAction {
	link := LinkRef{Name: cfg.Name}
	return linkAction("replace-"+cfg.Kind, link, replaceLinkOp{link, newLink(cfg)})
}

// replaceLinkOp deletes a link, if there is one, before another is made.
type replaceLinkOp struct {
	link LinkRef
	make operation
}

func (o replaceLinkOp) String() string { return "replace " + o.make.String() }

// prepare notes nothing: the operations that it consists of do.
func (o replaceLinkOp) prepare(context.Context, *Conn, *Undo) (operation, error) { return o, nil }

func (o replaceLinkOp) act(ctx context.Context, c *Conn) error {
	err := perform(ctx, c, delLinkOp{link: o.link})
	var none *NoLinkError
	if err != nil && !errors.As(err, &none) {
		return err
	}
	return perform(ctx, c, o.make)
}
