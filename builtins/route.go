//go:build linux

package builtins

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"golang.org/x/sys/unix"
)

// routeTypes are RTN_* of linux/rtnetlink.h.
var routeTypes = []word{
	{"unicast", unix.RTN_UNICAST}, {"local", unix.RTN_LOCAL}, {"broadcast", unix.RTN_BROADCAST},
	{"anycast", unix.RTN_ANYCAST}, {"multicast", unix.RTN_MULTICAST}, {"blackhole", unix.RTN_BLACKHOLE},
	{"unreachable", unix.RTN_UNREACHABLE}, {"prohibit", unix.RTN_PROHIBIT}, {"throw", unix.RTN_THROW},
}

// destination is `default`, a prefix, or an address alone.
type destination struct {
	all    bool // default: the family comes from the gateway
	prefix netip.Prefix
	label  int // of MPLS, plus one
}

var (
	routeType = oneOf(append(routeTypes, word{"mpls", mplsRoute})...)
	destType  = typ[destination]{"default|IP[/LEN]", readDestination}
	tableType = ofText("TABLE", func(s string) (int64, error) {
		return named(s, map[string]int64{"default": unix.RT_TABLE_DEFAULT, "main": unix.RT_TABLE_MAIN, "local": unix.RT_TABLE_LOCAL}, "/etc/iproute2/rt_tables", 1<<32-1)
	})
	protoType = ofText("PROTO", func(s string) (int64, error) {
		return named(s, map[string]int64{"redirect": 1, "kernel": unix.RTPROT_KERNEL, "boot": unix.RTPROT_BOOT, "static": unix.RTPROT_STATIC, "ra": unix.RTPROT_RA, "dhcp": unix.RTPROT_DHCP, "bird": unix.RTPROT_BIRD, "zebra": unix.RTPROT_ZEBRA, "bgp": unix.RTPROT_BGP, "isis": unix.RTPROT_ISIS, "ospf": unix.RTPROT_OSPF, "rip": unix.RTPROT_RIP, "babel": unix.RTPROT_BABEL, "eigrp": unix.RTPROT_EIGRP}, "", 255)
	})
	byteTOS  = ofText("TOS", parseTOS)
	prefType = oneOf(word{"medium", 0}, word{"high", 1}, word{"low", 3})
)

func readDestination(v value.Value) (destination, error) {
	if s, ok := v.(value.String); ok && (s == "default" || s == "all" || s == "any") {
		return destination{all: true}, nil
	}
	p, err := readHostOrNet(v)
	if err != nil {
		return destination{}, err
	}
	if p.Masked() != p.Prefix {
		return destination{}, fmt.Errorf("%s has host bits set; the network is %s", p, p.Masked())
	}
	return destination{prefix: p.Prefix}, nil
}

// named reads a number or a name for one, from words or from a file of
// iproute2's.
func named(s string, words map[string]int64, file string, most int64) (int64, error) {
	if n, ok := words[s]; ok {
		return n, nil
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		if n < 1 || n > most {
			return 0, fmt.Errorf("%d is not in 1..%d", n, most)
		}
		return n, nil
	}
	if n, ok := inFile(file, s); ok {
		return n, nil
	}
	return 0, fmt.Errorf("%q is neither a number nor a known name", s)
}

// inFile looks a name up in a file of lines `NUMBER NAME`.
func inFile(file, name string) (int64, bool) {
	f, err := os.Open(file)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[1] != name {
			continue
		}
		if n, err := strconv.ParseInt(fields[0], 0, 64); err == nil {
			return n, true
		}
	}
	return 0, false
}

// viaOptions are those of a next hop.
var viaOptions = []Option{
	{Name: "via", Leads: []string{"inet", "inet6"}, Type: ipType, Doc: "the gateway; an IPv6 one may serve IPv4 (RFC 5549)"},
	{Name: "dev", Aliases: []string{"oif"}, Type: localLink, Doc: "the link"},
	{Name: "onlink", Doc: "the gateway is on the link, whatever its address"},
	encapOption(),
}

var realmsOption = Option{Name: "realms", Aliases: []string{"realm"}, Type: realmType, Doc: "the realms of IPv4 packets that take it"}

var routeSpec = &Spec{
	Name: "route", Group: Layer3,
	Doc:     "add a route",
	Example: "route 10.1.0.0/16 via 10.0.0.1 dev eth0 metric 100",
	Params: []Param{
		{Name: "TYPE", Type: routeType, Optional: true, Doc: "unicast unless said otherwise"},
		{Name: "PREFIX", Type: routeDest, Doc: "where to: default, a network or an address; of mpls the label"},
	},
	ModParams: map[Modifiers][]Param{Flush: {{Name: "PREFIX", Type: destType, Optional: true}}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: append(append([]Option{}, hopOptions...), append(routeMetricOptions(),
		Option{Name: "src", Type: ipType, Doc: "the address to send from"},
		Option{Name: "metric", Aliases: []string{"priority", "preference"}, Type: number(0, 1<<32-1), Doc: "the lower of two routes is taken"},
		Option{Name: "table", Type: tableType, Doc: "the routing table, by number or name"},
		Option{Name: "scope", Type: scopeType, Doc: "how far the destination is"},
		Option{Name: "proto", Aliases: []string{"protocol"}, Type: protoType, Doc: "who set it"},
		Option{Name: "tos", Aliases: []string{"dsfield"}, Type: byteTOS, Doc: "only packets with this TOS"},
		Option{Name: "pref", Type: prefType, Doc: "the preference of an IPv6 router (RFC 4191)"},
		Option{Name: "nhid", Type: number(1, 1<<32-1), Doc: "a nexthop object"},
		realmsOption, ttlPropagateOption,
		Option{Name: "from", Type: destType, Doc: "only IPv6 packets from there"},
		Option{Name: "expires", Type: expiresType, Doc: "how long an IPv6 route stays"},
		Option{Name: "nexthop", Repeat: true, Options: append(append([]Option{}, hopOptions...), realmsOption, Option{Name: "weight", Type: number(1, 256), Doc: "its share of the flows"}), Doc: "one of several ways"},
	)...),
	Verify:  verifyRoute,
	Compile: compileRoute,
}

// verifyRoute is as compiles, without making steps: scripts add thousands of
// routes.
func verifyRoute(c *Call) *ArgError {
	if c.Modifier == Flush || c.Int("TYPE") == mplsRoute {
		return compiles(c)
	}
	if !c.known() {
		return nil
	}
	_, err := routeConfig(c)
	return verbError(err)
}

func compileRoute(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		return flushRoutes(c)
	}
	if c.Int("TYPE") == mplsRoute {
		return compileMPLS(c)
	}
	cfg, err := routeConfig(c)
	if err != nil {
		return nil, err
	}
	return c.one(c.Env.NS, routed(c.Modifier, cfg)), nil
}

// routeConfig is the route of a call, other than one for a label.
func routeConfig(c *Call) (nsexec.RouteConfig, error) {
	if err := notMPLS(c); err != nil {
		return nsexec.RouteConfig{}, err
	}
	cfg := nsexec.RouteConfig{Type: c.Int("TYPE"), Scope: -1}
	var err error
	if cfg.Hop, err = nextHop(c, c.Options()); err != nil {
		return cfg, err
	}
	for i := range c.given {
		if err := setRoute(c, &cfg, &c.given[i]); err != nil {
			return cfg, err
		}
	}
	if cfg.Metrics, err = metricsOf(c); err != nil {
		return cfg, err
	}
	if cfg.Dst, err = routeDst(One[destination](c, "PREFIX"), cfg); err != nil {
		return cfg, err
	}
	return cfg, checkRoute(c, &cfg)
}

// setRoute sets what an option is about that is not one of a next hop's.
func setRoute(c *Call, cfg *nsexec.RouteConfig, g *Given) error {
	n := g.number()
	switch g.Option.Name {
	case "metric":
		cfg.Metric = n
	case "table":
		cfg.Table = n
	case "proto":
		cfg.Proto = n
	case "tos":
		cfg.TOS = n
	case "nhid":
		cfg.NHID = n
	case "expires":
		cfg.Expires = n
	case "scope":
		cfg.Scope = n
	case "pref":
		cfg.Pref = n + 1
	case "src":
		cfg.Src = g.Value().(value.IP).Addr
	case "from":
		cfg.From = g.Value().(destination).prefix
	case "nexthop":
		hop, err := nextHop(c, g.Given)
		if err != nil {
			return err
		}
		cfg.Hops = append(cfg.Hops, hop)
	}
	return nil
}

func routed(mod Modifiers, cfg nsexec.RouteConfig) nsexec.Action {
	switch mod {
	case Del:
		return nsexec.DelRoute(cfg)
	case Replace, Ensure:
		return nsexec.ReplaceRoute(cfg)
	}
	return nsexec.AddRoute(cfg)
}

// nextHop reads viaOptions and the weight.
func nextHop(c *Call, given []Given) (nsexec.NextHop, error) {
	var hop nsexec.NextHop
	for i := range given {
		g := &given[i]
		switch g.Option.Name {
		case "via":
			hop.Via = g.Value().(value.IP).Addr
			if g.Lead != "" && hop.Via.Is4() != (g.Lead == "inet") {
				return hop, fmt.Errorf("via %s: %s is of the other family", g.Lead, hop.Via)
			}
		case "dev":
			hop.Dev = g.Value().(LinkArg).Link
		case "weight":
			hop.Weight = g.number()
		case "realms":
			hop.Realms = g.number()
		case "onlink":
			hop.OnLink = true
		case "encap":
			var err error
			if hop.Encap, err = encapOf(c, g.Given); err != nil {
				return hop, err
			}
		}
	}
	return hop, nil
}

// routeDst is the destination as a prefix. The family of `default` is that of
// the first address that the route names, else IPv4.
func routeDst(d destination, cfg nsexec.RouteConfig) (netip.Prefix, error) {
	if !d.all {
		return d.prefix, nil
	}
	named := cfg.Hop.Via
	for _, hop := range cfg.Hops {
		if !named.IsValid() {
			named = hop.Via
		}
	}
	if !named.IsValid() {
		named = cfg.Src
	}
	if named.Is6() {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0), nil
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
}

// checkRoute refuses what the kernel would refuse without a word.
func checkRoute(c *Call, cfg *nsexec.RouteConfig) error {
	if cfg.Src.IsValid() && cfg.Src.Is4() != cfg.Dst.Addr().Is4() {
		return fmt.Errorf("src %s and the destination %s are of two families", cfg.Src, cfg.Dst)
	}
	if err := checkFamily(c, cfg); err != nil {
		return err
	}
	for i := range len(cfg.Hops) + 1 {
		hop := hopAt(cfg, i)
		if hop.Via.Is4() && cfg.Dst.Addr().Is6() {
			return fmt.Errorf("an IPv6 route has no IPv4 gateway such as %s", hop.Via)
		}
		if err := encapFits(hop.Encap, cfg.Dst.Addr().Is6()); err != nil {
			return err
		}
	}
	own := cfg.Hop
	own.Realms = 0
	if len(cfg.Hops) > 0 && (own != nsexec.NextHop{}) {
		return fmt.Errorf("a route has its own via and dev or those of its nexthops, not both")
	}
	reaches := cfg.Hop.Via.IsValid() || cfg.Hop.Dev != nsexec.LinkRef{} || len(cfg.Hops) > 0 || cfg.NHID != 0
	if !reaches && c.Modifier != Del && (cfg.Type == 0 || cfg.Type == unix.RTN_UNICAST) {
		return fmt.Errorf("a route needs a way: via IP, dev LINK, nexthop … or nhid N")
	}
	return nil
}

// hopAt is a way of a route, of which its own is the last.
func hopAt(cfg *nsexec.RouteConfig, i int) *nsexec.NextHop {
	if i < len(cfg.Hops) {
		return &cfg.Hops[i]
	}
	return &cfg.Hop
}

// checkFamily refuses what the kernel passes over in a route of a family.
func checkFamily(c *Call, cfg *nsexec.RouteConfig) error {
	if cfg.Dst.Addr().Is4() {
		for i := range c.given {
			switch name := c.given[i].Option.Name; name {
			case "from", "expires", "pref":
				return fmt.Errorf("only IPv6 routes have %q", name)
			}
		}
		return nil
	}
	if cfg.From.IsValid() && cfg.From.Addr().Is4() {
		return fmt.Errorf("from %s and the destination %s are of two families", cfg.From, cfg.Dst)
	}
	for i := range len(cfg.Hops) + 1 {
		hop := hopAt(cfg, i)
		if hop.Realms != 0 {
			return fmt.Errorf("only IPv4 routes have realms")
		}
	}
	return nil
}

func flushRoutes(c *Call) ([]nsexec.Step, error) {
	f := nsexec.FlushFilter{Table: optInt(c, "table"), Proto: optInt(c, "proto")}
	if l, ok := Opt[LinkArg](c, "dev"); ok {
		f.Dev = l.Link
	}
	if len(c.Param("PREFIX")) > 0 {
		f.Dst, _ = routeDst(One[destination](c, "PREFIX"), nsexec.RouteConfig{})
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushRoutes(f)}}, nil
}
