//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// olderChains are chains that tc has made, with filters and without.
const olderChains = `qdisc add dev eth0 clsact
qdisc add dev eth1 ingress_block 22 ingress
chain add dev eth0 ingress chain 5
chain add dev eth0 egress chain 0
chain add block 22 chain 3
filter add dev eth0 ingress protocol ip pref 5 chain 6 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev br0
`

// chainScript makes the same.
const chainScript = `qdisc eth0 clsact
qdisc eth1 ingress ingress_block 22
chain eth0 ingress 5
chain eth0 egress 0
chain block 22 3
filter eth0 ingress protocol ip pref 5 chain 6 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev br0
`

// chainRuns are what a run does to those before it fails.
var chainRuns = []string{
	"del qdisc eth0 clsact; del qdisc eth1 ingress",
	"del chain eth0 ingress 5; del chain eth0 egress 0; del chain block 22 3",
	"del chain eth0 ingress 6; chain eth0 ingress 6; chain eth0 ingress 9; filter eth0 ingress chain 9 u32 match u32 0 0",
	"filter eth0 ingress chain 5 u32 match u32 0 0; filter block 22 chain 3 u32 match u32 0 0",
	"del link eth0",
}

func TestChain(t *testing.T) {
	needBlocks(t)
	theirs, shown := sameTraffic(t, olderChains, chainScript)
	all := shown(theirs)

	const del = chainScript + "del chain eth0 ingress 6; del chain block 22 3; del chain eth0 egress 0"
	gone, err := runIn(t, del)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nstest.Output(theirs, "chain del dev eth0 ingress chain 6\nchain del block 22 chain 3\nchain del dev eth0 egress\n", "tc", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
	less := shown(theirs)
	if got := shown(gone); got != less || less == all {
		t.Error(nstest.DumpDiff(less, got))
	}
	claim(t, "", del, func(ns nsexec.Ref) bool { return shown(ns) == less })
}

// TestChain_outgoing: chains at a qdisc that sends.
func TestChain_outgoing(t *testing.T) {
	needBlocks(t)
	const qdisc = "qdisc add dev eth0 root handle 1: htb\n"
	sameTraffic(t, qdisc+"chain add dev eth0 parent 1: chain 5\n", "qdisc eth0 handle 1: htb; chain eth0 parent 1: 5")
	sameTraffic(t, qdisc+"chain add dev eth0 chain 5\n", "qdisc eth0 handle 1: htb; chain eth0 root 5")
}

// TestChain_undo: older chains come back with what is in them.
func TestChain_undo(t *testing.T) {
	needBlocks(t)
	for i, run := range chainRuns {
		if nstest.InVM() && i != 2 {
			continue // other machines run them all
		}
		t.Run(run, func(t *testing.T) {
			ns, err := runIn(t, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nstest.Output(ns, olderChains, "tc", "-batch", "-"); err != nil {
				t.Fatal(err)
			}
			undoneTraffic(t, ns, run)
		})
	}
}

// TestChain_undoTemplate: so does what a chain's filters must match.
func TestChain_undoTemplate(t *testing.T) {
	nstest.NeedTraffic(t, "filter flower")
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	const older = `qdisc add dev eth0 ingress
chain add dev eth0 ingress protocol ip chain 7 flower dst_ip 0.0.0.0/16
filter add dev eth0 ingress protocol ip pref 5 chain 7 flower dst_ip 10.1.0.0/16
`
	if _, err := nstest.Output(ns, older, "tc", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
	undoneTraffic(t, ns, "del qdisc eth0 ingress")
	undoneTraffic(t, ns, "del chain eth0 ingress 7; filter eth0 ingress protocol ip chain 7 u32 match u32 0 0")
}
