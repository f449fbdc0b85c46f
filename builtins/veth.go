//go:build linux

package builtins

import (
	"slices"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Where the ends stand among the parameters of veth.
const (
	vethA = 0
	vethB = 2
)

var vethSpec = &Spec{
	Name: "veth", Group: Joining,
	Doc:     "join two ends, each made where it belongs",
	Example: "veth h1:eth0 10.0.0.1/24 r:p1 master br0 up mtu 9000",
	Params: []Param{
		{Name: "A", Type: newLinkType, Options: endOptions, Doc: "one end, as NAME or NS:NAME; what follows it is its own"},
		{Name: "PREFIX-A", Type: prefixType, Many: true, Optional: true},
		{Name: "B", Type: newLinkType, Options: endOptions, Doc: "the other end"},
		{Name: "PREFIX-B", Type: prefixType, Many: true, Optional: true},
	},
	Options: append([]Option{
		{Name: "up", Doc: "take both ends up"},
		{Name: "mtu", Type: number(68, 65535), Doc: "the largest packet, in bytes"},
	}, queueOptions...),
	Modifiers: Del | Ensure | Replace,
	ModParams: map[Modifiers][]Param{Del: {{Name: "LINK", Type: linkType, Many: true}}},
	Compile:   compileVeth,
}

// compileVeth makes the pair with the first message, and gives the far end what
// the kernel does not take in that one, then the addresses.
func compileVeth(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Del {
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action { return nsexec.DelLink(l, "veth") }), nil
	}
	a, b := c.Link("A"), c.Link("B")
	near, far := nsexec.LinkConfig{Name: a.Link.Name}, nsexec.LinkConfig{Name: b.Link.Name}
	common(c, -1, &near)
	common(c, -1, &far)
	common(c, vethA, &near)
	common(c, vethB, &far)
	first, second := a, b
	if far.Index != 0 && near.Index == 0 {
		// The kernel takes the far end's index only beside the near end's.
		first, second = b, a
		near, far = far, near
	}
	near.Kind, far.Kind = "veth", ""
	near.Peer, far.NS = &far, second.NS
	steps := []nsexec.Step{{NS: first.NS, Action: made(c.Modifier, near)}}
	if ch := farEnd(far, c.Modifier == Ensure); ch.Mask != 0 || ch.Attrs != nil || ch.Master != (nsexec.LinkRef{}) {
		steps = append(steps, nsexec.Step{NS: second.NS, Action: nsexec.SetLink(second.Link, "veth", "veth "+second.String(), ch)})
	}
	for _, end := range []struct {
		link  LinkArg
		param string
	}{{a, "PREFIX-A"}, {b, "PREFIX-B"}} {
		for _, p := range All[value.Prefix](c, end.param) {
			cfg := nsexec.AddrConfig{Link: end.link.Link, Prefix: p.Prefix}
			steps = append(steps, nsexec.Step{NS: end.link.NS, Action: addressed(c.Modifier, cfg)})
		}
	}
	return steps, nil
}

// farEnd is what the far end of a pair gets by a message of its own: what the
// kernel takes in no other, and of a pair that may be there already, the rest.
func farEnd(cfg nsexec.LinkConfig, there bool) nsexec.LinkChange {
	ch := nsexec.LinkChange{Master: cfg.Master}
	if there {
		ch.Attrs = slices.Clone(cfg.Attrs)
		if cfg.Hw != nil {
			addAttr(&ch, unix.IFLA_ADDRESS, cfg.Hw)
		}
		if cfg.MTU != 0 {
			addAttr(&ch, unix.IFLA_MTU, nl.Uint32Attr(uint32(cfg.MTU)))
		}
	}
	if cfg.Alias != "" {
		addAttr(&ch, unix.IFLA_IFALIAS, []byte(cfg.Alias))
	}
	if cfg.Up {
		ch.Flags, ch.Mask = unix.IFF_UP, unix.IFF_UP
	}
	return ch
}
