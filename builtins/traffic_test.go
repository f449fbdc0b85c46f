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
	return tcDoes(t, ns, "", dev, more...)
}

// tcDoes is tcShows once tc has done a line.
func tcDoes(t *testing.T, ns nsexec.Ref, line, dev string, more ...string) string {
	t.Helper()
	shows := append([]string{"qdisc show dev %s", "class show dev %s", "filter show dev %s", "filter show dev %s ingress", "filter show dev %s egress"}, more...)
	batch := line + "\n" + strings.ReplaceAll(strings.Join(shows, "\n"), "%s", dev) + "\n"
	out, err := nstest.Output(ns, batch, "tc", "-d", "-batch", "-")
	if err != nil {
		t.Fatalf("%v, behind %s", err, line)
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
