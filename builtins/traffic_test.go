//go:build linux

package builtins_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// trafficWitness is a statement and what `tc -j -d SHOW` then says.
type trafficWitness struct {
	script string
	show   string
	want   map[string]string
}

// options is a want of one option of the first object.
func options(path, value string) map[string]string {
	return map[string]string{"options." + path: value}
}

// qdiscWitnesses are by kind. The kernel at hand may lack it.
var qdiscWitnesses = map[string][]trafficWitness{
	"tbf": {
		{"tbf rate 10mbit burst 32kb latency 50ms", "", options("rate", "1.25e+06")},
		{"tbf rate 10mbit burst 32kb latency 50ms", "", options("burst", "32Kb/1")},
		{"tbf rate 10mbit burst 32kb latency 50ms", "", options("lat", "50000")},
		{"tbf rate 1mbit buffer 10k limit 20kb", "", options("lat", "81920")},
		{"tbf rate 100gbit burst 1mb latency 1ms", "", options("rate", "1.25e+10")},
		{"tbf rate 1mbit burst 10kb limit 20kb peakrate 2mbit mtu 1600", "", options("mtu", "1600b/1")},
		{"tbf rate 1mbit burst 10kb limit 20kb peakrate 2mbit minburst 1600", "", options("lat", "81920")},
		{"tbf rate 1mbit burst 10kb limit 20kb mpu 64 overhead 14", "", options("mpu", "64")},
		{"tbf rate 1mbit burst 10kb limit 20kb mpu 64 overhead 14", "", options("overhead", "14")},
	},
	"htb": {
		{"root handle 1: htb default 10", "", options("default", "0x10")},
		{"root handle a: htb r2q 5 direct_qlen 77", "", options("r2q", "5")},
		{"htb direct_qlen 77", "", options("direct_qlen", "77")},
		{"root handle a1: htb", "", map[string]string{"handle": "a1:", "root": "true"}},
	},
	"pfifo":   {{"pfifo limit 33", "", options("limit", "33")}, {"pfifo", "", map[string]string{"kind": "pfifo"}}},
	"bfifo":   {{"bfifo limit 32k", "", options("limit", "32768")}},
	"clsact":  {{"clsact", "clsact", map[string]string{"handle": "ffff:", "parent": "ffff:fff1"}}},
	"ingress": {{"ingress", "ingress", map[string]string{"handle": "ffff:"}}},
	"netem": {
		{"netem delay 10ms 2ms 25%", "", options("delay.delay", "0.01")},
		{"netem delay 10ms 2ms 25%", "", options("delay.jitter", "0.002")},
		{"netem delay 10ms 2ms 25%", "", options("delay.correlation", "0.25")},
		{"netem delay 10ms jitter 3ms", "", options("delay.jitter", "0.003")},
		{"netem loss 1% 50% limit 77", "", options("loss-random.loss", "0.01")},
		{"netem drop 50%", "", options("loss-random.loss", "0.5")},
		{"netem limit 77", "", options("limit", "77")},
		{"netem duplicate 2% 50%", "", options("duplicate.duplicate", "0.02")},
		{"netem delay 10ms reorder 25% 50%", "", options("reorder.reorder", "0.25")},
		{"netem delay 10ms reorder 25% gap 5", "", options("gap", "5")},
		{"netem corrupt 1%", "", options("corrupt.corrupt", "0.01")},
		{"netem rate 10mbit", "", options("rate.rate", "1.25e+06")},
		{"netem rate 100gbit", "", options("rate.rate", "1.25e+10")},
		{"netem loss 1% ecn", "", options("ecn", "true")},
	},
	"prio": {
		{"prio", "", options("bands", "3")},
		{"prio bands 4 priomap 3 3 0", "", options("priomap.1", "3")},
		{"prio bands 2", "", options("priomap.1", "1")},
	},
	"sfq": {
		{"sfq perturb 10", "", options("perturb", "10")},
		{"sfq quantum 3000 limit 100", "", options("quantum", "3000")},
		{"sfq limit 100 flows 64 divisor 512", "", options("limit", "100")},
		{"sfq depth 50 headdrop", "", options("depth", "50")},
	},
	"fq": {
		{"fq limit 99 flow_limit 9", "", options("limit", "99")},
		{"fq flow_limit 9 quantum 3000 initial_quantum 9000", "", options("flow_limit", "9")},
		{"fq quantum 3000 initial_quantum 9000", "", options("quantum", "3000")},
		{"fq initial_quantum 9000", "", options("initial_quantum", "9000")},
		{"fq maxrate 10mbit", "", options("maxrate", "1.25e+06")},
		{"fq low_rate_threshold 1mbit", "", options("low_rate_threshold", "125000")},
		{"fq refill_delay 20ms", "", options("refill_delay", "20000")},
		{"fq ce_threshold 4ms", "", options("ce_threshold", "4000")},
		{"fq timer_slack 20us", "", options("timer_slack", "20000")},
		{"fq horizon 5s horizon_cap", "", options("horizon", "5e+06")},
		{"fq horizon 5s horizon_drop", "", options("horizon_drop", "<nil>")},
		{"fq nopacing", "", options("pacing", "false")},
		{"fq pacing orphan_mask 511", "", options("orphan_mask", "511")},
	},
	"fq_codel": {
		{"fq_codel limit 99 flows 64", "", options("limit", "99")},
		{"fq_codel flows 64", "", options("flows", "64")},
		{"fq_codel target 4ms interval 90ms", "", options("target", "3999")},
		{"fq_codel interval 90ms", "", options("interval", "89999")},
		{"fq_codel quantum 3000", "", options("quantum", "3000")},
		{"fq_codel ce_threshold 3ms", "", options("ce_threshold", "2999")},
		{"fq_codel memory_limit 1mb", "", options("memory_limit", "1.048576e+06")},
		{"fq_codel drop_batch 7", "", options("drop_batch", "7")},
		{"fq_codel ecn", "", options("ecn", "true")},
		{"fq_codel noecn", "", options("ecn", "<nil>")},
	},
	"cake": {
		{"cake bandwidth 10mbit", "", options("bandwidth", "1.25e+06")},
		{"cake rtt 50ms", "", options("rtt", "50000")},
		{"cake besteffort", "", options("diffserv", "besteffort")},
		{"cake flowblind", "", options("flowmode", "flowblind")},
		{"cake nat wash", "", options("nat", "true")},
		{"cake overhead 18 mpu 64", "", options("overhead", "18")},
	},
	"red": {
		{"red limit 400kb min 30kb max 90kb avpkt 1000 burst 55 ecn", "", options("limit", "409600")},
		{"red limit 400kb min 30kb max 90kb avpkt 1000 burst 55 ecn", "", options("min", "30720")},
		{"red limit 400kb min 30kb max 90kb avpkt 1000 burst 55 ecn", "", options("ecn", "true")},
		{"red limit 400kb avpkt 1000 bandwidth 100mbit probability 5%", "", options("probability", "0.05")},
		{"red limit 400kb avpkt 1000 harddrop adaptive", "", options("adaptive", "true")},
	},
	// tc 6.1 writes no JSON for hfsc; TestTraffic_asTC has it.
}

// common reports whether a kind of traffic control need not be tried in the VM,
// as most kernels have it.
func common(what string) bool {
	return nstest.OnlyNeeded() && slices.Contains(strings.Fields("tbf htb pfifo bfifo ingress clsact u32 bpf mirred"), what[strings.Index(what, " ")+1:])
}

func TestQdisc(t *testing.T) {
	for kind, all := range qdiscWitnesses {
		if common("qdisc " + kind) {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			nstest.NeedTraffic(t, "qdisc "+kind)
			for _, w := range all {
				show := w.show
				if show == "" {
					show = "root"
				}
				witness{"qdisc eth0 " + w.script, "tc qdisc show dev eth0 " + show, w.want}.check(t)
			}
		})
	}
}

// qdiscChanges are of kinds that most kernels have.
var qdiscChanges = []witness{
	{"qdisc eth0 tbf rate 1mbit burst 10kb latency 1ms; del qdisc eth0", "tc qdisc show dev eth0 root", map[string]string{"kind": "noqueue"}},
	{"qdisc eth0 tbf rate 1mbit burst 10kb latency 1ms; del qdisc eth0 root", "tc qdisc show dev eth0 root", map[string]string{"kind": "noqueue"}},
	{"qdisc eth0 ingress; del qdisc eth0 ingress", "tc qdisc show dev eth0 ingress", map[string]string{"#": "0"}},
	{"qdisc eth0 ingress; ensure qdisc eth0 ingress", "tc qdisc show dev eth0 ingress", map[string]string{"#": "1"}},
	{"qdisc eth0 handle 1: htb default 5; ensure qdisc eth0 htb default 5", "tc qdisc show dev eth0 root", map[string]string{"handle": "1:"}},
	{"qdisc eth0 handle 5: tbf rate 1mbit burst 10kb latency 1ms; ensure qdisc eth0 tbf rate 2mbit burst 10kb latency 1ms", "tc qdisc show dev eth0 root", map[string]string{"options.rate": "250000", "handle": "5:"}},
	{"qdisc eth0 handle 5: tbf rate 1mbit burst 10kb latency 1ms; replace qdisc eth0 handle 6: htb", "tc qdisc show dev eth0 root", map[string]string{"kind": "htb"}},
	{"qdisc eth0 handle 5: tbf rate 1mbit burst 10kb latency 1ms; qdisc eth0 parent 5:1 handle 7: pfifo limit 9", "tc qdisc show dev eth0 parent 5:1", map[string]string{"handle": "7:", "options.limit": "9"}},
	{"qdisc eth0 handle 5: tbf rate 1mbit burst 10kb latency 1ms; qdisc eth0 parent 5:1 handle 7: pfifo limit 9; del qdisc eth0 parent 5:1", "tc qdisc show dev eth0 handle 7:", map[string]string{"#": "0"}},
}

func TestQdisc_changes(t *testing.T) {
	for _, w := range qdiscChanges {
		w.check(t)
	}
}

// classWitnesses are classes of an htb, and what tc shows of one of them, which
// it does not do in JSON.
var classWitnesses = []struct{ script, class, want string }{
	{"rate 1mbit", "1:10", "root prio 0 quantum 12500 rate 1Mbit ceil 1Mbit linklayer ethernet burst 1600b/1 mpu 0b cburst 1600b/1"},
	{"rate 1mbit ceil 2mbit", "1:10", "rate 1Mbit ceil 2Mbit"},
	{"rate 100gbit ceil 200gbit", "1:10", "rate 100Gbit ceil 200Gbit"},
	{"rate 1mbit burst 15k cburst 20k", "1:10", "burst 15Kb/1 mpu 0b cburst 20Kb/1"},
	{"rate 1mbit buffer 15k cmaxburst 20k", "1:10", "burst 15Kb/1 mpu 0b cburst 20Kb/1"},
	{"rate 1mbit prio 3 quantum 2000", "1:10", "prio 3 quantum 2000"},
	{"rate 1mbit mpu 64 overhead 14", "1:10", "overhead 14"},
	{"rate 1mbit mpu 64 overhead 14", "1:10", "mpu 64b"},
	{"rate 1mbit; class eth0 parent 1:10 classid 1:20 htb rate 500kbit", "1:20", "parent 1:10 prio 0 quantum 6250 rate 500Kbit"},
	{"rate 1mbit; replace class eth0 classid 1:10 htb rate 2mbit", "1:10", "rate 2Mbit"},
	{"rate 1mbit; ensure class eth0 classid 1:10 htb rate 2mbit; ensure class eth0 classid 1:11 htb rate 1mbit", "1:11", "rate 1Mbit"},
	{"rate 1mbit; del class eth0 classid 1:10", "1:10", ""},
}

func TestClass(t *testing.T) {
	nstest.NeedTraffic(t, "qdisc htb")
	for _, w := range classWitnesses {
		script := "qdisc eth0 handle 1: htb; class eth0 parent 1: classid 1:10 htb " + w.script
		ns, err := runIn(t, script)
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		if got := tcText(t, ns, "class show dev eth0 classid "+w.class); !strings.Contains(got, w.want) || (got == "") != (w.want == "") {
			t.Errorf("%s: tc shows %q, want %q", script, got, w.want)
		}
		claim(t, "", script, func(ns nsexec.Ref) bool {
			got := tcText(t, ns, "class show dev eth0 classid "+w.class)
			return strings.Contains(got, w.want) && (got == "") == (w.want == "")
		})
	}
}

// tcText is what tc prints of a namespace, for people.
func tcText(t *testing.T, ns nsexec.Ref, words string) string {
	t.Helper()
	out, err := nstest.Output(ns, "", append([]string{"tc", "-d"}, strings.Fields(words)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tcShows is what tc shows of all that a link has. It is asked for at once, since
// in the VM it takes longer to start tc than all else. Qdiscs and classes come in
// no order of their own, and are sorted.
func tcShows(t *testing.T, ns nsexec.Ref, dev string, more ...string) string {
	t.Helper()
	shows := append([]string{"qdisc show dev %s", "class show dev %s", "filter show dev %s", "filter show dev %s ingress", "filter show dev %s egress"}, more...)
	out, err := nstest.Output(ns, strings.ReplaceAll(strings.Join(shows, "\n")+"\n", "%s", dev), "tc", "-d", "-batch", "-")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out, "\n")
	filters := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "filter") })
	if filters < 0 {
		filters = len(lines)
	}
	slices.Sort(lines[:filters])
	return strings.Join(lines, "")
}

func TestClass_hfsc(t *testing.T) {
	nstest.NeedTraffic(t, "qdisc hfsc")
	for script, want := range map[string]string{
		"sc rate 1mbit ul rate 2mbit": "sc m1 0bit d 0us m2 1Mbit ul m1 0bit d 0us m2 2Mbit",
		"rt m1 2mbit d 10ms m2 1mbit": "rt m1 2Mbit d 10ms m2 1Mbit",
		"ls rate 1mbit":               "ls m1 0bit d 0us m2 1Mbit",
	} {
		script = "qdisc eth0 handle 1: hfsc default 10; class eth0 parent 1: classid 1:10 hfsc " + script
		ns, err := runIn(t, script)
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		if got := tcText(t, ns, "class show dev eth0 classid 1:10"); !strings.Contains(got, want) {
			t.Errorf("%s: tc shows %q, want %q", script, got, want)
		}
		claim(t, "", script, func(ns nsexec.Ref) bool {
			return strings.Contains(tcText(t, ns, "class show dev eth0 classid 1:10"), want)
		})
	}
}

// TestShape: a rate alone is a tbf, all else a netem.
func TestShape(t *testing.T) {
	nstest.NeedTraffic(t, "qdisc tbf")
	for _, w := range []witness{
		{"shape eth0 rate 10mbit", "tc qdisc show dev eth0 root", map[string]string{"kind": "tbf", "options.rate": "1.25e+06"}},
		{"shape eth0 eth1 rate 10mbit limit 100; shape eth0 rate 1gbit", "tc qdisc show dev eth0 root", map[string]string{"kind": "tbf", "options.rate": "1.25e+08"}},
		{"qdisc eth0 htb; shape eth0 rate 10mbit", "tc qdisc show dev eth0 root", map[string]string{"kind": "tbf"}},
		{"shape eth0 rate 10mbit; del shape eth0", "tc qdisc show dev eth0 root", map[string]string{"kind": "noqueue"}},
	} {
		w.check(t)
	}
}

func TestShape_netem(t *testing.T) {
	nstest.NeedTraffic(t, "qdisc netem")
	for _, w := range []witness{
		{"shape eth0 rate 10mbit delay 20ms jitter 2ms loss 1%", "tc qdisc show dev eth0 root", options("delay.jitter", "0.002")},
		{"shape eth0 rate 10mbit delay 20ms loss 1%", "tc qdisc show dev eth0 root", options("rate.rate", "1.25e+06")},
		{"shape eth0 loss 1%; shape eth0 rate 1mbit", "tc qdisc show dev eth0 root", map[string]string{"kind": "tbf"}},
		{"shape eth0 delay 5ms reorder 5% duplicate 1% corrupt 1% limit 9", "tc qdisc show dev eth0 root", options("limit", "9")},
	} {
		w.check(t)
	}
}

// trafficMistakes are statements and what is said of them.
var trafficMistakes = [][2]string{
	{"qdisc eth0", `"qdisc" needs KIND`},
	{"qdisc eth0 red2", "no kind of qdisc"},
	{"qdisc eth0 tbf rate 1mbit delay 10ms", `tbf has no option "delay"`},
	{"qdisc eth0 tbf rate 1mbit", `tbf needs "burst"`},
	{"qdisc eth0 tbf rate 1mbit burst 10k", `tbf needs either "latency" or "limit"`},
	{"qdisc eth0 tbf rate 1mbit burst 10k latency 1ms limit 5k", `tbf needs either "latency" or "limit"`},
	{"qdisc eth0 tbf rate 1mbit burst 10k latency 1ms peakrate 2mbit", `tbf needs "mtu" with "peakrate"`},
	{"qdisc eth0 tbf rate 1xbit burst 10k latency 1ms", `"rate": "1xbit" is no rate`},
	{"qdisc eth0 tbf rate 1mbit burst 10q latency 1ms", `"burst": "10q" is no size`},
	{"qdisc eth0 netem loss 101%", `"loss": "101%" is more than 100%`},
	{"qdisc eth0 netem delay 1ms 2ms 3% 4", `"delay" takes no further value`},
	{"qdisc eth0 netem delay 1ms 2ms jitter 3ms", "the jitter is given twice"},
	{"qdisc eth0 netem jitter 3ms", `netem needs "delay" with "jitter"`},
	{"qdisc eth0 netem reorder 3%", `netem needs "delay" to reorder`},
	{"qdisc eth0 netem limit 5k", `"limit"`},
	{"qdisc eth0 prio priomap 3", "there is no band 3"},
	{"chain 5", "it needs one of them"},
	{"chain eth0 block 22 5", "it needs one of them"},
	{"chain eth0 ingress egress 5", "a chain is at one place"},
	{"chain eth0 ingress", `"chain" needs CHAIN`},
	{"chain eth0 ingress 268435456", "not in 0..268435455"},
	{"qdisc eth0 htb ingress_block 5", "htb has none"},
	{"qdisc eth0 ingress egress_block 5", "ingress has none"},
	{"qdisc eth0 clsact egress_block 0", "egress_block"},
	{"filter u32 match u32 0 0", "it needs one of them"},
	{"filter eth0 block 22 u32 match u32 0 0", "it needs one of them"},
	{"filter block 22 ingress u32 match u32 0 0", "a filter is at one place"},
	{"filter block 22", `"filter" needs KIND`},
	{"del filter block 22 u32", `its "pref" is needed`},
	{"del filter", "it needs one of them"},
	{"qdisc eth0 ets", `ets needs "bands", "strict" or "quanta"`},
	{"qdisc eth0 ets bands 3 strict 2 quanta 1k 1k", "are of 4 bands, and there are 3"},
	{"qdisc eth0 ets strict 10 quanta 1k 1k 1k 1k 1k 1k 1k", "are of 17 bands, and there are 16"},
	{"qdisc eth0 ets bands 17", `"bands"`},
	{"qdisc eth0 ets quanta 0", "a turn of 0 bytes"},
	{"qdisc eth0 ets bands 3 priomap 0 3", "there is no band 3"},
	{"qdisc eth0 mqprio num_tc 2 map 0 2", "there is no class 2"},
	{"qdisc eth0 mqprio num_tc 2", `mqprio needs "map" with 2 classes`},
	{"qdisc eth0 mqprio num_tc 2 map 0 1 queues 1@0", "there are 2 classes, and queues of 1"},
	{"qdisc eth0 mqprio num_tc 1 queues 1", `"1" are no queues: COUNT@FIRST`},
	{"qdisc eth0 mqprio num_tc 1 queues 0@0", "are no queues"},
	{"qdisc eth0 mqprio hw 2", `"hw"`},
	{"qdisc eth0 handle 1:2 htb", "is no handle of a qdisc"},
	{"qdisc eth0 htb default zz", `"default": "zz" is no number in hex`},
	{"qdisc eth0 root ingress", "one of these"},
	{"qdisc eth0 root parent 1:1 pfifo", "one of these"},
	{"shape eth0", "shape needs something to do"},
	{"shape eth0 jitter 1ms", `needs "delay" with "jitter"`},
	{"filter eth0 u32", `u32 needs "match" or "divisor"`},
	{"filter eth0 u32 match ip dst 10.0.0.0/8 divisor 4", `either "match" or "divisor"`},
	{"filter eth0 u32 match ip dst 2001:db8::1", "of its family"},
	{"filter eth0 u32 match ip nothing 1 0xff", `"nothing" is no field of ip`},
	{"filter eth0 u32 match ipx dst 1", `"ipx" is none of ip`},
	{"filter eth0 u32 match u16 0x12345 0xffff at 2", "does not fit"},
	{"filter eth0 u32 match ip dport 80 0xffff match ip dport 81 0xffff", "contradict"},
	{"filter eth0 u32 match u32 0 0 action mirred egres redirect dev x", `"egres" is none of egress, ingress`},
	{"filter eth0 u32 match u32 0 0 action explode", `"explode" is no action`},
	{"filter eth0 u32 match u32 0 0 action police rate 1mbit", `police: it needs "rate" and "burst"`},
	{"filter eth0 u32 match u32 0 0 action drop drop", "does not take"},
	{"filter eth0 u32 match u32 0 0 action pedit ex", `it needs "munge"`},
	{"filter eth0 u32 match u32 0 0 action pedit munge ipx dst set 1", `"ipx" is none of ip, ip6`},
	{"filter eth0 u32 match u32 0 0 action pedit munge eth dst set 02:00:00:00:00:01", "needs the extended form"},
	{"filter eth0 u32 match u32 0 0 action pedit munge ip ttl add 1", "add needs the extended form"},
	{"filter eth0 u32 match u32 0 0 action pedit ex munge ip dport set 1", "tcp dport or udp dport"},
	{"filter eth0 u32 match u32 0 0 action pedit ex munge ip nothing set 1", `"nothing" is no field of ip: ce, df, `},
	{"filter eth0 u32 match u32 0 0 action pedit munge ip dst set 2001:db8::1", "of the other family"},
	{"filter eth0 u32 match u32 0 0 action pedit munge ip dst put 10.0.0.1", `"put" is none of set`},
	{"filter eth0 u32 match u32 0 0 action pedit munge ip df set 0x80", "bits that are not in 0x40"},
	{"filter eth0 u32 match u32 0 0 action pedit munge offset 0 u8 set 256", "bits that are not in 0xff"},
	{"filter eth0 u32 match u32 0 0 action pedit munge offset 3 u16 clear", "in two words"},
	{"filter eth0 u32 match u32 0 0 action pedit munge offset 1 u64 clear", `"u64" is none of u8`},
	{"filter eth0 u32 match u32 0 0 action pedit ex munge eth src set 02:00:00:00:00:01 retain 5", "retain is for fields of 32 bits"},
	{"filter eth0 u32 match u32 0 0 action pedit ex munge ip6 src add ::1", "add is for numbers"},
	{"filter eth0 u32 match u32 0 0 action csum", "csum: it needs "},
	{"filter eth0 u32 match u32 0 0 action ct clear zone 3", "clear comes alone"},
	{"filter eth0 u32 match u32 0 0 action ct force", "force needs commit"},
	{"filter eth0 u32 match u32 0 0 action ct commit nat", "nat needs src or dst"},
	{"filter eth0 u32 match u32 0 0 action ct nat src addr 10.0.0.1", "need commit"},
	{"filter eth0 u32 match u32 0 0 action ct commit nat src addr 10.0.0.1-::1", "two families"},
	{"filter eth0 u32 match u32 0 0 action ct label xyz", "is no label"},
	{"filter eth0 u32 match u32 0 0 action ct zone 70000", "is more than 65535"},
	{"filter eth0 u32 match u32 0 0 action mpls push tc 3", `push needs "label"`},
	{"filter eth0 u32 match u32 0 0 action mpls pop", `pop needs "protocol"`},
	{"filter eth0 u32 match u32 0 0 action mpls pop label 5", `pop takes no "label"`},
	{"filter eth0 u32 match u32 0 0 action mpls dec_ttl ttl 5", `dec_ttl takes no "ttl"`},
	{"filter eth0 u32 match u32 0 0 action mpls modify", "modify needs bos, label, tc, ttl"},
	{"filter eth0 u32 match u32 0 0 action mpls modify ttl 0", "ttl is at least 1"},
	{"filter eth0 u32 match u32 0 0 action mpls push label 1048576", "is more than 1048575"},
	{"filter eth0 u32 match u32 0 0 action mpls push label 5 label 6", `"label" stands twice`},
	{"filter eth0 u32 match u32 0 0 action mpls push label 5 protocol ip", "mpls_uc or mpls_mc"},
	{"filter eth0 u32 match u32 0 0 action mpls swap", `"swap" is none of pop, push`},
	{"filter eth0 u32 match u32 0 0 action goto 5", `"5" is none of chain`},
	{"filter eth0 u32 match u32 0 0 action goto chain 268435456", "is more than 268435455"},
	{"filter eth0 u32 match u32 0 0 action nat ingress 2001:db8::1 10.0.0.1", "of IPv4 alone"},
	{"filter eth0 u32 match u32 0 0 action nat sideways 10.0.0.1 10.0.0.2", `"sideways" is none of ingress, egress`},
	{"filter eth0 u32 match u32 0 0 action connmark zone 65536", "is more than 65535"},
	{"filter eth0 u32 match u32 0 0 action skbmod", "skbmod: it needs set"},
	{"filter eth0 u32 match u32 0 0 action skbmod set mac 02:00:00:00:00:01", `"mac" is none of dmac`},
	{"filter eth0 u32 match u32 0 0 action vlan push", `it needs "id"`},
	{"filter eth0 u32 match u32 0 0 action vlan push_eth dst_mac 02:00:00:00:00:01", `"dst_mac" and "src_mac"`},
	{"filter eth0 u32 match u32 0 0 action vlan pop_eth id 5", `does not take "id"`},
	{"filter eth0 flower ip_proto tcp dst_port 90-80", "must be more than the first"},
	{"filter eth0 flower ip_proto tcp src_port 80-x", `"x" is no number`},
	{"filter eth0 flower dst_port 80-90", "flower needs ip_proto"},
	{"filter eth0 flower cfm mdl 8", `"8" is no number up to 7`},
	{"filter eth0 flower cfm level 1", `"level" is none of mdl, op`},
	{"filter eth0 flower cfm op 1 op 2", `"op" stands twice`},
	{"filter eth0 protocol ip flower cfm op 1", "needs protocol cfm"},
	{"filter eth0 flower l2_miss 2", "l2_miss"},
	{"filter eth0 matchall match u32 0 0", `matchall has no option "match"`},
	{"filter eth0 ingress egress matchall", "a filter is at one place"},
	{"filter eth0 flower dst_port 80", "flower needs ip_proto"},
	{"filter eth0 protocol all flower dst_ip 10.0.0.1", "flower needs protocol"},
	{"filter eth0 flower dst_ip 10.0.0.1 src_ip 2001:db8::1", "two families"},
	{"filter eth0 protocol ip flower vlan_id 5", "for a VLAN"},
	{"filter eth0 protocol ip flower arp_op request", "needs protocol arp"},
	{"filter eth0 flower arp_sip 2001:db8::1", "of IPv4 alone"},
	{"filter eth0 flower arp_op ask", `"ask" is none of request`},
	{"filter eth0 protocol ip flower mpls_label 5", "needs protocol mpls_uc"},
	{"filter eth0 flower mpls lse depth 1 mpls_label 5", "not both"},
	{"filter eth0 flower mpls label 5", `"label" is not lse`},
	{"filter eth0 flower mpls lse label 5", "needs its depth"},
	{"filter eth0 flower mpls lse depth 8", "no number up to 7"},
	{"filter eth0 flower mpls lse depth", "with a number"},
	{"filter eth0 protocol 802.1q flower cvlan_id 5", "a VLAN for protocol and for vlan_ethtype"},
	{"filter eth0 flower enc_dst_ip 10.0.0.1 enc_src_ip 2001:db8::1", "two families"},
	{"filter eth0 flower ip_flags frag/nofrag", "stands twice, or against another"},
	{"filter eth0 flower ip_flags more", `"more" is no flag`},
	{"filter eth0 flower ct_state trk", "+ or - before"},
	{"filter eth0 flower ct_state +trk+old", `"+old" is no state`},
	{"filter eth0 flower indev far/away", "no name of a link"},
	{"filter eth0 bpf bytecode 2,6", "how many instructions"},
	{"filter eth0 handle x fw", "no handle of a filter"},
	{"filter eth0 protocol ipx matchall", "is no protocol"},
	{"del filter eth0 handle 3", `its "pref" is needed`},
	{"class eth0 htb rate 1mbit", `"class" needs "classid"`},
	{"class eth0 classid 1: htb rate 1mbit", "a classid has two parts"},
	{"class eth0 parent 2: classid 1:10 htb rate 1mbit", "the class 1:10 can't be under 2:"},
	{"class eth0 classid 1:10 htb", `htb needs "rate"`},
	{"class eth0 classid 1:10 htb rate 1mbit sc rate 1mbit", `htb has no option "sc"`},
	{"class eth0 classid 1:10 hfsc ul rate 1mbit", `hfsc needs one of "rt"`},
	{"class eth0 classid 1:10 hfsc sc rat 1mbit", `"rat" is none of rate, m1, d, m2`},
	{"qdisc eth0 red limit 10k avpkt 0", "avpkt must not be 0"},
}

func TestTraffic_mistakes(t *testing.T) {
	for _, m := range trafficMistakes {
		if _, err := compile(m[0]); err == nil || !strings.Contains(err.Error(), m[1]) {
			t.Errorf("%s: %v, want %q", m[0], err, m[1])
		}
	}
}

// TestTraffic_ematches: what is wrong with an expression is said before a run.
func TestTraffic_ematches(t *testing.T) {
	refused(t, map[string]string{
		`filter eth0 basic ematch 'cmp(u8 at 9 eq 6'`:                        "the parenthesis of cmp is not closed",
		`filter eth0 basic ematch 'cmp(u8 at 9 eq 6))'`:                      "nothing is open",
		`filter eth0 basic ematch 'cmp(u8 at 9 is 6)'`:                       `"is" is none of eq, gt, lt`,
		`filter eth0 basic ematch 'cmp(u8 at 9 eq 6) xor cmp(u8 at 9 eq 6)'`: `"xor" is none of and, or`,
		`filter eth0 basic ematch 'ipset(x src)'`:                            `"ipset" is no match: cmp, meta, u32`,
		`filter eth0 basic ematch 'meta(nothing eq 6)'`:                      `"nothing" is no number`,
		`filter eth0 basic ematch 'meta(nf_mark eq "x")'`:                    "have names",
		`filter eth0 basic ematch 'u32(u16 1 1 at 3)'`:                       "does not fit",
	})
}

// TestTraffic_lacks: a kernel without a kind says what it was built without.
func TestTraffic_lacks(t *testing.T) {
	for what, want := range map[string][2]string{
		"filter flower": {"qdisc eth0 ingress; filter eth0 ingress flower dst_ip 10.0.0.1 action mirred egress redirect dev eth1", `this kernel has no "flower" filter (module cls_flower, CONFIG_NET_CLS_FLOWER)`},
		"action gact":   {"qdisc eth0 ingress; filter eth0 ingress u32 match u32 0 0 action drop", `this kernel has no "gact" action (module act_gact, CONFIG_NET_ACT_GACT)`},
		"qdisc netem":   {"qdisc eth0 netem delay 1ms", `this kernel has no "netem" qdisc (module sch_netem, CONFIG_NET_SCH_NETEM)`},
	} {
		if nstest.HasTraffic(t, what) {
			continue
		}
		if _, err := runIn(t, want[0]); err == nil || !strings.Contains(err.Error(), want[1]) {
			t.Errorf("%s: %v", want[0], err)
		}
	}
}
