//go:build linux

package builtins

import (
	"slices"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// pair is a kind of links that come in twos. The verb that makes them is derived
// from that.
type pair struct {
	name, doc, example string
	ends               []Option     // of each end
	options            []Option     // of both ends
	addrs              bool         // the ends take addresses
	data               []kindOption // of both ends, in the data of the first
	own                []kindOption // of each end, in the data of the first
	peer               uint16       // what is added to the attributes of own for the second end
	l3                 bool         // the ends have MAC addresses in mode l2 only
}

// pairs are the kinds of pairs.
var pairs = []pair{vethPair, netkitPair, vxcanPair}

func pairSpecs() []*Spec {
	var out []*Spec
	for _, p := range pairs {
		out = append(out, p.spec())
	}
	return out
}

var pairOptions = []Option{
	{Name: "up", Doc: "take both ends up"},
	{Name: "mtu", Type: number(68, 65535), Doc: "the largest packet, in bytes"},
}

var vethPair = pair{
	name: "veth", addrs: true,
	doc:     "join two ends, each made where it belongs",
	example: "veth h1:eth0 10.0.0.1/24 r:p1 master br0 up mtu 9000",
	ends:    endOptions,
	options: slices.Concat(pairOptions, queueOptions),
}

func (p pair) spec() *Spec {
	ends := slices.Concat(p.ends, asOptions(p.own))
	s := &Spec{
		Name: p.name, Group: Joining, Doc: p.doc, Example: p.example,
		Params:    []Param{{Name: "A", Type: newLinkType, Options: ends, Doc: "one end, as NAME or NS:NAME; what follows it is its own"}},
		Options:   slices.Concat(p.options, asOptions(p.data)),
		Modifiers: Del | Ensure | Replace,
		ModParams: map[Modifiers][]Param{Del: {{Name: "LINK", Type: linkType, Many: true}}},
		Verify:    p.verified,
		Compile:   p.compile,
	}
	if p.addrs {
		s.Params = append(s.Params, Param{Name: "PREFIX-A", Type: prefixType, Many: true, Optional: true})
	}
	s.Params = append(s.Params, Param{Name: "B", Type: newLinkType, Options: ends, Doc: "the other end"})
	if p.addrs {
		s.Params = append(s.Params, Param{Name: "PREFIX-B", Type: prefixType, Many: true, Optional: true})
	}
	return s
}

// second is where the second end stands among the parameters.
func (p pair) second() int {
	if p.addrs {
		return 2
	}
	return 1
}

// verified refuses words of one end that do not go together.
func (p pair) verified(c *Call) *ArgError {
	if c.Modifier == Del {
		return nil
	}
	for i, end := range []int{0, p.second()} {
		for _, o := range p.own {
			g, ok := c.OptionOf(end, o.name)
			for _, other := range p.own {
				if _, both := c.OptionOf(end, other.name); ok && both && other.attr == o.attr && other.name > o.name {
					return &ArgError{Arg: g.Arg, Msg: "an end is " + o.name + " or " + other.name + ", not both"}
				}
			}
		}
		if g, ok := c.OptionOf(end, "index"); ok && i == 1 && len(p.own) > 0 {
			if _, first := c.OptionOf(0, "index"); !first {
				return &ArgError{Arg: g.Arg, Msg: "the kernel takes the second end's index only beside the first one's"}
			}
		}
		if g, ok := c.OptionOf(end, "hw"); ok && p.carriesIP(c) {
			return &ArgError{Arg: g.Arg, Msg: "a " + p.name + " carries IP packets and has no MAC address", Help: "mode l2 carries Ethernet frames"}
		}
	}
	return nil
}

// carriesIP reports whether the ends are sure to have no MAC addresses.
func (p pair) carriesIP(c *Call) bool {
	g, given := c.Option("mode")
	if !p.l3 || !given {
		return p.l3
	}
	mode, known := g.Value().(int64)
	return known && mode == netkitL3
}

// compile makes the pair with the first message, gives the near end its
// addresses, and the far end what the kernel does not take in that message, and
// its addresses.
func (p pair) compile(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Del {
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action { return nsexec.DelLink(l, p.name) }), nil
	}
	if err := c.verified(); err != nil {
		return nil, err
	}
	a, b := c.Link("A"), c.Link("B")
	near, far := nsexec.LinkConfig{Name: a.Link.Name}, nsexec.LinkConfig{Name: b.Link.Name}
	common(c, -1, &near)
	common(c, -1, &far)
	common(c, 0, &near)
	common(c, p.second(), &far)
	first, second := a, b
	firstAddrs, secondAddrs := "PREFIX-A", "PREFIX-B"
	fromB := c.Modifier == 0 && first.NS != second.NS && len(p.own) == 0 && far.Master != (nsexec.LinkRef{}) && near.Master == (nsexec.LinkRef{})
	if far.Index != 0 && near.Index == 0 || fromB && near.Index == 0 {
		// The kernel takes the far end's index only beside the near end's. And the
		// near end gets its master by the message that makes the pair, the far end
		// by another.
		first, second = b, a
		firstAddrs, secondAddrs = secondAddrs, firstAddrs
		near, far = far, near
	}
	near.Kind, far.Kind = p.name, ""
	near.Data = p.dataOf(c)
	near.Peer, far.NS = &far, second.NS
	c.steps = append(c.steps[:0], nsexec.Step{NS: first.NS, Action: made(c.Modifier, near)})
	addressesOf(c, first, firstAddrs)
	if ch := farEnd(far, c.Modifier == Ensure); ch.Mask != 0 || ch.Attrs != nil || ch.Master != (nsexec.LinkRef{}) {
		c.steps = append(c.steps, nsexec.Step{NS: second.NS, Action: nsexec.SetLink(second.Link, p.name, p.name+" "+second.String(), ch)})
	}
	addressesOf(c, second, secondAddrs)
	return c.steps, nil
}

// addressesOf appends to the call's steps what gives an end of a pair its addresses.
// They stand beside what else is done in the end's namespace, so that the engine can
// send all of it at once.
func addressesOf(c *Call, end LinkArg, param string) {
	for _, v := range c.Param(param) {
		cfg := nsexec.AddrConfig{Link: end.Link, Prefix: v.(value.Prefix).Prefix}
		c.steps = append(c.steps, nsexec.Step{NS: end.NS, Action: addressed(c.Modifier, cfg)})
	}
}

// dataOf are the attributes of the kind's own options.
func (p pair) dataOf(c *Call) []nsexec.Attr {
	var out []nsexec.Attr
	add := func(o kindOption, param int, more uint16) {
		if g, ok := c.OptionOf(param, o.name); ok {
			data, _ := o.encode(g.Value()) // numbers, which always can be
			out = append(out, nsexec.Attr{Type: o.attr + more, Data: data})
		}
	}
	for _, o := range p.data {
		add(o, -1, 0)
	}
	for _, o := range p.own {
		add(o, 0, 0)
		add(o, p.second(), p.peer)
	}
	return out
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
