//go:build linux

package builtins

import (
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

var vniSpec = &Spec{
	Name: "vni", Group: Bridging,
	Doc:     "have a vxlan that was made with external and vnifilter take packets of these VNIs (Linux 5.18)",
	Example: "vni vx0 100-110 200",
	Params: []Param{
		{Name: "LINK", Type: linkType, Doc: "the vxlan"},
		{Name: "VNI", Type: spanType{1, 1<<24 - 1}, Many: true, Doc: "the identifiers, as 100, 100-110 or several of these"},
	},
	Options: []Option{
		{Name: "remote", Type: ipType, Doc: "the end that their packets go to, unless the link's table knows it; else that of the link"},
		{Name: "group", Type: ipType, Doc: "the same, of a multicast group"},
	},
	ModParams: map[Modifiers][]Param{Flush: {{Name: "LINK", Type: linkType}}},
	Modifiers: Del | Ensure | Flush,
	Verify:    verifyVNIs,
	Compile:   compileVNIs,
}

func verifyVNIs(c *Call) *ArgError {
	given := c.Options()
	switch {
	case c.Modifier&(Del|Flush) != 0 && len(given) > 0:
		return &ArgError{Arg: given[0].Arg, Msg: `it takes no options: what is taken away goes nowhere`}
	case len(given) > 1:
		return &ArgError{Arg: given[1].Arg, Msg: "a VNI has a group or a remote, not both"}
	case len(given) == 0:
		return nil
	}
	if ip, known := given[0].Value().(value.IP); known && ip.IsMulticast() != (given[0].Option.Name == "group") {
		return &ArgError{Arg: given[0].Arg + 1, Msg: ip.String() + map[bool]string{true: " is a multicast group: say group", false: " is no multicast group: say remote"}[ip.IsMulticast()]}
	}
	return nil
}

func compileVNIs(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	if c.Modifier == Flush {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.FlushVNIs(link.Link)}}, nil
	}
	cfg := nsexec.VNIConfig{Link: link.Link}
	for _, v := range c.Param("VNI") {
		s := v.(span)
		cfg.VNIs = append(cfg.VNIs, nsexec.VNIRange{First: s.first, Last: s.last})
	}
	for _, name := range []string{"remote", "group"} {
		if ip, ok := Opt[value.IP](c, name); ok {
			cfg.To = ip.Addr
		}
	}
	cfg.Keep = c.Modifier == Ensure && !cfg.To.IsValid()
	action := nsexec.SetVNIs(c.String(), cfg)
	if c.Modifier == Del {
		action = nsexec.DelVNIs(c.String(), cfg)
	}
	return []nsexec.Step{{NS: link.NS, Action: action}}, nil
}
