//go:build linux

package builtins_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// flushable are the entries a to f of a vxlan, and g to i of a bridge.
const flushable = `nexthop id 5 via 10.0.0.9 fdb; nexthop id 6 group 5 fdb;
fdb vx1 02:00:00:00:00:0a dst 10.0.0.2
fdb vx1 02:00:00:00:00:0b dst 10.0.0.3 static vni 9
fdb vx1 02:00:00:00:00:0c dst 10.0.0.2 dynamic port 4000
fdb vx1 02:00:00:00:00:0d nhid 6 router
fdb vx2 02:00:00:00:00:0e dst 10.0.0.2 src_vni 8
fdb vx2 02:00:00:00:00:0f dst 10.0.0.4 src_vni 9 extern_learn
fdb eth0 02:00:00:00:00:10
fdb eth0 02:00:00:00:00:11 sticky
fdb eth0 02:00:00:00:00:12 local
`

// fdbFlushes are flushes, and the entries that they leave.
var fdbFlushes = []struct{ flush, left string }{
	{"vx1 nodynamic norouter; flush fdb vx1 nostatic; flush fdb eth0 nosticky nopermanent; flush fdb vx2 noextern_learn", "0d 0f 11 12"},
	{"vx1 dst 10.0.0.2", "0b 0d 0e 0f 10 11 12"},
	{"vx1 dst 10.0.0.2 10.0.0.3", "0d 0e 0f 10 11 12"},
	{"vx1 dst 10.0.0.2 static", "0a 0b 0c 0d 0e 0f 10 11 12"},
	{"vx1 vni 9", "0a 0c 0d 0e 0f 10 11 12"},
	{"vx1 vni 7 dst 10.0.0.2", "0b 0d 0e 0f 10 11 12"},
	{"vx1 port 4000", "0a 0b 0d 0e 0f 10 11 12"},
	{"vx1 port 4789 dst 10.0.0.2", "0b 0c 0d 0e 0f 10 11 12"},
	{"vx1 nhid 6", "0a 0b 0c 0e 0f 10 11 12"},
	{"vx1 router", "0a 0b 0c 0e 0f 10 11 12"},
	{"vx1 norouter", "0d 0e 0f 10 11 12"},
	{"vx1 local", "0b 0c 0e 0f 10 11 12"},
	{"vx1 nopermanent", "0a 0d 0e 0f 10 11 12"},
	{"vx1 static", "0a 0c 0d 0e 0f 10 11 12"},
	{"vx1 nostatic", "0a 0b 0d 0e 0f 10 11 12"},
	{"vx1 dynamic", "0a 0b 0d 0e 0f 10 11 12"},
	{"vx1 nodynamic", "0c 0e 0f 10 11 12"},
	{"vx2 src_vni 8", "0a 0b 0c 0d 0f 10 11 12"},
	{"vx2 extern_learn", "0a 0b 0c 0d 0e 10 11 12"},
	{"vx2 noextern_learn", "0a 0b 0c 0d 0f 10 11 12"},
	{"br0 sticky", "0a 0b 0c 0d 0e 0f 10 12"},
	{"br0 nosticky", "0a 0b 0c 0d 0e 0f 11"},
	{"br0 nostatic", "0a 0b 0c 0d 0e 0f 10 11 12"},
	{"eth0 nopermanent", "0a 0b 0c 0d 0e 0f 12"},
}

// TestFDB_flush looks which of them are left.
func TestFDB_flush(t *testing.T) {
	for i, test := range fdbFlushes {
		if i > 0 && nstest.InVM() {
			break // they are the same there, only slower
		}
		want := map[string]string{}
		for i, end := range strings.Fields(test.left) {
			want[fmt.Sprintf("%d.is", i)] = end
		}
		want["#"] = fmt.Sprint(len(want))
		witness{ports + flushable + "flush fdb " + test.flush, "fdb ends", want}.check(t)
	}
	if _, err := runIn(t, ports+"flush fdb br0 dst 10.0.0.2"); err == nil || !strings.Contains(err.Error(), `"br0" is a bridge, not a vxlan`) {
		t.Errorf("of a bridge: %v", err)
	}
}

// fdbEnds are the last bytes of the MAC addresses of a namespace's entries of which
// tests are, in order.
func fdbEnds(ns nsexec.Ref) ([]string, error) {
	out, err := nstest.Output(ns, "", "bridge", "fdb", "show")
	var ends []string
	for line := range strings.Lines(out) {
		if end, ok := strings.CutPrefix(strings.Fields(line)[0], "02:00:00:00:00:"); ok {
			ends = append(ends, end)
		}
	}
	slices.Sort(ends)
	return slices.Compact(ends), err // a bridge that keeps VLANs apart has one for each
}
