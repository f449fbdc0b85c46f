//go:build linux

package builtins_test

import (
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
`

// TestTraffic_undoActions: filters come back with whatever they do.
func TestTraffic_undoActions(t *testing.T) {
	for _, what := range []string{"action pedit", "action csum", "action ct", "action nat", "action connmark", "filter basic"} {
		nstest.NeedTraffic(t, what)
	}
	for _, run := range []string{
		"del qdisc eth0 ingress",
		"del filter eth0 ingress pref 7; del filter eth0 ingress pref 3; del filter eth0 ingress pref 5; del filter eth0 ingress pref 4; del filter eth0 ingress pref 6",
		"replace filter eth0 ingress protocol ip pref 4 handle 800::800 u32 match ip dst 10.7.0.0/16 action csum udp; " +
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
