//go:build linux

package builtins_test

import (
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// snooping is what tests of the options of VLANs start from: br0 and eth0 are in
// VLANs, and br0 learns for each who listens.
const snooping = "ensure bridge br0 vlan_filtering on mcast_vlan_snooping on; master eth0 br0; bvlan br0 vid 10-12; bvlan eth0 vid 10-13;"

// globalVLANOptions are what bridge takes, too, but that it wants numbers.
const globalVLANOptions = " mcast_igmp_version 3 mcast_mld_version 2 mcast_last_member_count 5 mcast_last_member_interval 77 " +
	"mcast_startup_query_count 6 mcast_startup_query_interval 2000 mcast_membership_interval 20000 mcast_querier_interval 21000 " +
	"mcast_query_interval 11000 mcast_query_response_interval 900"

var globalVLANSame = []sameAs{{
	"bvlan global br0 vid 10-11 13 mcast_snooping off mcast_querier on" + globalVLANOptions,
	"bridge vlan global set dev br0 vid 10-11 mcast_snooping 0 mcast_querier 1" + globalVLANOptions +
		"\nbridge vlan global set dev br0 vid 13 mcast_snooping 0 mcast_querier 1" + globalVLANOptions,
}}

const (
	globalVLANs = "bridge vlan global show"
	vlanTrees   = "vlan trees"
)

func TestGlobalVLANs(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	asBridge(t, snooping, globalVLANSame, globalVLANs)
	w := witness{snooping + "bvlan global br0 vid (11..12) msti 7", vlanTrees, map[string]string{"#": "2", "0.is": "vid 11 msti 7", "1.is": "vid 12 msti 7"}}
	w.check(t)
}

// olderGlobalVLANs are made by bridge, before a run. The bridge goes up anew, for an
// IPv6 address of the MAC address that it has by now.
const olderGlobalVLANs = `ip link set br0 down
ip link set br0 up
ip link set br0 type bridge vlan_filtering 1 mcast_vlan_snooping 1
ip link set eth0 master br0
bridge vlan add dev eth0 vid 10-13
bridge vlan add dev br0 vid 12 self
bridge vlan global set dev br0 vid 10-11 mcast_querier 1 mcast_igmp_version 3 mcast_last_member_interval 77
bridge vlan global set dev br0 vid 12 mcast_snooping 0
bridge vlan global set dev br0 vid 1 mcast_query_interval 11000`

var globalVLANRuns = []string{
	"bvlan global br0 vid 1 10-12 mcast_querier off mcast_snooping on mcast_query_interval 9000 msti 5; bvlan br0 vid 50; bvlan global br0 vid 50 mcast_mld_version 2; " +
		"del bvlan eth0 vid 10-11; bvlan eth0 vid 10; bvlan global br0 vid 10 mcast_last_member_count 9; flush bvlan br0; flush bvlan eth0",
	"ensure bridge br0 vlan_default_pvid 7; nomaster eth0; bridge br9 vlan_filtering on; master eth0 br9",
	"del link eth0; del bridge br0",
	"ns elsewhere; move eth0 ns elsewhere; ensure bridge br0 vlan_filtering off mcast_vlan_snooping off",
}

// TestGlobalVLANs_undo: a run that fails leaves older options as they were.
func TestGlobalVLANs_undo(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	undoes(t, olderGlobalVLANs, globalVLANRuns, globalVLANs, vlanTrees)
	undoesFromJournal(t, linesBefore(olderGlobalVLANs), globalVLANRuns[:nstest.Sample(2, 0, 0)], globalVLANs, vlanTrees)
}

func TestGlobalVLANs_refused(t *testing.T) {
	refused(t, map[string]string{
		"bvlan global br0 mcast_querier on":             `"bvlan global" needs "vid"`,
		"bvlan global br0 vid 10":                       `"bvlan global" changes options of VLANs and was given none`,
		"bvlan global br0 vid 4095 mcast_querier on":    "4095",
		"bvlan global br0 vid 10 mcast_igmp_version 1":  `"mcast_igmp_version": 1 is not in 2..3`,
		"bvlan global br0 vid 10 mcast_snooping maybe":  `"mcast_snooping"`,
		"bvlan global br0 vid 10 msti 4095":             `"msti": 4095 is not in 0..4094`,
		"del bvlan global br0 vid 10 mcast_querier off": `"bvlan global"`,
	})
	for script, want := range map[string]string{
		"bvlan global eth0 vid 1 mcast_querier on": `"eth0" is a veth, not a bridge`,
		"bvlan global br0 vid 77 mcast_querier on": map[bool]string{
			true:  "doesn't exist",
			false: "CONFIG_BRIDGE_VLAN_FILTERING",
		}[nstest.HasBridgeVLANs(t)],
	} {
		if _, err := runIn(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: it ended with %v, want %q", script, err, want)
		}
	}
}
