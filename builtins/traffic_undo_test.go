//go:build linux

package builtins_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// olderTraffic is made by tc, before a run.
const olderTraffic = `qdisc add dev eth0 root handle 1: htb default 20 r2q 7
class add dev eth0 parent 1: classid 1:1 htb rate 100mbit
class add dev eth0 parent 1:1 classid 1:20 htb rate 5mbit ceil 50mbit burst 20k
class add dev eth0 parent 1:1 classid 1:10 htb rate 1mbit ceil 10mbit prio 2
qdisc add dev eth0 parent 1:10 handle 10: tbf rate 800kbit burst 10kb latency 40ms
qdisc add dev eth0 parent 10:1 handle 11: bfifo limit 9kb
qdisc add dev eth0 parent 1:20 handle 20: pfifo limit 55
filter add dev eth0 parent 1: protocol ip pref 3 u32 match ip dst 10.0.0.0/8 match ip dport 80 0xffff flowid 1:10
filter add dev eth0 parent 1: protocol ip pref 3 u32 match ip dst 10.1.0.0/16 flowid 1:20
filter add dev eth0 parent 1: protocol ip pref 4 handle 2: u32 divisor 16
filter add dev eth0 parent 1: protocol ip pref 4 u32 ht 2:3: match ip src 10.0.0.3 flowid 1:10
filter add dev eth0 parent 1:1 protocol ip pref 1 u32 match ip src 10.0.0.9 flowid 1:20
filter add dev eth0 parent 1: protocol all pref 9 bpf bytecode '1,6 0 0 4294967295' flowid 1:20
qdisc add dev eth0 ingress
filter add dev eth0 ingress protocol ip pref 7 u32 match u32 0 0 action mirred egress redirect dev eth1
qdisc add dev eth1 root tbf rate 10mbit burst 32kb latency 50ms
qdisc add dev br0 clsact
`

// trafficRuns are what a run does to that before it fails.
var trafficRuns = []string{
	"del qdisc eth0",
	"del qdisc eth0 ingress",
	"del qdisc eth1",
	"replace qdisc eth0 handle 7: tbf rate 1mbit burst 10k latency 1ms",
	"replace qdisc eth1 tbf rate 1mbit burst 10k latency 1ms",
	"ensure qdisc eth1 tbf rate 1mbit burst 10k latency 1ms",
	"replace qdisc eth0 parent 1:20 handle 21: bfifo limit 9k",
	"del qdisc eth0 parent 1:10",
	"del qdisc eth0; qdisc eth0 handle 1: htb; class eth0 classid 1:10 htb rate 1mbit; del class eth0 classid 1:10",
	"class eth0 parent 1:1 classid 1:30 htb rate 1mbit; qdisc eth0 parent 1:30 pfifo limit 5; filter eth0 parent 1: pref 11 u32 match u32 0 0 flowid 1:30",
	"replace class eth0 parent 1:1 classid 1:10 htb rate 7mbit burst 30k",
	"replace class eth0 classid 1:20 htb rate 7mbit; del qdisc eth0 parent 1:20",
	"filter eth0 protocol ip u32 match ip dst 10.9.0.0/16 flowid 1:10",
	"filter eth0 protocol ip pref 3 u32 match ip dst 10.9.0.0/16 flowid 1:10",
	"filter eth0 pref 9 bpf bytecode '1,6 0 0 0' flowid 1:10",
	"filter eth0 ingress u32 match u32 0 0 action mirred egress mirror dev br0",
	"del filter eth0 protocol ip pref 3 handle 800::800 u32",
	"replace filter eth0 protocol ip pref 3 handle 800::800 u32 match ip dst 10.77.0.0/16 flowid 1:20",
	"del filter eth0 ingress pref 7; del qdisc eth0 ingress",
	"del filter eth0 pref 9; del qdisc eth0; qdisc eth0 handle 2: htb; class eth0 classid 2:1 htb rate 1mbit; del qdisc eth0 ingress; qdisc eth0 clsact",
	"qdisc br0 tbf rate 1mbit burst 10k latency 1ms; filter br0 egress u32 match u32 0 0 action mirred egress mirror dev eth0; del qdisc br0 clsact",
	"del link eth1",
	"ns elsewhere; move eth0 ns elsewhere; in ns elsewhere < qdisc eth0 tbf rate 1mbit burst 10k latency 1ms >",
	"hw eth1 02:00:00:00:00:99; mtu eth0 1280; flush addr eth0; replace qdisc eth1 tbf rate 1mbit burst 10k latency 1ms",
}

// TestTraffic_undo: a run that fails leaves older traffic control as it was, down
// to the numbers.
func TestTraffic_undo(t *testing.T) {
	for _, what := range []string{"qdisc htb", "qdisc tbf", "filter u32", "filter bpf", "action mirred"} {
		nstest.NeedTraffic(t, what)
	}
	for i, run := range trafficRuns {
		if nstest.InVM() && i%nstest.Sample(1, 8, 12) != 0 {
			continue // other machines run them all
		}
		t.Run(run, func(t *testing.T) {
			ns, err := runIn(t, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nstest.Output(ns, olderTraffic, "tc", "-batch", "-"); err != nil {
				t.Fatal(err)
			}
			undoneTraffic(t, ns, run)
		})
	}
}

// undoneTraffic fails a run in a namespace, and what tc shows must be as it was.
func undoneTraffic(t *testing.T, ns nsexec.Ref, run string) {
	t.Helper()
	before := allTraffic(t, ns)
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	err = in.RunString(t.Context(), "t.nes", fmt.Sprintf("atomic < in ns %s <\n%s\nfail 'now'\n> >", ns.Name, run))
	if err == nil || !strings.Contains(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
		t.Fatalf("%s: it failed with %v", run, err)
	}
	after := allTraffic(t, ns)
	// The kernel lets go of a deleted filter's actions in its own time, and
	// counts them until then.
	for end := time.Now().Add(3 * time.Second); after != before && time.Now().Before(end); after = allTraffic(t, ns) {
		time.Sleep(20 * time.Millisecond)
	}
	if after != before {
		t.Errorf("%s:\n%s", run, nstest.DumpDiff(before, after))
	}
}

// TestTraffic_undoIndex: an action comes back as it was although another took its
// number meanwhile. The kernel lets go of that one some time after its filter has
// gone, and until then it would give it to whoever asks for the number.
func TestTraffic_undoIndex(t *testing.T) {
	for _, what := range []string{"filter u32", "action mirred"} {
		nstest.NeedTraffic(t, what)
	}
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	const older = `qdisc add dev eth0 ingress
filter add dev eth0 ingress protocol ip pref 7 u32 match u32 0 0 action mirred egress redirect dev eth1
filter add dev eth0 ingress protocol ip pref 7 u32 match u32 0 0 action mirred egress mirror dev eth1
`
	if _, err := nstest.Output(ns, older, "tc", "-batch", "-"); err != nil {
		t.Fatal(err)
	}
	undoneTraffic(t, ns, `del filter eth0 ingress protocol ip pref 7 handle 800::800 u32
exec sleep 0.2
filter eth0 ingress protocol ip pref 9 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev br0`)

	// With all of its preference a filter gets another number.
	before, other := allTraffic(t, ns), regexp.MustCompile(`\b80[0-9a-f]:`)
	_, err = runIn(t, fmt.Sprintf(`atomic < in ns %s <
del filter eth0 ingress pref 7
exec sleep 0.2
filter eth0 ingress protocol ip pref 9 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev br0
filter eth0 ingress protocol ip pref 9 u32 match ip dst 10.1.0.0/16 action mirred egress mirror dev br0
fail 'now' > >`, ns.Name))
	if err == nil || !strings.Contains(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
		t.Fatal(err)
	}
	before, after := other.ReplaceAllString(before, "80x:"), other.ReplaceAllString(allTraffic(t, ns), "80x:")
	if before != after {
		t.Error(nstest.DumpDiff(before, after))
	}
}

// allTraffic is what tc shows of all links, with chains in order: they are listed
// as they were made.
func allTraffic(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	out := ""
	for _, dev := range []string{"eth0", "eth1", "br0"} {
		shown := tcShows(t, ns, dev, "filter show dev %s parent 1:1", "chain show dev %s", "chain show dev %s ingress", "chain show dev %s egress")
		lines := strings.SplitAfter(shown, "\n")
		isChain := func(l string) bool { return strings.HasPrefix(l, "chain ") }
		chains := slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !isChain(l) })))
		out += "== " + dev + "\n" + strings.Join(slices.DeleteFunc(lines, isChain), "") + strings.Join(chains, "")
	}
	return counters.ReplaceAllString(out, "")
}

// counters are what changes by itself.
var counters = regexp.MustCompile(`installed \d+ sec|used \d+ sec|direct_packets_stat \d+|refcnt \d+`)
