//go:build linux

package builtins_test

import (
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// tunnelled is what tests of the multicast databases of vxlans start from: vx0's
// packets are of any VNI, vx1's of one.
const tunnelled = "vxlan vx0 external dstport 4789 up; vxlan vx1 id 7 dstport 4790 up;"

// tunnelWitnesses are entries, and what the kernel says of them.
var tunnelWitnesses = []struct{ script, want string }{
	{"mdb vx0 port vx0 grp 239.1.1.1 permanent src_vni 10 dst 192.0.2.1", "grp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.1 src_vni 10"},
	{"mdb vx0 grp ff0e::1 src_vni 10 dst 2001:db8::9", "grp ff0e::1 filter_mode 0 proto 4 dst 2001:db8::9 src_vni 10"},
	{"mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1 dst_port 1234 vni 20 via eth0", "grp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.1 dst_port 1234 vni 20 via eth0 src_vni 10"},
	{"mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1; mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.2; mdb vx0 grp 239.1.1.1 src_vni 11 dst 192.0.2.1; del mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1",
		"grp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.1 src_vni 11\ngrp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.2 src_vni 10"},
	{"mdb vx0 grp 239.1.1.1 src 10.0.0.9 src_vni 10 dst 192.0.2.1", "grp 239.1.1.1 filter_mode 1 src 10.0.0.9 proto 4 dst 192.0.2.1 src_vni 10"},
	{"mdb vx0 grp 239.1.1.1 filter_mode exclude source_list 10.0.0.9 10.0.0.8 proto bgp src_vni 10 dst 192.0.2.1", strings.Join([]string{
		"grp 239.1.1.1 flags 8 filter_mode 1 src 10.0.0.8 proto 186 dst 192.0.2.1 src_vni 10",
		"grp 239.1.1.1 flags 8 filter_mode 1 src 10.0.0.9 proto 186 dst 192.0.2.1 src_vni 10",
		"grp 239.1.1.1 source_list 10.0.0.8,10.0.0.9 filter_mode 0 proto 186 dst 192.0.2.1 src_vni 10"}, "\n")},
	{"mdb vx0 grp 0.0.0.0 dst 192.0.2.1 src_vni 10; mdb vx0 grp :: dst 192.0.2.1 src_vni 10", "grp 0.0.0.0 filter_mode 0 proto 4 dst 192.0.2.1 src_vni 10\ngrp :: filter_mode 0 proto 4 dst 192.0.2.1 src_vni 10"},
	{"mdb vx1 grp 239.1.1.1 dst 192.0.2.1 vni 7 src_vni 7 dst_port 4790", "grp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.1"},
	{"mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1; replace mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1 vni 30; ensure mdb vx0 grp 239.1.1.2 src_vni 10 dst 192.0.2.1",
		"grp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.1 vni 30 src_vni 10\ngrp 239.1.1.2 filter_mode 0 proto 4 dst 192.0.2.1 src_vni 10"},
}

// flushed are two entries, and tunnelFlushes which of them are left by a flush.
const flushed = "mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1; mdb vx0 grp 239.1.1.2 src_vni 11 dst 192.0.2.2 dst_port 1234 vni 20 proto bgp;"

const (
	flushedOne = "grp 239.1.1.1 filter_mode 0 proto 4 dst 192.0.2.1 src_vni 10"
	flushedTwo = "grp 239.1.1.2 filter_mode 0 proto 186 dst 192.0.2.2 dst_port 1234 vni 20 src_vni 11"
)

var tunnelFlushes = map[string]string{
	"src_vni 11": flushedOne, "dst 192.0.2.2": flushedOne, "dst_port 1234": flushedOne, "vni 20": flushedOne, "proto bgp": flushedOne,
	"src_vni 10": flushedTwo, "dst_port 4789": flushedTwo, "vni 10": flushedTwo, "proto static": flushedTwo,
	"port vx0": "", "permanent": "", "": "",
	"nopermanent": flushedOne + "\n" + flushedTwo, "dst 192.0.2.1 src_vni 11": flushedOne + "\n" + flushedTwo,
}

// hasTunnelGroups reports whether the kernel's vxlans have multicast databases.
func hasTunnelGroups(t *testing.T) bool {
	since, _ := parseRelease("6.3")
	return release(t) >= since
}

const tunnelGroups = "tunnel groups"

func TestMDB_tunnels(t *testing.T) {
	if !hasTunnelGroups(t) {
		_, err := runIn(t, tunnelled+"mdb vx1 grp 239.1.1.1 dst 192.0.2.1")
		if err == nil || !strings.Contains(err.Error(), "came with Linux 6.3") {
			t.Errorf("of a kernel without: %v", err)
		}
		return
	}
	if nstest.InVM() { // the others are the same there, only slower
		witnessTunnels(t, tunnelWitnesses[2].script, tunnelWitnesses[2].want)
		return
	}
	for _, test := range tunnelWitnesses {
		witnessTunnels(t, test.script, test.want)
	}
	for options, want := range tunnelFlushes {
		witnessTunnels(t, flushed+"flush mdb vx0 "+options, want)
	}
}

// witnessTunnels runs a script and compares what there is.
func witnessTunnels(t *testing.T, script, want string) {
	t.Helper()
	ns, err := runIn(t, tunnelled+script)
	if err != nil {
		t.Errorf("%s: %v", script, err)
		return
	}
	if got := tunnelsIn(t, ns); got != want {
		t.Errorf("%s: there is\n%s\nwant\n%s", script, got, want)
	}
	drop(t, ns)
	claim(t, tunnelled, script, func(ns nsexec.Ref) bool { return tunnelsIn(t, ns) == want })
}

func tunnelsIn(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	groups, err := nstest.TunnelGroups(ns)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(groups, "\n")
}

// olderTunnels are made before a run.
const olderTunnels = tunnelled + `master vx1 br0
mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1
mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.2 vni 20 dst_port 1234 via eth0
mdb vx0 grp 239.1.1.2 src 10.0.0.9 src_vni 11 dst 2001:db8::9
mdb vx0 grp ff0e::1 src_vni 10 dst 192.0.2.1 filter_mode exclude source_list 2001:db8::7 2001:db8::8 proto bgp
mdb vx0 grp 0.0.0.0 src_vni 10 dst 192.0.2.1
mdb vx1 grp 239.1.1.1 dst 192.0.2.1
mdb br0 port vx1 grp 239.1.1.1`

var tunnelRuns = []string{
	"mdb vx0 grp 239.1.1.9 src_vni 10 dst 192.0.2.1; mdb vx0 grp 239.1.1.1 src_vni 12 dst 192.0.2.1; mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.3; mdb vx1 port vx1 grp 239.1.1.2 dst 192.0.2.1",
	"del mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.1; del mdb vx0 grp 239.1.1.2 src 10.0.0.9 src_vni 11 dst 2001:db8::9; del mdb vx0 grp ff0e::1 src_vni 10 dst 192.0.2.1",
	"replace mdb vx0 grp 239.1.1.1 src_vni 10 dst 192.0.2.2; replace mdb vx0 grp ff0e::1 src_vni 10 dst 192.0.2.1; replace mdb vx0 grp 239.1.1.8 src_vni 10 dst 192.0.2.2",
	"flush mdb vx0; flush mdb vx1",
	"flush mdb vx0 src_vni 10 dst 192.0.2.1; flush mdb br0",
	"del link vx0 vx1",
	"del link eth0; del link vx0",
	"del link vx0; vxlan vx0 external dstport 4789; mdb vx0 grp 239.1.1.5 src_vni 10 dst 192.0.2.1",
	"ns elsewhere; move vx0 ns elsewhere; in ns elsewhere < flush mdb vx0 >",
	"replace mdb vx0 grp 239.1.1.2 filter_mode exclude source_list 10.0.0.9 10.0.0.8 src_vni 11 dst 2001:db8::9",
	"nomaster vx1; down vx0; flush mdb vx0 src_vni 11",
	"vxlan vx2 id 9 dstport 4791; mdb vx2 grp 239.1.1.5 dst 192.0.2.1; flush mdb vx2",
}

// TestMDB_tunnelsUndo: a run that fails leaves older entries as they were.
func TestMDB_tunnelsUndo(t *testing.T) {
	if !hasTunnelGroups(t) {
		return
	}
	undoesAfter(t, runBefore(olderTunnels), tunnelRuns, tunnelGroups)
	if !nstest.InVM() {
		undoesFromJournal(t, runBefore(olderTunnels), tunnelRuns[:4], tunnelGroups)
	}
}

func TestMDB_tunnelsRefused(t *testing.T) {
	refused(t, map[string]string{
		"mdb vx0 grp 239.1.1.1":                                         `"mdb" needs "port" or, of a vxlan, "dst"`,
		"mdb vx0 grp 239.1.1.1 port vx0 src_vni 10":                     `"src_vni" is of a vxlan's entry, which needs "dst"`,
		"mdb vx0 grp 239.1.1.1 port vx0 dst_port 10":                    `"dst_port" is of a vxlan's entry, which needs "dst"`,
		"mdb vx0 grp 239.1.1.1 dst 192.0.2.1 vid 10":                    `an entry of a vxlan has no "vid"`,
		"mdb vx0 grp 239.1.1.1 dst 192.0.2.1 temp":                      `an entry of a vxlan has no "temp"`,
		"mdb vx0 grp 01:02:03:04:05:06 dst 192.0.2.1":                   `a group of Ethernet has no "dst"`,
		"mdb br0 port eth0 grp 0.0.0.0":                                 `0.0.0.0, all groups, is of a vxlan's entry`,
		"mdb vx0 grp :: dst 192.0.2.1 src ::1":                          `the entry of all groups has no "src"`,
		"mdb vx0 grp 239.1.1.1 dst everywhere":                          "everywhere",
		"mdb vx0 grp 239.1.1.1 dst 192.0.2.1 vni 16777216":              "16777216",
		"mdb vx0 grp 239.1.1.1 dst 192.0.2.1 nopermanent":               `"nopermanent" is of "flush mdb"`,
		"flush mdb vx0 permanent nopermanent":                           "an entry is permanent or temp, not both",
		"mdb br0 port eth0 grp 239.1.1.1 src 239.1.1.2":                 "239.1.1.2 is a group, and groups send nothing",
		"flush mdb vx0 via eth0":                                        `"flush mdb" takes no "via", but port, vid`,
		"mdb vx0 grp 239.1.1.1 dst 192.0.2.1 src_vni 10 src 2001:db8::": "one is IPv4, the other IPv6",
	})
	if nstest.InVM() {
		return // what follows is the same there, only slower
	}
	for script, want := range map[string]string{
		"mdb br0 grp 239.1.1.1 dst 192.0.2.1":               "br0 is a bridge, and only an entry of a vxlan has another end",
		"mdb vx0 port vx0 grp 239.1.1.1":                    "vx0 is a vxlan, whose entries need another end of the tunnel: dst",
		"mdb vx1 grp 239.1.1.1 dst 192.0.2.1 src_vni 8":     "vx1 was made without external, so its entries are of its own VNI, 7, not of 8",
		"mdb eth0 grp 239.1.1.1 dst 192.0.2.1":              `"eth0" is a veth, not a bridge`,
		"flush mdb vx0 vid 10":                              "vx0 is a vxlan: entries of a bridge have a vid",
		"flush mdb br0 src_vni 10":                          "br0 is a bridge: entries of a bridge have a vid",
		"mdb vx0 port eth0 grp 239.1.1.1 dst 192.0.2.1":     "Port net device must be the VXLAN net device",
		"del mdb vx0 grp 239.1.1.1 dst 192.0.2.1 src_vni 9": "no such file",
	} {
		if strings.HasPrefix(want, "Port") && !hasTunnelGroups(t) {
			continue
		}
		if _, err := runIn(t, tunnelled+script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: it ended with %v, want %q", script, err, want)
		}
	}
}
