//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// fdbAttrs are the options of an entry that are one attribute, NDA_* of
// linux/neighbour.h.
var fdbAttrs = []struct {
	Option
	attr   uint16
	encode func(n int64) []byte
}{
	{Option{Name: "vlan", Type: number(1, 4094), Doc: "the VLAN; without, each VLAN that the port has"}, unix.NDA_VLAN, func(n int64) []byte { return nl.Uint16Attr(uint16(n)) }},
	{Option{Name: "port", Type: number(0, 65535), Doc: "of a vxlan: the UDP port to send to"}, unix.NDA_PORT, func(n int64) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }},
	{Option{Name: "vni", Type: vniType, Doc: "of a vxlan: the VNI to send with"}, unix.NDA_VNI, func(n int64) []byte { return nl.Uint32Attr(uint32(n)) }},
	{Option{Name: "src_vni", Type: vniType, Doc: "of a vxlan made with external: the VNI that the entry is of"}, unix.NDA_SRC_VNI, func(n int64) []byte { return nl.Uint32Attr(uint32(n)) }},
	{Option{Name: "nhid", Type: number(1, 1<<32-1), Doc: "of a vxlan: the nexthop object to send to, rather than dst"}, ndaNHID, func(n int64) []byte { return nl.Uint32Attr(uint32(n)) }},
}

var vniType = number(0, 1<<24-1)

// Names of linux/neighbour.h that x/sys/unix lacks.
const (
	ndaNHID   = 13   // NDA_NH_ID
	ntfSticky = 0x40 // NTF_STICKY
)

// fdbStates and fdbFlags are words of an entry, with NUD_* and NTF_* of
// linux/neighbour.h as `bridge fdb` sets them.
var (
	fdbStates = []struct {
		Option
		state int
	}{
		{Option{Name: "local", Aliases: []string{"permanent"}, Doc: "the address is this machine's own; on a vxlan the entry does not age"}, unix.NUD_NOARP | unix.NUD_PERMANENT},
		{Option{Name: "static", Aliases: []string{"temp"}, Doc: "the address is behind the port, and the entry does not age; so it is in a bridge's table unless said otherwise, elsewhere local"}, unix.NUD_NOARP | unix.NUD_REACHABLE},
		{Option{Name: "dynamic", Doc: "the entry ages as one that is learnt"}, unix.NUD_REACHABLE},
	}
	fdbFlags = []struct {
		Option
		flag int
	}{
		{Option{Name: "self", Doc: "in the link's own table; so it is for a vxlan, and for what is no port of a bridge"}, unix.NTF_SELF},
		{Option{Name: "master", Doc: "in the table of its bridge; so it is for other ports of a bridge"}, unix.NTF_MASTER},
		{Option{Name: "extern_learn", Doc: "it was learnt from outside, and does not age"}, unix.NTF_EXT_LEARNED},
		{Option{Name: "sticky", Doc: "the address can't be learnt behind another port"}, ntfSticky},
		{Option{Name: "router", Doc: "of a vxlan: the address is a router's"}, unix.NTF_ROUTER},
		{Option{Name: "use", Doc: "have it as if it were in use just now"}, unix.NTF_USE},
	}
)

var fdbSpec = &Spec{
	Name: "fdb", Group: Bridging,
	Doc:     "say where a MAC address is: behind a port of a bridge, or at the other end of a vxlan",
	Example: "fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3",
	Params: []Param{
		{Name: "LINK", Type: linkType, Doc: "the bridge's port, the bridge itself, or the vxlan; of flush, what to forget of"},
		{Name: "MAC", Type: macType, Doc: "the address; 00:00:00:00:00:00 is all that is unknown to a vxlan"},
	},
	ModParams: map[Modifiers][]Param{Flush: {{Name: "LINK", Type: linkType}}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options:   fdbOptions(),
	Verify:    verifyFDB,
	Compile:   compileFDB,
}

func fdbOptions() []Option {
	out := []Option{
		{Name: "dst", Type: ipType, Many: true, Doc: "of a vxlan: the tunnel's other end; of 00:00:00:00:00:00 and multicast addresses several"},
		{Name: "via", Type: localLink, Doc: "of a vxlan: the link to send by"},
		{Name: "append", Doc: "beside the other ends that the entry has"},
	}
	for _, o := range fdbAttrs {
		out = append(out, o.Option)
	}
	for _, o := range fdbStates {
		out = append(out, o.Option)
	}
	for _, o := range fdbFlags {
		out = append(out, o.Option)
	}
	for _, o := range fdbFlushes {
		if strings.HasPrefix(o.name, "no") {
			out = append(out, Option{Name: o.name, Doc: "of flush: only entries that are not " + strings.TrimPrefix(o.name, "no")})
		}
	}
	return out
}

// ofTunnel are the options that only the entries of a vxlan have.
var ofTunnel = []string{"dst", "via", "port", "vni", "src_vni", "nhid", "append"}

// verifyFDB refuses words that go together nowhere.
func verifyFDB(c *Call) *ArgError {
	state := ""
	for _, g := range c.Options() {
		name := g.Option.Name
		wrong := func(format string, args ...any) *ArgError {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf(format, args...)}
		}
		isState := slices.Contains([]string{"local", "static", "dynamic"}, name)
		switch {
		case c.Modifier == Flush && !flushesFDB(name):
			return wrong(`"flush fdb" takes no %q`, name)
		case c.Modifier != Flush && strings.HasPrefix(name, "no"):
			return wrong(`%q is of "flush fdb"`, name)
		case isState && state != "":
			return wrong("an entry is %s or %s, not both", state, name)
		case slices.Contains(ofTunnel, name) && c.Has("master") && !c.Has("self"):
			return wrong(`%q is of a vxlan's own entry, which "self" means rather than "master"`, name)
		case name == "nhid" && (c.Has("dst") || c.Has("port") || c.Has("vni")):
			return wrong(`"nhid" says where to send to, so "dst", "port" and "vni" do not`)
		case name == "append" && !c.Has("dst"):
			return wrong(`"append" is for another "dst"`)
		case name == "append" && c.Modifier != 0:
			return wrong("%q takes no %q", c.Modifier.String()+" fdb", name)
		case name == "sticky" && c.Has("local"):
			return wrong(`what is local can't move, so it is not "sticky"`)
		case name == "sticky" && c.Has("self") && !c.Has("master"):
			return wrong(`"sticky" is of a bridge's entry, which "master" means rather than "self"`)
		}
		if isState {
			state = name
		}
	}
	if c.Modifier == Flush {
		return verifyFDBFlush(c)
	}
	return verifyEnds(c)
}

// verifyEnds refuses several ends of an address that has one.
func verifyEnds(c *Call) *ArgError {
	g, ok := c.Option("dst")
	mac := c.Param("MAC")
	if !ok || len(mac) == 0 || mac[0] == nil {
		return nil
	}
	m := mac[0].(value.MAC)
	if m == (value.MAC{}) || m[0]&1 == 1 {
		return nil
	}
	switch {
	case len(g.Values) > 1:
		return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%s is at one place, so it has one dst, not %d", m, len(g.Values)), Help: "several are for 00:00:00:00:00:00, which is all that is unknown, and for multicast addresses"}
	case c.Has("append"):
		return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%s is at one place, so no dst can be appended", m), Help: `"replace fdb" gives it another`}
	}
	return nil
}

func compileFDB(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	var action nsexec.Action
	switch text, cfg := c.String(), fdbConfig(c); c.Modifier {
	case Flush:
		action = nsexec.FlushFDB(text, link.Link, fdbFilter(c))
	case Del:
		action = nsexec.DelFDB(text, cfg)
	case Replace:
		action = nsexec.ReplaceFDB(text, cfg)
	case Ensure:
		action = nsexec.EnsureFDB(text, cfg)
	default:
		action = nsexec.AddFDB(text, cfg, c.Has("append"))
	}
	return []nsexec.Step{{NS: link.NS, Action: action}}, nil
}

func fdbConfig(c *Call) nsexec.FDBConfig {
	mac := One[value.MAC](c, "MAC")
	cfg := nsexec.FDBConfig{Link: c.Link("LINK").Link, MAC: mac[:]}
	if g, ok := c.Option("dst"); ok {
		for _, v := range g.Values {
			cfg.Dst = append(cfg.Dst, v.(value.IP).Addr)
		}
	}
	if via, ok := Opt[LinkArg](c, "via"); ok {
		cfg.Via = via.Link
	}
	for _, o := range fdbAttrs {
		if n, ok := Opt[int64](c, o.Name); ok {
			cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: o.attr, Data: o.encode(n)})
		}
	}
	for _, o := range fdbStates {
		if c.Has(o.Name) {
			cfg.State = o.state
		}
	}
	for _, o := range fdbFlags {
		if c.Has(o.Name) {
			cfg.Flags |= o.flag
		}
	}
	return cfg
}
