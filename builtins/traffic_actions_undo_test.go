//go:build linux

package builtins_test

import (
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// olderActions are filters made by tc whose actions have their attributes in
// other places than most.
const olderActions = `qdisc add dev eth0 ingress
filter add dev eth0 ingress protocol ip pref 3 u32 match ip dst 10.0.0.0/8 action pedit munge ip dst set 10.9.9.9 pipe action csum ip4h and udp pipe action mirred egress redirect dev eth1
filter add dev eth0 ingress protocol ip pref 4 u32 match ip dst 10.1.0.0/16 action pedit ex munge ip ttl add 0xff munge eth dst set 02:00:00:00:00:77 munge tcp dport set 8080 continue
filter add dev eth0 ingress protocol ip pref 5 u32 match ip dst 10.2.0.0/16 action ct commit zone 7 mark 5/7 nat src addr 10.3.0.1-10.3.0.9 port 1000-2000 pipe action ct clear
filter add dev eth0 ingress protocol ip pref 6 u32 match ip dst 10.3.0.0/16 action nat ingress 10.3.0.0/16 10.4.0.0 pipe action connmark zone 5
filter add dev eth0 ingress protocol ip pref 7 basic match 'cmp(u8 at 9 layer network mask 0xff eq 6) and not (meta(nf_mark mask 0xf eq 3) or u32(u16 0x1122 0xffff at 4))' action pass
filter add dev eth0 ingress protocol ip pref 9 basic match 'cmp(u8 at 9 layer network mask 0xff eq 17)' action police rate 10mbit burst 20k peakrate 20mbit mtu 2k conform-exceed drop/pipe
filter add dev eth0 ingress protocol ip pref 8 matchall action gact pass
filter add dev eth0 ingress protocol mpls_uc pref 10 u32 match u32 0 0 action mpls push label 100 tc 3 ttl 9 bos 1 pipe action mpls dec_ttl pipe action mpls pop protocol ip goto chain 7
filter add dev eth0 ingress protocol all pref 11 basic action vlan push_eth dst_mac 02:00:00:00:00:01 src_mac 02:00:00:00:00:02 pipe action skbmod set dmac 02:00:00:00:00:03 pipe action skbedit mark 3 inheritdsfield goto chain 9
`

// TestTraffic_undoActions: filters come back with whatever they do.
func TestTraffic_undoActions(t *testing.T) {
	for _, what := range []string{"action pedit", "action csum", "action ct", "action nat", "action connmark", "action police", "action mpls", "action vlan", "action skbmod", "action skbedit", "filter basic", "filter matchall"} {
		nstest.NeedTraffic(t, what)
	}
	for _, run := range []string{
		"replace filter eth0 ingress protocol ip pref 8 matchall action drop",
		"del qdisc eth0 ingress",
		"del filter eth0 ingress pref 11; del filter eth0 ingress pref 10; del filter eth0 ingress pref 7; del filter eth0 ingress pref 6; del filter eth0 ingress pref 5; del filter eth0 ingress pref 4; del filter eth0 ingress pref 3",
		"replace filter eth0 ingress protocol ip pref 4 handle 801::800 u32 match ip dst 10.7.0.0/16 action csum udp; " +
			"filter eth0 ingress protocol ip pref 4 u32 match ip dst 10.6.0.0/16 action pedit ex munge ip ttl add 0xff",
	} {
		ns, err := runIn(t, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nstest.Output(ns, olderActions, "tc", "-batch", "-"); err != nil {
			t.Fatal(err)
		}
		undoneTraffic(t, ns, run)
	}
}

// TestFilter_actions are what tc has no words for, or other ones.
func TestFilter_actions(t *testing.T) {
	for _, what := range []string{"action pedit", "filter basic", "filter matchall"} {
		nstest.NeedTraffic(t, what)
	}
	ns, err := runIn(t, `qdisc eth0 ingress
filter eth0 ingress pref 5 matchall action pedit munge offset 20 u16 at 0 offmask f0 shift 2 set 7
filter eth0 ingress pref 6 matchall action pedit ex munge ip6 flow_lbl set 0xfffff munge ip ttl decrement munge eth src invert
filter eth0 ingress pref 7 basic ematch 'meta(dev eq "eth7") and meta(pkt_len eq 0)' action pedit munge ip icmp_code set 3
filter eth0 ingress pref 8 matchall action drop
replace filter eth0 ingress pref 8 matchall action trap`)
	if err != nil {
		t.Fatal(err)
	}
	got := tcText(t, ns, "filter show dev eth0 ingress")
	for _, want := range []string{
		"key #0  at 20: val 00070000 mask 0000ffff",
		"key #0  at ipv6+0: val 000fffff mask fff00000",
		"key #1  at ipv4+8: add ff000000 mask 00ffffff",
		"key #2  at eth+4: val 0000ffff mask ffffffff",
		"key #3  at eth+8: val ffffffff mask ffffffff",
		"meta(dev eq eth7)", "AND meta(pkt_len eq 0)",
		"gact action trap",
		"key #0  at 20: val 00030000 mask ff00ffff",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("tc shows no %q in\n%s", want, got)
		}
	}
}
