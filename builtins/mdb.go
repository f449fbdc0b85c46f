//go:build linux

package builtins

import (
	"fmt"
	"net/netip"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// groupAddr is a multicast group: a value.IP or, of Ethernet, a value.MAC.
var groupAddr = ofText("GROUP", func(s string) (any, error) {
	if m, err := value.ParseMAC(s); err == nil {
		if m[0]&1 == 0 {
			return nil, fmt.Errorf("%s is the address of one, not of a group", m)
		}
		return m, nil
	}
	ip, err := value.ParseIP(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no group, which is an IP or a MAC address of multicast", s)
	case !ip.IsMulticast():
		return nil, fmt.Errorf("%s is the address of one, not of a group", ip)
	case netip.MustParsePrefix("224.0.0.0/24").Contains(ip.Addr), ip.Addr == netip.IPv6LinkLocalAllNodes():
		return nil, fmt.Errorf("%s is a group that every port gets anyway", ip)
	}
	return ip, nil
})

var mdbSpec = &Spec{
	Name: "mdb", Group: Bridging,
	Doc:     "say which port of a bridge gets what is sent to a multicast group",
	Example: "mdb br0 port eth0 grp 239.1.1.1",
	Params:  []Param{{Name: "BRIDGE", Type: linkType, Doc: "the bridge; it has to be up"}},
	Options: []Option{
		{Name: "port", Type: localLink, Doc: "the port, or the bridge itself for this machine; of flush, only of this one"},
		{Name: "grp", Type: groupAddr, Doc: "the group: an IP address of multicast or a MAC address"},
		{Name: "permanent", Doc: "until it is deleted; so it is unless said otherwise, but for this machine itself"},
		{Name: "temp", Doc: "until no member has been heard of for mcast_membership_interval"},
		{Name: "vid", Type: number(1, 4094), Doc: "the VLAN; without, each that the port is in where the bridge keeps them apart"},
		{Name: "src", Type: ipType, Doc: "only what this one sends"},
		{Name: "filter_mode", Type: oneOf(word{"include", 1}, word{"exclude", 0}), Doc: "whether the sources of source_list are the only ones or the ones left out (Linux 6.2)"},
		{Name: "source_list", Type: ipType, Many: true, Doc: "the sources that filter_mode is about (Linux 6.2)"},
		{Name: "proto", Aliases: []string{"protocol"}, Type: protoType, Doc: "who set it (Linux 6.2)"},
	},
	Modifiers: Del | Replace | Ensure | Flush,
	ModParams: map[Modifiers][]Param{Flush: {{Name: "BRIDGE", Type: linkType}}},
	Verify:    verifyMDB,
	Compile:   compileMDB,
}

func verifyMDB(c *Call) *ArgError {
	for _, g := range c.Options() {
		wrong := func(format string, args ...any) *ArgError {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf(format, args...)}
		}
		switch name := g.Option.Name; {
		case c.Modifier == Flush && name != "port" && name != "vid":
			return wrong(`"flush mdb" takes no %q, but port and vid`, name)
		case name == "permanent" && c.Has("temp"):
			return wrong("an entry is permanent or temp, not both")
		case name == "source_list" && !c.Has("filter_mode"):
			return wrong(`"source_list" needs "filter_mode": whether the sources are the only ones or left out`)
		case name == "filter_mode" && c.Has("src"):
			return wrong(`an entry for one "src" has no "filter_mode"`)
		case name == "filter_mode" && g.Value() == int64(1) && !c.Has("source_list"):
			return wrong(`"filter_mode include" without a "source_list" lets nothing through`)
		}
	}
	if c.Modifier == Flush {
		return nil
	}
	for _, name := range []string{"port", "grp"} {
		if !c.Has(name) {
			return &ArgError{Arg: -1, Msg: fmt.Sprintf(`"mdb" needs %q`, name), Help: "for example: " + c.Spec.Example}
		}
	}
	return verifyGroup(c)
}

// verifyGroup refuses sources of another family than the group.
func verifyGroup(c *Call) *ArgError {
	group, _ := c.Option("grp")
	if _, ok := group.Value().(value.MAC); ok {
		for _, name := range []string{"src", "filter_mode", "source_list", "temp"} {
			if g, given := c.Option(name); given {
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("a group of Ethernet has no %q", name)}
			}
		}
	}
	ip, ok := group.Value().(value.IP)
	if !ok {
		return nil
	}
	for _, name := range []string{"src", "source_list"} {
		g, given := c.Option(name)
		if !given {
			continue
		}
		for _, v := range g.Values {
			if src, known := v.(value.IP); known && src.Is4() != ip.Is4() {
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%s can't send to %s: one is IPv4, the other IPv6", src, ip)}
			}
		}
	}
	return nil
}

func compileMDB(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	bridge := c.Link("BRIDGE")
	text, cfg := c.String(), mdbConfig(c)
	var action nsexec.Action
	switch c.Modifier {
	case Flush:
		action = nsexec.FlushMDB(text, bridge.Link, cfg.Port, cfg.VLAN)
	case Del:
		action = nsexec.DelMDB(text, cfg)
	case Replace, Ensure:
		action = nsexec.ReplaceMDB(text, cfg)
	default:
		action = nsexec.AddMDB(text, cfg)
	}
	return []nsexec.Step{{NS: bridge.NS, Action: action}}, nil
}

func mdbConfig(c *Call) nsexec.MDBConfig {
	cfg := nsexec.MDBConfig{
		Bridge: c.Link("BRIDGE").Link, VLAN: uint16(optInt(c, "vid")), Temporary: c.Has("temp"),
		Filter: c.Has("filter_mode"), Include: optInt(c, "filter_mode") == 1, Proto: uint8(optInt(c, "proto")),
	}
	if port, ok := Opt[LinkArg](c, "port"); ok {
		cfg.Port = port.Link
	}
	if m, ok := Opt[value.MAC](c, "grp"); ok {
		cfg.MAC = m[:]
	}
	if ip, ok := Opt[value.IP](c, "grp"); ok {
		cfg.Group = ip.Addr
	}
	if ip, ok := Opt[value.IP](c, "src"); ok {
		cfg.Source = ip.Addr
	}
	if g, ok := c.Option("source_list"); ok {
		for _, v := range g.Values {
			cfg.Sources = append(cfg.Sources, v.(value.IP).Addr)
		}
	}
	return cfg
}
