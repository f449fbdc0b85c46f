//go:build linux

package builtins_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// hasESP reports whether the kernel has states of ESP at all, with the usual
// algorithms.
func hasESP(t *testing.T) bool {
	t.Helper()
	_, err := runIn(t, "xfrm state dst 10.0.0.2 proto esp spi 1 "+enc+" "+auth)
	var lacks *nsexec.NoKindError
	if err != nil && !errors.As(err, &lacks) {
		t.Fatal(err)
	}
	return err == nil
}

// needESP skips the test where there is none; in the VM there is.
func needESP(t *testing.T) {
	t.Helper()
	nstest.NeedThat(t, "ESP", hasESP(t))
}

const (
	enc  = "enc 'cbc(aes)' 0x000102030405060708090a0b0c0d0e0f"
	auth = "auth 'hmac(sha256)' 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	ends = "src 10.0.0.1 dst 10.0.0.2 "
)

// xfrmStates are statements whose words ip takes, too, but for marks: ip has
// their masks behind the word mask.
var xfrmStates = []string{
	ends + "proto esp spi 0x100 " + enc + " " + auth,
	ends + "proto esp spi 0x101 mode tunnel reqid 7 replay-window 32 " + enc + " auth-trunc 'hmac(sha256)' 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 96",
	ends + "proto esp spi 0x102 mode tunnel aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128 replay-window 128 flag esn",
	ends + "proto esp spi 0x108 replay-window 32 replay-seq 0x20 replay-oseq 7 " + enc + " " + auth,
	ends + "proto esp spi 0x109 replay-window 64 replay-seq 5 replay-seq-hi 2 replay-oseq 6 replay-oseq-hi 3 flag esn " + enc + " " + auth,
	ends + "proto esp spi 0x103 mode beet replay-window 64 flag noecn af-unspec extra-flag dont-encap-dscp seq 9 " + enc + " " + auth,
	ends + "proto ah spi 0x104 auth 'hmac(sha1)' plaintext-is-a-key mode transport if_id 5 mark 7/0xff output-mark 9/0xf0",
	ends + "proto esp spi 0x105 mode tunnel tfcpad 100 encap espinudp 4500 4501 0.0.0.0 sel src 10.1.0.0/16 dst 10.2.0.0/17 dev eth0 proto udp sport 5 dport 6 flag icmp " + enc + " " + auth,
	ends + "proto esp spi 0x107 limit time-soft 60 limit time-use-soft 70 limit time-use-hard 80 limit byte-hard 91 limit packet-soft 92 sel proto gre key 5 " + enc + " " + auth,
	ends + "proto comp spi 0x20 mode tunnel comp deflate output-mark 3",
	"src 2001:db8::1 dst 2001:db8::2 proto esp spi 0x106 mode tunnel limit time-hard 1000 limit byte-soft 5000 limit packet-hard 9 sel proto ipv6-icmp type 128 code 0 " + enc + " " + auth,
	"src 2001:db8::1 dst 2001:db8::2 proto route2 mode ro coa 2001:db8::9",
}

var xfrmPolicies = []string{
	"src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl " + ends + "proto esp reqid 7 mode tunnel",
	"src 10.1.0.0/16 dst 10.2.0.0/16 dir in priority 5 index 0x58 tmpl " + ends + "proto esp spi 0x5 level use mode tunnel tmpl proto ah reqid 5",
	"dir fwd action block flag localok icmp mark 5/0xff if_id 6 dev eth0 priority 9",
	"dst 10.0.0.9 proto tcp sport 5 dport 6 dir out ptype main limit time-soft 60 limit packet-soft 7",
	"src 2001:db8::/64 proto ipv6-icmp type 135 code 0 dir out tmpl proto esp mode transport",
	"dst 10.0.0.7 proto tcp dir out",
	"dst 10.0.0.8 dir out limit time-hard 60 limit time-use-soft 70 limit time-use-hard 80 limit byte-soft 90 limit byte-hard 91 limit packet-hard 92",
	"src 10.0.0.0/8 proto gre key 0x50006 dir in tmpl proto comp level use",
}

// asIP are words as ip takes them.
func asIP(words string) []string {
	words = regexp.MustCompile(`mark (\w+)/(\w+)`).ReplaceAllString(words, "mark $1 mask $2")
	return strings.Fields(strings.ReplaceAll(words, "'", ""))
}

// xfrmShown is what ip shows of states and policies, without what time changes.
func xfrmShown(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	var out strings.Builder
	for _, what := range []string{"state", "policy"} {
		text, err := nstest.Output(ns, "", "ip", "-d", "-s", "xfrm", what)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(xfrmTimes.ReplaceAllString(text, "TIME"))
	}
	return out.String()
}

var xfrmTimes = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)

// xfrmAsIP makes each of some objects with NEScript and with ip, and compares.
func xfrmAsIP(t *testing.T, what string, all []string) {
	for _, words := range all {
		ours, err := runIn(t, "xfrm "+what+" "+words)
		if err != nil {
			t.Errorf("%s: %v", words, err)
			continue
		}
		theirs, err := runIn(t, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nstest.Output(theirs, "", append([]string{"ip", "xfrm", what, "add"}, asIP(words)...)...); err != nil {
			t.Fatal(err)
		}
		number := regexp.MustCompile(`index \d+|if_id`) // the kernel's choice
		want, got := xfrmShown(t, theirs), xfrmShown(t, ours)
		if what == "policy" && !strings.Contains(words, "index") {
			want, got = number.ReplaceAllString(want, ""), number.ReplaceAllString(got, "")
		}
		want, got = strings.ReplaceAll(want, theirs.Name, ""), strings.ReplaceAll(got, ours.Name, "")
		if diff := cmp.Diff(want, got); diff != "" || !strings.Contains(got, "src") {
			t.Errorf("%s differs from what ip makes:\n%s", words, diff)
		}
		claimSame(t, "", "xfrm "+what+" "+words, func(ns nsexec.Ref) bool {
			is := xfrmShown(t, ns)
			if what == "policy" && !strings.Contains(words, "index") {
				is = number.ReplaceAllString(is, "")
			}
			return strings.ReplaceAll(is, ns.Name, "") == got
		})
	}
}

func TestXfrm_policies(t *testing.T) { xfrmAsIP(t, "policy", xfrmPolicies) }

func TestXfrm_states(t *testing.T) {
	needESP(t)
	xfrmAsIP(t, "state", xfrmStates)
}

func TestXfrm_change(t *testing.T) {
	base := "xfrm policy dst 10.2.0.0/16 dir out priority 5 tmpl proto esp\n"
	for script, want := range map[string]string{
		base + "replace xfrm policy dst 10.2.0.0/16 dir out action block": "src 0.0.0.0/0 dst 10.2.0.0/16 uid 0\n\tdir out action block index N priority 0",
		base + "del xfrm policy dst 10.2.0.0/16 dir out":                  "",
		base + "xfrm policy dir in; flush xfrm policy":                    "",
	} {
		ns, err := runIn(t, script)
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		got := regexp.MustCompile(`index \d+`).ReplaceAllString(xfrmShown(t, ns), "index N")
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", script, got)
		}
		claim(t, "", script, func(ns nsexec.Ref) bool {
			got := regexp.MustCompile(`index \d+`).ReplaceAllString(xfrmShown(t, ns), "index N")
			return strings.HasPrefix(got, want) && (want != "" || got == "")
		})
	}
	for script, want := range map[string]unix.Errno{
		base + "xfrm policy dst 10.2.0.0/16 dir out": unix.EEXIST,
		"del xfrm policy dst 10.2.0.0/16 dir out":    unix.ENOENT,
		"xfrm policy dev nolink dir out":             unix.ENODEV,
	} {
		if _, err := runIn(t, script); !errors.Is(err, want) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// TestXfrm_lacking says what a kernel without ESP lacks.
func TestXfrm_lacking(t *testing.T) {
	_, err := runIn(t, "xfrm state dst 10.0.0.2 proto esp spi 1 "+enc+" "+auth)
	const want = `this kernel has no "esp" xfrm states (module esp4, CONFIG_INET_ESP)`
	if hasESP(t) {
		if err != nil {
			t.Errorf("there is ESP, and %v", err)
		}
		return
	}
	var lacks *nsexec.NoKindError
	if !errors.As(err, &lacks) || lacks.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestXfrm_refused(t *testing.T) {
	for script, want := range map[string]string{
		"xfrm state dst 10.0.0.2 spi 5":                                 `"xfrm state" needs "proto"`,
		"xfrm state proto esp spi 5":                                    `"xfrm state" needs "dst"`,
		"xfrm state dst 10.0.0.2 proto esp":                             `a state of esp or ah needs "spi"`,
		"xfrm state dst 2001:db8::1 src 10.0.0.1 proto esp spi 5":       `is of another family than the rest`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 enc 'cbc(aes)' 0xfg":   `"enc": a key is 0x and hexadecimal digits`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 enc aes mode tunnel":   `"enc"`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 auth-trunc a b 3":      `"3" is no number of bits`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 flag fast":             `"fast" is none of noecn`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 mode mole":             `"mole" is none of transport`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 encap udp 1 2 0.0.0.0": `"udp" is none of espinudp`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 offload dev eth0":      `"offload" needs "dir"`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 sel sport 5":           `"sport" needs proto tcp`,
		"xfrm state dst 10.0.0.2 proto route2 spi 5":                    `"spi" is of esp, ah and comp alone`,
		"flush xfrm state dst 10.0.0.2":                                 `takes no "dst", only "proto"`,
		"xfrm state dst 10.0.0.2 proto esp spi 5 replay-seq-hi 5":       `"replay-seq-hi" needs "flag esn"`,
		"xfrm hthresh4 33 0":                                            `33 is not in 0..32`,
		"xfrm hthresh6 5":                                               `"xfrm hthresh6" needs RBITS`,
		"xfrm policy dst 10.0.0.2":                                      `"xfrm policy" needs "dir"`,
		"xfrm policy dir out tmpl mode tunnel":                          `"tmpl": it needs "proto"`,
		"xfrm policy dir out index 8":                                   `8 may be 9`,
		"xfrm policy dir sideways":                                      `"sideways" is none of in, out, fwd`,
		"xfrm policy dirr out":                                          `unknown option "dirr" of "xfrm policy"`,
	} {
		if err := check(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
	// A link may be called so still.
	if err := check(t, "xfrm 'state' if_id 5; xfrm x0 if_id 6"); err != nil {
		t.Error(err)
	}
}

// xfrmUndone runs scripts on what ip has made, and has them undone.
func xfrmUndone(t *testing.T, what string, older, scripts []string) {
	for _, script := range scripts {
		for _, how := range undoers {
			ns, err := runIn(t, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range older {
				if _, err := nstest.Output(ns, "", append([]string{"ip", "xfrm", what, "add"}, asIP(words)...)...); err != nil {
					t.Fatal(err)
				}
			}
			before := paragraphs(xfrmShown(t, ns))
			how.undo(t, fmt.Sprintf("in %s <\n%s\n>", ns, script))
			if diff := cmp.Diff(before, paragraphs(xfrmShown(t, ns))); diff != "" {
				t.Errorf("%s, %s:\n%s", script, how.name, diff)
			}
		}
	}
}

// paragraphs are the texts of objects, whose order depends on when each was made.
func paragraphs(shown string) map[string]bool {
	all := map[string]bool{}
	for _, p := range regexp.MustCompile(`(?m)^src `).Split(shown, -1) {
		all[p] = true
	}
	return all
}

func TestXfrm_undoPolicies(t *testing.T) {
	xfrmUndone(t, "policy", xfrmPolicies, []string{
		"flush xfrm policy; xfrm policy dir out action block",
		"xfrm policy dst 10.77.0.0/16 dir out tmpl proto esp; del xfrm policy dst 10.0.0.9 proto tcp sport 5 dport 6 dir out",
		"replace xfrm policy src 10.1.0.0/16 dst 10.2.0.0/16 dir out action block priority 99; replace xfrm policy dir fwd mark 5 action allow",
		"del xfrm policy dir fwd mark 5/0xff if_id 6 dev eth0; xfrm policy dir fwd mark 5/0xff if_id 6 dev eth0 priority 3",
	})
}

func TestXfrm_undoStates(t *testing.T) {
	needESP(t)
	xfrmUndone(t, "state", xfrmStates, []string{
		"flush xfrm state proto esp; xfrm state dst 10.0.0.9 proto esp spi 0x100 " + enc + " " + auth,
		"del xfrm state dst 10.0.0.2 proto esp spi 0x102; xfrm state dst 10.0.0.2 proto esp spi 0x102 mode transport " + enc + " " + auth,
		"replace xfrm state " + ends + "proto esp spi 0x105 mode tunnel encap espinudp 1 2 0.0.0.0 " + enc + " " + auth + "; flush xfrm state",
	})
}

// TestXfrm_thresholds: they are as ip shows them, and as they were after undoing.
func TestXfrm_thresholds(t *testing.T) {
	show := func(ns nsexec.Ref) string {
		out, err := nstest.Output(ns, "", "ip", "-s", "-s", "xfrm", "policy", "count")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const script = "xfrm hthresh4 24 20; xfrm hthresh6 64 48"
	is := func(ns nsexec.Ref) bool {
		got := show(ns)
		return strings.Contains(got, "IPv4 thresholds: local 24 remote 20") && strings.Contains(got, "IPv6 thresholds: local 64 remote 48")
	}
	ns, err := runIn(t, script)
	if err != nil || !is(ns) {
		t.Errorf("%v, %s", err, show(ns))
	}
	claim(t, "", script, is)
	for _, how := range undoers {
		how.undo(t, fmt.Sprintf("in %s < xfrm hthresh4 0 1; xfrm hthresh6 2 3; xfrm hthresh4 4 5 >", ns))
		if !is(ns) {
			t.Errorf("%s: %s", how.name, show(ns))
		}
	}
}

// TestXfrm_traffic pings through a tunnel between two namespaces, and not without
// the states.
func TestXfrm_traffic(t *testing.T) {
	needESP(t)
	defer run(t, "del ns x-a x-b")
	_, err := run(t, `
ns x-a x-b
veth x-a:e 10.0.0.1/24 x-b:e 10.0.0.2/24 up
let key = "0x000102030405060708090a0b0c0d0e0f10111213"
for n in ["x-a", "x-b"] < in ns $n <
    xfrm state src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1 mode tunnel reqid 1 aead 'rfc4106(gcm(aes))' $key 128
    xfrm state src 10.0.0.2 dst 10.0.0.1 proto esp spi 0x2 mode tunnel reqid 1 aead 'rfc4106(gcm(aes))' $key 128
> >
in ns x-a <
    addr lo 10.1.0.1/32; route 10.2.0.1 via 10.0.0.2 src 10.1.0.1
    xfrm policy src 10.1.0.1 dst 10.2.0.1 dir out tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel
    xfrm policy src 10.2.0.1 dst 10.1.0.1 dir in tmpl src 10.0.0.2 dst 10.0.0.1 proto esp reqid 1 mode tunnel
>
in ns x-b <
    addr lo 10.2.0.1/32; route 10.1.0.1 via 10.0.0.1 src 10.2.0.1
    xfrm policy src 10.2.0.1 dst 10.1.0.1 dir out tmpl src 10.0.0.2 dst 10.0.0.1 proto esp reqid 1 mode tunnel
    xfrm policy src 10.1.0.1 dst 10.2.0.1 dir in tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel
>
expect within 5s ping from x-a 10.2.0.1
expect (contains(capture("ip", "-n", "x-b", "-s", "xfrm", "state"), "(bytes), 0(packets)") == false)
in ns x-b < flush xfrm state >
expect not ping from x-a 10.2.0.1 timeout 500ms`)
	if err != nil {
		t.Error(err)
	}
}
