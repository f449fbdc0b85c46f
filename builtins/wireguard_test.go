//go:build linux

package builtins_test

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// Keys of nobody's.
const (
	wgPrivate = "8I3FGNUxQiDwvKTP3XrAyd0OcBuzYkxP6pYlHU3S7E4="
	wgPeer    = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
	wgOther   = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="
	wgShared  = "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE="
)

// wgPublic is what the program wg says is the public key of a private one.
func wgPublic(t *testing.T, private string) string {
	t.Helper()
	cmd := exec.Command("wg", "pubkey")
	cmd.Stdin = strings.NewReader(private + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// wgDump is what wg shows of all links, sorted, without handshakes and counters.
func wgDump(t *testing.T, ns nsexec.Ref) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(inside(t, ns, "wg", "show", "all", "dump")) {
		f := strings.Fields(line)
		if len(f) == 9 { // a peer
			f = append(f[:5:5], f[8])
			allowed := strings.Split(f[4], ",")
			slices.Sort(allowed)
			f[4] = strings.Join(allowed, ",")
		}
		out = append(out, strings.Join(f, " "))
	}
	slices.Sort(out)
	return out
}

func TestWireguard(t *testing.T) {
	nstest.NeedKind(t, "wireguard")
	own := "wg0 " + wgPrivate + " " + wgPublic(t, wgPrivate) + " 5000 0x7"
	const make = "wireguard wg0 private-key " + wgPrivate + " listen-port 5000 fwmark 7\n"
	const full = "peer wg0 " + wgPeer + " endpoint 10.0.0.2:51820 allowed-ips 10.9.0.2 2001:db8::/64 persistent-keepalive 25 preshared-key " + wgShared + "\n"
	peer := "wg0 " + wgPeer + " " + wgShared + " 10.0.0.2:51820 10.9.0.2/32,2001:db8::/64 25"
	for _, test := range []struct {
		script string
		want   []string
	}{
		{make, []string{own}},
		{make + full, []string{own, peer}},
		{make + full + "ensure peer wg0 " + wgPeer + " persistent-keepalive off", []string{own, strings.TrimSuffix(peer, "25") + "off"}},
		{make + full + "replace peer wg0 " + wgPeer + " allowed-ips 0.0.0.0/0 endpoint '[2001:db8::9]:7'", []string{own, "wg0 " + wgPeer + " (none) [2001:db8::9]:7 0.0.0.0/0 off"}},
		{make + full + "peer wg0 " + wgOther + " allowed-ips 10.9.0.2", []string{own, "wg0 " + wgOther + " (none) (none) 10.9.0.2/32 off", strings.Replace(peer, "10.9.0.2/32,", "", 1)}},
		{make + full + "del peer wg0 " + wgPeer, []string{own}},
		{make + full + "peer wg0 " + wgOther + "; flush peer wg0; ensure wireguard wg0 fwmark off listen-port 5001", []string{strings.Replace(own, "5000 0x7", "5001 off", 1)}},
	} {
		ns, err := runIn(t, test.script)
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		slices.Sort(test.want)
		if diff := cmp.Diff(test.want, wgDump(t, ns)); diff != "" {
			t.Errorf("%s\n%s", test.script, diff)
		}
		claim(t, "", test.script, func(ns nsexec.Ref) bool { return slices.Equal(test.want, wgDump(t, ns)) })
	}
	for script, want := range map[string]unix.Errno{
		make + "del peer wg0 " + wgPeer:                 unix.ENOENT,
		make + full + "peer wg0 " + wgPeer:              unix.EEXIST,
		make + "peer wg0 " + wgPublic(t, wgPrivate):     unix.EINVAL,
		"peer eth0 " + wgPeer:                           unix.EOPNOTSUPP,
		"peer nolink " + wgPeer:                         unix.ENODEV,
		make + "wireguard wg0 private-key " + wgPrivate: unix.EEXIST,
	} {
		if _, err := runIn(t, script); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", script, err, want)
		}
	}
}

// TestWireguard_undo changes links that ip and wg have made.
func TestWireguard_undo(t *testing.T) {
	nstest.NeedKind(t, "wireguard")
	for _, script := range []string{
		"peer wg0 " + wgOther + " allowed-ips 10.9.0.2 10.8.0.0/16; ensure wireguard wg0 private-key " + wgShared + " listen-port 6000",
		"flush peer wg0; ensure wireguard wg0 fwmark 9; peer wg0 " + wgPeer,
		"replace peer wg0 " + wgPeer + " endpoint 10.0.0.9:9; rename wg0 wgx; del peer wgx " + wgPeer,
	} {
		for _, how := range undoers {
			ns, err := runIn(t, "")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("ip", "netns", "exec", ns.Name, "sh", "-c", fmt.Sprintf(`ip link add wg0 type wireguard && echo %s >/tmp/wgp && echo %s >/tmp/wgs &&
				wg set wg0 private-key /tmp/wgp listen-port 5000 peer %s preshared-key /tmp/wgs endpoint 10.0.0.2:51820 allowed-ips 10.9.0.2/32,10.7.0.0/16 persistent-keepalive 9`, wgPrivate, wgShared, wgPeer))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			before := wgDump(t, ns)
			how.undo(t, fmt.Sprintf("in %s <\n%s\n>", ns, script))
			if diff := cmp.Diff(before, wgDump(t, ns)); diff != "" {
				t.Errorf("%s, %s:\n%s", script, how.name, diff)
			}
		}
	}
}

// TestWireguard_handshake pings through a tunnel between two namespaces.
func TestWireguard_handshake(t *testing.T) {
	nstest.NeedKind(t, "wireguard")
	out, err := run(t, `
let a = wg_key()
let b = wg_key()
ns wg-a wg-b
veth wg-a:e 10.0.0.1/24 wg-b:e 10.0.0.2/24 up
in ns wg-a < wireguard w private-key $a listen-port 7000 up; addr w 10.9.0.1/24; peer w (wg_public(b)) endpoint 10.0.0.2:7000 allowed-ips 10.9.0.2 >
in ns wg-b < wireguard w private-key $b listen-port 7000 up; addr w 10.9.0.2/24; peer w (wg_public(a)) allowed-ips 10.9.0.1 >
expect within 10s ping from wg-a 10.9.0.2 timeout 2s
in ns wg-b < print ${capture("wg", "show", "w", "latest-handshakes")} >`)
	defer run(t, "del ns wg-a wg-b")
	if f := strings.Fields(out); err != nil || len(f) != 2 || f[1] == "0" {
		t.Errorf("%v, and the handshake was %q", err, out)
	}
}

func TestWireguard_refused(t *testing.T) {
	for script, want := range map[string]string{
		"wireguard wg0 private-key abc":                               `"private-key": this is no key: 32 bytes in base64`,
		"wireguard wg0 listen-port 70000":                             `70000 is not in 0..65535`,
		"wireguard wg0 fwmark red":                                    `"red" is neither off nor a number up to 4294967295`,
		"peer wg0":                                                    `"peer" needs PUBLICKEY: KEY`,
		"peer wg0 nokey":                                              `this is no key`,
		"peer wg0 " + wgPeer + " endpoint 10.0.0.2":                   `"10.0.0.2" is no address with a port`,
		"peer wg0 " + wgPeer + " allowed-ips 10.0":                    `"allowed-ips"`,
		"peer wg0 " + wgPeer + " persistent-keepalive 65536":          `"65536" is neither off nor a number up to 65535`,
		"del peer wg0 " + wgPeer + " endpoint 10.0.0.2:5":             `"endpoint" of a peer that is taken away`,
		"flush peer wg0 " + wgPeer:                                    `"peer" has no option`,
		`print (wg_public("x"))`:                                      `wg_public: this is no key`,
		`expect (wg_public("` + wgPrivate + `") == "` + wgPeer + `")`: "",
	} {
		err := check(t, script)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", script, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
}

// TestWireguard_keys holds the functions against the program wg.
func TestWireguard_keys(t *testing.T) {
	out, err := run(t, "let k = wg_key(); print $k ${wg_public(k)}")
	f := strings.Fields(out)
	if err != nil || len(f) != 2 || wgPublic(t, f[0]) != f[1] {
		t.Errorf("%v: %q", err, out)
	}
}
