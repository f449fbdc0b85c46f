//go:build linux

package builtins_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// textWitnesses are scripts, what the kernel must have for them, and what tc's
// text of eth0 has then, or, after a !, has not.
var textWitnesses = []struct{ needs, script, want string }{
	{"qdisc cake", "qdisc eth0 cake ack-filter", " ack-filter "},
	{"qdisc cake", "qdisc eth0 cake ack-filter-aggressive", "ack-filter-aggressive"},
	{"qdisc cake", "qdisc eth0 cake ack-filter; replace qdisc eth0 cake no-ack-filter", "no-ack-filter"},
	{"qdisc cake", "qdisc eth0 cake atm overhead 4", " atm"},
	{"qdisc cake", "qdisc eth0 cake ptm overhead 4", " ptm"},
	{"qdisc cake", "qdisc eth0 cake atm overhead 4; replace qdisc eth0 cake noatm overhead 4", "noatm"},
	{"qdisc cake", "qdisc eth0 cake autorate-ingress", "autorate-ingress"},
	{"qdisc cake", "qdisc eth0 cake besteffort", "besteffort"},
	{"qdisc cake", "qdisc eth0 cake besteffort; replace qdisc eth0 cake diffserv3", "diffserv3"},
	{"qdisc cake", "qdisc eth0 cake diffserv4", "diffserv4"},
	{"qdisc cake", "qdisc eth0 cake diffserv8", "diffserv8"},
	{"qdisc cake", "qdisc eth0 cake precedence", "precedence"},
	{"qdisc cake", "qdisc eth0 cake dsthost", " dsthost"},
	{"qdisc cake", "qdisc eth0 cake srchost", " srchost"},
	{"qdisc cake", "qdisc eth0 cake hosts", " hosts"},
	{"qdisc cake", "qdisc eth0 cake flowblind", "flowblind"},
	{"qdisc cake", "qdisc eth0 cake dual-dsthost", "dual-dsthost"},
	{"qdisc cake", "qdisc eth0 cake dual-srchost", "dual-srchost"},
	{"qdisc cake", "qdisc eth0 cake hosts; replace qdisc eth0 cake triple-isolate", "triple-isolate"},
	{"qdisc cake", "qdisc eth0 cake fwmark 0xff", "fwmark 0xff"},
	{"qdisc cake", "qdisc eth0 cake memlimit 1mb", "memlimit 1Mb"},
	{"qdisc cake", "qdisc eth0 cake mpu 64 overhead 18", "mpu 64"},
	{"qdisc cake", "qdisc eth0 cake overhead 18", "overhead 18"},
	{"qdisc cake", "qdisc eth0 cake nat", " nat "},
	{"qdisc cake", "qdisc eth0 cake nat; replace qdisc eth0 cake nonat", "nonat"},
	{"qdisc cake", "qdisc eth0 cake wash", " wash "},
	{"qdisc cake", "qdisc eth0 cake wash; replace qdisc eth0 cake nowash", "nowash"},
	{"qdisc cake", "qdisc eth0 cake overhead 18; replace qdisc eth0 cake raw", " raw "},
	{"qdisc cake", "qdisc eth0 cake no-split-gso", "no-split-gso"},
	{"qdisc cake", "qdisc eth0 cake no-split-gso; replace qdisc eth0 cake split-gso", " split-gso"},
	{"qdisc cake", "qdisc eth0 cake rtt 50ms", "rtt 50ms"},
	{"qdisc cake", "qdisc eth0 cake bandwidth 10mbit", "bandwidth 10Mbit"},
	{"qdisc fq", "qdisc eth0 fq horizon_cap", "horizon_cap"},
	{"qdisc fq", "qdisc eth0 fq horizon_cap; replace qdisc eth0 fq horizon_drop", "horizon_drop"},
	{"qdisc fq", "qdisc eth0 fq nopacing", "nopacing"},
	{"qdisc fq", "qdisc eth0 fq nopacing; replace qdisc eth0 fq pacing", "!nopacing"},
	{"qdisc fq_codel", "qdisc eth0 fq_codel noecn; replace qdisc eth0 fq_codel ecn", " ecn"},
	{"qdisc red", "qdisc eth0 red limit 400kb avpkt 1000 bandwidth 100mbit harddrop ecn", "harddrop"},
	{"qdisc red", "qdisc eth0 red limit 400kb avpkt 1000 bandwidth 100mbit adaptive", "adaptive"},
	{"qdisc sfq", "qdisc eth0 sfq divisor 512", "divisor 512"},
	{"qdisc sfq", "qdisc eth0 sfq flows 64", "flows 64"},
	{"qdisc netem", "shape eth0 delay 5ms jitter 1ms reorder 5% duplicate 1% corrupt 1% loss 2% limit 9 rate 1mbit", "limit 9 delay 5ms  1ms loss 2% duplicate 1% reorder 5% corrupt 1% rate 1Mbit"},
	{"qdisc hfsc", "qdisc eth0 handle 1: hfsc; class eth0 classid 1:10 hfsc rt rate 1mbit ls rate 2mbit ul rate 3mbit", "hfsc 1:10 parent 1: rt m1 0bit d 0us m2 1Mbit ls m1 0bit d 0us m2 2Mbit ul m1 0bit d 0us m2 3Mbit"},
	{"qdisc hfsc", "qdisc eth0 handle 1: hfsc; class eth0 classid 1:10 hfsc sc rate 1mbit", "sc m1 0bit d 0us m2 1Mbit"},

	{"filter fw", inRoot + "filter eth0 protocol ip pref 5 handle 6 fw flowid 1:10; replace filter eth0 protocol ip pref 5 handle 6 fw flowid 1:11", "classid 1:11"},
	{"filter fw", inRoot + "filter eth0 root protocol ip pref 5 handle 6 fw flowid 1:10", "classid 1:10"},
	{"filter u32", inRoot + "filter eth0 protocol ip pref 5 u32 match u32 0 0 flowid 1:10; del filter eth0 pref 5", "!flowid"},
	{"filter u32", inRoot + "filter eth0 protocol ip pref 5 handle 3: u32 divisor 4; filter eth0 protocol ip pref 5 u32 ht 3:1 match u32 0 0 flowid 1:10", "fh 3:1:"},
	{"filter u32", inRoot + "filter eth0 protocol ip pref 5 handle 3: u32 divisor 4; filter eth0 protocol ip pref 5 u32 match u32 0 0 link 3:", "link 3:"},
	{"filter u32", inRoot + "filter eth0 protocol ip pref 5 u32 match u32 0 0 flowid 1:10 skip_hw", "skip_hw"},
	{"filter matchall", inRoot + "filter eth0 protocol ip pref 5 matchall flowid 1:10 skip_hw", "skip_hw"},
	{"filter bpf", inRoot + "filter eth0 protocol ip pref 5 bpf bytecode '1,6 0 0 4294967295' flowid 1:10 skip_hw", "skip_hw"},
}

// inRoot has a qdisc with classes at the root.
const inRoot = "qdisc eth0 handle 1: htb; class eth0 classid 1:10 htb rate 1mbit;"

// TestTraffic_text holds what tc shows of scripts to some of its words.
func TestTraffic_text(t *testing.T) {
	for _, w := range textWitnesses {
		t.Run(w.script, func(t *testing.T) {
			for _, need := range append([]string{w.needs}, map[bool][]string{true: {"qdisc htb"}}[strings.HasPrefix(w.script, inRoot)]...) {
				nstest.NeedTraffic(t, need)
			}
			before, script := "", w.script
			if after, ok := strings.CutPrefix(script, inRoot); ok {
				before, script = inRoot, after
			}
			says := func(ns nsexec.Ref) bool {
				want, not := strings.CutPrefix(w.want, "!")
				return strings.Contains(trafficText(t, ns), want) != not
			}
			ns, err := runOn(t, pair, w.script)
			if err != nil {
				t.Fatal(err)
			}
			if !says(ns) {
				t.Fatalf("tc shows %s, want %q", trafficText(t, ns), w.want)
			}
			drop(t, ns)
			claim(t, before, script, says)
		})
	}
}

// stateChanges are changes of states of IPsec, and what ip then shows of them.
func TestXfrm_changeState(t *testing.T) {
	needESP(t)
	const one = "xfrm state " + ends + "proto esp spi 0x100 " + enc + " " + auth
	for script, want := range map[string]string{
		one + "\nreplace xfrm state " + ends + "proto esp spi 0x100 limit packet-hard 9 " + enc + " " + auth: "hard 9(packets)",
		one + "\ndel xfrm state " + ends + "proto esp spi 0x100":                                             "",
		one + "\nflush xfrm state proto esp":                                                                 "",
	} {
		says := func(ns nsexec.Ref) bool {
			got := xfrmShown(t, ns)
			return strings.Contains(got, want) && (want != "") == strings.Contains(got, "esp")
		}
		ns, err := runIn(t, script)
		if err != nil || !says(ns) {
			t.Errorf("%s: %v", script, err)
			continue
		}
		claim(t, "", script, says)
	}
}

// refusedAlike has the kernel refuse to NEScript, after before, what it refuses to
// another program, and claims what it is that is refused: without it, it is not.
func refusedAlike(t *testing.T, before, script, lines string) {
	t.Helper()
	refused := func(other string) bool {
		ns, err := runIn(t, before+other)
		if err == nil {
			drop(t, ns)
		}
		var no unix.Errno
		return errors.As(err, &no)
	}
	theirs, err := runIn(t, before)
	if err != nil {
		t.Fatal(err)
	}
	defer drop(t, theirs)
	text, err := exec.Command("sh", "-c", strings.ReplaceAll(lines, "-n NS", "-n "+theirs.Name)).CombinedOutput()
	var exit *exec.ExitError
	const byKernel = 2 // of ip and tc: 1 and 255 are what they themselves say
	if !errors.As(err, &exit) || exit.ExitCode() != byKernel {
		t.Fatalf("%s: %v: %s", lines, err, text)
	}
	if !refused(script) {
		t.Fatalf("%s is not refused, as %s is: %s", script, lines, text)
	}
	claimBy(t, script, refused)
}

// TestXfrm_offload is of what only hardware does: without it the kernel does what
// is asked of the algorithms by itself, and refuses whole packets.
func TestXfrm_offload(t *testing.T) {
	needESP(t)
	const one = "xfrm state " + ends + "proto esp spi 0x100 reqid 7 mode tunnel aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128 offload "
	taken := func(script string) bool {
		ns, err := runIn(t, script)
		if err == nil {
			drop(t, ns)
		}
		return err == nil
	}
	if !taken(one+"crypto dev eth0 dir out") || taken(one+"packet dev eth0 dir out") {
		t.Fatal("the kernel takes whole packets, or not even the algorithms")
	}
	claimBy(t, one+"crypto dev eth0 dir out", taken)
	claimBy(t, one+"packet dev eth0 dir out", func(other string) bool { return !taken(other) })
}

// TestXfrm_offloadPolicy is of what no link of a kernel at hand does: the kernel
// says so, where it has that at all, and takes the policy without.
func TestXfrm_offloadPolicy(t *testing.T) {
	needESP(t)
	const one = "xfrm policy dst 10.2.0.0/16 dir out tmpl proto esp offload packet dev eth0"
	refused := func(script string) bool {
		ns, err := runIn(t, script)
		if err == nil {
			drop(t, ns)
			return false
		}
		return strings.Contains(err.Error(), "Policy offload is not supported")
	}
	if since, _ := parseRelease(listed(newerKernels, "xfrm policy offload")); release(t) < since {
		return
	}
	for _, script := range []string{one, "xfrm policy dst 10.2.0.0/16 dir in tmpl proto esp offload dev eth0"} {
		if !refused(script) {
			t.Fatalf("%s: it is not refused as what no link does", script)
		}
	}
	claimBy(t, one, refused)
}

func TestFilter_skipSW(t *testing.T) {
	for _, kind := range []string{"u32 match u32 0 0", "matchall", "flower dst_ip 10.0.0.1", "bpf bytecode '1,6 0 0 4294967295'"} {
		nstest.NeedTraffic(t, "filter "+strings.Fields(kind)[0])
		words := "ingress protocol ip pref 5 " + kind + " skip_sw classid 1:1" // tc wants something behind it
		ns, err := runIn(t, "qdisc eth0 ingress; filter eth0 "+words)
		if err == nil { // some kernels take it
			says := func(ns nsexec.Ref) bool { return strings.Contains(trafficText(t, ns), "skip_sw") }
			if !says(ns) {
				t.Errorf("%s: tc shows %s", words, trafficText(t, ns))
			}
			drop(t, ns)
			claim(t, "qdisc eth0 ingress;", "filter eth0 "+words, says)
			continue
		}
		refusedAlike(t, "qdisc eth0 ingress;", "filter eth0 "+words, "tc -n NS filter add dev eth0 "+words)
	}
}
