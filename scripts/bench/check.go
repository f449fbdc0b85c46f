//go:build linux

package main

import (
	"fmt"
	"strings"
)

// checking is a check of a script as a generator of labs writes it: long, and
// without a loop.
var checking = family{
	name: "check", about: "nescript check of N flat statements",
	does: check, sizes: []int{200_000}, most: 1 << 20,
	unit: "statement", units: itself,
	plan:   func(int) *plan { return &plan{} },
	script: func(n int) (string, []string) { return flat(n), nil },
}

// flat is a script of n statements. The one in the block of an `in` counts, too.
func flat(n int) string {
	var b strings.Builder
	for i := range n {
		host := i / 5
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, "ns h%d\n", host)
		case 1:
			fmt.Fprintf(&b, "veth h%d:eth0 10.%d.%d.1/31 r:p%d master br0 up\n", host, host>>8&255, host&255, host)
		case 2:
			fmt.Fprintf(&b, "addr h%d:eth0 172.16.%d.%d/24\n", host, host>>8&255, host&255)
		case 3:
			fmt.Fprintf(&b, "in ns h%d < ", host)
		case 4:
			b.WriteString("route default via 172.16.0.254 dev eth0 >\n")
		}
	}
	if n%5 == 4 {
		b.WriteString(">\n")
	}
	return b.String()
}
