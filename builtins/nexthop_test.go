//go:build linux

package builtins_test

import "testing"

var nexthopWitnesses = []witness{
	{way + "nexthop id 5 via 10.0.0.2 dev eth0", "nexthop show id 5", map[string]string{"gateway": "10.0.0.2", "dev": "eth0", "protocol": "unspec"}},
	{way + "nexthop id 5 via inet6 2001:db8::2 dev eth0 proto bird", "nexthop show id 5", map[string]string{"gateway": "2001:db8::2", "protocol": "bird"}},
	{way + "nexthop id 5 via 172.16.0.9 dev eth0 onlink", "nexthop show id 5", map[string]string{"flags.0": "onlink"}},
	{way + "nexthop id 5 dev eth0", "nexthop show id 5", map[string]string{"dev": "eth0", "scope": "host"}},
	{way + "nexthop id 5 dev eth0 family inet6", "nexthop show id 5", map[string]string{"scope": "link"}},
	{"nexthop id 5 blackhole", "nexthop show id 5", map[string]string{"blackhole": "<nil>", "id": "5"}},
	{"nexthop id 5 via 2001:db8::2 fdb", "nexthop show id 5", map[string]string{"fdb": "<nil>", "gateway": "2001:db8::2"}},
	{"nexthop id 5 via 10.9.9.9 fdb; nexthop id 6 group 5 fdb", "nexthop show id 6", map[string]string{"fdb": "<nil>", "group.0.id": "5"}},
	{twoHops + "nexthop id 3 group 1,10/2,20", "nexthop show id 3", map[string]string{"group.0.id": "1", "group.0.weight": "10", "group.1.id": "2", "group.1.weight": "20"}},
	{twoHops + "nexthop id 3 group 1/2 type mpath", "nexthop show id 3", map[string]string{"group.1.id": "2", "type": "<nil>"}},
	{twoHops + "nexthop id 3 group 1/2 type resilient buckets 32 idle_timer 60 unbalanced_timer 5m", "nexthop show id 3",
		map[string]string{"type": "resilient", "resilient_args.buckets": "32", "resilient_args.idle_timer": "60", "resilient_args.unbalanced_timer": "300"}},
	{twoHops + "replace nexthop id 1 via 10.0.0.9 dev eth0", "nexthop show id 1", map[string]string{"gateway": "10.0.0.9"}},
	{twoHops + "ensure nexthop id 1 via 10.0.0.2 dev eth0; ensure nexthop id 9 blackhole", "nexthop", map[string]string{"#": "3"}},
	{twoHops + "del nexthop id 1", "nexthop", map[string]string{"#": "1", "id": "2"}},
	{twoHops + "nexthop id 3 group 1/2; flush nexthop groups", "nexthop", map[string]string{"#": "2"}},
	{twoHops + "nexthop id 3 blackhole proto bird; flush nexthop proto bird", "nexthop", map[string]string{"#": "2"}},
	{twoHops + "nexthop id 3 blackhole; flush nexthop dev eth0", "nexthop", map[string]string{"#": "1", "id": "3"}},
	{twoHops + "nexthop id 3 via 10.9.9.9 fdb; flush nexthop fdb", "nexthop", map[string]string{"#": "2"}},
	{twoHops + "nexthop id 3 group 1/2; flush nexthop", "nexthop", map[string]string{"#": "0"}},
	{twoHops + "route 10.9.0.0/16 nhid 1", "route show 10.9.0.0/16", map[string]string{"nhid": "1", "gateway": "10.0.0.2"}},
	{twoHops + "nexthop id 3 group 1/2; route 10.9.0.0/16 nhid 3; replace nexthop id 3 group 2", "route show 10.9.0.0/16", map[string]string{"nhid": "3", "gateway": "10.0.0.3"}},
}

// twoHops are the nexthops 1 and 2.
const twoHops = way + "nexthop id 1 via 10.0.0.2 dev eth0; nexthop id 2 via 10.0.0.3 dev eth0;"

func TestNexthop(t *testing.T) {
	for _, w := range nexthopWitnesses {
		w.check(t)
	}
}

func TestNexthop_asIP(t *testing.T) {
	for _, s := range []sameAsIP{
		{"", "nexthop id 5 via 10.0.0.2 dev eth0 proto static", "nexthop add id 5 via 10.0.0.2 dev eth0 proto static"},
		{"", "nexthop id 5 via 2001:db8::2 dev eth0", "nexthop add id 5 via 2001:db8::2 dev eth0"},
		{"", "nexthop id 5 via 172.16.0.9 dev eth0 onlink", "nexthop add id 5 via 172.16.0.9 dev eth0 onlink"},
		{"", "nexthop id 5 dev eth0; nexthop id 6 dev eth0 family inet6", "nexthop add id 5 dev eth0\n-6 nexthop add id 6 dev eth0"},
		{"", "nexthop id 5 blackhole; route 10.9.0.0/16 nhid 5", "nexthop add id 5 blackhole\nroute add 10.9.0.0/16 nhid 5"},
		{"", "nexthop id 5 blackhole family inet6; route 2001:db8:9::/48 nhid 5", "-6 nexthop add id 5 blackhole\nroute add 2001:db8:9::/48 nhid 5"},
		{"", "nexthop id 5 via 10.9.9.9 fdb; nexthop id 6 group 5 fdb", "nexthop add id 5 via 10.9.9.9 fdb\nnexthop add id 6 group 5 fdb"},
		{"", "nexthop id 1 via 10.0.0.2 dev eth0; nexthop id 2 via 10.0.0.3 dev eth0; nexthop id 3 group 1,10/2,256; route 10.9.0.0/16 nhid 3",
			"nexthop add id 1 via 10.0.0.2 dev eth0\nnexthop add id 2 via 10.0.0.3 dev eth0\nnexthop add id 3 group 1,10/2,256\nroute add 10.9.0.0/16 nhid 3"},
		{"", "nexthop id 1 via 10.0.0.2 dev eth0; nexthop id 3 group 1 type resilient buckets 32 idle_timer 60 unbalanced_timer 300",
			"nexthop add id 1 via 10.0.0.2 dev eth0\nnexthop add id 3 group 1 type resilient buckets 32 idle_timer 60 unbalanced_timer 300"},
	} {
		s.compare(t, way)
	}
}

// olderHops are nexthops of all sorts and routes over them.
const olderHops = `nexthop add id 1 via 10.0.0.2 dev eth0 proto bird
nexthop add id 2 via 10.0.0.3 dev eth0
nexthop add id 3 group 1,3/2,7
nexthop add id 4 group 2 type resilient buckets 32 idle_timer 60
nexthop add id 5 via 2001:db8::2 dev eth0
nexthop add id 6 blackhole
nexthop add id 7 via 2001:db8::9 fdb
nexthop add id 8 group 7 fdb
nexthop add id 9 via 172.16.0.9 dev eth0 onlink
nexthop add id 10 via 10.0.0.5 dev eth0 encap ip id 7 dst 10.0.0.77
route add 10.11.0.0/16 nhid 1
route add 10.12.0.0/16 nhid 3 metric 5
route add 10.13.0.0/16 nhid 4
route add 2001:db8:11::/48 nhid 5
route add 10.14.0.0/16 nhid 6
route add 10.15.0.0/16 nhid 10
route add 10.16.0.0/16 nhid 5
`

func TestNexthop_undo(t *testing.T) {
	for _, run := range []string{
		"nexthop id 20 via 10.0.0.9 dev eth0; nexthop id 21 group 20/1; route 10.20.0.0/16 nhid 21",
		"nexthop id 20 via 10.0.0.2 dev eth0; nexthop id 21 blackhole; nexthop id 22 group 1/2 type resilient buckets 8",
		"del nexthop id 1", "del nexthop id 2", "del nexthop id 3", "del nexthop id 4", "del nexthop id 5", "del nexthop id 6",
		"del nexthop id 7", "del nexthop id 8", "del nexthop id 9", "del nexthop id 10",
		"replace nexthop id 1 via 10.0.0.99 dev eth0", "replace nexthop id 3 group 2", "replace nexthop id 4 group 1/2 type resilient buckets 32 idle_timer 9",
		"ensure nexthop id 6 via 10.0.0.99 dev eth0", "replace nexthop id 10 via 10.0.0.5 dev eth0", "ensure nexthop id 23 dev eth0",
		"flush nexthop", "flush nexthop groups", "flush nexthop proto bird", "flush nexthop dev eth0; nexthop id 1 blackhole",
		"del nexthop id 1; nexthop id 1 group 2; route 10.11.0.0/16 nhid 1; del nexthop id 2",
		"flush addr eth0; down eth0", "del route 10.12.0.0/16; replace route 10.13.0.0/16 nhid 2; del link eth1",
	} {
		undoneLayer3{"", olderHops, run}.undone(t, way)
	}
}

// TestNexthop_hwStats sets it, and has runs that fail put it back.
func TestNexthop_hwStats(t *testing.T) {
	if since, _ := parseRelease("6.9"); release(t) < since {
		if _, err := runIn(t, twoHops+"nexthop id 3 group 1/2 hw_stats on"); err == nil {
			t.Error("a kernel that is older than it took hw_stats")
		}
		return
	}
	const on = "nexthop id 4 group 1/2 hw_stats off; nexthop id 3 group 1/2 type resilient buckets 8 hw_stats on;"
	witness{twoHops + on, "hw_stats", map[string]string{"#": "1", "is": "id 3 hw_stats on"}}.check(t)
	undoesAfter(t, runBefore(twoHops+on), []string{
		"replace nexthop id 3 group 1 type resilient buckets 8; replace nexthop id 4 group 2 hw_stats on; nexthop id 5 group 1 hw_stats on",
		"del nexthop id 3; flush nexthop groups",
	}, "hw_stats")
}

// TestNexthop_wrong: what makes no nexthop is refused before a run.
func TestNexthop_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"nexthop via 10.0.0.1 dev eth0":               "a nexthop needs \"id\": its number",
		"nexthop id 0 dev eth0":                       "0 is not in 1..4294967295",
		"nexthop id 5":                                "a nexthop needs a way: dev LINK, blackhole, fdb or group ID/ID…",
		"nexthop id 5 via 10.0.0.1":                   "a nexthop needs a way",
		"nexthop id 5 blackhole dev eth0":             "\"dev\" does not go with a blackhole, which takes id, blackhole, proto, family",
		"nexthop id 5 group 1/2 dev eth0":             "\"dev\" does not go with a group",
		"nexthop id 5 group 1/x":                      "\"x\" is not the number of a nexthop",
		"nexthop id 5 group 1,0":                      "the weight \"0\" of nexthop 1 is not in 1..256",
		"nexthop id 5 group 1/1":                      "nexthop 1 is in the group twice",
		"nexthop id 5 group 1 buckets 5":              "\"buckets\" needs \"type resilient\"",
		"nexthop id 5 dev eth0 type resilient":        "\"type\" is for a group",
		"nexthop id 5 dev eth0 hw_stats on":           "\"hw_stats\" is for a group",
		"nexthop id 5 group 1 hw_stats maybe":         "\"hw_stats\"",
		"nexthop id 5 group 1 type resilient":         "\"type resilient\" needs \"buckets\"",
		"nexthop id 5 dev eth0 groups":                "\"groups\" is for \"flush nexthop\"",
		"nexthop id 5 fdb":                            "\"fdb\" needs \"via\" or \"group\"",
		"nexthop id 5 fdb via 10.0.0.1 dev eth0":      "\"dev\" does not go with a nexthop for forwarding entries",
		"nexthop id 5 via inet6 10.0.0.1 dev eth0":    "via inet6: 10.0.0.1 is of the other family",
		"nexthop id 5 group 1 type sticky":            "\"sticky\" is none of mpath, resilient",
		"nexthop id 5 group 1 idle_timer 99999999999": "is not in 0..42949672 seconds",
		"del nexthop via 10.0.0.1":                    "\"del nexthop\" needs \"id\"",
		"del nexthop id 5 via 10.0.0.1":               "\"via\" does not go with del nexthop, which takes id",
		"flush nexthop id 5":                          "\"id\" does not go with flush nexthop",
	} {
		wrong(t, stmt, want)
	}
}
