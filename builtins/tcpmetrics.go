//go:build linux

package builtins

import (
	"net/netip"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// tcpMetricsSpec only flushes: the kernel fills its cache by itself, and takes no
// entry from others.
var tcpMetricsSpec = &Spec{
	Name: "tcp_metrics", Group: Layer3,
	Doc:       "have TCP forget what it has learnt of hosts that it was connected to, those of a network or all. It is not undone: nobody but TCP can fill the kernel's cache, and TCP learns anew with the next connection. Only the machine's own root may, not a sandbox's",
	Example:   "flush tcp_metrics 10.0.0.0/24",
	Params:    []Param{{Name: "PREFIX", Type: hostOrNet, Optional: true, Doc: "the network, or one host"}},
	Modifiers: Flush,
	ModOnly:   true,
	NoUndo:    "the kernel's cache is filled by TCP alone, which learns anew",
	Needs:     func(*Call) []nsexec.Kind { return []nsexec.Kind{nsexec.TCPMetricsNeeds()} },
	Compile: func(c *Call) ([]nsexec.Step, error) {
		var of netip.Prefix // all
		if given := c.Param("PREFIX"); len(given) > 0 {
			of = given[0].(value.Prefix).Prefix
		}
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushTCPMetrics(of, c.String())}}, nil
	},
}
