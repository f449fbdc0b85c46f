//go:build linux

package builtins_test

import "testing"

var routeWitnesses = []witness{
	{way + "route 10.9.0.0/16 via 10.0.0.2 mtu lock 1400 rtt 10ms rttvar 5ms rto_min 20ms ssthresh 5 cwnd lock 7 reordering 6 congctl cubic features ecn fastopen_no_cookie 1", "route show 10.9.0.0/16",
		map[string]string{"metrics.0.mtu": "1400", "metrics.0.rtt": "10", "metrics.0.rttvar": "5", "metrics.0.rto_min": "20", "metrics.0.ssthresh": "5", "metrics.0.cwnd": "7", "metrics.0.reordering": "6", "metrics.0.congestion": "cubic", "metrics.0.ecn": "<nil>", "metrics.0.fastopen_no_cookie": "1"}},
	{way + "route 10.9.0.0/16 via 10.0.0.2 realms 5/6", "route show 10.9.0.0/16", map[string]string{"flow.from": "5", "flow.to": "6"}},
	{way + "route 10.9.0.0/16 via inet6 2001:db8::2 dev eth0", "route show 10.9.0.0/16", map[string]string{"via.host": "2001:db8::2"}},
	{way + "route 2001:db8:9::/48 via inet6 2001:db8::2 from 2001:db8:7::/48 expires 1h", "-6 route show 2001:db8:9::/48", map[string]string{"from": "2001:db8:7::/48"}},
}

func TestRoute(t *testing.T) {
	for _, w := range routeWitnesses {
		w.check(t)
	}
}

// layer3Same are made where way's addresses are.
var layer3Same = []sameAsIP{
	{"", "route 10.9.0.0/16 via 10.0.0.2", "route add 10.9.0.0/16 via 10.0.0.2"},
	{"", "route 10.9.0.0/16 dev eth0 metric 7", "route add 10.9.0.0/16 dev eth0 metric 7"},
	{"", "route default via 10.0.0.2 table 5 proto bird", "route add default via 10.0.0.2 table 5 proto bird"},
	{"", "route default dev eth0", "route add default dev eth0"},
	{"", "route 2001:db8:9::/48 via 2001:db8::2", "route add 2001:db8:9::/48 via 2001:db8::2"},
	{"", "route blackhole default metric 9", "route add blackhole default metric 9"},
	{"", "route unicast 10.9.0.0/16 dev eth0; route unreachable 10.8.0.0/16; route prohibit 10.7.0.0/16",
		"route add unicast 10.9.0.0/16 dev eth0\nroute add unreachable 10.8.0.0/16\nroute add prohibit 10.7.0.0/16"},
	{"", "route throw 10.9.0.0/16 table 9; route local 10.8.0.1 dev lo; route anycast 2001:db8:9::1 dev eth0",
		"route add throw 10.9.0.0/16 table 9\nroute add local 10.8.0.1 dev lo\nroute add anycast 2001:db8:9::1 dev eth0"},
	{"", "route multicast 239.1.0.0/16 dev eth0", "route add multicast 239.1.0.0/16 dev eth0"},
	{"", "route broadcast 10.0.0.77 dev eth0", "route add broadcast 10.0.0.77 dev eth0"},
	{"", "route 10.9.0.0/16 via 10.0.0.2 mtu lock 1400 advmss lock 1300 hoplimit 9 window 5000 rtt 10 rttvar lock 5ms rto_min 20ms ssthresh 5 cwnd 7 initcwnd 20 initrwnd 21 reordering 6 quickack 1 fastopen_no_cookie 1 congctl lock cubic features ecn",
		"route add 10.9.0.0/16 via 10.0.0.2 mtu lock 1400 advmss lock 1300 hoplimit 9 window 5000 rtt 10 rttvar lock 5ms rto_min 20ms ssthresh 5 cwnd 7 initcwnd 20 initrwnd 21 reordering 6 quickack 1 fastopen_no_cookie 1 congctl lock cubic features ecn"},
	{"", "route 2001:db8:9::/48 via 2001:db8::2 mtu lock 1400 rtt 80ms rto_min 1s pref low expires 100 metric 7",
		"route add 2001:db8:9::/48 via 2001:db8::2 mtu lock 1400 rtt 80ms rto_min 1s pref low expires 100 metric 7"},
	{"", "route 10.9.0.0/16 via 10.0.0.2 realms 5/6; route 10.8.0.0/16 dev eth0 realm 7 tos 0x10",
		"route add 10.9.0.0/16 via 10.0.0.2 realms 5/6\nroute add 10.8.0.0/16 dev eth0 realm 7 tos 0x10"},
	{"", "route 10.9.0.0/16 via inet6 2001:db8::2 dev eth0", "route add 10.9.0.0/16 via inet6 2001:db8::2 dev eth0"},
	{"", "route 10.9.0.0/16 nexthop via 10.0.0.2 weight 3 realms 5/6 nexthop via inet6 2001:db8::2 dev eth0 weight 256",
		"route add 10.9.0.0/16 nexthop via 10.0.0.2 weight 3 realms 5/6 nexthop via inet6 2001:db8::2 dev eth0 weight 256"},
	{"", "route 2001:db8:9::/48 from 2001:db8:7::/48 via 2001:db8::2 metric 7; route 2001:db8:9::/48 from 2001:db8:6::1 via 2001:db8::3",
		"route add 2001:db8:9::/48 from 2001:db8:7::/48 via 2001:db8::2 metric 7\nroute add 2001:db8:9::/48 from 2001:db8:6::1 via 2001:db8::3"},
	{"", "rule from 10.0.0.0/8 table 7", "rule add from 10.0.0.0/8 table 7"},
	{"", "rule not fwmark 1 table 7 pref 9", "rule add not fwmark 1 table 7 pref 9"},
	{"", "addr eth1 10.7.0.1/24 10.7.0.2/24", "addr add 10.7.0.1/24 dev eth1\naddr add 10.7.0.2/24 dev eth1"},
	{"", "neigh eth0 10.0.0.5 02:00:00:00:00:05", "neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 nud permanent"},
}

// TestLayer3_asIP makes the same with NEScript and with ip, and compares.
func TestLayer3_asIP(t *testing.T) {
	for _, s := range layer3Same {
		s.compare(t, way)
	}
}

// olderRoutes say all that a route may.
const olderRoutes = `route add 10.11.0.0/16 via 10.0.0.2 mtu lock 1400 advmss 1300 rtt 10ms rto_min 20ms ssthresh 5 cwnd lock 7 congctl cubic features ecn realms 5/6
route add 10.12.0.0/16 nexthop via 10.0.0.2 weight 3 realms 5/6 nexthop via inet6 2001:db8::2 dev eth0 weight 9
route add 10.13.0.0/16 via inet6 2001:db8::2 dev eth0 tos 0x10
route add 10.13.0.0/16 via 10.0.0.2
route add 2001:db8:11::/48 from 2001:db8:7::/48 via 2001:db8::2
route add 2001:db8:11::/48 from 2001:db8:8::/48 via 2001:db8::3 mtu 1300 rtt 80ms
route add 2001:db8:11::/48 via 2001:db8::4 expires 4000 pref high
route add throw 10.14.0.0/16 table 9
`

func TestRoute_undo(t *testing.T) {
	for _, run := range []string{
		"flush route; route 10.11.0.0/16 dev eth0 mtu 1200 realm 7", "flush route table 9; flush addr eth0; down eth0",
		"del route 10.11.0.0/16; del route 10.12.0.0/16; del route 10.13.0.0/16 tos 0x10",
		"replace route 10.11.0.0/16 via 10.0.0.3; replace route 10.12.0.0/16 dev eth0 realm 1; replace route 10.13.0.0/16 via 10.0.0.9 tos 0x10",
		"replace route 2001:db8:11::/48 from 2001:db8:7::/48 via 2001:db8::9 mtu 1280; del route 2001:db8:11::/48 from 2001:db8:8::/48",
		"del route 2001:db8:11::/48 via 2001:db8::4; route 2001:db8:11::/48 from 2001:db8:9::/48 via 2001:db8::2 expires 900",
		"ensure route 2001:db8:11::/48 via 2001:db8::5 expires 900; route 10.20.0.0/16 via 10.0.0.2 mtu lock 1400 realms 1/2",
	} {
		undoneLayer3{"", olderRoutes, run}.undone(t, way)
	}
}

func TestRoute_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"route 10.0.0.0/8 dev eth0 mtu lock":                        `"mtu" needs a value`,
		"route 10.0.0.0/8 dev eth0 mtu locked 5":                    "locked",
		"route 10.0.0.0/8 dev eth0 hoplimit 256":                    "256 is not in 0..255",
		"route 10.0.0.0/8 dev eth0 rtt -1":                          "-1 is not in 0..",
		"route 10.0.0.0/8 dev eth0 rtt soon":                        "soon",
		"route 10.0.0.0/8 dev eth0 features sack":                   `"sack" is none of ecn`,
		"route 10.0.0.0/8 dev eth0 congctl averyveryverylongname":   "a name has 1 to 15 bytes",
		"route 10.0.0.0/8 dev eth0 from 10.1.0.0/16":                `only IPv6 routes have "from"`,
		"route 10.0.0.0/8 dev eth0 expires 5":                       `only IPv6 routes have "expires"`,
		"route 10.0.0.0/8 dev eth0 pref high":                       `only IPv6 routes have "pref"`,
		"route 2001:db8::/32 dev eth0 expires 0":                    "0 is not in 1..",
		"route 2001:db8::/32 dev eth0 realms 5":                     "only IPv4 routes have realms",
		"route 2001:db8::/32 dev eth0 from 10.0.0.0/8":              "are of two families",
		"route 10.0.0.0/8 dev eth0 realms 70000":                    "70000 is not in 1..65535",
		"route 10.0.0.0/8 dev eth0 realms 5/nosuch":                 `"nosuch" is neither a number nor a known name`,
		"route 10.0.0.0/8 via inet6 10.0.0.1":                       "via inet6: 10.0.0.1 is of the other family",
		"route 10.0.0.0/8 nexthop via inet 2001:db8::1 dev eth0":    "via inet: 2001:db8::1 is of the other family",
		"route 10.0.0.0/8 dev eth0 nexthop via 10.0.0.1":            "its own via and dev or those of its nexthops",
		"route nat 10.0.0.0/8 dev eth0":                             "nat",
		"route 10.0.0.0/8 via 10.0.0.1 nexthop dev eth0 weight 257": "257 is not in 1..256",
	} {
		wrong(t, stmt, want)
	}
}
