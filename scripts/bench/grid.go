//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"net/netip"
)

// grid is a square of namespaces with a veth between neighbours.
var grid = family{
	name: "grid", about: "N × N namespaces, a veth between neighbours, a /31 on it",
	does: build, sizes: []int{10, 20, 33, 45}, most: 100,
	unit: "link", units: func(n int) int { return 2 * n * (n - 1) },
	plan:   planGrid,
	script: func(n int) (string, []string) { return gridScript, []string{fmt.Sprintf("side=%d", n)} },
}

//go:embed nes/grid.nes
var gridScript string

func planGrid(n int) *plan {
	p := &plan{}
	for y := range n {
		for x := range n {
			p.space("n%d-%d", x, y)
		}
	}
	join := func(a int, aName string, b int, bName string) {
		k := 2 * len(p.pairs)
		p.join(
			end{space: a, name: aName, addrs: []netip.Prefix{point(k)}},
			end{space: b, name: bName, addrs: []netip.Prefix{point(k + 1)}})
	}
	for y := range n {
		for x := range n {
			here := y*n + x
			if x < n-1 {
				join(here, "e", here+1, "w")
			}
			if y < n-1 {
				join(here, "s", here+n, "n")
			}
		}
	}
	return p
}

// point is the i-th address of 10.0.0.0/8, as an end of a link between two.
func point(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 31)
}
