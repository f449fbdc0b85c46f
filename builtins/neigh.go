//go:build linux

package builtins

import (
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"golang.org/x/sys/unix"
)

// neighStates are NUD_* of linux/neighbour.h.
var neighStates = oneOf(word{"permanent", unix.NUD_PERMANENT}, word{"noarp", unix.NUD_NOARP}, word{"reachable", unix.NUD_REACHABLE}, word{"stale", unix.NUD_STALE}, word{"incomplete", unix.NUD_INCOMPLETE}, word{"delay", unix.NUD_DELAY}, word{"probe", unix.NUD_PROBE}, word{"failed", unix.NUD_FAILED})

var neighSpec = &Spec{
	Name: "neigh", Group: Layer3,
	Doc:     "set who has an address on a link: ARP and neighbour discovery",
	Example: "neigh eth0 10.0.0.2 02:00:00:00:00:02",
	Params: []Param{
		{Name: "LINK", Type: linkType},
		{Name: "IP", Type: ipType},
		{Name: "MAC", Type: macType},
	},
	ModParams: map[Modifiers][]Param{
		Del:   {{Name: "LINK", Type: linkType}, {Name: "IP", Type: ipType}},
		Flush: {{Name: "LINK", Type: linkType}},
	},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: []Option{
		{Name: "nud", Aliases: []string{"state"}, Type: neighStates, Doc: "what the kernel is to know of it; permanent unless said otherwise"},
		{Name: "router", Doc: "it is a router"},
		{Name: "extern_learn", Doc: "it was learnt from outside"},
	},
	Compile: compileNeigh,
}

func compileNeigh(c *Call) ([]nsexec.Step, error) {
	link := c.Link("LINK")
	if c.Modifier == Flush {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.FlushNeighs(link.Link)}}, nil
	}
	cfg := nsexec.NeighConfig{Link: link.Link, IP: One[value.IP](c, "IP").Addr, State: unix.NUD_PERMANENT}
	if state, ok := Opt[int64](c, "nud"); ok {
		cfg.State = int(state)
	}
	if c.Has("router") {
		cfg.Flags |= unix.NTF_ROUTER
	}
	if c.Has("extern_learn") {
		cfg.Flags |= unix.NTF_EXT_LEARNED
	}
	if c.Modifier == Del {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.DelNeigh(cfg)}}, nil
	}
	mac := One[value.MAC](c, "MAC")
	cfg.Hw = mac[:]
	if c.Modifier == 0 {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.AddNeigh(cfg)}}, nil
	}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.ReplaceNeigh(cfg)}}, nil
}
