//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestQdisc_mqprio: a link with queues has classes of traffic, as tc makes them,
// and older ones come back.
func TestQdisc_mqprio(t *testing.T) {
	nstest.NeedTraffic(t, "qdisc mqprio")
	const queues = "del link eth0; veth eth0 eth1 numtxqueues 8 up;"
	const words = "num_tc 3 map 2 2 1 0 2 2 2 2 2 2 2 2 2 2 2 2 queues 1@0 1@1 2@2 hw 0"
	ours, err := runIn(t, queues+"qdisc eth0 root handle 7: mqprio "+words)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := runIn(t, queues)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nstest.Output(theirs, "", "sh", "-c", "tc qdisc add dev eth0 root handle 7: mqprio "+words); err != nil {
		t.Fatal(err)
	}
	got, want := trafficText(t, ours), trafficText(t, theirs)
	if got != want {
		t.Errorf("ours:\n%s\ntc's:\n%s", got, want)
	}
	claimSame(t, queues, "qdisc eth0 root handle 7: mqprio "+words, func(ns nsexec.Ref) bool { return trafficText(t, ns) == got })
	undoneTraffic(t, theirs, "replace qdisc eth0 root handle 8: mqprio num_tc 1 map 0 queues 1@0 hw 0")
	refusedAlike(t, queues, "qdisc eth0 mqprio num_tc 1 map 0 queues 1@0 hw 1", "tc -n NS qdisc add dev eth0 root mqprio num_tc 1 map 0 queues 1@0 hw 1")
}

// TestQdisc_undoETS: an ets that tc has made comes back.
func TestQdisc_undoETS(t *testing.T) {
	nstest.NeedTraffic(t, "qdisc ets")
	nstest.NeedTraffic(t, "qdisc bfifo")
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	const older = "qdisc add dev eth0 root handle 3: ets bands 6 strict 2 quanta 3000 1500 priomap 5 4 3 2 1 0\n" +
		"qdisc add dev eth0 parent 3:2 handle 32: bfifo limit 9kb\n"
	if _, err := nstest.Output(ns, older, "tc", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
	undoneTraffic(t, ns, "replace qdisc eth0 root handle 3: ets strict 3")
	undoneTraffic(t, ns, "del qdisc eth0; qdisc eth0 ets bands 2")
}
