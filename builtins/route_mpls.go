//go:build linux

package builtins

import (
	"fmt"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// mplsRoute is the TYPE of a route for a label; the others are RTN_*.
const mplsRoute = 1 << 8

var (
	// routeDest is a destination, or a label.
	routeDest = typ[destination]{"default|IP[/LEN]|LABEL", func(v value.Value) (destination, error) {
		switch v.(type) {
		case value.IP, value.Prefix:
			return readDestination(v)
		}
		// Of what is plainly none, parseLabel would only make an error.
		if s := v.String(); s != "" && '0' <= s[0] && s[0] <= '9' && !strings.ContainsAny(s, ".:/") {
			if n, err := parseLabel(s); err == nil {
				return destination{label: n + 1}, nil
			}
		}
		return readDestination(v)
	}}
	ttlPropagateOption = Option{Name: "ttl-propagate", Type: oneOf(word{"enabled", 1}, word{"disabled", -1}), Doc: "of mpls: whether the label's TTL goes into the packet"}
	// hopOptions are those of a way of a route.
	hopOptions = append(append([]Option{}, viaOptions...),
		Option{Name: "as", Aliases: []string{"swap"}, Leads: []string{"to"}, Type: labels, Doc: "of mpls: the labels that take the place of the one that goes"})
)

// notMPLS refuses what only routes for labels have.
func notMPLS(c *Call) error {
	for i := range c.given {
		if name := onlyMPLS(&c.given[i]); name != "" {
			return fmt.Errorf("%q is for a route for a label: route mpls LABEL", name)
		}
	}
	if d := One[destination](c, "PREFIX"); d.label != 0 {
		return fmt.Errorf("%d is no address; for a label it is written route mpls %d", d.label-1, d.label-1)
	}
	return nil
}

// onlyMPLS is the option, or one within it, that only routes for labels have.
func onlyMPLS(g *Given) string {
	switch g.Option.Name {
	case "as", "ttl-propagate":
		return g.Option.Name
	}
	for i := range g.Given {
		if name := onlyMPLS(&g.Given[i]); name != "" {
			return name
		}
	}
	return ""
}

func compileMPLS(c *Call) ([]nsexec.Step, error) {
	d := One[destination](c, "PREFIX")
	if d.label == 0 {
		return nil, fmt.Errorf("a route mpls is for a label, which is in 0..1048575")
	}
	const first = 16
	if d.label-1 < first {
		return nil, fmt.Errorf("label %d is reserved; routes are for labels from %d on", d.label-1, first)
	}
	if err := onlyWith(c, "route mpls", "via", "dev", "as", "proto", "ttl-propagate", "nexthop"); err != nil {
		return nil, err
	}
	cfg := nsexec.MPLSRouteConfig{Label: d.label - 1, Proto: optInt(c, "proto"), TTLPropagate: optInt(c, "ttl-propagate"), Text: c.String()}
	var err error
	if cfg.Hop, err = mplsHop(c, c.Options()); err != nil {
		return nil, err
	}
	for _, g := range c.Repeated("nexthop") {
		hop, err := mplsHop(c, g.Given)
		if err != nil {
			return nil, err
		}
		for _, sub := range g.Given {
			if name := sub.Option.Name; name != "via" && name != "dev" && name != "as" {
				return nil, fmt.Errorf("%q does not go with a nexthop of route mpls, which takes via, dev, as", name)
			}
		}
		cfg.Hops = append(cfg.Hops, hop)
	}
	one := c.Has("via") || c.Has("dev") || c.Has("as")
	switch {
	case one && len(cfg.Hops) > 0:
		return nil, fmt.Errorf("a route has its own via, dev and as or those of its nexthops, not both")
	case !c.Has("via") && !c.Has("dev") && len(cfg.Hops) == 0 && c.Modifier != Del:
		return nil, fmt.Errorf("a route needs a way: via IP, dev LINK or nexthop …")
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: mplsRouted(c.Modifier, cfg)}}, nil
}

func mplsRouted(mod Modifiers, cfg nsexec.MPLSRouteConfig) nsexec.Action {
	switch mod {
	case Del:
		return nsexec.DelMPLSRoute(cfg)
	case Replace, Ensure:
		return nsexec.ReplaceMPLSRoute(cfg)
	}
	return nsexec.AddMPLSRoute(cfg)
}

func mplsHop(c *Call, given []Given) (nsexec.MPLSHop, error) {
	hop, err := nextHop(c, given)
	swap, _ := GivenAs[[]byte](given, "as")
	return nsexec.MPLSHop{NextHop: hop, Swap: swap}, err
}
