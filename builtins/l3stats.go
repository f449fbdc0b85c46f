//go:build linux

package builtins

import "github.com/nescript/nescript/nsexec"

// l3StatsOption is the option of `set` that is `ip stats set dev LINK l3_stats`.
var l3StatsOption = Option{
	Name: "l3_stats", Type: switchType,
	Doc: "have its hardware count the IP packets that it forwards by itself (Linux 5.18); the kernel takes the wish for any link, and `ip stats show` says whether a driver counts",
}

// l3StatsSteps are what the option asks for.
func l3StatsSteps(c *Call, link LinkArg) []nsexec.Step {
	on, ok := Opt[bool](c, l3StatsOption.Name)
	if !ok {
		return nil
	}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.SetL3Stats(link.Link, c.String(), on)}}
}
