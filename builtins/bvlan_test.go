//go:build linux

package builtins_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec/nstest"
)

// vlans are what tests of bridges' VLANs start from: eth0 and the vxlan vx1 are
// ports of br0, which keeps VLANs apart.
const vlans = "ensure bridge br0 vlan_filtering on; vxlan vx1 external dstport 4789; master eth0 vx1 br0; port vx1 vlan_tunnel on;"

var bvlanWitnesses = []witness{
	{"bvlan eth0 vid 10", "bridge vlan show dev eth0", map[string]string{"vlans.1.vlan": "10", "vlans.1.flags": "<nil>", "vlans.0.flags.0": "PVID"}},
	{"bvlan eth0 vid 10-20 30", "bridge vlan show dev eth0", map[string]string{"vlans.1.vlan": "10", "vlans.1.vlanEnd": "20", "vlans.2.vlan": "30"}},
	{"bvlan eth0 vid (10..12)", "bridge vlan show dev eth0", map[string]string{"vlans.1.vlanEnd": "12"}},
	{"bvlan eth0 vid 10 pvid untagged", "bridge vlan show dev eth0", map[string]string{"vlans.0.flags.0": "Egress Untagged", "vlans.1.flags.0": "PVID", "vlans.1.flags.1": "Egress Untagged"}},
	{"bvlan eth0 vid 10 pvid; bvlan eth0 vid 10 master", "bridge vlan show dev eth0", map[string]string{"vlans.1.flags": "<nil>"}},
	{"bvlan br0 vid 10", "bridge vlan show dev br0", map[string]string{"vlans.1.vlan": "10"}},
	{"bvlan br0 vid 10 self", "bridge vlan show dev br0", map[string]string{"vlans.1.vlan": "10"}},
	{"bvlan eth0 vid 10-20; del bvlan eth0 vid 11-20", "bridge vlan show dev eth0", map[string]string{"vlans.1.vlan": "10", "vlans.2.vlan": "<none>"}},
	{"bvlan eth0 vid 10-20; flush bvlan eth0", "bridge vlan show dev eth0", map[string]string{"#": "0"}},
	{"bvlan vx1 vid 10 tunnel_info id 1010", "bridge vlan tunnelshow dev vx1", map[string]string{"tunnels.0.vlan": "10", "tunnels.0.tunid": "1010"}},
	{"bvlan vx1 vid 10 pvid; ensure bvlan vx1 vid 10-12 tunnel_info id 1010-1012", "bridge vlan tunnelshow dev vx1", map[string]string{"tunnels.0.vlanEnd": "12", "tunnels.0.tunidEnd": "1012"}},
	{"bvlan vx1 vid 10 pvid; ensure bvlan vx1 vid 10-12 tunnel_info id 1010", "bridge vlan show dev vx1", map[string]string{"vlans.1.flags.0": "PVID", "vlans.2.vlanEnd": "12"}},
	{"bvlan vx1 vid 10 tunnel_info id 1010; del bvlan vx1 vid 10 tunnel_info id 1010", "bridge vlan tunnelshow dev vx1", map[string]string{"#": "0"}},
	{"bvlan vx1 vid 10 tunnel_info id 1010; del bvlan vx1 vid 10 tunnel_info id 1010", "bridge vlan show dev vx1", map[string]string{"vlans.1.vlan": "10"}},
	{"bvlan eth0 vid 10 state blocking", "bridge vlan show dev eth0", map[string]string{"vlans.1.state": "blocking"}},
	{"bvlan eth0 vid 10 pvid; bvlan eth0 vid 10 mcast_router 2", "bridge vlan show dev eth0", map[string]string{"vlans.1.mcast_router": "2", "vlans.1.flags.0": "PVID"}},
	{"bvlan eth0 vid 10; fdb eth0 02:00:00:00:00:02 vlan 10", "bridge fdb get 02:00:00:00:00:02 vlan 10 br br0", map[string]string{"ifname": "eth0", "vlan": "10"}},
	{"bvlan eth0 vid 10-12; fdb eth0 02:00:00:00:00:02; flush fdb eth0 vlan 11", "bridge fdb show br br0 state static", map[string]string{"#": "4"}},
}

func TestBridgeVLANs(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	for _, w := range bvlanWitnesses {
		w.script = vlans + w.script
		w.check(t)
	}
}

// TestBridgeVLANs_lacking wants to be told of a kernel that has none.
func TestBridgeVLANs_lacking(t *testing.T) {
	if nstest.HasBridgeVLANs(t) {
		return
	}
	_, err := runIn(t, "master eth0 br0; bvlan eth0 vid 10")
	if !errors.Is(err, unix.EOPNOTSUPP) || !strings.Contains(err.Error(), "CONFIG_BRIDGE_VLAN_FILTERING") {
		t.Error(err)
	}
}

var bvlanSame = []sameAs{
	{"bvlan eth0 vid 10-20; bvlan eth0 vid 30 pvid untagged", "bridge vlan add dev eth0 vid 10-20\nbridge vlan add dev eth0 vid 30 pvid untagged"},
	{"bvlan br0 vid 10 pvid", "bridge vlan add dev br0 vid 10 pvid self"},
	{"bvlan vx1 vid 10-12 tunnel_info id 1010", "bridge vlan add dev vx1 vid 10-12\nbridge vlan add dev vx1 vid 10-12 tunnel_info id 1010-1012"},
	{"bvlan eth0 vid 10; bvlan eth0 vid 10 state learning mcast_router 0", "bridge vlan add dev eth0 vid 10\nbridge vlan set dev eth0 vid 10 state learning\nbridge vlan set dev eth0 vid 10 mcast_router 0"},
	{"bvlan eth0 vid 10-20; del bvlan eth0 vid 1 15", "bridge vlan add dev eth0 vid 10-20\nbridge vlan del dev eth0 vid 1\nbridge vlan del dev eth0 vid 15"},
}

func TestBridgeVLANs_asBridge(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	asBridge(t, vlans, bvlanSame, "bridge vlan show", "bridge vlan tunnelshow")
}

// olderVLANs are made by bridge, before a run.
const olderVLANs = `ip link set br0 type bridge vlan_filtering 1
ip link add vx1 type vxlan external dstport 4789
ip link set eth0 master br0
ip link set vx1 master br0
ip link set vx1 up
bridge link set dev vx1 vlan_tunnel on
bridge vlan add dev eth0 vid 10-20
bridge vlan add dev eth0 vid 30 pvid untagged
bridge vlan set dev eth0 vid 12 state blocking
bridge vlan set dev eth0 vid 13 mcast_router 2
bridge vlan del dev eth0 vid 1
bridge vlan add dev br0 vid 10-12 self
bridge vlan add dev vx1 vid 10-12
bridge vlan add dev vx1 vid 10-12 tunnel_info id 1010-1012
bridge fdb add 02:00:00:00:00:02 dev eth0 master static vlan 10
bridge fdb add 02:00:00:00:00:03 dev vx1 master static vlan 11`

var bvlanRuns = []string{
	"bvlan eth0 vid 5-11; bvlan eth0 vid 40 pvid; bvlan br0 vid 99 pvid untagged; del bvlan br0 vid 1",
	"del bvlan eth0 vid 10-30; bvlan eth0 vid 12 state forwarding; flush bvlan vx1; flush bvlan br0",
	"bvlan eth0 vid 12 state learning; bvlan eth0 vid 13 mcast_router 0; bvlan vx1 vid 11-13 tunnel_info id 2000; del bvlan vx1 vid 10 tunnel_info id 1010",
	"port vx1 vlan_tunnel off",
	"ensure bridge br0 vlan_default_pvid 7",
	"ensure bridge br0 vlan_filtering off; nomaster eth0; bridge br9; master eth0 br9; bvlan eth0 vid 100",
	"del bridge br0",
	"del link vx1; del link eth0",
	"ns elsewhere; move vx1 ns elsewhere",
	"fdb eth0 02:00:00:00:00:09; del fdb eth0 02:00:00:00:00:02; flush fdb br0 vlan 11",
	"veth a b; master a br0; bvlan a vid 10; fdb a 02:00:00:00:00:09 vlan 10; replace fdb a 02:00:00:00:00:02 vlan 10",
}

// TestBridgeVLANs_undo: a run that fails leaves older VLANs as they were.
func TestBridgeVLANs_undo(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	undoes(t, olderVLANs, bvlanRuns, "bridge vlan show", "bridge vlan tunnelshow", "bridge fdb show")
}

func TestBridgeVLANs_refused(t *testing.T) {
	refused(t, map[string]string{
		"bvlan eth0":                           `"bvlan" needs "vid"`,
		"bvlan eth0 vid 0":                     `"vid": 0 is not in 1..4094`,
		"bvlan eth0 vid 10-4095":               `"10-4095" is no range of numbers up to 4094`,
		"bvlan eth0 vid 20-10":                 `"20-10" is no range`,
		"bvlan eth0 vid 10-20 pvid":            `packets without a tag are in one VLAN, so "pvid" is for one, not 11`,
		"bvlan eth0 vid 10 tunnel_info id 5-6": "2 tunnels for 1 VLANs",
		"bvlan eth0 vid 10 tunnel_info":        `"tunnel_info" needs at least one of`,
		"del bvlan eth0 vid 10 state blocking": `"del bvlan" takes no "state"`,
		"flush bvlan eth0 vid 10":              `"flush bvlan" takes no options`,
		"bvlan eth0 vid 10 state up":           `"up" is none of disabled`,
	})
}
