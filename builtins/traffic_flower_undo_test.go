//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// olderFlower are filters made by tc, of which the kernel does not always tell
// what it was told.
const olderFlower = `qdisc add dev eth0 ingress
filter add dev eth0 ingress protocol ip pref 3 flower enc_key_id 7 geneve_opts 0102:80:00880022/ffff:f0:ffffff00,1:2:0088002200880023 action pass
filter add dev eth0 ingress protocol ip pref 4 flower vxlan_opts 4097/0xffff action pass
filter add dev eth0 ingress protocol ip pref 5 flower erspan_opts 1:5:0:0/1:0xff:0:0 action pass
filter add dev eth0 ingress protocol ip pref 6 flower erspan_opts 2:0:1:33 action pass
filter add dev eth0 ingress protocol ip pref 7 flower gtp_opts 1:8/f:3f action pass
filter add dev eth0 ingress protocol ip pref 8 u32 match u32 0 0 action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 geneve_opts 0102:80:00880022,0103:1:0088002200880023 pipe action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 erspan_opts 2:0:1:63
filter add dev eth0 ingress protocol 802.1q pref 10 flower vlan_id 7 vlan_prio 3 vlan_ethtype ip dst_ip 10.0.0.1 action pass
filter add dev eth0 ingress protocol 802.1q pref 11 flower vlan_id 7 action pass
filter add dev eth0 ingress protocol 802.1ad pref 12 flower vlan_id 7 vlan_ethtype 802.1q cvlan_id 9 cvlan_prio 3 cvlan_ethtype ipv6 src_ip 2001:db8::1 action pass
filter add dev eth0 ingress protocol mpls_uc pref 13 flower mpls lse depth 1 label 100 tc 3 lse depth 2 label 200 action pass
filter add dev eth0 ingress protocol ip pref 14 flower ct_state +trk+est-rpl ct_zone 5 ct_mark 7/0xff ct_label 0102/ff00 action pass
filter add dev eth0 ingress protocol ppp_ses pref 15 flower pppoe_sid 1234 ppp_proto ip dst_ip 10.0.0.1 action pass
filter add dev eth0 ingress protocol ppp_ses pref 16 flower pppoe_sid 1234 action pass
filter add dev eth0 ingress protocol ppp_ses pref 17 flower ppp_proto 0x8021 action pass
filter add dev eth0 ingress protocol 802.1q pref 18 flower vlan_id 9 vlan_ethtype 0x8864 pppoe_sid 5 ppp_proto ipv6 src_ip 2001:db8::1 action pass
filter add dev eth0 ingress protocol 802.1q pref 19 flower vlan_id 9 vlan_ethtype 0x8864 pppoe_sid 5 action pass
filter add dev eth0 ingress protocol 802.1ad pref 20 flower vlan_id 7 vlan_ethtype 802.1q cvlan_id 9 action pass
filter add dev eth0 ingress protocol 802.1ad pref 21 flower vlan_id 7 vlan_ethtype 802.1q cvlan_id 9 cvlan_ethtype 0x8864 pppoe_sid 5 ppp_proto ip dst_ip 10.0.0.1 action pass
filter add dev eth0 ingress protocol 802.1ad pref 22 flower vlan_id 7 vlan_ethtype 802.1q cvlan_id 9 cvlan_ethtype 0x8864 pppoe_sid 5 action pass
`

// olderEmatches are filters made by tc with matches that have no fixed size.
const olderEmatches = `tc qdisc add dev eth0 ingress
tc filter add dev eth0 ingress protocol ip pref 3 basic match 'nbyte("ab\x41\0x" at 12 layer transport) and not (nbyte(x layer 0 at 0xff) or meta(vlan mask 0xf eq 3))' action pass
tc filter add dev eth0 ingress protocol all pref 4 basic match 'canid(sff 0x123 eff 0x18db33f1 sff 0x7ff:0xf0)' action pass
`

// TestTraffic_undoEmatches: and with what is within expressions.
func TestTraffic_undoEmatches(t *testing.T) {
	nstest.NeedTraffic(t, "filter basic")
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nstest.Output(ns, olderEmatches, "sh", "-e"); err != nil {
		t.Fatal(err)
	}
	undoneTraffic(t, ns, "del qdisc eth0 ingress")
}

// TestTraffic_undoFlower: filters come back with all that they match.
func TestTraffic_undoFlower(t *testing.T) {
	for _, what := range []string{"filter flower", "filter u32", "action tunnel_key"} {
		nstest.NeedTraffic(t, what)
	}
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nstest.Output(ns, olderFlower, "tc", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
	undoneTraffic(t, ns, "del qdisc eth0 ingress")
}
