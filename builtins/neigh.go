//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"golang.org/x/sys/unix"
)

// neighStates are NUD_* of linux/neighbour.h.
var neighStates = oneOf(word{"permanent", unix.NUD_PERMANENT}, word{"noarp", unix.NUD_NOARP}, word{"reachable", unix.NUD_REACHABLE}, word{"stale", unix.NUD_STALE}, word{"incomplete", unix.NUD_INCOMPLETE}, word{"delay", unix.NUD_DELAY}, word{"probe", unix.NUD_PROBE}, word{"failed", unix.NUD_FAILED}, word{"none", unix.NUD_NONE})

// neighKind is the word for an address that is answered for.
var neighKind = Param{Name: "KIND", Type: oneOf(word{"proxy", unix.NTF_PROXY}), Optional: true, Doc: "answer for an address of somebody else"}

// neighFlags are NTF_* of linux/neighbour.h.
var neighFlags = []struct {
	name string
	bit  int
	doc  string
}{
	{"router", unix.NTF_ROUTER, "it is a router"},
	{"extern_learn", unix.NTF_EXT_LEARNED, "it was learnt from outside"},
	{"use", unix.NTF_USE, "have the kernel ask for it now"},
}

var neighSpec = &Spec{
	Name: "neigh", Group: Layer3,
	Doc:     "set who has an address on a link: ARP and neighbour discovery",
	Example: "neigh eth0 10.0.0.2 02:00:00:00:00:02",
	Params: []Param{
		neighKind,
		{Name: "LINK", Type: linkType},
		{Name: "IP", Type: ipType},
		{Name: "MAC", Type: macType, Optional: true, Doc: "who has it; not with proxy, use, managed, and what is not known"},
	},
	ModParams: map[Modifiers][]Param{
		Del:   {neighKind, {Name: "LINK", Type: linkType}, {Name: "IP", Type: ipType}},
		Flush: {neighKind, {Name: "LINK", Type: linkType}},
	},
	Modifiers: Del | Replace | Ensure | Flush,
	Options:   neighOptions(),
	Verify:    compiles,
	Compile:   compileNeigh,
}

func neighOptions() []Option {
	out := []Option{{Name: "nud", Aliases: []string{"state"}, Type: neighStates, Doc: "what the kernel is to know of it; permanent unless said otherwise"}}
	for _, f := range neighFlags {
		out = append(out, Option{Name: f.name, Doc: f.doc})
	}
	return append(out,
		Option{Name: "managed", Doc: "have the kernel ask for it now and go on asking (Linux 5.16)"},
		Option{Name: "proto", Aliases: []string{"protocol"}, Type: protoType, Doc: "who set it"})
}

func compileNeigh(c *Call) ([]nsexec.Step, error) {
	link := c.Link("LINK")
	proxy := len(c.Param("KIND")) > 0
	if c.Modifier == Flush {
		if err := onlyWith(c, "flush neigh"); err != nil {
			return nil, err
		}
		flush := nsexec.FlushNeighs(link.Link)
		if proxy {
			flush = nsexec.FlushProxies(link.Link)
		}
		return []nsexec.Step{{NS: link.NS, Action: flush}}, nil
	}
	if err := checkNeigh(c, proxy); err != nil {
		return nil, err
	}
	cfg := nsexec.NeighConfig{Link: link.Link, IP: One[value.IP](c, "IP").Addr, Proto: optInt(c, "proto"), Managed: c.Has("managed"), Proxy: proxy}
	if c.Has("nud") {
		cfg.State = optInt(c, "nud")
	} else if !proxy && !c.Has("use") && !c.Has("managed") {
		cfg.State = unix.NUD_PERMANENT
	}
	for _, f := range neighFlags {
		if c.Has(f.name) {
			cfg.Flags |= f.bit
		}
	}
	if len(c.Param("MAC")) > 0 {
		mac := One[value.MAC](c, "MAC")
		cfg.Hw = mac[:]
	}
	return []nsexec.Step{{NS: link.NS, Action: neighboured(c.Modifier, cfg)}}, nil
}

func neighboured(mod Modifiers, cfg nsexec.NeighConfig) nsexec.Action {
	switch mod {
	case Del:
		return nsexec.DelNeigh(cfg)
	case Replace, Ensure:
		return nsexec.ReplaceNeigh(cfg)
	}
	return nsexec.AddNeigh(cfg)
}

// checkNeigh refuses what the kernel makes half an entry of, or none.
func checkNeigh(c *Call, proxy bool) error {
	if c.Modifier == Del {
		return nil
	}
	hasMAC, asked := len(c.Param("MAC")) > 0, c.Has("use") || c.Has("managed")
	const valid = unix.NUD_PERMANENT | unix.NUD_NOARP | unix.NUD_REACHABLE | unix.NUD_PROBE | unix.NUD_STALE | unix.NUD_DELAY
	switch {
	case proxy && hasMAC:
		return fmt.Errorf("a proxy answers with the link's own MAC address and takes none")
	case proxy:
		return onlyWith(c, "neigh proxy", "router", "extern_learn", "proto")
	case asked && (hasMAC || c.Has("nud")):
		return fmt.Errorf("with use or managed the kernel finds the MAC address out, and passes over one that it is given, and over nud")
	case asked:
		return nil
	case !hasMAC && (optInt(c, "nud")&valid != 0 || !c.Has("nud")):
		return fmt.Errorf(`"neigh" needs MAC: who has the address`)
	}
	return nil
}
