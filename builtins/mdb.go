//go:build linux

package builtins

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
	case ip.IsUnspecified():
		return ip, nil // of a vxlan: all
	case !ip.IsMulticast():
		return nil, fmt.Errorf("%s is the address of one, not of a group", ip)
	case netip.MustParsePrefix("224.0.0.0/24").Contains(ip.Addr), ip.Addr == netip.IPv6LinkLocalAllNodes():
		return nil, fmt.Errorf("%s is a group that every port gets anyway", ip)
	}
	return ip, nil
})

var mdbSpec = &Spec{
	Name: "mdb", Group: Bridging,
	Doc:     "say who gets what is sent to a multicast group: a port of a bridge, or another end of a vxlan",
	Example: "mdb br0 port eth0 grp 239.1.1.1",
	Params:  []Param{{Name: "LINK", Type: linkType, Doc: "the bridge, which has to be up, or the vxlan"}},
	Options: append([]Option{
		{Name: "port", Type: localLink, Doc: "the port, or the bridge itself for this machine; of flush, only of this one; of a vxlan itself, which need not be said"},
		{Name: "grp", Type: groupAddr, Doc: "the group: an IP address of multicast or a MAC address; of a vxlan also 0.0.0.0 or ::, all that have no entry"},
		{Name: "permanent", Doc: "until it is deleted; so it is unless said otherwise, but for this machine itself; of flush, only such"},
		{Name: "nopermanent", Doc: "of flush: only those that go by themselves"},
		{Name: "temp", Doc: "until no member has been heard of for mcast_membership_interval"},
		{Name: "vid", Type: number(1, 4094), Doc: "the VLAN; without, each that the port is in where the bridge keeps them apart"},
		{Name: "src", Type: ipType, Doc: "only what this one sends"},
		{Name: "filter_mode", Type: oneOf(word{"include", 1}, word{"exclude", 0}), Doc: "whether the sources of source_list are the only ones or the ones left out (Linux 6.2)"},
		{Name: "source_list", Type: ipType, Many: true, Doc: "the sources that filter_mode is about (Linux 6.2)"},
		{Name: "proto", Aliases: []string{"protocol"}, Type: protoType, Doc: "who set it (Linux 6.2)"},
		{Name: "via", Type: localLink, Doc: "of a vxlan: the link to send by (Linux 6.3)"},
	}, asOptions(mdbTunnel)...),
	Modifiers: Del | Replace | Ensure | Flush,
	ModParams: map[Modifiers][]Param{Flush: {{Name: "LINK", Type: linkType}}},
	Verify:    verifyMDB,
	Compile:   compileMDB,
}

// mdbTunnel are the options that say where an entry of a vxlan sends to, and the
// attributes MDBE_ATTR_* of linux/if_bridge.h.
var mdbTunnel = []kindOption{
	{name: "dst", attr: 5, typ: ipType, encode: ipBytes, doc: "of a vxlan: the tunnel's other end (Linux 6.3)"},
	{name: "dst_port", attr: 6, typ: number(1, 65535), encode: u16, doc: "of a vxlan: the UDP port to send to (Linux 6.3)"},
	{name: "vni", attr: 7, typ: vniType, encode: u32, doc: "of a vxlan: the VNI to send with (Linux 6.3)"},
	{name: "src_vni", attr: 9, typ: vniType, encode: u32, doc: "of a vxlan made with external: the VNI that the entry is of (Linux 6.3)"},
}

// mdbFlushes are the options of `flush mdb`.
var mdbFlushes = []string{"port", "vid", "permanent", "nopermanent", "proto", "dst", "dst_port", "vni", "src_vni"}

func verifyMDB(c *Call) *ArgError {
	for _, g := range c.Options() {
		wrong := func(format string, args ...any) *ArgError {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf(format, args...)}
		}
		switch name := g.Option.Name; {
		case c.Modifier == Flush && !slices.Contains(mdbFlushes, name):
			return wrong(`"flush mdb" takes no %q, but %s`, name, strings.Join(mdbFlushes, ", "))
		case name == "nopermanent" && c.Modifier != Flush:
			return wrong(`%q is of "flush mdb"; an entry that goes by itself is temp`, name)
		case name == "permanent" && (c.Has("temp") || c.Has("nopermanent")):
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
	if !c.Has("grp") {
		return &ArgError{Arg: -1, Msg: `"mdb" needs "grp"`, Help: "for example: " + c.Spec.Example}
	}
	if err := verifyEntry(c); err != nil {
		return err
	}
	return verifyGroup(c)
}

// verifyEntry refuses what is of bridges and of vxlans at once.
func verifyEntry(c *Call) *ArgError {
	isVXLAN := c.Has("dst")
	for _, g := range c.Options() {
		wrong := func(format string, args ...any) *ArgError {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf(format, args...)}
		}
		switch name := g.Option.Name; {
		case !isVXLAN && slices.Contains([]string{"dst_port", "vni", "src_vni", "via"}, name):
			return wrong(`%q is of a vxlan's entry, which needs "dst": the tunnel's other end`, name)
		case isVXLAN && (name == "vid" || name == "temp"):
			return wrong("an entry of a vxlan has no %q", name)
		}
	}
	if !isVXLAN && !c.Has("port") {
		return &ArgError{Arg: -1, Msg: `"mdb" needs "port" or, of a vxlan, "dst"`, Help: "for example: " + c.Spec.Example}
	}
	return nil
}

// verifyGroup refuses sources of another family than the group.
func verifyGroup(c *Call) *ArgError {
	group, _ := c.Option("grp")
	if _, ok := group.Value().(value.MAC); ok {
		for _, name := range []string{"src", "filter_mode", "source_list", "temp", "dst"} {
			if g, given := c.Option(name); given {
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("a group of Ethernet has no %q", name)}
			}
		}
	}
	ip, ok := group.Value().(value.IP)
	if !ok {
		return nil
	}
	if ip.IsUnspecified() {
		return verifyAllGroups(c, group)
	}
	for _, name := range []string{"src", "source_list"} {
		g, given := c.Option(name)
		if !given {
			continue
		}
		for _, v := range g.Values {
			src, known := v.(value.IP)
			switch {
			case !known:
			case src.IsMulticast():
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%s is a group, and groups send nothing", src)}
			case src.Is4() != ip.Is4():
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%s can't send to %s: one is IPv4, the other IPv6", src, ip)}
			}
		}
	}
	return nil
}

// verifyAllGroups is of the group that is all of them.
func verifyAllGroups(c *Call, group Given) *ArgError {
	if !c.Has("dst") {
		return &ArgError{Arg: group.Arg, Msg: fmt.Sprintf(`%s, all groups, is of a vxlan's entry, which needs "dst"`, group.Value())}
	}
	for _, name := range []string{"src", "filter_mode", "source_list"} {
		if g, given := c.Option(name); given {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("the entry of all groups has no %q", name)}
		}
	}
	return nil
}

func compileMDB(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	cfg, err := mdbConfig(c)
	if err != nil {
		return nil, err
	}
	link, text := c.Link("LINK"), c.String()
	var action nsexec.Action
	switch c.Modifier {
	case Flush:
		f := nsexec.MDBFilter{Port: cfg.Port, VLAN: cfg.VLAN, Proto: cfg.Proto, Tunnel: cfg.Tunnel}
		switch {
		case c.Has("permanent"):
			f.State = nsexec.MDBPermanent
		case c.Has("nopermanent"):
			f.State = nsexec.MDBTemporary
		}
		action = nsexec.FlushMDB(text, link.Link, f)
	case Del:
		action = nsexec.DelMDB(text, cfg)
	case Replace, Ensure:
		action = nsexec.ReplaceMDB(text, cfg)
	default:
		action = nsexec.AddMDB(text, cfg)
	}
	return []nsexec.Step{{NS: link.NS, Action: action}}, nil
}

func mdbConfig(c *Call) (nsexec.MDBConfig, error) {
	cfg := nsexec.MDBConfig{
		Link: c.Link("LINK").Link, VLAN: uint16(optInt(c, "vid")), Temporary: c.Has("temp"),
		Filter: c.Has("filter_mode"), Include: optInt(c, "filter_mode") == 1, Proto: uint8(optInt(c, "proto")),
	}
	if port, ok := Opt[LinkArg](c, "port"); ok {
		cfg.Port = port.Link
	}
	if via, ok := Opt[LinkArg](c, "via"); ok {
		cfg.Via = via.Link
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
	var err error
	cfg.Tunnel, err = encoded(c, mdbTunnel)
	return cfg, err
}
