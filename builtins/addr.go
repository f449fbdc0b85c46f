//go:build linux

package builtins

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"golang.org/x/sys/unix"
)

// addrFlags are the flags of `ip address`, IFA_F_* of linux/if_addr.h.
var addrFlags = []struct {
	name string
	bit  uint32
	doc  string
}{
	{"noprefixroute", unix.IFA_F_NOPREFIXROUTE, "make no route for the prefix"},
	{"nodad", unix.IFA_F_NODAD, "use an IPv6 address without asking whether it is taken"},
	{"optimistic", unix.IFA_F_OPTIMISTIC, "use an IPv6 address while asking"},
	{"home", unix.IFA_F_HOMEADDRESS, "mark it as a Mobile IPv6 home address"},
	{"mngtmpaddr", unix.IFA_F_MANAGETEMPADDR, "make temporary addresses beside it"},
	{"autojoin", unix.IFA_F_MCAUTOJOIN, "join the multicast group that it is"},
}

var lifetime = ofText("SECONDS|TIME|forever", func(s string) (time.Duration, error) {
	if s == "forever" {
		return time.Duration(1<<32-1) * time.Second, nil
	}
	if n, err := value.ParseInt(s); err == nil {
		if n < 0 || n >= 1<<32 {
			return 0, fmt.Errorf("%d is not in 0..%d", n, uint32(1<<32-1))
		}
		return time.Duration(n) * time.Second, nil
	}
	return parseTime(s)
})

var scopeType = ofText("global|site|link|host|nowhere|N", func(s string) (int64, error) {
	return named(s, map[string]int64{
		"global": unix.RT_SCOPE_UNIVERSE, "0": unix.RT_SCOPE_UNIVERSE, "site": unix.RT_SCOPE_SITE,
		"link": unix.RT_SCOPE_LINK, "host": unix.RT_SCOPE_HOST, "nowhere": unix.RT_SCOPE_NOWHERE,
	}, "/etc/iproute2/rt_scopes", 255)
})

// addrProtoType is IFAPROT_* of linux/if_addr.h.
var addrProtoType = ofText("PROTO", func(s string) (int64, error) {
	return named(s, map[string]int64{"kernel_lo": 1, "kernel_ra": 2, "kernel_ll": 3}, "", 255)
})

var broadcastType = ofText("IP|+|-", func(s string) (string, error) {
	if s == "+" || s == "-" {
		return s, nil
	}
	ip, err := value.ParseIP(s)
	if err == nil && !ip.Is4() {
		err = fmt.Errorf("only IPv4 has broadcast addresses")
	}
	return s, err
})

var addrSpec = &Spec{
	Name: "addr", Group: Layer3,
	Doc:     "give a link addresses",
	Example: "addr eth0 10.0.0.1/24 2001:db8::1/64 nodad",
	Params: []Param{
		{Name: "LINK", Type: linkType},
		{Name: "PREFIX", Type: hostOrNet, Many: true, Doc: "an address with its prefix length; without one it stands alone"},
	},
	ModParams: map[Modifiers][]Param{Flush: {{Name: "LINK", Type: linkType}}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: append([]Option{
		{Name: "peer", Type: hostOrNet, Doc: "the other end of a point-to-point link"},
		{Name: "broadcast", Aliases: []string{"brd"}, Type: broadcastType, Doc: "the broadcast address; + and - set the host bits or clear them"},
		{Name: "label", Type: textType, Doc: "a name for the address that starts with the link's"},
		{Name: "scope", Type: scopeType, Doc: "how far the address is valid"},
		{Name: "metric", Aliases: []string{"priority"}, Type: number(1, 1<<32-1), Doc: "the metric of the route that comes with it"},
		{Name: "proto", Type: addrProtoType, Doc: "who set it (Linux 5.18)"},
		{Name: "valid_lft", Type: lifetime, Doc: "how long it is valid"},
		{Name: "preferred_lft", Type: lifetime, Doc: "how long new connections may use it"},
	}, addrFlagOptions()...),
	Verify:  verifyAddr,
	Compile: compileAddr,
}

func addrFlagOptions() []Option {
	var out []Option
	for _, f := range addrFlags {
		out = append(out, Option{Name: f.name, Doc: f.doc})
	}
	return out
}

// verifyAddr is as compiles, without making steps: scripts give thousands of
// addresses.
func verifyAddr(c *Call) *ArgError {
	if c.Modifier == Flush || !c.known() {
		return nil
	}
	_, err := addrConfig(c)
	return verbError(err)
}

func compileAddr(c *Call) ([]nsexec.Step, error) {
	link := c.Link("LINK")
	if c.Modifier == Flush {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.FlushAddrs(link.Link, 0)}}, nil
	}
	cfg, err := addrConfig(c)
	if err != nil {
		return nil, err
	}
	c.steps = c.steps[:0]
	for _, v := range c.Param("PREFIX") {
		p, one := v.(value.Prefix), cfg
		one.Prefix = p.Prefix
		if text, ok := Opt[string](c, "broadcast"); ok {
			one.Broadcast = broadcastOf(text, p)
		}
		c.steps = append(c.steps, nsexec.Step{NS: link.NS, Action: addressed(c.Modifier, one)})
	}
	return c.steps, nil
}

// addrConfig is what the call's addresses have in common.
func addrConfig(c *Call) (nsexec.AddrConfig, error) {
	cfg := nsexec.AddrConfig{Link: c.Link("LINK").Link}
	for _, f := range addrFlags {
		if c.Has(f.name) {
			cfg.Flags |= f.bit
		}
	}
	if p, ok := Opt[value.Prefix](c, "peer"); ok {
		cfg.Peer = p.Prefix
	}
	cfg.Label, _ = Opt[string](c, "label")
	cfg.Scope, cfg.Metric, cfg.Proto = optInt(c, "scope"), optInt(c, "metric"), optInt(c, "proto")
	cfg.Valid, cfg.HasValid = Opt[time.Duration](c, "valid_lft")
	cfg.Preferred, cfg.HasPref = Opt[time.Duration](c, "preferred_lft")
	if err := checkAddr(c, cfg); err != nil {
		return cfg, err
	}
	if cfg.HasValid && cfg.HasPref && cfg.Preferred > cfg.Valid {
		return cfg, fmt.Errorf("preferred_lft is longer than valid_lft")
	}
	return cfg, nil
}

// checkAddr refuses what the kernel would refuse, or make of it something else.
func checkAddr(c *Call, cfg nsexec.AddrConfig) error {
	const most = 15 // IFNAMSIZ without the end's NUL
	if len(cfg.Label) > most {
		return fmt.Errorf("a label has at most %d bytes, %q has %d", most, cfg.Label, len(cfg.Label))
	}
	for _, v := range c.Param("PREFIX") {
		p, ok := v.(value.Prefix)
		switch {
		case !ok:
		case cfg.Peer.IsValid() && cfg.Peer.Addr().Is4() != p.Addr().Is4():
			return fmt.Errorf("peer %s and %s are of two families", cfg.Peer, p)
		case p.Addr().Is6() && c.Has("broadcast"):
			return fmt.Errorf("%s has no broadcast address: only IPv4 has", p)
		case p.Addr().Is6() && c.Has("label"):
			return fmt.Errorf("%s has no label: only IPv4 has", p)
		}
	}
	return nil
}

func optInt(c *Call, name string) int {
	n, _ := Opt[int64](c, name)
	return int(n)
}

func broadcastOf(text string, p value.Prefix) netip.Addr {
	switch text {
	case "+":
		v, err := p.Field("broadcast")
		if ip, ok := v.(value.IP); ok && err == nil {
			return ip.Addr
		}
		return netip.Addr{}
	case "-":
		return p.Masked().Addr()
	}
	ip, err := value.ParseIP(text)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Addr
}

// addressed is the action that the modifier asks for. To ensure an address is
// to replace it: the kernel changes nothing where it is the same.
func addressed(mod Modifiers, cfg nsexec.AddrConfig) nsexec.Action {
	switch mod {
	case Del:
		return nsexec.DelAddr(cfg)
	case Replace, Ensure:
		return nsexec.ReplaceAddr(cfg)
	}
	return nsexec.AddAddr(cfg)
}
