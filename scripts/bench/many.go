//go:build linux

package main

import (
	"fmt"
	"net/netip"
)

// Many objects of one kind in one namespace: what the kernel does for each is
// little, so that it shows what a tool adds. The links are bridges, which are
// made without options on every kernel that has containers.

// addrLinks is how many links share the addresses: the kernel goes through all
// of a link's for each new one, which would be most of the time.
const addrLinks = 100

var addrs = family{
	name: "addrs", about: fmt.Sprintf("N addresses on %d links", addrLinks),
	does: build, sizes: []int{10_000}, most: 1 << 20,
	unit: "address", units: itself,
	plan: func(n int) *plan {
		p, one := onlyOne()
		for i := range min(n, addrLinks) {
			p.links = append(p.links, link{space: one, kind: "bridge", name: fmt.Sprintf("br%d", i+1)})
		}
		for i, a := range many(netip.MustParseAddr("10.0.0.1"), n) {
			l := &p.links[i%addrLinks]
			l.addrs = append(l.addrs, a)
		}
		return p
	},
	script: manyScript(fmt.Sprintf(`for b in 1..(min(n, %d)) <
		bridge br$b up
		for k in 0..((n - b) / %[1]d) < addr br$b (host(10.0.0.0/8, k * %[1]d + b)) > # each link's, as the others do
	>`, addrLinks)),
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

// mixedLinks is to how many addresses, and as many routes, there is a link.
const mixedLinks = 5

var mixed = family{
	name: "mixed", about: fmt.Sprintf("N addresses, N routes and N/%d bridges in one namespace", mixedLinks),
	does: build, sizes: []int{10_000}, most: 1<<20 - 1 - (1<<20-1)%mixedLinks, step: mixedLinks,
	unit: "address", units: itself,
	plan: func(n int) *plan {
		p, one := onlyOne()
		for i := range n / mixedLinks {
			p.links = append(p.links, link{space: one, kind: "bridge", name: fmt.Sprintf("br%d", i+1)})
		}
		near := netip.MustParsePrefix("192.168.0.1/24")
		p.links[0].addrs = []netip.Prefix{near}
		for i, a := range many(netip.MustParseAddr("10.0.0.1"), n) {
			l := &p.links[i%min(n/mixedLinks, addrLinks)]
			l.addrs = append(l.addrs, a)
		}
		for _, to := range many(netip.MustParseAddr("172.16.0.1"), n) {
			p.routes = append(p.routes, route{one, to, near.Addr().Next(), "br1"})
		}
		return p
	},
	script: manyScript(fmt.Sprintf(`let links = n / %d; let addressed = min(links, %d)
		for b in 1..links <
			bridge br$b up
			if b == 1 < addr br1 192.168.0.1/24 >
			if (b <= addressed) < for k in 0..((n - b) / addressed) < addr br$b (host(10.0.0.0/8, k * addressed + b)) > >
		>
		for i in 1..n < route (host(172.16.0.0/12, i)) via 192.168.0.2 dev br1 >`, mixedLinks, addrLinks)),
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
