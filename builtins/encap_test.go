//go:build linux

package builtins_test

import "testing"

// encapRoutes are what an encapsulation is and what ip calls it.
var encapRoutes = []struct {
	needs, dst, encap string
	want              map[string]string
}{
	{"encap ip", "10.9.0.0/16", "ip id 5 src 10.0.0.1 dst 10.0.0.9 ttl 7 tos 0x10", map[string]string{"encap": "ip", "id": "5", "src": "10.0.0.1", "dst": "10.0.0.9", "ttl": "7", "tos": "16"}},
	{"encap ip", "10.9.0.0/16", "ip dst 10.0.0.9 key csum seq", map[string]string{"key": "true", "csum": "true", "seq": "true"}},
	{"encap ip6", "10.9.0.0/16", "ip6 id 5 src 2001:db8::1 dst 2001:db8::9 hoplimit 7 tc 0x10", map[string]string{"encap": "ip6", "id": "5", "src": "2001:db8::1", "dst": "2001:db8::9", "hoplimit": "7", "tc": "16"}},
	{"encap seg6", "10.9.0.0/16", "seg6 segs 2001:db8::5,2001:db8::6", map[string]string{"encap": "seg6", "mode": "encap", "segs.0": "2001:db8::5", "segs.1": "2001:db8::6"}},
	{"encap seg6", "2001:db8:9::/48", "seg6 mode inline segs 2001:db8::5", map[string]string{"mode": "inline", "segs.0": "2001:db8::5", "segs.1": "::"}},
	{"encap seg6", "2001:db8:9::/48", "seg6 mode l2encap segs 2001:db8::5", map[string]string{"mode": "l2encap"}},
	{"encap seg6", "2001:db8:9::/48", "seg6 mode encap.red segs 2001:db8::5", map[string]string{"mode": "encap.red"}},
	{"encap seg6", "2001:db8:9::/48", "seg6 mode l2encap.red segs 2001:db8::5", map[string]string{"mode": "l2encap.red"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End", map[string]string{"encap": "seg6local", "action": "End"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End count", map[string]string{"action": "End"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End flavors next-csid lblen 32 nflen 16", map[string]string{"flavors.0": "next-csid", "lblen": "32", "nflen": "16"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.X nh6 2001:db8::9", map[string]string{"action": "End.X", "nh6": "2001:db8::9"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.T table 9", map[string]string{"action": "End.T", "table": "9"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.DX2 oif eth0", map[string]string{"action": "End.DX2", "oif": "eth0"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.DX4 nh4 10.0.0.9", map[string]string{"action": "End.DX4", "nh4": "10.0.0.9"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.DX6 nh6 2001:db8::9", map[string]string{"action": "End.DX6", "nh6": "2001:db8::9"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.DT6 table main", map[string]string{"action": "End.DT6", "table": "main"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.B6 srh segs 2001:db8::5", map[string]string{"action": "End.B6", "srh.segs.0": "2001:db8::5"}},
	{"encap seg6local", "2001:db8:9::1", "seg6local action End.B6.Encaps srh segs 2001:db8::5,2001:db8::6", map[string]string{"action": "End.B6.Encaps", "srh.segs.1": "2001:db8::6"}},
	{"encap mpls", "10.9.0.0/16", "mpls 100/200", map[string]string{"encap": "mpls", "dst": "100/200"}},
	{"encap mpls", "10.9.0.0/16", "mpls 100 ttl 9", map[string]string{"encap": "mpls", "ttl": "9"}},
}

func TestEncap(t *testing.T) {
	for _, w := range encapRoutes {
		if !inTurn(w.needs) {
			continue
		}
		t.Run(w.encap, func(t *testing.T) {
			needAll(t, w.needs)
			witness{way + "route " + w.dst + " encap " + w.encap + " dev eth0", familyOf(w.dst) + " route show " + w.dst, w.want}.check(t)
		})
	}
}

// inVRF makes a VRF whose table a segment may name.
const inVRF = "vrf red table 77 up; sysctl net.vrf.strict_mode 1;"

func TestEncap_vrf(t *testing.T) {
	needAll(t, "link vrf,encap seg6local")
	for _, w := range []witness{
		{way + inVRF + "route 2001:db8:9::1 encap seg6local action End.DT4 vrftable 77 dev red", "-6 route show 2001:db8:9::1", map[string]string{"action": "End.DT4", "vrftable": "77"}},
		{way + inVRF + "route 2001:db8:9::1 encap seg6local action End.DT6 vrftable 77 dev red", "-6 route show 2001:db8:9::1", map[string]string{"action": "End.DT6", "vrftable": "77"}},
		{way + inVRF + "route 2001:db8:9::1 encap seg6local action End.DT46 vrftable 77 dev red", "-6 route show 2001:db8:9::1", map[string]string{"action": "End.DT46", "vrftable": "77"}},
		{way + inVRF + "nexthop id 5 encap seg6local action End.DT6 vrftable 77 via 2001:db8::2 dev eth0", "nexthop show id 5", map[string]string{"vrftable": "77"}},
		{way + inVRF + "route 2001:db8:9::1 nexthop encap seg6local action End.DT6 vrftable 77 via 2001:db8::2 dev eth0", "-6 route show 2001:db8:9::1", map[string]string{"vrftable": "77"}},
	} {
		w.check(t)
	}
}

func familyOf(dst string) string {
	for _, c := range dst {
		if c == ':' {
			return "-6"
		}
	}
	return "-4"
}

// encapSame are the words of routes that ip takes as they are.
var encapSame = []struct{ needs, words string }{
	{"encap ip", "10.9.0.0/16 encap ip id 5 dst 10.0.0.9 dev eth0"},
	{"encap ip", "10.9.0.0/16 encap ip id 5 src 10.0.0.1 dst 10.0.0.9 tos 0x10 ttl 7 key csum seq via 10.0.0.2"},
	{"encap ip6", "2001:db8:9::/48 encap ip6 id 5 src 2001:db8::1 dst 2001:db8::9 hoplimit 7 tc 16 key dev eth0"},
	{"encap seg6", "2001:db8:9::/48 encap seg6 mode encap segs 2001:db8::5,2001:db8::6 dev eth0 metric 7"},
	{"encap seg6", "2001:db8:9::/48 encap seg6 mode inline segs 2001:db8::5 via 2001:db8::2"},
	{"encap seg6", "10.9.0.0/16 encap seg6 mode encap.red segs 2001:db8::5,2001:db8::6,2001:db8::7 dev eth0"},
	{"encap seg6local", "2001:db8:9::1 encap seg6local action End count dev eth0"},
	{"encap seg6local", "2001:db8:9::1 encap seg6local action End.X nh6 2001:db8::9 count dev eth0"},
	{"encap seg6local", "2001:db8:9::1 encap seg6local action End.DT6 table 9 dev eth0"},
	{"encap seg6local", "2001:db8:9::1 encap seg6local action End.DX2 oif eth1 dev eth0"},
	{"encap seg6local", "2001:db8:9::1 encap seg6local action End.B6 srh segs 2001:db8::5,2001:db8::6 dev eth0"},
	{"encap seg6local", "2001:db8:9::1 encap seg6local action End.B6.Encaps srh segs 2001:db8::5,2001:db8::6 dev eth0"},
	{"encap ip", "10.9.0.0/16 nexthop encap ip id 5 dst 10.0.0.9 via 10.0.0.2 weight 3 nexthop encap ip id 6 dst 10.0.0.9 via 10.0.0.3"},
	{"encap mpls", "10.9.0.0/16 encap mpls 100/200/16 ttl 9 via 10.0.0.2"},
	{"encap mpls", "10.9.0.0/16 nexthop encap mpls 100 via 10.0.0.2 nexthop encap mpls 200 via 10.0.0.3"},
}

func TestEncap_asIP(t *testing.T) {
	for _, s := range encapSame {
		sameAsIP{s.needs, "route " + s.words, "route add " + s.words}.compare(t, way)
	}
	sameAsIP{"encap ip", "nexthop id 5 encap ip id 7 dst 10.0.0.9 via 10.0.0.2 dev eth0", "nexthop add id 5 encap ip id 7 dst 10.0.0.9 via 10.0.0.2 dev eth0"}.compare(t, way)
	sameAsIP{"encap mpls", "nexthop id 5 encap mpls 100/200 via 10.0.0.2 dev eth0", "nexthop add id 5 encap mpls 100/200 via 10.0.0.2 dev eth0"}.compare(t, way)
}

// olderEncap are encapsulated routes of all kinds but mpls.
const olderEncap = `route add 10.11.0.0/16 encap ip id 5 src 10.0.0.1 dst 10.0.0.9 tos 0x10 ttl 7 key via 10.0.0.2
route add 10.12.0.0/16 encap ip6 id 5 dst 2001:db8::9 hoplimit 9 dev eth0 metric 3
route add 10.13.0.0/16 encap seg6 mode encap segs 2001:db8::5,2001:db8::6 dev eth0
route add 2001:db8:11::/48 encap seg6 mode inline segs 2001:db8::5,2001:db8::6 via 2001:db8::2
route add 2001:db8:12::/48 encap seg6 mode l2encap segs 2001:db8::5 dev eth0
route add 2001:db8:13::1 encap seg6local action End.X nh6 2001:db8::9 count dev eth0
route add 2001:db8:13::2 encap seg6local action End.B6 srh segs 2001:db8::5 dev eth0
route add 2001:db8:13::3 encap seg6local action End.DX2 oif eth1 dev eth0
route add 2001:db8:13::4 encap seg6local action End.T table 7 dev eth0
route add 10.14.0.0/16 nexthop encap ip id 5 dst 10.0.0.9 via 10.0.0.2 weight 3 nexthop encap ip id 6 dst 10.0.0.9 via 10.0.0.3
nexthop add id 5 encap seg6 mode encap segs 2001:db8::5 via 10.0.0.2 dev eth0
route add 10.15.0.0/16 nhid 5
`

func TestEncap_undo(t *testing.T) {
	const needs = "encap ip,encap ip6,encap seg6,encap seg6local"
	for _, run := range []string{
		"flush route; route 10.11.0.0/16 dev eth0",
		"replace route 10.11.0.0/16 via 10.0.0.3; replace route 10.12.0.0/16 encap ip id 6 dst 10.0.0.8 dev eth0 metric 3",
		"del route 10.12.0.0/16; del route 10.14.0.0/16; del route 2001:db8:13::1; del route 2001:db8:13::2; del route 2001:db8:13::3",
		"ensure route 2001:db8:13::1 encap seg6local action End dev eth0; ensure route 2001:db8:13::4 encap seg6local action End.T table 8 dev eth0",
		"replace route 2001:db8:11::/48 encap seg6 mode encap segs 2001:db8::7 via 2001:db8::2; del route 2001:db8:12::/48",
		"del nexthop id 5", "flush addr eth0; down eth0", "del link eth1",
		"route 10.20.0.0/16 encap ip id 6 dst 10.0.0.8 dev eth0; route 10.21.0.0/16 nexthop encap ip id 6 dst 10.0.0.8 dev eth0 nexthop via 10.0.0.2; route 2001:db8:20::1 encap seg6local action End count dev eth0",
	} {
		undoneLayer3{needs, olderEncap, run}.undone(t, way)
	}
	undoneLayer3{"encap mpls", "route add 10.11.0.0/16 encap mpls 100/200 ttl 9 via 10.0.0.2\nroute add 10.12.0.0/16 nexthop encap mpls 100 via 10.0.0.2 nexthop encap mpls 200 via 10.0.0.3\n",
		"del route 10.11.0.0/16; replace route 10.12.0.0/16 encap mpls 300 via 10.0.0.2"}.undone(t, way)
}

func TestEncap_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"route 10.0.0.0/8 encap dev eth0":                                          `"encap" needs at least one of mpls, ttl, ip, ip6, seg6, seg6local`,
		"route 10.0.0.0/8 encap ip dev eth0":                                       `"ip" needs at least one of id, dst, src`,
		"route 10.0.0.0/8 encap ip dst 2001:db8::1 dev eth0":                       "2001:db8::1",
		"route 10.0.0.0/8 encap ip6 dst 10.0.0.1 dev eth0":                         "10.0.0.1",
		"route 10.0.0.0/8 encap ip id 5 encap mpls 5 dev eth0":                     `"encap" is given twice`,
		"route 10.0.0.0/8 encap ip id 5 mpls 5 dev eth0":                           "a route has one encap: ip or mpls",
		"route 10.0.0.0/8 encap mpls 1048576 dev eth0":                             `"1048576" is no label`,
		"route 10.0.0.0/8 encap mpls 3 dev eth0":                                   "implicit null",
		"route 10.0.0.0/8 encap ttl 5 dev eth0":                                    `"encap ttl" is for "encap mpls"`,
		"route 10.0.0.0/8 encap seg6 mode encap dev eth0":                          `encap seg6: it needs "segs"`,
		"route 10.0.0.0/8 encap seg6 mode inline segs ::1 dev eth0":                "mode inline is for IPv6 routes",
		"route 2001:db8::/32 encap seg6 segs ::1,x dev eth0":                       `"x" is no segment`,
		"route 10.0.0.0/8 encap seg6local action End dev eth0":                     "encap seg6local is for IPv6 routes",
		"route 2001:db8::/32 encap seg6local table 5 dev eth0":                     `it needs "action"`,
		"route 2001:db8::/32 encap seg6local action End.Q dev eth0":                `"End.Q" is none of End, End.X`,
		"route 2001:db8::/32 encap seg6local action End.X dev eth0":                "End.X needs nh6",
		"route 2001:db8::/32 encap seg6local action End.DT6 dev eth0":              "End.DT6 needs table or vrftable",
		"route 2001:db8::/32 encap seg6local action End nh4 10.0.0.1 dev eth0":     `End takes no "nh4"`,
		"route 2001:db8::/32 encap seg6local action End.B6 srh hmac 5 dev eth0":    `srh: it needs "segs"`,
		"route 2001:db8::/32 encap seg6local action End flavors pst dev eth0":      `"pst" is none of psp, usp, usd, next-csid`,
		"route 2001:db8::/32 encap seg6local action End lblen 8 dev eth0":          `are for "flavors next-csid"`,
		"nexthop id 5 encap seg6local action End via 10.0.0.1 dev eth0":            "encap seg6local is for IPv6 routes",
		"route 10.0.0.0/8 nexthop encap mpls 9999999 via 10.0.0.1 nexthop dev eth": "is no label",
	} {
		wrong(t, stmt, want)
	}
}
