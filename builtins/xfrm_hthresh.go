//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/nsexec"
)

// xfrmThresholdSpecs are `xfrm hthresh4` and `xfrm hthresh6`, as options of `ip
// xfrm policy set` are called.
func xfrmThresholdSpecs() []*Spec {
	return []*Spec{xfrmThresholdSpec(4, 32), xfrmThresholdSpec(6, 128)}
}

func xfrmThresholdSpec(family int, most int64) *Spec {
	name := fmt.Sprintf("xfrm hthresh%d", family)
	return &Spec{
		Name: name, Group: Layer3,
		Doc:     fmt.Sprintf("have IPsec find policies of IPv%d by a hash whose prefixes are at least so long", family),
		Example: fmt.Sprintf("%s %d %d", name, most/4*3, most/2),
		Params: []Param{
			{Name: "LBITS", Type: number(0, most), Doc: "of this end's prefix"},
			{Name: "RBITS", Type: number(0, most), Doc: "of the other end's"},
		},
		Compile: func(c *Call) ([]nsexec.Step, error) {
			t := nsexec.XfrmThreshold{Six: family == 6, Local: uint8(c.Int("LBITS")), Remote: uint8(c.Int("RBITS"))}
			return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.SetXfrmThreshold(t)}}, nil
		},
	}
}
