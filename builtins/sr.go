//go:build linux

package builtins

import (
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

var srTunsrcSpec = &Spec{
	Name: "sr tunsrc", Group: Layer3,
	Doc:     "choose the source of what routes with encap seg6 wrap; :: leaves it to the kernel. Only the machine's own root may, not a sandbox's",
	Example: "sr tunsrc 2001:db8::1",
	Params:  []Param{{Name: "ADDR", Type: ip6Type}},
	Needs:   genlNeeds(nsexec.SRTunsrc),
	Compile: func(c *Call) ([]nsexec.Step, error) {
		const dst = 1 // SEG6_ATTR_DST
		attrs := []nsexec.Attr{{Type: dst, Data: One[value.IP](c, "ADDR").AsSlice()}}
		return genlSteps(c, c.Env.NS, nsexec.GenlConfig{Kind: nsexec.SRTunsrc, Attrs: attrs}), nil
	},
}
