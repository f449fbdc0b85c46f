//go:build linux

package builtins_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// listening is what tests of multicast databases start from: eth0 is a port.
const listening = "master eth0 br0;"

// mdbWitnesses are entries, and what bridge shows of those of ports.
var mdbWitnesses = []witness{
	{"mdb br0 port eth0 grp 239.1.1.1", "", map[string]string{"#": "1", "0.grp": "239.1.1.1", "0.port": "eth0", "0.state": "permanent", "0.vid": "<nil>"}},
	{"mdb br0 port eth0 grp ff0e::1:1 temp", "", map[string]string{"0.grp": "ff0e::1:1", "0.state": "temp"}},
	{"mdb br0 port eth0 grp 239.1.1.1 permanent src 10.0.0.9", "", map[string]string{"0.src": "10.0.0.9"}},
	{"mdb br0 port eth0 grp ff0e::1:1 src 2001:db8::9", "", map[string]string{"0.src": "2001:db8::9"}},
	{"mdb br0 port eth0 grp 01:02:03:04:05:06", "", map[string]string{"0.grp": "01:02:03:04:05:06", "0.state": "permanent"}},
	{"mdb br0 port eth0 grp 239.1.1.1; mdb br0 port eth0 grp 239.1.1.2; del mdb br0 port eth0 grp 239.1.1.1", "", map[string]string{"#": "1", "0.grp": "239.1.1.2"}},
	{"mdb br0 port eth0 grp 239.1.1.1 temp; replace mdb br0 port eth0 grp 239.1.1.1", "", map[string]string{"#": "1", "0.state": "permanent"}},
	{"ensure mdb br0 port eth0 grp 239.1.1.1; ensure mdb br0 port eth0 grp 239.1.1.1", "", map[string]string{"#": "1"}},
	{"mdb br0 port eth0 grp 239.1.1.1; mdb br0 port eth0 grp ff0e::1:1 temp; flush mdb br0", "", map[string]string{"#": "0"}},
	{"mdb br0 port eth0 grp 239.1.1.1; flush mdb br0 port eth0", "", map[string]string{"#": "0"}},
	{"mdb br0 port br0 grp 239.1.1.1; del mdb br0 port br0 grp 239.1.1.1; mdb br0 port br0 grp 239.1.1.1; mdb br0 port eth0 grp 239.1.1.1", "", map[string]string{"#": "1"}},
}

// newMDBWitnesses are those of kernels since 6.2, of a bridge that speaks IGMPv3.
var newMDBWitnesses = []witness{
	{"mdb br0 port eth0 grp 239.1.1.1 proto bird", "", map[string]string{"0.protocol": "bird"}},
	{"mdb br0 port eth0 grp 239.1.1.1 filter_mode exclude source_list 10.0.0.9", "", map[string]string{"0.filter_mode": "exclude", "#": "2", "1.src": "10.0.0.9", "1.flags.0": "blocked"}},
	{"mdb br0 port eth0 grp 239.1.1.1 filter_mode include source_list 10.0.0.8 10.0.0.9", "", map[string]string{"0.filter_mode": "include", "#": "3"}},
	{"mdb br0 port eth0 grp 239.1.1.1; replace mdb br0 port eth0 grp 239.1.1.1 filter_mode include source_list 10.0.0.9", "", map[string]string{"0.filter_mode": "include"}},
}

func TestMDB(t *testing.T) {
	all := mdbWitnesses
	if hasSources(t) {
		for _, w := range newMDBWitnesses {
			w.script = "ensure bridge br0 mcast_igmp_version 3;" + w.script
			all = append(all, w)
		}
	}
	for _, w := range all {
		ns, err := runIn(t, listening+w.script)
		if err != nil {
			t.Errorf("%s: %v", w.script, err)
			continue
		}
		got := any(set(t, ns, "bridge mdb show"))
		for path, want := range w.want {
			if v := walk(got, path); v != want {
				t.Errorf("%s: %s is %q, want %q in %v", w.script, path, v, want, got)
			}
		}
		claim(t, listening, w.script, func(ns nsexec.Ref) bool {
			return w.holds(set(t, ns, "bridge mdb show"))
		})
	}
}

// groups are the entries of what bridge shows of its multicast databases, but for
// those of bridges themselves, which come as the kernel's protocols join.
func groups(shown any) []any {
	var out []any
	for _, one := range shown.([]any) {
		entries, _ := one.(map[string]any)["mdb"].([]any)
		for _, e := range entries {
			entry := e.(map[string]any)
			delete(entry, "index")
			delete(entry, "timer")
			if port, ofBridge := entry["port"].(string); ofBridge && !strings.HasPrefix(port, "br") && !isLearnt(entry) {
				out = append(out, entry)
			}
		}
	}
	return out
}

// isLearnt reports whether an entry is of a group that the kernel's own protocols
// join at the other end of a port.
func isLearnt(entry map[string]any) bool {
	group := fmt.Sprint(entry["grp"])
	return entry["state"] == "temp" && (strings.HasPrefix(group, "ff02:") || group == "224.0.0.106")
}

var mdbSame = []sameAs{
	{"mdb br0 port eth0 grp 239.1.1.1", "bridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent"},
	{"mdb br0 port eth0 grp ff0e::1:1 temp", "bridge mdb add dev br0 port eth0 grp ff0e::1:1 temp"},
	{"mdb br0 port eth0 grp 239.1.1.1 src 10.0.0.9", "bridge mdb add dev br0 port eth0 grp 239.1.1.1 src 10.0.0.9 permanent"},
	{"mdb br0 port eth0 grp 01:02:03:04:05:06", "bridge mdb add dev br0 port eth0 grp 01:02:03:04:05:06 permanent"},
	{"mdb br0 port eth0 grp 239.1.1.1; mdb br0 port eth0 grp 239.1.1.2; del mdb br0 port eth0 grp 239.1.1.1", "bridge mdb add dev br0 port eth0 grp 239.1.1.2 permanent"},
	{"mdb br0 port eth0 grp 239.1.1.1; mdb br0 port eth0 grp 239.1.1.2 temp; flush mdb br0 permanent", "bridge mdb add dev br0 port eth0 grp 239.1.1.2 temp"},
	{"mdb br0 port eth0 grp 239.1.1.1; mdb br0 port eth0 grp 239.1.1.2 temp; flush mdb br0 nopermanent", "bridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent"},
}

func TestMDB_asBridge(t *testing.T) { asBridge(t, listening, mdbSame, "bridge mdb show") }

// olderMDB is made by bridge, before a run.
const olderMDB = `ip link set eth0 master br0
ip link add eth2 type veth peer name far2
ip link set eth2 up
ip link set far2 up
ip link set eth2 master br0
bridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent
bridge mdb add dev br0 port eth0 grp 239.1.1.2 src 10.0.0.9 permanent
bridge mdb add dev br0 port eth0 grp ff0e::1:1 permanent
bridge mdb add dev br0 port eth2 grp 239.1.1.1 permanent
bridge mdb add dev br0 port eth2 grp 01:02:03:04:05:06 permanent`

var mdbRuns = []string{
	"mdb br0 port eth0 grp 239.1.1.9; mdb br0 port eth0 grp 239.1.1.1 src 10.0.0.7; mdb br0 port br0 grp 239.1.1.8; mdb br0 port eth2 grp 01:02:03:04:05:07",
	"del mdb br0 port eth0 grp 239.1.1.1; del mdb br0 port eth0 grp 239.1.1.2 src 10.0.0.9; replace mdb br0 port eth0 grp ff0e::1:1 temp",
	"flush mdb br0",
	"flush mdb br0 port eth2; down eth0; up eth0",
	"nomaster eth0; down eth2; bridge br9; master eth0 br9",
	"del bridge br0",
	"del link eth2; del link eth0",
	"ns elsewhere; move eth2 ns elsewhere",
	"ensure bridge br0 mcast_snooping off",
	"veth a b up; master a br0; mdb br0 port a grp 239.1.1.1",
}

// TestMDB_undo: a run that fails leaves older entries as they were.
func TestMDB_undo(t *testing.T) {
	runs := mdbRuns
	if hasSources(t) {
		runs = append(runs, "ensure bridge br0 mcast_igmp_version 3; replace mdb br0 port eth0 grp 239.1.1.1 filter_mode include source_list 10.0.0.9 proto bird")
	}
	undoes(t, olderMDB, runs, "bridge mdb show")
}

// hasSources reports whether the kernel takes entries with lists of sources.
func hasSources(t *testing.T) bool {
	since, _ := parseRelease("6.2")
	return release(t) >= since
}

// TestMDB_vlans has an entry for each VLAN of a port, and one for one of them.
func TestMDB_vlans(t *testing.T) {
	nstest.NeedBridgeVLANs(t)
	before := vlans + "bvlan eth0 vid 10;"
	asBridge(t, before, []sameAs{
		{"mdb br0 port eth0 grp 239.1.1.1 vid 10", "bridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent vid 10"},
		{"mdb br0 port eth0 grp 239.1.1.1", "bridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent"},
		{"mdb br0 port eth0 grp 239.1.1.1; flush mdb br0 vid 10", "bridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent vid 1"},
	}, "bridge mdb show")
	undoes(t, olderVLANs+"\nbridge mdb add dev br0 port eth0 grp 239.1.1.1 permanent vid 10", []string{
		"mdb br0 port eth0 grp 239.1.1.1 vid 11; replace mdb br0 port eth0 grp 239.1.1.1",
		"del bvlan eth0 vid 10; flush mdb br0",
	}, "bridge mdb show", "bridge vlan show")
}

func TestMDB_refused(t *testing.T) {
	refused(t, map[string]string{
		"mdb br0 port eth0":                                                `"mdb" needs "grp"`,
		"mdb br0 grp 239.1.1.1":                                            `"mdb" needs "port" or, of a vxlan, "dst"`,
		"mdb br0 port eth0 grp 10.0.0.1":                                   "10.0.0.1 is the address of one, not of a group",
		"mdb br0 port eth0 grp 02:00:00:00:00:01":                          "02:00:00:00:00:01 is the address of one, not of a group",
		"mdb br0 port eth0 grp 224.0.0.1":                                  "224.0.0.1 is a group that every port gets anyway",
		"mdb br0 port eth0 grp everyone":                                   `"everyone" is no group`,
		"mdb br0 port eth0 grp 239.1.1.1 permanent temp":                   "an entry is permanent or temp, not both",
		"mdb br0 port eth0 grp 239.1.1.1 src 2001:db8::1":                  "one is IPv4, the other IPv6",
		"mdb br0 port eth0 grp 239.1.1.1 source_list 10.0.0.1":             `"source_list" needs "filter_mode"`,
		"mdb br0 port eth0 grp 239.1.1.1 filter_mode include":              "lets nothing through",
		"mdb br0 port eth0 grp 239.1.1.1 src 10.0.0.1 filter_mode exclude": `an entry for one "src" has no "filter_mode"`,
		"mdb br0 port eth0 grp 01:02:03:04:05:06 temp":                     `a group of Ethernet has no "temp"`,
		"flush mdb br0 grp 239.1.1.1":                                      `"flush mdb" takes no "grp", but port, vid, permanent`,
	})
	if _, err := runIn(t, "mdb eth0 port eth0 grp 239.1.1.1"); err == nil || !strings.Contains(err.Error(), `"eth0" is a veth, not a bridge`) {
		t.Errorf("of a veth: %v", err)
	}
	if _, err := runIn(t, listening+"del mdb br0 port eth0 grp 239.1.1.1"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("of none: %v", err)
	}
}
