//go:build linux

package scripts_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// TestUndo_meanwhile: what is new is known by a list that counts for a moment. What
// others do in that moment stays, and what the run makes anew does not.
func TestUndo_meanwhile(t *testing.T) {
	const older = `ip link add p index 1001 address 02:00:00:00:10:01 type ifb; ip link set p up; ip addr add 10.1.0.1/24 dev p; ip link add q index 1002 address 02:00:00:00:10:02 type ifb; ip link set q up
		echo 0 >/proc/sys/net/ipv4/conf/p/promote_secondaries
		ip link add v index 1003 address 02:00:00:00:10:03 type vxlan id 5 dstport 4789; ip link set v up`
	cases := []struct{ name, older, others, src string }{
		{"another's route", "", "ip route add 10.9.2.0/24 via 10.1.0.9",
			"route 10.9.1.0/24 via 10.1.0.9; OTHERS; route 10.9.2.0/24 via 10.1.0.9"},
		{"another's IPv6 route", "", "ip route add 2001:db8:2::/64 dev p metric 7",
			"route 2001:db8:1::/64 dev p; OTHERS; route 2001:db8:2::/64 dev p metric 7"},
		{"another's rule", "", "ip rule add from 10.9.0.0/16 table 9 pref 99",
			"rule from 10.8.0.0/16 table 9 pref 98; OTHERS; rule from 10.9.0.0/16 table 9 pref 99"},
		{"another's address", "", "ip addr add 10.2.0.2/24 dev p",
			"addr p 10.2.0.1/24; OTHERS; addr p 10.2.0.2/24"},
		{"another's neighbour", "", "ip neigh add 10.1.0.8 lladdr 02:00:00:00:00:08 dev p",
			"neigh p 10.1.0.7 02:00:00:00:00:07; OTHERS; neigh p 10.1.0.8 02:00:00:00:00:09"},
		{"another's nexthop", "", "ip nexthop add id 8 blackhole",
			"nexthop id 7 blackhole; OTHERS; nexthop id 8 via 10.1.0.9 dev p"},
		{"another's forwarding entry", "", "bridge fdb add 02:00:00:00:00:08 dev v dst 10.9.0.9",
			"fdb v 02:00:00:00:00:07 dst 10.9.0.7; OTHERS; fdb v 02:00:00:00:00:08 dst 10.9.0.9"},
		{"another's forwarding entry, of two", "ip link add w index 1004 address 02:00:00:00:10:04 type vxlan id 6 dstport 4789; ip link add br9 index 1005 address 02:00:00:00:10:05 type bridge; ip link set w master br9 up; ip link set br9 up",
			"bridge fdb add 02:00:00:00:00:28 dev w self dst 10.9.0.28",
			"fdb v 02:00:00:00:00:27 dst 10.9.0.27; OTHERS; fdb w 02:00:00:00:00:28 dst 10.9.0.28 self master"},
		{"route gone", "ip route add 10.9.4.0/24 via 10.1.0.8", "ip route del 10.9.4.0/24",
			`route 10.9.3.0/24 via 10.1.0.9; OTHERS; route 10.9.4.0/24 via 10.1.0.9; fail "x"`},
		{"rule gone", "ip rule add from 10.9.0.0/16 table 9 pref 89", "ip rule del from 10.9.0.0/16 table 9 pref 89",
			`rule from 10.8.0.0/16 table 9 pref 88; OTHERS; rule from 10.7.0.0/16 table 9 pref 89; fail "x"`},
		{"address gone", "ip addr add 10.4.0.2/24 dev p", "ip addr del 10.4.0.2/24 dev p",
			`addr p 10.4.0.1/24; OTHERS; addr p 10.4.0.2/24; fail "x"`},
		{"forwarding entry gone", "bridge fdb add 02:00:00:00:00:18 dev v dst 10.9.0.8", "bridge fdb del 02:00:00:00:00:18 dev v dst 10.9.0.8",
			`fdb v 02:00:00:00:00:17 dst 10.9.0.7; OTHERS; fdb v 02:00:00:00:00:18 dst 10.9.0.9; fail "x"`},
		{"IPv6 network", "", "true",
			`addr p 2001:db8:10::1/64 nodad; addr p 2001:db8:10::2/64 nodad; OTHERS; addr p 2001:db8:10::3/64 nodad; fail "x"`},
		{"IPv6 network undone before", "", "true",
			`try < addr p 2001:db8:11::1/64 nodad; fail "x" > catch < >; addr p 2001:db8:11::2/64 nodad valid_lft 100s; OTHERS; fail "y"`},
		{"IPv6 network that was not to be", "", "true",
			`try < addr q 2001:db8:12::1/64 nodad valid_lft 100s; addr q 2001:db8:12::1/64 nodad > catch < >
			OTHERS; addr q 2001:db8:12::2/64 nodad valid_lft 100s; fail "y"`},
		{"IPv6 network gone", "ip addr add 2001:db8:13::1/64 dev p nodad", "ip addr del 2001:db8:13::1/64 dev p",
			`addr p 2001:db8:13::2/64 nodad; OTHERS; addr p 2001:db8:13::3/64 nodad; del addr p 2001:db8:13::2/64; fail "y"`},
		{"networks one by one", "", "ip addr add 10.5.0.9/24 dev p",
			`for i in 1..9 < addr p 10.5.$i.1/24; addr p 10.5.$i.2/24 >; addr p 10.5.0.1/24; OTHERS; fail "x"`},
		{"the first of a network", "", "ip addr add 10.6.0.9/24 dev p",
			`addr p 10.6.0.1/24; addr p 10.6.0.2/24; OTHERS; addr p 10.7.0.1/24; fail "x"`},
		{"the last of a link", "", "ip route add 10.99.0.0/16 dev q", `addr q 10.8.0.1/24; OTHERS; fail "x"`},
		{"class", "tc qdisc add dev p root handle 1: htb; tc class add dev p parent 1: classid 1:8 htb rate 1mbit", "true",
			`class p parent 1: classid 1:7 htb rate 1mbit; OTHERS; class p parent 1: classid 1:8 htb rate 2mbit`},
	}
	var first, others, src strings.Builder
	fmt.Fprintln(&first, older)
	for _, c := range cases {
		fmt.Fprintln(&first, c.older)
		fmt.Fprintln(&others, c.others)
		fmt.Fprintf(&src, "# %s\ntry < %s > catch < >\n", c.name, strings.ReplaceAll(c.src, "OTHERS", `sh "`+c.others+`"`))
	}
	w := newWorld(t, "")
	set := func(what string) {
		t.Helper()
		if out, err := exec.Command("sh", "-ec", what).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	set(first.String() + others.String())
	want := nstest.Dump(t)
	w.remake(t)
	set(first.String())
	if err := attemptBy(t, "meanwhile.nes", src.String(), nil); err != nil {
		t.Error(err)
	}
	if diff := nstest.DumpDiff(want, nstest.Dump(t)); diff != "" {
		t.Error(diff)
	}
}
