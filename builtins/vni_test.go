//go:build linux

package builtins_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec/nstest"
)

// choosing is a vxlan that takes the VNIs that it is told.
const choosing = "vxlan vx0 external vnifilter dstport 4789 local 10.0.0.1 dev eth0 up;"

// vniSame are statements and what bridge says for the same.
var vniSame = []sameAs{
	{"vni vx0 100", "bridge vni add vni 100 dev vx0"},
	{"vni vx0 100-110 200", "bridge vni add vni 100-110 dev vx0\nbridge vni add vni 200 dev vx0"},
	{"vni vx0 100 remote 192.0.2.9", "bridge vni add vni 100 remote 192.0.2.9 dev vx0"},
	{"vni vx0 100-105 group 239.1.1.1", "bridge vni add vni 100-105 group 239.1.1.1 dev vx0"},
	{"vni vx0 100-110; del vni vx0 105 107-108", "bridge vni add vni 100-104 dev vx0\nbridge vni add vni 106 dev vx0\nbridge vni add vni 109-110 dev vx0"},
	{"vni vx0 100; ensure vni vx0 100-101", "bridge vni add vni 100-101 dev vx0"},
	{"vni vx0 100-110 300; flush vni vx0; vni vx0 7", "bridge vni add vni 7 dev vx0"},
}

func TestVNI_asBridge(t *testing.T) { asBridge(t, choosing, vniSame, "bridge vni show") }

// olderVNIs are made by ip and bridge, before a run.
const olderVNIs = `ip link add vx0 type vxlan external vnifilter dstport 4789 local 10.0.0.1 dev eth0
ip link set vx0 up
bridge vni add vni 100-110 dev vx0
bridge vni add vni 200 remote 192.0.2.9 dev vx0
bridge vni add vni 300-301 group 239.1.1.1 dev vx0`

// TestVNI_undo: a run that fails leaves older VNIs as they were.
func TestVNI_undo(t *testing.T) {
	runs := []string{
		"vni vx0 50 105-120 400 remote 192.0.2.7; del vni vx0 200 50",
		"flush vni vx0",
		"vni vx0 200; vni vx0 100 remote 192.0.2.1; ensure vni vx0 300-302",
		"del link vx0",
		"del link vx0; vxlan vx0 external vnifilter dstport 4789; vni vx0 100",
		"ns elsewhere; move vx0 ns elsewhere; in ns elsewhere < flush vni vx0 >",
		"vxlan vx1 external vnifilter dstport 4790; vni vx1 100-200; del vni vx1 150",
	}
	undoes(t, olderVNIs, runs, "bridge vni show")
	if !nstest.InVM() {
		undoesFromJournal(t, linesBefore(olderVNIs), runs[:2], "bridge vni show")
	}
}

func TestVNI_refused(t *testing.T) {
	refused(t, map[string]string{
		"vni vx0":                           `"vni" needs VNI`,
		"vni vx0 0":                         "0 is not in 1..16777215",
		"vni vx0 16777216":                  "16777216",
		"vni vx0 9-7":                       "9-7",
		"vni vx0 7 remote 239.1.1.1":        "is a multicast group: say group",
		"vni vx0 7 group 10.0.0.1":          "is no multicast group: say remote",
		"vni vx0 7 remote ::1 group ff0e::": "a group or a remote, not both",
		"del vni vx0 7 remote 10.0.0.1":     "takes no options",
		"flush vni vx0 7":                   "",
	})
	if _, err := runIn(t, "vxlan vx0 id 7 dstport 4789; vni vx0 7"); !errors.Is(err, unix.EOPNOTSUPP) || !strings.Contains(err.Error(), "made with vnifilter") {
		t.Errorf("of a vxlan without vnifilter: %v", err)
	}
	if _, err := runIn(t, "vni eth0 7"); err == nil || !strings.Contains(err.Error(), "vxlan") {
		t.Errorf("of a veth: %v", err)
	}
	if _, err := runIn(t, choosing+"vni vx0 5-6; del vni vx0 5-7"); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "vx0 does not take all of these VNIs") {
		t.Errorf("of none: %v", err)
	}
}
