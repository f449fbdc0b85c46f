//go:build linux

package builtins

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Attributes of linux/fou.h.
const (
	fouPort       = 1  // FOU_ATTR_PORT
	fouFamily     = 2  // FOU_ATTR_AF
	fouProto      = 3  // FOU_ATTR_IPPROTO
	fouType       = 4  // FOU_ATTR_TYPE
	fouLocal      = 6  // FOU_ATTR_LOCAL_V4; the next is _V6
	fouPeer       = 8  // FOU_ATTR_PEER_V4; the same
	fouPeerPort   = 10 // FOU_ATTR_PEER_PORT
	fouIfindex    = 11 // FOU_ATTR_IFINDEX
	fouTypeDirect = 1  // FOU_ENCAP_DIRECT
	fouTypeGUE    = 2  // FOU_ENCAP_GUE
)

var fouPortNumber = number(1, 1<<16-1)

var fouPortSpec = &Spec{
	Name: "fou port", Group: Layer3,
	Doc:       "take packets that come in UDP to a port out of it (foo over UDP). Only the machine's own root may, not a sandbox's",
	Example:   "fou port 5555 ipproto 47",
	Params:    []Param{{Name: "PORT", Type: fouPortNumber}},
	ModParams: map[Modifiers][]Param{Flush: {}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: []Option{
		{Name: "ipproto", Type: selProto, Doc: "the protocol of what is in the packets, as 47 or gre"},
		{Name: "gue", Doc: "the packets say themselves what is in them (generic UDP encapsulation)"},
		{Name: "local", Type: ipType, Doc: "only packets to the address"},
		{Name: "peer", Type: ipType, Doc: "only packets from the address"},
		{Name: "peer_port", Type: fouPortNumber, Doc: "and from its port"},
		{Name: "dev", Type: localLink, Doc: "only packets by the link"},
		{Name: "family", Type: oneOf(word{"inet", unix.AF_INET}, word{"inet6", unix.AF_INET6}), Doc: "the version of IP; that of the addresses, else inet"},
	},
	Needs:   genlNeeds(nsexec.FouPort),
	Verify:  compiles,
	Compile: compileFou,
}

func compileFou(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		return flushGenl(c, nsexec.FouPort)
	}
	cfg := nsexec.GenlConfig{Kind: nsexec.FouPort}
	add := func(kind uint16, data ...byte) { cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: kind, Data: data}) }
	port := func(kind uint16, n int) { add(kind, byte(n>>8), byte(n)) }
	port(fouPort, c.Int("PORT"))
	family, err := fouFamilyOf(c)
	if err != nil {
		return nil, err
	}
	add(fouFamily, byte(family))
	of, err := fouTypeOf(c)
	if err != nil {
		return nil, err
	}
	cfg.Attrs = append(cfg.Attrs, of...)
	for _, end := range []struct {
		name string
		kind uint16
	}{{"local", fouLocal}, {"peer", fouPeer}} {
		if ip, ok := Opt[value.IP](c, end.name); ok {
			if family == unix.AF_INET6 {
				end.kind++
			}
			add(end.kind, ip.AsSlice()...)
		}
	}
	if c.Has("peer") != c.Has("peer_port") {
		return nil, errors.New(`"peer" and "peer_port" go together`)
	}
	if c.Has("peer_port") {
		port(fouPeerPort, optInt(c, "peer_port"))
	}
	if l, ok := Opt[LinkArg](c, "dev"); ok {
		cfg.Links = []nsexec.LinkAttr{{Type: fouIfindex, Link: l.Link}}
	}
	return genlSteps(c, c.Env.NS, cfg), nil
}

// fouTypeOf says what is in the packets. One that goes need not say it.
func fouTypeOf(c *Call) ([]nsexec.Attr, error) {
	gue := c.Has("gue")
	proto, hasProto := Opt[int64](c, "ipproto")
	switch {
	case c.Modifier == Del:
		return nil, nil
	case gue == hasProto:
		return nil, errors.New(`"fou port" needs "ipproto" or "gue", not both`)
	case gue:
		return []nsexec.Attr{{Type: fouType, Data: []byte{fouTypeGUE}}}, nil
	}
	return []nsexec.Attr{{Type: fouProto, Data: []byte{byte(proto)}}, {Type: fouType, Data: []byte{fouTypeDirect}}}, nil
}

// fouFamilyOf is the version of IP that a port is of.
func fouFamilyOf(c *Call) (int64, error) {
	family, said := Opt[int64](c, "family")
	for _, name := range []string{"local", "peer"} {
		ip, ok := Opt[value.IP](c, name)
		if !ok {
			continue
		}
		of := int64(xfrmFamily(ip.Addr))
		if said && of != family {
			return 0, errors.New(ip.String() + " is of another family than the rest")
		}
		family, said = of, true
	}
	if !said {
		return unix.AF_INET, nil
	}
	return family, nil
}
