//go:build linux

package builtins_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// netdevsims is a namespace where eth0 and eth1 are links with what hardware has.
func netdevsims(t *testing.T) (ns nsexec.Ref, leave func()) {
	t.Helper()
	ns = nstest.NS(t)
	remove := nstest.Netdevsim(t, ns)
	return ns, func() { t.Helper(); remove(); drop(t, ns) }
}

// inHardware runs a script where eth0 and eth1 are links with what hardware has,
// and says what look sees then, or the error.
func inHardware(t *testing.T, script string, look func(ns nsexec.Ref) string) (string, error) {
	t.Helper()
	ns, leave := netdevsims(t)
	defer leave()
	if _, err := run(t, fmt.Sprintf("in %s <\n%s\n>", ns, script)); err != nil {
		return "", err
	}
	return look(ns), nil
}

// TestXfrm_netdevsim is of states that a link does; without one the kernel takes
// them, and does it by itself. scripts/vmtest/run -b has such links.
func TestXfrm_netdevsim(t *testing.T) {
	if !nstest.HasNetdevsim() {
		return
	}
	needESP(t)
	const state = "xfrm state " + ends + "proto esp spi 0x100 reqid 7 mode tunnel aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128 offload "
	// ip shows more of a state, in later lines, the newer it is.
	offloaded := func(ns nsexec.Ref) string {
		for line := range strings.Lines(xfrmShown(t, ns)) {
			if strings.Contains(line, "offload") {
				return strings.TrimSpace(line)
			}
		}
		return ""
	}
	for words, want := range map[string]string{
		"crypto dev eth0 dir out": "crypto offload parameters: dev eth0 dir out",
		"crypto dev eth1 dir in":  "crypto offload parameters: dev eth1 dir in",
		"dev eth1 dir out":        "crypto offload parameters: dev eth1 dir out",
	} {
		got, err := inHardware(t, state+words, func(ns nsexec.Ref) string {
			is := offloaded(ns)
			undoneAtOnce(t, fmt.Sprintf("in ns %s < flush xfrm state >", ns.Name))
			if again := offloaded(ns); again != is {
				t.Errorf("%s: after a run that failed ip shows %q, was %q", words, again, is)
			}
			return is
		})
		if err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: ip shows %q (%v), want %q", words, got, err, want)
		}
		claimBy(t, state+words, func(other string) bool {
			is, err := inHardware(t, other, offloaded)
			return err == nil && is == got
		})
	}
	// Such a link does no more than that: packet is another word than crypto. What
	// it says is the link's own, but for a kernel that knows of no packets.
	refusal := "Unsupported ipsec offload type"
	if since, _ := parseRelease("6.2"); release(t) < since {
		refusal = "Unrecognized flags in offload request"
	}
	if _, err := inHardware(t, state+"packet dev eth0 dir out", offloaded); err == nil || !strings.Contains(err.Error(), refusal) {
		t.Errorf("packet: %v", err)
	} else {
		see(t, "xfrm state offload crypto")
	}
}

// Test_xdpNetdevsim is of programs that a link runs by itself.
func Test_xdpNetdevsim(t *testing.T) {
	if !nstest.HasNetdevsim() {
		return
	}
	for _, w := range []struct{ script, want, shows string }{
		{"set eth0 xdpoffload obj PROGS sec xdp_drop", "drop_all", ", obj, sec"},
		{"set eth0 xdpoffload obj PROGS program drop_all", "drop_all", ", obj, program"},
		{"set eth0 xdpoffload pinned " + pinnedForLink, "xdp_pass", ", pinned"},
		{"set eth0 xdpoffload obj PROGS sec xdp_drop; set eth0 xdpoffload off", "", ", off"},
	} {
		if got := xdpInHardware(t, withProgs(w.script)); got != w.want {
			t.Errorf("%s: ip shows %q, want %q", w.script, got, w.want)
			continue
		}
		for word := range strings.SplitSeq(w.shows, ",") {
			see(t, "set xdpoffload"+word)
		}
	}
}

// xdpInHardware is the name of the program that eth0 runs by itself after a script,
// and still does after a run that took it away and failed.
func xdpInHardware(t *testing.T, script string) string {
	t.Helper()
	ns, leave := netdevsims(t)
	defer leave()
	pinForLink(t, ns, "eth0")
	defer os.Remove(pinnedForLink)
	if _, err := run(t, fmt.Sprintf("in %s <\n%s\n>", ns, script)); err != nil {
		t.Error(err)
		return ""
	}
	shown := linkShown(t, ns, "eth0")["xdp"]
	undoneAtOnce(t, fmt.Sprintf("in ns %s < set eth0 xdpoffload off >", ns.Name))
	if again := linkShown(t, ns, "eth0")["xdp"]; again != shown {
		t.Errorf("%s: after a run that failed ip shows %q, was %q", script, again, shown)
	}
	const hardware = "mode:3 " // XDP_ATTACHED_HW
	if m := xdpName.FindStringSubmatch(shown); m != nil && strings.Contains(shown, hardware) {
		return m[1]
	}
	return shown
}

var xdpName = regexp.MustCompile(`name:(\w+)`)

// pinnedForLink is the program xdp_pass, for the hardware of one link.
const pinnedForLink = "/sys/fs/bpf/xdp_pass"

// pinForLink pins that for a link.
func pinForLink(t *testing.T, ns nsexec.Ref, link string) {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpec(progs)
	if err != nil {
		t.Fatal(err)
	}
	program := spec.Programs["xdp_pass"]
	program.Ifindex = linkIndex(t, ns, link)
	// The kernel looks for the link where the one who loads the program is.
	err = nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("bpf", func() error {
		p, err := ebpf.NewProgram(program)
		if err != nil {
			return err
		}
		defer p.Close()
		return p.Pin(pinnedForLink)
	}))
	if err != nil {
		t.Fatal(err)
	}
}
