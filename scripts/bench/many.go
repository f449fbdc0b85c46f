//go:build linux

package main

import (
	"fmt"
	"net/netip"
)

// Many objects of one kind in one namespace: what the kernel does for each is
// little, so that it shows what a tool adds. The links are bridges, which are
// made without options on every kernel that has containers.

var addrs = family{
	name: "addrs", about: "N addresses on one link",
	does: build, sizes: []int{10_000}, most: 1 << 20,
	unit: "address", units: itself,
	plan: func(n int) *plan {
		p, one := onlyOne()
		p.links = []link{{space: one, kind: "bridge", name: "br0", addrs: many(netip.MustParseAddr("10.0.0.1"), n)}}
		return p
	},
	script: manyScript(`bridge br0 up; for i in 1..n < addr br0 (host(10.0.0.0/8, i)) >`),
}

var routes = family{
	name: "routes", about: "N routes by one gateway",
	does: build, sizes: []int{10_000}, most: 1<<20 - 1,
	unit: "route", units: itself,
	plan: func(n int) *plan {
		p, one := onlyOne()
		p.links = []link{{space: one, kind: "bridge", name: "br0", addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}}}
		for _, to := range many(netip.MustParseAddr("172.16.0.1"), n) {
			p.routes = append(p.routes, route{one, to, netip.MustParseAddr("10.0.0.2"), "br0"})
		}
		return p
	},
	script: manyScript(`bridge br0 up; addr br0 10.0.0.1/24; for i in 1..n < route (host(172.16.0.0/12, i)) via 10.0.0.2 dev br0 >`),
}

var links = family{
	name: "links", about: "N bridges, up",
	does: build, sizes: []int{2_000}, most: 1 << 20,
	unit: "link", units: itself,
	plan: func(n int) *plan {
		p, one := onlyOne()
		for i := range n {
			p.links = append(p.links, link{space: one, kind: "bridge", name: fmt.Sprintf("br%d", i+1)})
		}
		return p
	},
	script: manyScript(`for i in 1..n < bridge br$i up >`),
}

// onlyOne is a plan of one namespace.
func onlyOne() (p *plan, space int) {
	p = &plan{}
	return p, p.space("one")
}

// many are n addresses from one on.
func many(a netip.Addr, n int) (all []netip.Prefix) {
	for range n {
		all = append(all, netip.PrefixFrom(a, 32))
		a = a.Next()
	}
	return all
}

// manyScript is a script with statements for the one namespace.
func manyScript(statements string) func(n int) (string, []string) {
	return func(n int) (string, []string) {
		return fmt.Sprintf("param n = 3\nns one < %s >\n", statements), []string{fmt.Sprintf("n=%d", n)}
	}
}
