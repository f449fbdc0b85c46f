//go:build linux

package scripts_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// The random scripts draw their words from these. They name what older.sh makes
// and a few things more, few enough for statements to meet: one makes m1,
// another moves it, a third wants its name.
var (
	spaces = []string{"host", "ns old1", "ns old2", "ns n1", "ns n2"}
	older  = map[string][]string{
		"host":    {"hv0", "hv1", "hx", "hy", "hbr", "hifb"},
		"ns old1": {"e0", "e1", "f0", "f1", "x0", "y0", "br0", "mv0", "mt0", "vx0", "ifb0", "tun0", "tap0"},
		"ns old2": {"d0", "d1", "p0", "p1", "y0", "hz"},
	}
	newLinks  = []string{"m1", "m2", "m3"}
	bridges   = map[string]string{"host": "hbr", "ns old1": "br0"}
	lower     = map[string]string{"host": "hv0", "ns old1": "e0", "ns old2": "d0"}
	altnames  = []string{"the-way-to-old1", "second", "first-of-old1", "third"}
	macs      = []string{"02:00:00:00:99:01", "02:00:00:00:99:02"}
	addresses = []string{
		"10.0.0.1/24", "10.0.0.2/24", "10.0.1.1/24", "10.1.0.1/24", "10.1.0.2/24", "10.1.0.3/24", "10.1.9.1/24",
		"10.12.0.1/24", "10.3.0.1/24", "10.2.0.1/24", "10.99.0.1/32", "10.70.0.1/24", "10.70.0.2/24 10.70.0.3/24",
		"2001:db8:1::1/64", "2001:db8:1::3/64", "2001:db8:0:1::2/64", "2001:db8:70::1/64", "2001:db8:2::1/64",
	}
	routes = []string{
		"default via 10.0.1.1", "default via 10.12.0.2 metric 50", "10.77.0.0/16 via 10.0.1.2", "blackhole 10.78.0.0/16 table 78 metric 5",
		"10.20.0.0/16 via 10.1.0.9", "10.21.0.0/16 via 10.1.0.9", "blackhole 10.24.0.0/16", "unreachable 10.25.0.0/16 metric 7 table 100",
		"10.26.0.0/16 dev y0 table 100 metric 10", "10.27.0.0/16 dev tun0", "2001:db8:20::/48 via 2001:db8:1::9 metric 77",
		"prohibit 2001:db8:22::/48 table 100", "10.28.0.0/16 nhid 5", "blackhole 10.79.0.0/16", "blackhole 2001:db8:79::/48",
		"10.80.0.0/16 nexthop via 10.1.0.9 dev e0 nexthop via 10.12.0.2 dev y0", "10.30.0.0/16 via 10.2.0.9 metric 3",
	}
	rules = []string{
		"from 10.77.0.0/16 table 78 priority 1000", "from 10.1.0.0/24 table 100 priority 500", "fwmark 9 table 9 priority 900",
		"from 2001:db8:1::/64 table 100 priority 600", "to 10.20.0.0/16 ipproto tcp dport 80-90 prohibit priority 502",
	}
	sysctls = []string{
		"net.ipv4.ip_forward 0", "net.ipv4.ip_forward 1", "net.ipv6.conf.all.forwarding 1", "net.ipv4.conf.all.rp_filter 2",
		"net.ipv4.conf.default.rp_filter 1", "net.ipv4.conf.lo.arp_ignore 1", "net.core.somaxconn 99", "net.ipv4.tcp_rmem 4096 87380 6291456",
	}
	portOptions = []string{"cost 5", "hairpin on", "learning off", "priority 3", "isolated on", "flood off cost 9", "guard off", "mcast_flood on"}
	linkOptions = []string{"up", "mtu 1300", "up mtu 1280", "alias new", "txqlen 3", "group 4", "hw 02:00:00:00:99:03"}
)

// draws draws words.
type draws struct{ *rapid.T }

func (d draws) one(of ...string) string { return rapid.SampledFrom(of).Draw(d.T, "word") }

func (d draws) number(least, most int) int { return rapid.IntRange(least, most).Draw(d.T, "number") }

// link is a link that may be in a namespace.
func (d draws) link(space string) string { return d.one(slices.Concat(older[space], newLinks)...) }

// qualified is a link that may be in some namespace, as the host's script
// writes it.
func (d draws) qualified() string {
	space := d.one(spaces...)
	return in(space, d.link(space))
}

// fresh is the name of a link to be made, which now and then is taken.
func (d draws) fresh(space string) string {
	if d.number(0, 7) == 7 {
		return d.link(space)
	}
	return d.one(newLinks...)
}

// in writes a link with its namespace.
func in(space, link string) string {
	if space == "host" {
		return link
	}
	return strings.TrimPrefix(space, "ns ") + ":" + link
}

// orElse is x or, where there is none, y.
func orElse(x, y string) string {
	if x == "" {
		return y
	}
	return x
}

// families are the kinds of statements, each with some way to draw one that is
// to run in a namespace.
var families = []func(d draws, space string) string{
	draws.state, draws.state, draws.state, draws.membership, draws.membership, draws.going, draws.going, draws.made, draws.made,
	draws.addr, draws.addr, draws.route, draws.rule, draws.neigh, draws.system,
}

func (d draws) state(space string) string {
	l := d.link(space)
	switch d.number(0, 15) {
	case 0, 1:
		return "down " + l
	case 2:
		return "up " + l
	case 3:
		return "mtu " + l + " " + d.one("1000", "1280", "1300", "1500")
	case 4:
		return "hw " + l + " " + d.one(macs...)
	case 5:
		return "alias " + l + " other"
	case 6:
		return "txqlen " + l + " 9"
	case 7:
		return "group " + l + " " + d.one("0", "3")
	case 8:
		return d.one("promisc ", "allmulticast ", "multicast ", "arp ") + l + d.one(" on", " off")
	case 9:
		return "addrgenmode " + l + d.one(" none", " eui64")
	case 10:
		return "rename " + l + " " + d.fresh(space)
	case 11:
		return "altname " + l + " " + d.one(altnames...)
	case 12:
		return "del altname " + l + " " + d.one(altnames...)
	case 13:
		return "set " + l + " name " + d.fresh(space) + d.one("", " up", " down", " mtu 1290 promisc on")
	default:
		more := []string{"", " promisc on", " arp off", " up", " down"}
		options := d.one(linkOptions[1:]...)
		if strings.HasPrefix(options, "up ") { // which can be said once
			more = more[:3]
		}
		return "set " + l + " " + options + d.one(more...)
	}
}

func (d draws) membership(space string) string {
	l := d.link(space)
	switch d.number(0, 4) {
	case 0:
		return "master " + l + " " + orElse(bridges[space], "m1")
	case 1:
		return "master " + l + " " + d.one(newLinks...)
	case 2:
		return "nomaster " + l
	default:
		return "port " + l + " " + d.one(portOptions...)
	}
}

// going is how links and namespaces come and go.
func (d draws) going(space string) string {
	switch d.number(0, 9) {
	case 0, 1, 2:
		return "del link " + d.link(space)
	case 3, 4, 5:
		return "move " + d.link(space) + " " + d.one(spaces...)
	case 6:
		return "ns " + d.one("n1", "n2")
	case 7:
		return "ensure ns " + d.one("n1", "n2", "old1", "old2")
	case 8:
		return "del ns " + d.one("n1", "old1", "old2")
	default:
		return "replace ns " + d.one("n1", "old1", "old2")
	}
}

// made is links of all kinds: new ones, and older ones that are to be made so.
func (d draws) made(space string) string {
	modifier := d.one("", "", "replace ", "ensure ")
	name := d.fresh(space)
	if modifier != "" {
		name = d.link(space)
	}
	options := " " + d.one(linkOptions...)
	switch d.number(0, 8) {
	case 0, 1:
		return modifier + "bridge " + name + " ageing_time 5000" + d.one("", options)
	case 2, 3:
		return modifier + "veth " + name + " " + d.qualified() + d.one("", " up", " mtu 1400")
	case 4:
		return modifier + "ifb " + name + d.one("", " up", " mtu 1300 up")
	case 5:
		return modifier + d.one("macvlan ", "macvtap ") + name + " link " + orElse(lower[space], "m1") + " mode bridge" + d.one("", options)
	case 6:
		return modifier + "vxlan " + name + " id 77 remote 10.0.9.9 dstport 4788" + d.one("", " up", " mtu 1300")
	default:
		return modifier + d.one("tun ", "tap ") + name + d.one("", " user 0", " up")
	}
}

func (d draws) addr(space string) string {
	l, a := d.link(space), d.one(addresses...)
	switch d.number(0, 6) {
	case 0, 1:
		return "addr " + l + " " + a + d.one("", "", " noprefixroute", " metric 9", " valid_lft 900 preferred_lft 800")
	case 2, 3:
		return "del addr " + l + " " + a
	case 4:
		return "replace addr " + l + " " + a + d.one("", " noprefixroute", " metric 8")
	case 5:
		return "ensure addr " + l + " " + a
	default:
		return "flush addr " + l
	}
}

func (d draws) route(string) string {
	if d.number(0, 6) == 0 {
		return "flush route " + d.one("table 100", "table main", "10.20.0.0/16", "dev e0", "dev y0", "proto boot")
	}
	return d.one("", "del ", "del ", "replace ", "ensure ") + "route " + d.one(routes...)
}

func (d draws) rule(string) string {
	if d.number(0, 6) == 0 {
		return "flush rule"
	}
	return d.one("", "del ", "ensure ") + "rule " + d.one(rules...)
}

func (d draws) neigh(space string) string {
	l := d.link(space)
	ip := d.one("10.1.0.9", "10.0.1.7", "2001:db8:1::9", "10.2.0.9", "10.1.0.8", "10.70.0.9")
	switch d.number(0, 3) {
	case 0:
		return "del neigh " + l + " " + ip
	case 1:
		return "flush neigh " + l
	default:
		return d.one("", "replace ", "ensure ") + "neigh " + l + " " + ip + " " + d.one(macs...) + d.one("", "", " nud noarp", " router")
	}
}

func (d draws) system(space string) string {
	switch d.number(0, 4) {
	case 0:
		return "forward " + d.one("on", "off")
	case 1:
		return "forward " + d.one("on ", "off ") + d.link(space)
	case 2:
		return "sysctl net.ipv4.conf." + d.link(space) + ".rp_filter " + d.one("0", "1", "2")
	case 3:
		return "ensure sysctl net.ipv6.conf." + d.link(space) + ".accept_ra " + d.one("0", "2")
	default:
		return d.one("", "ensure ") + "sysctl " + d.one(sysctls...)
	}
}

// statement draws one statement of a namespace.
func (d draws) statement(space string) string {
	return rapid.SampledFrom(families).Draw(d.T, "family")(d, space)
}

// block draws a statement for the top of a script: one or a few of them in a
// namespace, within what the language has for running them. Most are tried,
// since the first that fails would end the script.
func (d draws) block() string {
	space := d.one(spaces...)
	var stmts []string
	for range d.number(1, 3) {
		s := d.statement(space)
		if d.number(0, 9) < 7 {
			s = "try < " + s + " > catch < >"
		}
		stmts = append(stmts, s)
	}
	body := strings.Join(stmts, "; ")
	if space != "host" {
		body = fmt.Sprintf("in %s < %s >", space, body)
	}
	switch d.number(0, 11) {
	case 0:
		return "atomic < " + body + " >"
	case 1:
		return "try < " + body + "; fail 'inside' > catch < >"
	case 2:
		return "try < " + body + " > catch e < " + d.statement("host") + " >"
	case 3:
		return "for i in 1..2 < " + body + " >"
	case 4:
		return "parallel < " + body + "; " + d.statement("host") + " >"
	case 5:
		return "try < atomic < " + body + " >; fail 'outside' > catch < >"
	default:
		return body
	}
}
