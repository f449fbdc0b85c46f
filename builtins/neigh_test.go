//go:build linux

package builtins_test

import "testing"

var neighWitnesses = []witness{
	{way + "neigh proxy eth0 10.0.0.7", "neigh show proxy", map[string]string{"dst": "10.0.0.7", "dev": "eth0", "proxy": "<nil>"}},
	{way + "neigh proxy eth0 2001:db8::7 router proto bird", "-6 neigh show proxy", map[string]string{"dst": "2001:db8::7", "router": "<nil>", "protocol": "bird"}},
	{way + "neigh proxy eth0 10.0.0.7 extern_learn; ensure neigh proxy eth0 10.0.0.7; replace neigh proxy eth0 10.0.0.8", "neigh show proxy", map[string]string{"#": "2"}},
	{way + "neigh proxy eth0 10.0.0.7; neigh proxy eth0 10.0.0.8; del neigh proxy eth0 10.0.0.7", "neigh show proxy", map[string]string{"#": "1", "dst": "10.0.0.8"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02; neigh proxy eth0 10.0.0.7; flush neigh proxy eth0", "neigh show proxy", map[string]string{"#": "0"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02; neigh proxy eth0 10.0.0.7; flush neigh eth0", "neigh show proxy", map[string]string{"#": "1"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02 proto bird", "neigh show 10.0.0.2", map[string]string{"protocol": "bird"}},
	{way + "neigh eth0 10.0.0.2 managed", "neigh show 10.0.0.2", map[string]string{"managed": "<nil>"}},
	{way + "neigh eth0 10.0.0.2 managed extern_learn", "neigh show 10.0.0.2", map[string]string{"managed": "<nil>", "extern_learn": "<nil>"}},
	{way + "neigh eth0 10.0.0.2 use", "neigh show 10.0.0.2", map[string]string{"dst": "10.0.0.2", "dev": "eth0"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02 nud noarp", "neigh show 10.0.0.2 nud noarp", map[string]string{"state.0": "NOARP"}},
	{way + "neigh eth0 10.0.0.2 02:00:00:00:00:02 nud reachable", "neigh show 10.0.0.2", map[string]string{"lladdr": "02:00:00:00:00:02"}},
	{way + "neigh eth0 10.0.0.2 nud none", "neigh show 10.0.0.2 nud none", map[string]string{"dst": "10.0.0.2"}},
}

func TestNeigh(t *testing.T) {
	for _, w := range neighWitnesses {
		w.check(t)
	}
}

func TestNeigh_asIP(t *testing.T) {
	for _, s := range []sameAsIP{
		{"", "neigh proxy eth0 10.0.0.7", "neigh add proxy 10.0.0.7 dev eth0"},
		{"", "neigh proxy eth0 2001:db8::7 router proto bird", "neigh add proxy 2001:db8::7 dev eth0 router proto bird"},
		{"", "neigh proxy eth0 10.0.0.7 extern_learn", "neigh add proxy 10.0.0.7 dev eth0 extern_learn"},
		{"", "neigh eth0 10.0.0.5 02:00:00:00:00:05 extern_learn proto static", "neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 extern_learn proto static"},
		{"", "neigh eth0 2001:db8::5 02:00:00:00:00:05 router nud permanent", "neigh add 2001:db8::5 lladdr 02:00:00:00:00:05 dev eth0 router nud permanent"},
		{"", "neigh eth0 10.0.0.5 managed", "neigh add 10.0.0.5 dev eth0 managed"},
		{"", "neigh eth0 10.0.0.5 use", "neigh add 10.0.0.5 dev eth0 use"},
		{"", "neigh eth0 10.0.0.5 nud failed", "neigh add 10.0.0.5 dev eth0 nud failed"},
	} {
		s.compare(t, way)
	}
}

const olderNeighs = `neigh add proxy 10.0.0.7 dev eth0 proto bird
neigh add proxy 10.0.0.8 dev eth0
neigh add proxy 2001:db8::7 dev eth0 router
neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 nud permanent proto bird
neigh add 10.0.0.6 dev eth0 managed
neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent extern_learn
`

func TestNeigh_undo(t *testing.T) {
	for _, run := range []string{
		"neigh proxy eth0 10.0.0.77; neigh proxy eth1 10.0.0.7; neigh eth0 10.0.0.66 managed; neigh eth0 10.0.0.67 02:00:00:00:00:67 proto static",
		"del neigh proxy eth0 10.0.0.7; del neigh proxy eth0 2001:db8::7; del neigh eth0 10.0.0.5; del neigh eth0 10.0.0.6",
		"replace neigh proxy eth0 10.0.0.7 extern_learn proto static; ensure neigh proxy eth0 10.0.0.8 proto bird; replace neigh proxy eth0 2001:db8::7",
		"flush neigh proxy eth0; flush neigh eth0", "replace neigh eth0 10.0.0.5 02:00:00:00:00:55 proto static; replace neigh eth0 10.0.0.6 02:00:00:00:00:66",
		"neigh proxy eth0 10.0.0.8 extern_learn proto bird", "flush addr eth0; down eth0",
	} {
		undoneLayer3{"", olderNeighs, run}.undone(t, way)
	}
}

func TestNeigh_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"neigh eth0 10.0.0.1":                                 `"neigh" needs MAC: who has the address`,
		"neigh eth0 10.0.0.1 nud stale":                       `"neigh" needs MAC`,
		"neigh proxy eth0 10.0.0.1 02:00:00:00:00:01":         "takes none",
		"neigh proxy eth0 10.0.0.1 nud permanent":             `"nud" does not go with neigh proxy`,
		"neigh proxy eth0 10.0.0.1 managed":                   `"managed" does not go with neigh proxy`,
		"neigh eth0 10.0.0.1 02:00:00:00:00:01 managed":       "with use or managed the kernel finds the MAC address out",
		"neigh eth0 10.0.0.1 use nud stale":                   "passes over",
		"neigh eth0 10.0.0.1 02:00:00:00:00:01 proto nosuch":  `"nosuch" is neither a number nor a known name`,
		"flush neigh eth0 nud stale":                          `"nud" does not go with flush neigh`,
		"addr eth0 10.0.0.1/24 peer 2001:db8::1":              "are of two families",
		"addr eth0 2001:db8::1/64 broadcast 10.0.0.1":         "only IPv4 has",
		"addr eth0 2001:db8::1/64 label eth0:x":               "only IPv4 has",
		"addr eth0 10.0.0.1/24 label averyveryverylong":       "a label has at most 15 bytes",
		"addr eth0 10.0.0.1/24 scope 256":                     "256 is not in 1..255",
		"addr eth0 10.0.0.1/24 scope nosuch":                  `"nosuch" is neither a number nor a known name`,
		"addr eth0 10.0.0.1/24 valid_lft 60 preferred_lft 90": "preferred_lft is longer than valid_lft",
		"addr eth0 10.0.0.1/24 broadcast 2001:db8::1":         "only IPv4 has broadcast addresses",
		"addr eth0 10.0.0.1/24 proto 256":                     "256 is not in 1..255",
		"addr eth0 10.0.0.1/24 metric 0":                      "0 is not in 1..",
		"addr eth0 10.0.0.1/24 valid_lft 4294967296":          "is not in 0..4294967295",
	} {
		wrong(t, stmt, want)
	}
}

// addrSame are the words of addresses that ip takes as they are.
var addrSame = []string{
	"10.7.0.1/24", "10.7.0.1", "10.7.0.1/24 broadcast +", "10.7.0.1/24 brd -", "10.7.0.1/24 broadcast 10.7.0.9",
	"10.7.0.1 peer 10.7.0.2", "10.7.0.1 peer 10.7.0.0/24", "2001:db8:7::1 peer 2001:db8:7::2/128",
	"10.7.0.1/24 label eth1:x", "10.7.0.1/24 scope link", "10.7.0.1/24 scope 50", "10.7.0.1/24 metric 77",
	"10.7.0.1/24 valid_lft 3600 preferred_lft 600", "10.7.0.1/24 valid_lft forever preferred_lft 0", "2001:db8:7::1/64 nodad valid_lft 3600 preferred_lft 600",
	"2001:db8:7::1/64 nodad home", "2001:db8:7::1/64 nodad mngtmpaddr", "2001:db8:7::1/64 nodad noprefixroute metric 7",
	"239.1.2.3/32 autojoin", "10.7.0.1/24 noprefixroute",
}

func TestAddr_asIP(t *testing.T) {
	for _, words := range addrSame {
		sameAsIP{"", "addr eth1 " + words, "addr add " + words + " dev eth1"}.compare(t, "")
	}
	sameAsIP{"", "addr eth1 10.7.0.1/24; replace addr eth1 10.7.0.1/24 metric 5 valid_lft 600 preferred_lft 60; ensure addr eth1 10.7.0.2/24", "addr add 10.7.0.1/24 dev eth1\naddr replace 10.7.0.1/24 dev eth1 metric 5 valid_lft 600 preferred_lft 60\naddr add 10.7.0.2/24 dev eth1"}.compare(t, "")
}

const olderAddrs = `addr add 10.7.0.1/24 brd + label eth1:x metric 77 dev eth1
addr add 10.7.0.2/24 dev eth1
addr add 10.8.0.1 peer 10.8.0.2 dev eth1
addr add 10.9.0.1/24 scope link valid_lft 3600 preferred_lft 600 dev eth1
addr add 239.1.2.3/32 autojoin dev eth1
addr add 2001:db8:7::1/64 nodad home metric 9 dev eth1
addr add 2001:db8:8::1/64 nodad mngtmpaddr noprefixroute valid_lft 3600 preferred_lft 600 dev eth1
addr add 2001:db8:9::1 peer 2001:db8:9::2 nodad dev eth1
`

func TestAddr_undo(t *testing.T) {
	for _, run := range []string{
		"flush addr eth1", "del addr eth1 10.7.0.1/24; del addr eth1 10.8.0.1 peer 10.8.0.2; del addr eth1 2001:db8:9::1 peer 2001:db8:9::2",
		"replace addr eth1 10.7.0.1/24 metric 5; replace addr eth1 10.9.0.1/24; ensure addr eth1 2001:db8:7::1/64; replace addr eth1 2001:db8:8::1/64 valid_lft 60 preferred_lft 30",
		"addr eth1 10.7.0.3/24 10.10.0.1/24 metric 3; addr eth1 10.11.0.1 peer 10.11.0.2 scope 50; addr eth1 2001:db8:10::1/64 nodad home; down eth1",
	} {
		undoneLayer3{"", olderAddrs, run}.undone(t, "")
	}
}
