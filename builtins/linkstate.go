//go:build linux

package builtins

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// property is something of a link that one verb, or one key of `set`, changes.
type property struct {
	name    string
	aliases []string
	typ     Type
	value   string // what the value is called in help
	doc     string
	change  func(v any, ch *nsexec.LinkChange)
}

var properties = []property{
	{"hw", []string{"address"}, ownMAC, "MAC", "set the MAC address", func(v any, ch *nsexec.LinkChange) {
		m := v.(value.MAC)
		addAttr(ch, unix.IFLA_ADDRESS, m[:])
	}},
	{"mtu", nil, number(0, 1<<31-1), "BYTES", "set the largest packet", attr32(unix.IFLA_MTU)},
	{"alias", nil, aliasType, "TEXT", "give a text for people", func(v any, ch *nsexec.LinkChange) {
		addAttr(ch, unix.IFLA_IFALIAS, []byte(v.(string)))
	}},
	{"promisc", nil, switchType, "ON", "take every packet, whoever it is for", flag(unix.IFF_PROMISC, false)},
	{"allmulticast", nil, switchType, "ON", "take every multicast packet", flag(unix.IFF_ALLMULTI, false)},
	{"multicast", nil, switchType, "ON", "send and take multicast", flag(unix.IFF_MULTICAST, false)},
	{"arp", nil, switchType, "ON", "speak ARP", flag(unix.IFF_NOARP, true)},
	{"txqlen", []string{"txqueuelen"}, number(0, 1<<32-1), "PACKETS", "set the length of the transmit queue", attr32(unix.IFLA_TXQLEN)},
	{"group", nil, groupType, "GROUP", "put it into a group of links", attr32(unix.IFLA_GROUP)},
	{"addrgenmode", nil, oneOf(word{"eui64", 0}, word{"none", 1}, word{"stable_secret", 2}, word{"random", 3}), "MODE", "choose how IPv6 link-local addresses are made", addrGenMode},
}

// groupType is a group of links: a number, or default, which is 0: an int64.
var groupType = ofText("N|default", func(s string) (int64, error) {
	if s == "default" {
		return 0, nil
	}
	n, err := number(0, 1<<32-1).Parse(value.String(s))
	if err != nil {
		return 0, fmt.Errorf("%q is no group of links, which is a number or \"default\"", s)
	}
	return n.(int64), nil
})

func addAttr(ch *nsexec.LinkChange, attr uint16, data []byte) {
	ch.Attrs = append(ch.Attrs, nsexec.Attr{Type: attr, Data: data})
}

func attr32(attr uint16) func(any, *nsexec.LinkChange) {
	return func(v any, ch *nsexec.LinkChange) { addAttr(ch, attr, nl.Uint32Attr(uint32(v.(int64)))) }
}

// flag is an IFF_ flag; an inverted one is set for off.
func flag(bit uint32, inverted bool) func(any, *nsexec.LinkChange) {
	return func(v any, ch *nsexec.LinkChange) {
		ch.Mask |= bit
		if v.(bool) != inverted {
			ch.Flags |= bit
		}
	}
}

// addrGenMode is IFLA_INET6_ADDR_GEN_MODE within IFLA_AF_SPEC.
func addrGenMode(v any, ch *nsexec.LinkChange) {
	const inet6AddrGenMode = 8
	ch.Attrs = append(ch.Attrs, nsexec.Attr{Type: unix.IFLA_AF_SPEC, Nested: []nsexec.Attr{
		{Type: unix.AF_INET6, Nested: []nsexec.Attr{{Type: inet6AddrGenMode, Data: []byte{byte(v.(int64))}}}},
	}})
}

// propertySpec is the verb that changes one property.
func propertySpec(p property) *Spec {
	example := map[string]string{"hw": "02:00:00:00:00:01", "mtu": "1400", "alias": "uplink", "txqlen": "500", "group": "7", "addrgenmode": "none"}[p.name]
	if example == "" {
		example = "on"
	}
	return &Spec{
		Name: p.name, Group: LinkState, Doc: p.doc, Example: p.name + " eth0 " + example,
		Params: []Param{{Name: "LINK", Type: linkType}, {Name: p.value, Type: p.typ}},
		Compile: func(c *Call) ([]nsexec.Step, error) {
			var ch nsexec.LinkChange
			p.change(c.Param(p.value)[0], &ch)
			link := c.Link("LINK")
			return []nsexec.Step{{NS: link.NS, Action: nsexec.SetLink(link.Link, p.name, c.String(), ch)}}, nil
		},
	}
}

// upDown are the verbs up and down.
func stateSpec(name, doc string, action func(nsexec.LinkRef) nsexec.LinkAction) *Spec {
	return &Spec{
		Name: name, Group: LinkState, Doc: doc, Example: name + " lo eth{0..3}",
		Params: []Param{{Name: "LINK", Type: linkType, Many: true}},
		Compile: func(c *Call) ([]nsexec.Step, error) {
			return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action { return action(l) }), nil
		},
	}
}

var renameSpec = &Spec{
	Name: "rename", Group: LinkState, Doc: "give a link another name", Example: "rename eth0 wan",
	Params: []Param{{Name: "LINK", Type: linkType}, {Name: "NAME", Type: ifName}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		var ch nsexec.LinkChange
		addAttr(&ch, unix.IFLA_IFNAME, nl.ZeroTerminated(c.Str("NAME")))
		link := c.Link("LINK")
		return []nsexec.Step{{NS: link.NS, Action: nsexec.SetLink(link.Link, "rename", c.String(), ch)}}, nil
	},
}

var masterSpec = &Spec{
	Name: "master", Group: LinkState, Doc: "make links ports of a bridge or another master, which comes last", Example: "master eth0 eth1 br0",
	Params: []Param{{Name: "LINK", Type: linkType, Many: true}, {Name: "MASTER", Type: localLink}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		ch := nsexec.LinkChange{Master: c.Link("MASTER").Link}
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action {
			return nsexec.SetLink(l, "master", fmt.Sprintf("master %s %s", l, ch.Master), ch)
		}), nil
	},
}

var nomasterSpec = &Spec{
	Name: "nomaster", Group: LinkState, Doc: "take links away from their master", Example: "nomaster eth0",
	Params: []Param{{Name: "LINK", Type: linkType, Many: true}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action {
			return nsexec.SetLink(l, "nomaster", "nomaster "+l.String(), nsexec.LinkChange{NoMaster: true})
		}), nil
	},
}

var altnameSpec = &Spec{
	Name: "altname", Group: LinkState, Doc: "give a link another name beside its own, up to 127 bytes", Example: "altname eth0 the-uplink-to-the-world",
	Params:    []Param{{Name: "LINK", Type: linkType}, {Name: "NAME", Type: altName}},
	Modifiers: Del,
	Compile: func(c *Call) ([]nsexec.Step, error) {
		link := c.Link("LINK")
		return []nsexec.Step{{NS: link.NS, Action: nsexec.AltName(link.Link, c.Str("NAME"), c.Modifier == Del)}}, nil
	},
}

var altName = ofText("NAME", func(s string) (string, error) {
	if s == "" || len(s) > 127 || strings.ContainsAny(s, "/: \t\n\x00") {
		return "", fmt.Errorf("%q is no alternative name: up to 127 bytes without blanks, slashes and colons", s)
	}
	return s, nil
})

// setSpec changes several properties in one message.
func setSpec() *Spec {
	s := &Spec{
		Name: "set", Group: LinkState, Doc: "change several things of a link, those but xdp and l3_stats in one message", Example: "set eth0 mtu 1400 alias uplink up",
		Params:  []Param{{Name: "LINK", Type: linkType}},
		Options: []Option{{Name: "up", Doc: "take it up"}, {Name: "down", Doc: "take it down"}, {Name: "name", Type: ifName, Doc: "give it another name"}, {Name: "master", Aliases: []string{"vrf"}, Type: localLink, Doc: "make it a port of a master"}, {Name: "nomaster", Doc: "take it away from its master"}},
	}
	for _, p := range slices.Concat(properties, rareProperties) {
		s.Options = append(s.Options, Option{Name: p.name, Aliases: p.aliases, Type: p.typ, Doc: p.doc})
	}
	s.Options = append(append(s.Options, reasonOption, l3StatsOption), xdpOptions()...)
	s.Verify, s.Compile = verifySet, compileSet
	return s
}

// changesSomething refuses a change of nothing.
func changesSomething(c *Call) *ArgError {
	if len(c.Options()) > 0 {
		return nil
	}
	return &ArgError{Arg: -1, Msg: fmt.Sprintf("%q needs at least one thing to change: %s", c.Spec.Name, optionNames(c.Spec.Options))}
}

func compileSet(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	var ch nsexec.LinkChange
	message := false
	for _, g := range c.Options() {
		message = message || !isXDP(g.Option.Name) && g.Option.Name != l3StatsOption.Name
		switch g.Option.Name {
		case "up":
			ch.Mask, ch.Flags = ch.Mask|unix.IFF_UP, ch.Flags|unix.IFF_UP
		case "down":
			ch.Mask |= unix.IFF_UP
		case "name":
			addAttr(&ch, unix.IFLA_IFNAME, nl.ZeroTerminated(g.Value().(string)))
		case "master":
			ch.Master = g.Value().(LinkArg).Link
		case "nomaster":
			ch.NoMaster = true
		case reasonOption.Name:
			ch.Attrs = append(ch.Attrs, reasonAttr(g))
		}
		for _, p := range slices.Concat(properties, rareProperties) {
			if p.name == g.Option.Name {
				p.change(g.Value(), &ch)
			}
		}
	}
	first := nsexec.Step{NS: link.NS, Action: nsexec.SetLink(link.Link, "set", c.String(), ch)}
	if name, ok := Opt[string](c, "name"); ok {
		link.Link = nsexec.ByName(name) // by now
	}
	steps, err := xdpSteps(c, link)
	steps = append(steps, l3StatsSteps(c, link)...)
	if err != nil || !message {
		return steps, err
	}
	return append([]nsexec.Step{first}, steps...), nil
}
