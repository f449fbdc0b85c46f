//go:build linux

package builtins

import (
	"errors"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Attributes of linux/mptcp.h.
const (
	mptcpFamily  = 1 // MPTCP_PM_ADDR_ATTR_FAMILY
	mptcpID      = 2 // MPTCP_PM_ADDR_ATTR_ID
	mptcpAddr4   = 3 // MPTCP_PM_ADDR_ATTR_ADDR4; the next is _ADDR6
	mptcpPort    = 5 // MPTCP_PM_ADDR_ATTR_PORT
	mptcpFlags   = 6 // MPTCP_PM_ADDR_ATTR_FLAGS
	mptcpIfindex = 7 // MPTCP_PM_ADDR_ATTR_IF_IDX
	mptcpSignal  = 1 // MPTCP_PM_ADDR_FLAG_SIGNAL
)

// mptcpFlagOptions are the flags of an endpoint, with MPTCP_PM_ADDR_FLAG_*.
var mptcpFlagOptions = []struct {
	name string
	flag uint32
	doc  string
}{
	{"signal", mptcpSignal, "tell the other end of the address"},
	{"subflow", 2, "make subflows from the address"},
	{"backup", 4, "those are for when there is nothing else"},
	{"fullmesh", 8, "make them to all addresses of the other end"},
}

var mptcpEndpointSpec = &Spec{
	Name: "mptcp endpoint", Group: Layer3,
	Doc:       "have the path manager of MPTCP use an address",
	Example:   "mptcp endpoint 10.0.0.1 id 5 signal",
	Params:    []Param{{Name: "ADDR", Type: ipType}},
	ModParams: map[Modifiers][]Param{Flush: {}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options:   mptcpOptions(),
	Needs:     genlNeeds(nsexec.MptcpEndpoint),
	Verify:    compiles,
	Compile:   compileMptcpEndpoint,
}

func mptcpOptions() []Option {
	out := []Option{
		{Name: "id", Type: number(1, 255), Doc: "its number, rather than the kernel's choice"},
		{Name: "port", Type: fouPortNumber, Doc: "the port that the other end is told of"},
		{Name: "dev", Type: localLink, Doc: "the link of the address"},
	}
	for _, f := range mptcpFlagOptions {
		out = append(out, Option{Name: f.name, Doc: f.doc})
	}
	return out
}

func compileMptcpEndpoint(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		return flushGenl(c, nsexec.MptcpEndpoint)
	}
	ip := One[value.IP](c, "ADDR")
	attr := uint16(mptcpAddr4)
	if ip.Is6() {
		attr++
	}
	cfg := nsexec.GenlConfig{Kind: nsexec.MptcpEndpoint, Attrs: []nsexec.Attr{
		{Type: mptcpFamily, Data: nl.Uint16Attr(xfrmFamily(ip.Addr))},
		{Type: attr, Data: ip.AsSlice()},
	}}
	flags, said := uint32(0), false
	for _, f := range mptcpFlagOptions {
		if c.Has(f.name) {
			flags, said = flags|f.flag, true
		}
	}
	if c.Has("port") {
		if flags&mptcpSignal == 0 && c.Modifier != Del {
			return nil, errors.New(`"port" needs "signal": only what the other end is told has a port`)
		}
		cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: mptcpPort, Data: nl.Uint16Attr(uint16(optInt(c, "port")))})
	}
	if c.Has("id") {
		cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: mptcpID, Data: []byte{byte(optInt(c, "id"))}})
	}
	if said || c.Modifier == 0 || c.Modifier == Replace {
		cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: mptcpFlags, Data: nl.Uint32Attr(flags)})
	}
	if l, ok := Opt[LinkArg](c, "dev"); ok {
		cfg.Links = []nsexec.LinkAttr{{Type: mptcpIfindex, Link: l.Link}}
	}
	return genlSteps(c, c.Env.NS, cfg), nil
}

// mptcpLimitOptions are MPTCP_PM_ATTR_*, of which the kernel takes 8 at most.
var mptcpLimitOptions = []kindOption{
	{name: "add_addr_accepted", attr: 2, typ: number(0, 8), encode: u32, doc: "how many addresses of the other end subflows are made to"},
	{name: "subflows", attr: 3, typ: number(0, 8), encode: u32, doc: "how many subflows a connection has besides the first"},
}

var mptcpLimitsSpec = &Spec{
	Name: "mptcp limits", Group: Layer3,
	Doc:     "bound what the path manager of MPTCP does",
	Example: "mptcp limits subflows 2 add_addr_accepted 2",
	Options: optionsOfTable(mptcpLimitOptions),
	Needs:   genlNeeds(nsexec.MptcpLimits),
	Verify:  compiles,
	Compile: func(c *Call) ([]nsexec.Step, error) {
		if len(c.Options()) == 0 {
			return nil, errors.New(`"mptcp limits" needs "subflows" or "add_addr_accepted"`)
		}
		attrs, err := encoded(c, mptcpLimitOptions)
		if err != nil {
			return nil, err
		}
		return genlSteps(c, c.Env.NS, nsexec.GenlConfig{Kind: nsexec.MptcpLimits, Attrs: attrs}), nil
	},
}
