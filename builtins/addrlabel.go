//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// net6Type is an IPv6 network, or an address alone.
var net6Type = ofText("IPv6[/LEN]", func(s string) (value.Prefix, error) {
	p, err := parseHostOrNet(s)
	switch {
	case err != nil:
		return p, err
	case p.Addr().Is4():
		return p, fmt.Errorf("%s is IPv4; only IPv6 has labels", p)
	case p.Masked() != p.Prefix:
		return p, fmt.Errorf("%s has host bits set; the network is %s", p, p.Masked())
	}
	return p, nil
})

var addrLabelSpec = &Spec{
	Name: "addrlabel", Group: Layer3,
	Doc:       "label IPv6 addresses: of several to send from, one with the destination's label is taken",
	Example:   "addrlabel 2001:db8:1::/48 label 9",
	Params:    []Param{{Name: "PREFIX", Type: net6Type}},
	ModParams: map[Modifiers][]Param{Flush: {}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: []Option{
		{Name: "label", Type: number(0, 1<<32-2), Doc: "the label"},
		{Name: "dev", Type: localLink, Doc: "for addresses of this link only"},
	},
	Verify:  compiles,
	Compile: compileAddrLabel,
}

func compileAddrLabel(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		if err := onlyWith(c, "flush addrlabel"); err != nil {
			return nil, err
		}
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushAddrLabels()}}, nil
	}
	if c.Modifier != Del && !c.Has("label") {
		return nil, fmt.Errorf(`"addrlabel" needs "label"`)
	}
	cfg := nsexec.AddrLabelConfig{Prefix: One[value.Prefix](c, "PREFIX").Prefix, Label: uint32(optInt(c, "label")), Text: c.String()}
	if l, ok := Opt[LinkArg](c, "dev"); ok {
		cfg.Dev = l.Link
	}
	action := nsexec.AddAddrLabel(cfg)
	switch c.Modifier {
	case Del:
		action = nsexec.DelAddrLabel(cfg)
	case Replace, Ensure:
		action = nsexec.ReplaceAddrLabel(cfg)
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: action}}, nil
}

// tokenType is the lower half of an IPv6 address.
var tokenType = ofText("::TOKEN", func(s string) (value.IP, error) {
	ip, err := ofFamily(s, false)
	if err != nil {
		return ip, err
	}
	token := ip.As16()
	if [8]byte(token[:8]) != [8]byte{} {
		return ip, fmt.Errorf("%s is no token, which is the lower half of an address, as ::5", ip)
	}
	return ip, nil
})

var tokenSpec = &Spec{
	Name: "token", Group: Layer3,
	Doc:     "choose the lower half of the IPv6 addresses that a link makes of routers' prefixes",
	Example: "token eth0 ::5",
	Params: []Param{
		{Name: "LINK", Type: linkType},
		{Name: "TOKEN", Type: tokenType},
	},
	ModParams: map[Modifiers][]Param{Del: {{Name: "LINK", Type: linkType}}},
	Modifiers: Del,
	Compile: func(c *Call) ([]nsexec.Step, error) {
		link := c.Link("LINK")
		var token [16]byte // none
		if c.Modifier != Del {
			token = One[value.IP](c, "TOKEN").As16()
		}
		change := nsexec.LinkChange{Attrs: []nsexec.Attr{nsexec.TokenAttr(token)}}
		return []nsexec.Step{{NS: link.NS, Action: nsexec.SetLink(link.Link, "token", c.String(), change)}}, nil
	},
}
