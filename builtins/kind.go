//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// kind is a kind of link: its name, what it is for and its own options. The
// verb that makes it is derived from that.
type kind struct {
	name    string // of the verb, and in IFLA_INFO_KIND
	doc     string
	example string
	parent  bool // is made on another link: takes `link DEV`
	options []kindOption
	needs   []string // options without which none is made
	// verify says what else is wrong, where values may be unknown.
	verify func(c *Call) *ArgError
	// finish adds what depends on several options.
	finish func(c *Call, cfg *nsexec.LinkConfig)
	// also are steps that follow the making of the link.
	also func(c *Call, link LinkArg) []nsexec.Step
}

// kindOption is one option of a kind and the attribute of IFLA_INFO_DATA that
// carries it.
type kindOption struct {
	name    string
	aliases []string
	attr    uint16
	typ     Type // nil: a flag
	many    bool // takes several values; finish encodes them
	link    bool // its value is a link, whose index is sent
	encode  func(any) ([]byte, error)
	doc     string
}

// spec is the verb that makes links of the kind.
func (k kind) spec() *Spec {
	s := &Spec{
		Name: k.name, Group: Links, Doc: k.doc, Example: k.example,
		Params:    []Param{{Name: "NAME", Type: newLinkType, Doc: "the new link, as NAME or NS:NAME"}},
		Modifiers: Del | Ensure | Replace,
		ModParams: map[Modifiers][]Param{Del: {{Name: "LINK", Type: linkType, Many: true}}},
		Needs:     k.needed,
		Verify:    k.verified,
		Compile:   k.compile,
	}
	s.Options = make([]Option, 0, 1+len(k.options)+len(commonOptions)) // growing would copy a lot each time the program starts
	if k.parent {
		s.Options = append(s.Options, Option{Name: "link", Aliases: []string{"dev"}, Type: localLink, Doc: "the link that it is made on"})
	}
	for _, o := range k.options {
		s.Options = append(s.Options, Option{Name: o.name, Aliases: o.aliases, Type: o.typ, Many: o.many, Doc: o.doc})
	}
	for _, o := range commonOptions {
		if findOption(s.Options, o.Name) == nil && !slices.Contains(lacking[o.Name], k.name) {
			s.Options = append(s.Options, o)
		}
	}
	return s
}

// lacking are the kinds whose links can't have what others can. Of those without
// hw the MAC address is none at all, the tunnel's end, or that of the link below:
// the kernel refuses another, or passes over it. A vrf is a port of nothing.
var lacking = map[string][]string{
	"hw":     {"tun", "gre", "ipip", "sit", "vti", "ip6gre", "ip6tnl", "vti6", "xfrm", "wireguard", "vcan", "nlmon", "gtp", "bareudp", "ipvlan", "ipvtap", "hsr"},
	"master": {"vrf"},
}

// needed is the kind itself, where a link is made.
func (k kind) needed(c *Call) []nsexec.Kind {
	if c.Modifier == Del {
		return nil
	}
	return []nsexec.Kind{{Name: k.name}}
}

func (k kind) compile(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Del {
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action { return nsexec.DelLink(l, k.name) }), nil
	}
	if err := c.verified(); err != nil {
		return nil, err
	}
	cfg, err := k.config(c)
	if err != nil {
		return nil, err
	}
	steps := []nsexec.Step{{NS: c.Link("NAME").NS, Action: made(c.Modifier, cfg)}}
	if k.also != nil {
		steps = append(steps, k.also(c, c.Link("NAME"))...)
	}
	return steps, nil
}

// verified refuses a link that lacks what its kind needs. One that is ensured
// may be there already, and need nothing.
func (k kind) verified(c *Call) *ArgError {
	if c.Modifier == Del {
		return nil
	}
	for _, name := range k.needs {
		if o := findOption(c.Spec.Options, name); c.Modifier != Ensure && !c.Has(name) {
			return &ArgError{Arg: -1, Msg: fmt.Sprintf("a %s needs %q: %s", k.name, name, o.Doc), Help: "for example: " + k.example}
		}
	}
	if k.verify == nil {
		return nil
	}
	return k.verify(c)
}

// config is the link that a call describes.
func (k kind) config(c *Call) (nsexec.LinkConfig, error) {
	cfg := nsexec.LinkConfig{Kind: k.name, Name: c.Link("NAME").Link.Name}
	common(c, -1, &cfg)
	if l, ok := Opt[LinkArg](c, "link"); ok && k.parent {
		cfg.Parent = l.Link
	}
	for _, o := range k.options {
		g, ok := c.Option(o.name)
		if l, isLink := g.Value().(LinkArg); ok && o.link && isLink {
			cfg.Refs = append(cfg.Refs, nsexec.LinkAttr{Type: o.attr, Link: l.Link})
		}
		if !ok || o.encode == nil {
			continue
		}
		data, err := o.encode(g.Value())
		if err != nil {
			return cfg, fmt.Errorf("%q: %w", o.name, err)
		}
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: o.attr, Data: data})
	}
	if k.finish == nil {
		return cfg, nil
	}
	whole := cfg // so that only this one is allocated
	k.finish(c, &whole)
	return whole, nil
}

// made is the action that a maker's modifier asks for.
func made(mod Modifiers, cfg nsexec.LinkConfig) nsexec.Action {
	switch mod {
	case Ensure:
		return nsexec.EnsureLink(cfg)
	case Replace:
		return nsexec.ReplaceLink(cfg)
	}
	return nsexec.NewLink(cfg)
}

// commonOptions are those of every maker.
var commonOptions = slices.Concat([]Option{
	{Name: "up", Doc: "take it up"},
	{Name: "mtu", Type: number(68, 1<<31-1), Doc: "the largest packet, in bytes"},
}, endOptions, queueOptions)

// endOptions are those that each end of a pair has for itself.
var endOptions = []Option{
	{Name: "hw", Aliases: []string{"address"}, Type: ownMAC, Doc: "its MAC address"},
	{Name: "master", Aliases: []string{"vrf"}, Type: localLink, Doc: "the bridge or other link that it becomes a port of"},
	{Name: "alias", Type: aliasType, Doc: "a text for people, up to 255 bytes"},
	{Name: "index", Type: number(1, 1<<31-1), Doc: "its index, rather than the kernel's choice"},
}

var queueOptions = []Option{
	{Name: "txqlen", Aliases: []string{"txqueuelen"}, Type: number(0, 1<<32-1), Doc: "the length of its transmit queue, in packets"},
	{Name: "group", Type: groupType, Doc: "the group of links that it belongs to"},
	{Name: "numtxqueues", Type: number(1, 4096), Doc: "how many transmit queues"},
	{Name: "numrxqueues", Type: number(1, 4096), Doc: "how many receive queues"},
	{Name: "gso_max_size", Type: number(0, 1<<32-1), Doc: "the largest packet that it segments, in bytes"},
	{Name: "gso_max_segs", Type: number(1, 65535), Doc: "the most packets that it segments one into"},
	{Name: "gro_max_size", Type: number(0, 1<<32-1), Doc: "the largest packet that it coalesces, in bytes"},
	{Name: "gso_ipv4_max_size", Type: number(0, 1<<32-1), Doc: "gso_max_size of IPv4 alone (Linux 6.3)"},
	{Name: "gro_ipv4_max_size", Type: number(0, 1<<32-1), Doc: "gro_max_size of IPv4 alone (Linux 6.3)"},
}

// numbers are the options that are one 32-bit attribute of the link.
var numbers = map[string]uint16{
	"txqlen":            unix.IFLA_TXQLEN,
	"group":             unix.IFLA_GROUP,
	"numtxqueues":       unix.IFLA_NUM_TX_QUEUES,
	"numrxqueues":       unix.IFLA_NUM_RX_QUEUES,
	"gso_max_size":      unix.IFLA_GSO_MAX_SIZE,
	"gso_max_segs":      unix.IFLA_GSO_MAX_SEGS,
	"gro_max_size":      unix.IFLA_GRO_MAX_SIZE,
	"gso_ipv4_max_size": unix.IFLA_GSO_IPV4_MAX_SIZE,
	"gro_ipv4_max_size": unix.IFLA_GRO_IPV4_MAX_SIZE,
}

// common reads the options that every maker takes: those of the verb where
// param is -1, else those of a parameter.
func common(c *Call, param int, cfg *nsexec.LinkConfig) {
	for _, g := range c.Options() {
		if g.Param != param {
			continue
		}
		switch v := g.Value(); g.Option.Name {
		case "up":
			cfg.Up = true
		case "mtu":
			cfg.MTU = int(v.(int64))
		case "index":
			cfg.Index = int(v.(int64))
		case "hw":
			mac := v.(value.MAC)
			cfg.Hw = mac[:]
		case "master":
			cfg.Master = v.(LinkArg).Link
		case "alias":
			cfg.Alias = v.(string)
		default:
			// A kind's own option of the name, as the group of a vxlan, is
			// another type.
			if n, ok := v.(int64); ok && numbers[g.Option.Name] != 0 {
				cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: numbers[g.Option.Name], Data: nl.Uint32Attr(uint32(n))})
			}
		}
	}
}

// perLink makes a step of each link of a parameter.
func perLink(c *Call, param string, action func(nsexec.LinkRef) nsexec.Action) []nsexec.Step {
	c.steps = c.steps[:0]
	for _, v := range c.Param(param) {
		l := c.here(v.(LinkArg))
		c.steps = append(c.steps, nsexec.Step{NS: l.NS, Action: action(l.Link)})
	}
	return c.steps
}

// Encodings of an option's value.

func u8(v any) ([]byte, error)  { return []byte{byte(asInt(v))}, nil }
func u16(v any) ([]byte, error) { return nl.Uint16Attr(uint16(asInt(v))), nil }
func u32(v any) ([]byte, error) { return nl.Uint32Attr(uint32(asInt(v))), nil }
func u64(v any) ([]byte, error) { return nl.Uint64Attr(uint64(asInt(v))), nil }
func be16(v any) ([]byte, error) {
	return binary.BigEndian.AppendUint16(nil, uint16(asInt(v))), nil
}
func none(any) ([]byte, error) { return nil, nil }
func mac(v any) ([]byte, error) {
	m := v.(value.MAC)
	return m[:], nil
}
func fixed8(b byte) func(any) ([]byte, error) {
	return func(any) ([]byte, error) { return []byte{b}, nil }
}

func asInt(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case bool:
		if v {
			return 1
		}
	}
	return 0
}
