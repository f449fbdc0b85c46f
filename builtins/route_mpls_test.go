//go:build linux

package builtins_test

import "testing"

// mplsWay has labels have routes.
const mplsWay = way + "sysctl net.mpls.platform_labels 1000;"

func TestMPLS(t *testing.T) {
	needAll(t, "mpls")
	for _, w := range []witness{
		{mplsWay + "route mpls 100 via inet 10.0.0.2 dev eth0", "-M route show 100", map[string]string{"dst": "100", "via.host": "10.0.0.2", "dev": "eth0", "protocol": "boot"}},
		{mplsWay + "route mpls 100 via 10.0.0.2 as 200/300 proto bird; route mpls 101 dev lo", "-M route show 100", map[string]string{"to": "200/300", "protocol": "bird"}},
		{mplsWay + "route mpls 100 dev eth0 via inet6 2001:db8::2 swap to 200 ttl-propagate disabled", "-M route show 100", map[string]string{"to": "200", "via.host": "2001:db8::2", "ttl-propagate": "<nil>"}},
		{mplsWay + "route mpls 100 nexthop via 10.0.0.2 as 200 nexthop via 2001:db8::2 dev eth0", "-M route show 100", map[string]string{"nexthops.0.to": "200", "nexthops.1.via.host": "2001:db8::2"}},
		{mplsWay + "route mpls 100 via 10.0.0.2; replace route mpls 100 via 10.0.0.3; ensure route mpls 100 via 10.0.0.3; route mpls 101 via 10.0.0.2; del route mpls 101", "-M route", map[string]string{"#": "1", "via.host": "10.0.0.3"}},
		{mplsWay + "route mpls 100 via 10.0.0.2; flush route", "-M route", map[string]string{"#": "1"}},
	} {
		w.check(t)
	}
}

func TestMPLS_asIP(t *testing.T) {
	for _, s := range []sameAsIP{
		{"mpls", "route mpls 100 via inet 10.0.0.2 dev eth0; route mpls 101 via inet 10.0.0.2 as 200/300 ttl-propagate enabled; route mpls 102 dev lo",
			"-M route add 100 via inet 10.0.0.2 dev eth0\n-M route add 101 via inet 10.0.0.2 as 200/300 ttl-propagate enabled\n-M route add 102 dev lo"},
		{"mpls", "route mpls 100 nexthop via inet 10.0.0.2 as 200 nexthop via inet6 2001:db8::2 dev eth0",
			"-M route add 100 nexthop via inet 10.0.0.2 as 200 nexthop via inet6 2001:db8::2 dev eth0"},
	} {
		s.compare(t, mplsWay)
	}
}

const olderMPLS = `-M route add 100 via inet 10.0.0.2 dev eth0
-M route add 101 via inet 10.0.0.2 as 200/300 ttl-propagate enabled
-M route add 102 nexthop via inet 10.0.0.2 as 200 nexthop via inet6 2001:db8::2 dev eth0
`

func TestMPLS_undo(t *testing.T) {
	for _, run := range []string{
		"del route mpls 100; del route mpls 101; replace route mpls 102 via 10.0.0.9; route mpls 103 via 10.0.0.2 as 17",
		"del link eth1",
	} {
		undoneLayer3{"mpls", olderMPLS, run}.undone(t, mplsWay)
	}
}

func TestMPLS_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"route mpls 10.0.0.0/8 via 10.0.0.1":                    "a route mpls is for a label",
		"route mpls 15 via 10.0.0.1":                            "label 15 is reserved; routes are for labels from 16 on",
		"route mpls 100":                                        "a route needs a way",
		"route mpls 1048576 via 10.0.0.1":                       "1048576",
		"route mpls 100 via 10.0.0.1 metric 5":                  `"metric" does not go with route mpls`,
		"route mpls 100 via 10.0.0.1 nexthop dev eth0":          "its own via, dev and as or those of its nexthops",
		"route mpls 100 nexthop via 10.0.0.1 weight 5":          `"weight" does not go with a nexthop of route mpls`,
		"route mpls 100 via 10.0.0.1 as 3":                      "implicit null",
		"route 100 via 10.0.0.1":                                "for a label it is written route mpls 100",
		"route 10.0.0.0/8 via 10.0.0.1 as 200":                  `"as" is for a route for a label`,
		"route 10.0.0.0/8 nexthop via 10.0.0.1 as 200":          `"as" is for a route for a label`,
		"route 10.0.0.0/8 via 10.0.0.1 ttl-propagate enabled":   `"ttl-propagate" is for a route for a label`,
		"route mpls 100 via inet6 10.0.0.1":                     "is of the other family",
		"route unicast 100 via 10.0.0.1 dev eth0 ttl-propagate": `"ttl-propagate" needs a value`,
	} {
		wrong(t, stmt, want)
	}
}
