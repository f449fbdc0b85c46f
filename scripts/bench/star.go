//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"net/netip"
)

// star is hosts on one bridge, each with an address and a default route over
// the bridge's own address. A bridge takes 1,023 ports.
var star = family{
	name: "star", about: "N hosts, each a veth to one bridge, an address and a default route",
	does: build, sizes: []int{100, 300, 1000}, most: 1023,
	unit: "host", units: itself,
	plan:   planStar,
	script: func(n int) (string, []string) { return starScript, []string{fmt.Sprintf("hosts=%d", n)} },
}

//go:embed nes/star.nes
var starScript string

func planStar(n int) *plan {
	p := &plan{}
	gateway := netip.MustParsePrefix("10.0.255.254/16")
	r := p.space("r")
	p.links = append(p.links, link{r, "bridge", "br0", []netip.Prefix{gateway}})
	for i := 1; i <= n; i++ {
		h := p.space("h%d", i)
		addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 16)
		p.join(
			end{space: r, name: fmt.Sprintf("p%d", i), master: "br0"},
			end{space: h, name: "eth0", addrs: []netip.Prefix{addr}})
		p.routes = append(p.routes, route{h, defaultRoute, gateway.Addr(), "eth0"})
	}
	return p
}
