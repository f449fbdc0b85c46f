//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// olderBlocks are blocks that tc has made, one of which two links share.
const olderBlocks = `qdisc add dev eth0 ingress_block 22 egress_block 23 clsact
qdisc add dev eth1 ingress_block 22 ingress
filter add block 22 protocol ip pref 5 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev br0
filter add block 22 protocol ip pref 5 u32 match ip dst 10.1.0.0/16 action mirred egress mirror dev br0
filter add block 23 protocol all pref 9 bpf bytecode '1,6 0 0 4294967295' flowid 1:1
filter add block 23 protocol ip pref 6 chain 3 bpf bytecode '1,6 0 0 4294967295' flowid 1:1
`

// blockScript makes the same.
const blockScript = `qdisc eth0 clsact ingress_block 22 egress_block 23
qdisc eth1 ingress ingress_block 22
filter block 22 protocol ip pref 5 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev br0
filter block 22 protocol ip pref 5 u32 match ip dst 10.1.0.0/16 action mirred egress mirror dev br0
filter block 23 protocol all pref 9 bpf bytecode '1,6 0 0 4294967295' flowid 1:1
filter block 23 protocol ip pref 6 chain 3 bpf bytecode '1,6 0 0 4294967295' flowid 1:1
`

// blockRuns are what a run does to those before it fails.
var blockRuns = []string{
	"del filter block 22 protocol ip pref 5 handle 800::801 u32",
	"replace filter block 22 protocol ip pref 5 handle 800::800 u32 match ip dst 10.77.0.0/16 action mirred egress mirror dev eth1",
	"filter block 22 protocol ip u32 match ip dst 10.9.0.0/16; filter block 22 pref 5 protocol ip u32 match ip dst 10.8.0.0/16; filter block 23 pref 9 bpf bytecode '1,6 0 0 0' flowid 1:1",
	"del filter block 22; del filter block 23 chain 3",
	"del qdisc eth1 ingress; del qdisc eth0 clsact",
	"del qdisc eth0 clsact; qdisc eth0 ingress; filter eth0 ingress u32 match u32 0 0; qdisc br0 clsact egress_block 23; filter block 23 pref 9 bpf bytecode '1,6 0 0 0' flowid 1:1",
	"del link eth1",
}

func needBlocks(t *testing.T) {
	t.Helper()
	for _, what := range []string{"qdisc clsact", "filter u32", "filter bpf", "action mirred"} {
		nstest.NeedTraffic(t, what)
	}
}

// sameTraffic compares what a script makes with what lines of tc do in theirs, and
// returns how that is shown.
func sameTraffic(t *testing.T, lines, script string) (theirs nsexec.Ref, shown func(ns nsexec.Ref) string) {
	t.Helper()
	shown = func(ns nsexec.Ref) string { return dynamic.ReplaceAllString(allTraffic(t, ns), "") }
	theirs, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nstest.Output(theirs, lines, "tc", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
	ours, err := runIn(t, script)
	if err != nil {
		t.Fatal(err)
	}
	want := shown(theirs)
	if got := shown(ours); got != want {
		t.Error(nstest.DumpDiff(want, got))
	}
	claimSame(t, "", script, func(ns nsexec.Ref) bool { return shown(ns) == want })
	return theirs, shown
}

func TestFilter_block(t *testing.T) {
	needBlocks(t)
	sameTraffic(t, olderBlocks, blockScript)
	refusedAlike(t, "qdisc eth0 ingress ingress_block 22;", "filter eth0 ingress pref 5 u32 match u32 0 0",
		"tc -n NS filter add dev eth0 ingress pref 5 u32 match u32 0 0")
}

// TestFilter_undoBlock: older blocks come back with what is in them.
func TestFilter_undoBlock(t *testing.T) {
	needBlocks(t)
	for i, run := range blockRuns {
		if nstest.InVM() && i%3 != 0 {
			continue // other machines run them all
		}
		t.Run(run, func(t *testing.T) {
			ns, err := runIn(t, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nstest.Output(ns, olderBlocks, "tc", "-batch", "-"); err != nil {
				t.Fatal(err)
			}
			undoneTraffic(t, ns, run)
		})
	}
}
