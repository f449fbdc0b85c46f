//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// plan is what a workload builds, for every tool the same. Namespaces are known
// by their place in spaces. A pair's first end is in the namespace that comes
// first, so that going through the namespaces in order finds each end made.
type plan struct {
	spaces []string
	links  []link
	pairs  []pair
	routes []route
}

// link is one that stands alone. It is up.
type link struct {
	space int
	kind  string
	name  string
	addrs []netip.Prefix
}

// pair is a veth. Both ends are up.
type pair struct{ near, far end }

type end struct {
	space  int
	name   string
	master string // a link of the same namespace; empty for none
	addrs  []netip.Prefix
}

// route is an IPv4 route over a gateway. Every gateway is in a link's prefix.
type route struct {
	space int
	to    netip.Prefix
	via   netip.Addr
	dev   string
}

var defaultRoute = netip.MustParsePrefix("0.0.0.0/0")

// dst writes a destination as ip does.
func (r route) dst() string {
	switch {
	case r.to == defaultRoute:
		return "default"
	case r.to.IsSingleIP():
		return r.to.Addr().String()
	}
	return r.to.String()
}

// space adds a namespace and returns its number.
func (p *plan) space(format string, args ...any) int {
	p.spaces = append(p.spaces, fmt.Sprintf(format, args...))
	return len(p.spaces) - 1
}

// join adds a pair, the end of the earlier namespace first.
func (p *plan) join(a, b end) {
	if a.space > b.space {
		a, b = b, a
	}
	p.pairs = append(p.pairs, pair{a, b})
}

// room is what is to be made in one namespace.
type room struct {
	links  []link
	near   []pair // whose other end may be elsewhere
	far    []end  // of pairs that an earlier room, or this one, has made
	routes []route
}

// rooms are the contents of the namespaces, in their order.
func (p *plan) rooms() []room {
	all := make([]room, len(p.spaces))
	for _, l := range p.links {
		all[l.space].links = append(all[l.space].links, l)
	}
	for _, pr := range p.pairs {
		all[pr.near.space].near = append(all[pr.near.space].near, pr)
		all[pr.far.space].far = append(all[pr.far.space].far, pr.far)
	}
	for _, r := range p.routes {
		all[r.space].routes = append(all[r.space].routes, r)
	}
	return all
}

// lines say what must be there in the end, sorted, a line for each object: in
// the words in which look tells what is there.
func (p *plan) lines() []string {
	var all []string
	say := func(space int, format string, args ...any) {
		all = append(all, p.spaces[space]+": "+fmt.Sprintf(format, args...))
	}
	addrs := func(space int, name string, addrs []netip.Prefix) {
		for _, a := range addrs {
			say(space, "addr %s %s", name, a)
		}
	}
	for i := range p.spaces {
		say(i, "%s", linkLine("lo", "", ""))
	}
	for _, l := range p.links {
		say(l.space, "%s", linkLine(l.name, l.kind, ""))
		addrs(l.space, l.name, l.addrs)
	}
	for _, pr := range p.pairs {
		for _, e := range []end{pr.near, pr.far} {
			say(e.space, "%s", linkLine(e.name, "veth", e.master))
			addrs(e.space, e.name, e.addrs)
		}
	}
	for _, r := range p.routes {
		say(r.space, "route %s via %s dev %s", r.to, r.via, r.dev)
	}
	slices.Sort(all)
	return all
}

// linkLine is a link that is up.
func linkLine(name, kind, master string) string {
	line := []string{"link", name, "up"}
	if kind != "" {
		line = append(line, "kind", kind)
	}
	if master != "" {
		line = append(line, "master", master)
	}
	return strings.Join(line, " ")
}

// size is the plan in a few words.
func (p *plan) size() string {
	addrs := 0
	for _, l := range p.links {
		addrs += len(l.addrs)
	}
	for _, pr := range p.pairs {
		addrs += len(pr.near.addrs) + len(pr.far.addrs)
	}
	return fmt.Sprintf("%d namespaces, %d links, %d addresses, %d routes",
		len(p.spaces), len(p.links)+2*len(p.pairs), addrs, len(p.routes))
}
