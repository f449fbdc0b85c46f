//go:build linux

package builtins_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

var layer3Witnesses = []witness{
	{"addr eth0 10.0.0.1/24 broadcast +", "-4 addr show eth0", map[string]string{"addr_info.0.local": "10.0.0.1", "addr_info.0.prefixlen": "24", "addr_info.0.broadcast": "10.0.0.255"}},
	{"addr eth0 10.0.0.1/24", "-4 addr show eth0", map[string]string{"addr_info.0.broadcast": "<nil>"}},
	{"addr eth0 10.0.0.1/24 broadcast 10.0.0.9", "-4 addr show eth0", map[string]string{"addr_info.0.broadcast": "10.0.0.9"}},
	{"addr eth0 10.0.0.1/24 brd -", "-4 addr show eth0", map[string]string{"addr_info.0.broadcast": "10.0.0.0"}},
	{"addr eth0 10.0.0.1 peer 10.0.0.2", "-4 addr show eth0", map[string]string{"addr_info.0.local": "10.0.0.1", "addr_info.0.address": "10.0.0.2"}},
	{"addr eth0 10.0.0.1/24 label eth0:x scope link metric 77", "-4 addr show eth0", map[string]string{"addr_info.0.label": "eth0:x", "addr_info.0.scope": "link", "addr_info.0.metric": "77"}},
	{"addr eth0 10.0.0.1/24 noprefixroute", "-4 route show dev eth0", map[string]string{"#": "0"}},
	{"addr eth0 10.0.0.1/24 valid_lft 1h preferred_lft 600", "-4 addr show eth0", map[string]string{"addr_info.0.valid_life_time": "3600", "addr_info.0.preferred_life_time": "600"}},
	{"addr eth0 2001:db8::1/64 nodad", "-6 addr show dev eth0 scope global", map[string]string{"addr_info.0.nodad": "true"}},
	{"addr eth0 239.1.2.3/32 autojoin", "-4 addr show eth0", map[string]string{"addr_info.0.autojoin": "true"}},
	{"sysctl net.ipv6.conf.eth0.optimistic_dad 1; down eth0; addr eth0 2001:db8::1/64 optimistic", "-6 addr show dev eth0 scope global", map[string]string{"addr_info.0.optimistic": "true"}},
	{"addr eth0 2001:db8::1/64 home", "-6 addr show dev eth0 scope global", map[string]string{"addr_info.0.home": "true"}},
	{"addr eth0 2001:db8::1/64 mngtmpaddr", "-6 addr show dev eth0 scope global", map[string]string{"addr_info.0.mngtmpaddr": "true"}},
	{"addr eth0 10.0.0.1/24 10.0.1.1/24; del addr eth0 10.0.0.1/24", "-4 addr show eth0", map[string]string{"addr_info.0.local": "10.0.1.1"}},
	{"addr eth0 10.0.0.1/24; replace addr eth0 10.0.0.1/24 metric 5; ensure addr eth0 10.0.0.1/24 metric 5", "-4 addr show eth0", map[string]string{"addr_info.0.metric": "5"}},
	{"addr eth0 10.0.0.1/24 10.0.0.2/24 10.1.0.1/24 2001:db8::1/64; flush addr eth0", "addr show eth0", map[string]string{"addr_info.0.local": "<none>"}},

	{way + "route default via 10.0.0.2", "route show default", map[string]string{"gateway": "10.0.0.2", "dev": "eth0", "protocol": "boot"}},
	{way + "route default via 2001:db8::2", "-6 route show default", map[string]string{"gateway": "2001:db8::2"}},
	{way + "route 10.9.0.0/16 dev eth0", "route show 10.9.0.0/16", map[string]string{"dev": "eth0", "scope": "link"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2 src 10.0.0.1 metric 50 table 100 proto static", "route show table 100", map[string]string{"prefsrc": "10.0.0.1", "metric": "50", "protocol": "static"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2 table main scope global", "route show 10.9.0.0/16", map[string]string{"gateway": "10.0.0.2"}},
	{way + "route 10.9.0.0/16 via 172.16.0.9 dev eth0 onlink", "route show 10.9.0.0/16", map[string]string{"flags.0": "onlink"}},
	{way + "route 10.9.0.0/16 via 2001:db8::2 dev eth0", "route show 10.9.0.0/16", map[string]string{"via.host": "2001:db8::2"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2 mtu 1400 advmss 1300 hoplimit 9 initcwnd 20 initrwnd 21 window 5000 quickack 1 rtt 80", "route show 10.9.0.0/16",
		map[string]string{"metrics.0.mtu": "1400", "metrics.0.advmss": "1300", "metrics.0.hoplimit": "9", "metrics.0.initcwnd": "20", "metrics.0.initrwnd": "21", "metrics.0.window": "5000", "metrics.0.quickack": "1", "metrics.0.rtt": "10"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2 tos 0x10", "route show 10.9.0.0/16", map[string]string{"tos": "0x10"}},
	{way + "route 2001:db8:9::/48 via 2001:db8::2 pref high", "-6 route show 2001:db8:9::/48", map[string]string{"pref": "high"}},
	{way + "route blackhole 10.9.0.0/16", "route show 10.9.0.0/16", map[string]string{"type": "blackhole"}},
	{way + "route unreachable 10.9.0.0/16", "route show 10.9.0.0/16", map[string]string{"type": "unreachable"}},
	{way + "route prohibit 2001:db8:9::/48", "-6 route show 2001:db8:9::/48", map[string]string{"type": "prohibit"}},
	{way + "route throw 10.9.0.0/16 table 9", "route show table 9", map[string]string{"type": "throw"}},
	{way + "route local 10.9.0.1 dev lo", "route show table local 10.9.0.1", map[string]string{"type": "local", "scope": "host"}},
	{way + "route 10.9.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop via 10.0.0.3 dev eth0 onlink", "route show 10.9.0.0/16",
		map[string]string{"nexthops.0.gateway": "10.0.0.2", "nexthops.0.weight": "3", "nexthops.1.gateway": "10.0.0.3", "nexthops.1.flags.0": "onlink"}},
	{way + "route 2001:db8:9::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3 weight 2", "-6 route show 2001:db8:9::/48", map[string]string{"nexthops.1.weight": "2"}},
	{way + "exec ip nexthop add id 5 via 10.0.0.2 dev eth0; route 10.9.0.0/16 nhid 5", "route show 10.9.0.0/16", map[string]string{"nhid": "5"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2; replace route 10.9.0.0/16 via 10.0.0.3", "route show 10.9.0.0/16", map[string]string{"gateway": "10.0.0.3"}},
	{way + "ensure route 10.9.0.0/16 via 10.0.0.2; ensure route 10.9.0.0/16 via 10.0.0.2", "route show 10.9.0.0/16", map[string]string{"#": "1"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2; del route 10.9.0.0/16", "route show 10.9.0.0/16", map[string]string{"#": "0"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2 table 7; flush route table 7", "route show table 7", map[string]string{"#": "0"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2; flush route dev eth0", "route", map[string]string{"#": "0"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2; route 10.8.0.0/16 via 10.0.0.2; flush route 10.9.0.0/16", "route show 10.8.0.0/16", map[string]string{"#": "1"}},

	{"rule from 10.0.0.0/24 to 10.1.0.0/24 table 100 priority 50", "rule show priority 50", map[string]string{"src": "10.0.0.0", "srclen": "24", "dst": "10.1.0.0", "table": "100"}},
	{"rule from 2001:db8::/32 lookup main pref 50", "-6 rule show priority 50", map[string]string{"src": "2001:db8::", "table": "main"}},
	{"rule fwmark 0x10/0xff table 9 priority 50", "rule show priority 50", map[string]string{"fwmark": "0x10", "fwmask": "0xff"}},
	{"rule iif eth0 table 9 priority 50", "rule show priority 50", map[string]string{"iif": "eth0"}},
	{"rule oif eth0 table 9 priority 50", "rule show priority 50", map[string]string{"oif": "eth0"}},
	{"rule not from 10.0.0.1 table 9 priority 50", "rule show priority 50", map[string]string{"not": "<nil>", "src": "10.0.0.1"}},
	{"rule tos 10 table 9 priority 50", "rule show priority 50", map[string]string{"tos": "0x10"}},
	{"rule uidrange 0-0 table 9 priority 50", "rule show priority 50", map[string]string{"uid_start": "0", "uid_end": "0"}},
	{"rule ipproto tcp sport 80 dport 100-200 table 9 priority 50", "rule show priority 50", map[string]string{"ipproto": "tcp", "sport": "80", "dport_start": "100", "dport_end": "200"}},
	{"rule table main suppress_prefixlength 0 priority 50", "rule show priority 50", map[string]string{"suppress_prefixlen": "0"}},
	{"rule to 10.9.0.0/16 prohibit priority 50", "rule show priority 50", map[string]string{"action": "prohibit"}},
	{"rule blackhole priority 50 protocol static", "rule show priority 50", map[string]string{"action": "blackhole", "protocol": "static"}},
	{"rule unreachable family inet6 priority 50", "-6 rule show priority 50", map[string]string{"action": "unreachable"}},
	{"rule goto 32766 priority 50", "rule show priority 50", map[string]string{"goto": "32766"}},
	{"rule table 9 priority 50; del rule priority 50", "rule show priority 50", map[string]string{"#": "0"}},
	{"ensure rule table 9 priority 50; ensure rule table 9 priority 50", "rule show priority 50", map[string]string{"#": "1"}},
	{"rule table 9 priority 50; flush rule", "rule", map[string]string{"#": "1"}},

	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02", "neigh show 10.0.0.2", map[string]string{"lladdr": "02:00:00:00:00:02", "state.0": "PERMANENT"}},
	{way + "neigh eth0 2001:db8::2 02:00:00:00:00:02 nud stale router", "neigh show 2001:db8::2", map[string]string{"state.0": "STALE", "router": "<nil>"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02 extern_learn", "neigh show 10.0.0.2", map[string]string{"lladdr": "02:00:00:00:00:02"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02; replace neigh eth0 10.0.0.2 02:00:00:00:00:03", "neigh show 10.0.0.2", map[string]string{"lladdr": "02:00:00:00:00:03"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02; del neigh eth0 10.0.0.2", "neigh show 10.0.0.2 nud permanent", map[string]string{"#": "0"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02; flush neigh eth0", "neigh show nud permanent", map[string]string{"#": "0"}},
}

// way gives eth0 addresses of both families.
const way = "addr eth0 10.0.0.1/24 2001:db8::1/64 nodad;"

func TestLayer3(t *testing.T) {
	for _, w := range layer3Witnesses {
		w.check(t)
	}
}

// TestErrors has the kernel's refusals keep their errno and its own words.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		script string
		want   unix.Errno
	}{
		{"for i in 1..2 < addr eth0 10.0.0.1/24 >", unix.EEXIST},
		{"del addr eth0 10.0.0.1/24", unix.EADDRNOTAVAIL},
		{"route 10.9.0.0/16 via 10.0.0.2", unix.ENETUNREACH},
		{"del route 10.9.0.0/16", unix.ESRCH},
		{"bridge br0", unix.EEXIST},
		{"up nolink", unix.ENODEV},
		{"mtu eth0 70000", unix.EINVAL},
		{"master br0 br0", unix.ELOOP},
		{"ensure ifb eth0", unix.EEXIST},
		{"del bridge eth0", unix.EEXIST},
		{"sysctl net.ipv4.ip_forwards 1", unix.ENOENT},
		{"sysctl net.ipv4.ip_default_ttl many", unix.EINVAL},
		{"veth a b:c", unix.ENOENT},
		{"del ns nosuch", unix.ENOENT},
		{"exec /nonexistent/program", unix.ENOENT},
	} {
		_, err := runIn(t, test.script)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.script, err, test.want)
		}
	}
}
