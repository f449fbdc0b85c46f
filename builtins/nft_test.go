//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// nftIn has nft do a ruleset in a namespace, without NEScript.
func nftIn(t *testing.T, ns nsexec.Ref, ruleset string) {
	t.Helper()
	cmd := exec.Command("ip", "netns", "exec", ns.Name, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(ruleset)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", ruleset, err, out)
	}
}

// nftKind are the objects of one kind that nft lists as JSON.
func nftKind(t *testing.T, ns nsexec.Ref, kind string) []map[string]any {
	t.Helper()
	var list struct {
		Nftables []map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(inside(t, ns, "nft", "-j", "list", "ruleset")), &list); err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, o := range list.Nftables {
		if o[kind] != nil {
			out = append(out, o[kind])
		}
	}
	return out
}

func TestNft(t *testing.T) {
	script := "nft 'table inet f { chain in { type filter hook input priority 0; tcp dport 22 counter accept; ip saddr $(id) drop; }; }'"
	if _, err := runIn(t, script); err == nil || !strings.Contains(err.Error(), "nft: exit status 1") || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("a shell's words: %v", err)
	}
	ns, err := runIn(t, strings.Replace(script, "$(id)", "10.0.0.0/8", 1)+"\nnft add rule inet f in udp dport '{ 53, 5353 }' accept")
	if err != nil {
		t.Fatal(err)
	}
	if tables, rules := nftKind(t, ns, "table"), nftKind(t, ns, "rule"); len(tables) != 1 || len(rules) != 3 || tables[0]["name"] != "f" {
		t.Errorf("it has made %v and %v", tables, rules)
	}
	claim(t, "", "nft 'add table inet f'", func(ns nsexec.Ref) bool { return len(nftKind(t, ns, "table")) == 1 })
	out, err := run(t, fmt.Sprintf("in %s < nft 'list tables' >", ns))
	if err != nil || out != "table inet f\n" {
		t.Errorf("it lists %q, %v", out, err)
	}
	// All of a ruleset or nothing.
	if _, err := run(t, fmt.Sprintf("in %s < nft 'add table ip new; add rule ip nosuch c accept' >", ns)); err == nil {
		t.Error("a rule of no table is none")
	}
	if len(nftKind(t, ns, "table")) != 1 {
		t.Errorf("a ruleset that failed has left %v", nftKind(t, ns, "table"))
	}
	if err := check(t, "nft ' '"); err == nil || !strings.Contains(err.Error(), "a ruleset must not be empty") {
		t.Errorf("an empty ruleset: %v", err)
	}
}

// TestNft_none: without the program the error says what is missing, and where
// the run is on what is older, nothing is done.
func TestNft_none(t *testing.T) {
	for _, path := range []string{"/usr/sbin/nft", "/sbin/nft"} {
		if _, err := os.Stat(path); err == nil {
			t.Setenv("PATH", "/nonexistent")
			ns := nstest.NS(t)
			if _, err := run(t, fmt.Sprintf("in %s < nft 'add table ip a' >", ns)); err != nil {
				t.Errorf("nft is at %s, and %v", path, err)
			}
			return
		}
	}
	t.Error("this test is for where nft is in /usr/sbin")
}

// olderRuleset is of what is there before a run: with sets, maps, counters, a flag.
const olderRuleset = `
table ip nat {
	map ports { type inet_service : inet_service; elements = { 80 : 8080, 443 : 8443 } }
	chain pre { type nat hook prerouting priority dstnat; policy accept; tcp dport 80 counter packets 5 bytes 300 redirect to :8080; }
}
table inet filter {
	comment "what was there"
	counter c { packets 7 bytes 700 }
	quota q { over 25 mbytes }
	set hosts { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.1 } }
	set seen { type ipv4_addr; flags dynamic,timeout; timeout 1h; size 100; }
	chain in {
		type filter hook input priority filter; policy drop;
		iif "lo" accept comment "with a ; { and $dollar"
		iifname "eth0" ip saddr @hosts counter name "c" accept
		ct state { established, related } log prefix "got 'em" accept
		meta mark 0x5 limit rate 10/second burst 5 packets reject with icmp type admin-prohibited
	}
	chain side { jump more; tcp flags syn / fin,syn,rst,ack drop; }
	chain more { udp dport 5000-6000 meta mark set 0x7; }
}
table arp a { chain c { arp operation request counter; }; }
table netdev n { chain i { type filter hook ingress device "eth0" priority 0; policy accept; ip saddr 10.9.9.9 drop; }; }
table bridge b { chain f { type filter hook forward priority 0; ether type ip accept; }; }
table ip sleeps { flags dormant; chain c { type filter hook output priority 5; drop; }; }
`

var nftUndos = []string{
	"nft 'flush ruleset'",
	"nft 'delete table ip nat'; nft 'add table ip nat'",
	"nft 'add table ip new; add chain ip new c; add rule ip new c counter'; nft 'delete table arp a'",
	"nft 'add element inet filter hosts { 172.16.0.0/12 }; delete element ip nat ports { 80 : 8080 }'",
	"nft 'add rule inet filter side accept'; nft 'flush chain inet filter in'; nft 'delete chain inet filter side'",
	"nft 'table ip sleeps { chain c { policy drop; }; }'",
	"masquerade out eth0; nft 'flush ruleset'; masquerade from 10.0.0.0/8 2001:db8::/32",
	"nft 'table inet filter { chain in { type filter hook input priority filter; policy accept; }; }'",
}

func TestNft_undo(t *testing.T) {
	scripts := nftUndos
	if nstest.InVM() { // what nft does is the same there, only slower
		scripts = scripts[:1]
	}
	for _, script := range scripts {
		for _, how := range undoers {
			ns, err := runIn(t, "masquerade out eth1")
			if err != nil {
				t.Fatal(err)
			}
			nftIn(t, ns, olderRuleset)
			before := rulesetOf(t, ns)
			how.undo(t, fmt.Sprintf("in %s <\n%s\n>", ns, script))
			if diff := cmp.Diff(before, rulesetOf(t, ns)); diff != "" {
				t.Errorf("%s, %s:\n%s", script, how.name, diff)
			}
		}
	}
}

// rulesetOf are the tables as nft lists them. Those that were made anew come last.
func rulesetOf(t *testing.T, ns nsexec.Ref) map[string]bool {
	t.Helper()
	tables := map[string]bool{}
	for _, table := range strings.Split(inside(t, ns, "nft", "list", "ruleset"), "\n}\n") {
		tables[table] = true
	}
	return tables
}

// TestNft_others: undoing from a journal leaves alone what others have made since.
func TestNft_others(t *testing.T) {
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	nftIn(t, ns, "table ip mine { chain c { accept; }; }")
	before := rulesetOf(t, ns)
	undoneFromJournalAfter(t, fmt.Sprintf("in %s < nft 'delete table ip mine; add table ip new' >", ns), func() {
		nftIn(t, ns, "add table ip theirs")
	})
	nftIn(t, ns, "delete table ip theirs") // fails where it is gone
	if diff := cmp.Diff(before, rulesetOf(t, ns)); diff != "" {
		t.Error(diff)
	}
}

// name is what a table of a masquerade is called after its first part.
var name = regexp.MustCompile(`nescript-masquerade-[0-9a-z]{12}`)

func TestMasquerade(t *testing.T) {
	for _, test := range []struct{ script, want string }{
		{"masquerade", "masquerade comment \"all\""},
		{"masquerade out eth0", "oifname \"eth0\" masquerade comment \"out eth0\""},
		{"masquerade out eth0 from 10.0.0.0/24", "oifname \"eth0\" ip saddr 10.0.0.0/24 masquerade comment \"out eth0 from 10.0.0.0/24\""},
		{"masquerade from 10.0.0.1 192.168.0.0/13 2001:db8::/37", "ip saddr 10.0.0.1 masquerade comment \"from 10.0.0.1/32\"\n\t\tip saddr 192.168.0.0/13 masquerade comment \"from 192.168.0.0/13\"\n\t\tip6 saddr 2001:db8::/37 masquerade comment \"from 2001:db8::/37\""},
		{"masquerade from 10.0.0.77/24; ensure masquerade from 10.0.0.0/24", "ip saddr 10.0.0.0/24 masquerade comment \"from 10.0.0.0/24\""},
		{"masquerade out eth1; ensure masquerade; del masquerade out eth1", "masquerade comment \"all\""},
		{"masquerade; masquerade out eth0; masquerade out eth0 from 10.0.0.1; flush masquerade; ensure masquerade out index:${link(\"eth1\").ifindex}", "oifname \"eth1\" masquerade comment \"out eth1\""},
	} {
		ns, err := runIn(t, test.script)
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		want := "table inet NAME {\n\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\t" + test.want + "\n\t}\n}\n"
		if got := name.ReplaceAllString(inside(t, ns, "nft", "list", "ruleset"), "NAME"); got != want {
			t.Errorf("%s: %s", test.script, cmp.Diff(want, got))
		}
		claim(t, "", test.script, func(ns nsexec.Ref) bool {
			return name.ReplaceAllString(inside(t, ns, "nft", "list", "ruleset"), "NAME") == want
		})
		// nft takes what it shows, and then shows the same.
		again := nstest.NS(t)
		nftIn(t, again, inside(t, ns, "nft", "list", "ruleset"))
		if diff := cmp.Diff(inside(t, ns, "nft", "-j", "list", "ruleset"), inside(t, again, "nft", "-j", "list", "ruleset")); diff != "" && len(nftKind(t, ns, "table")) == 1 && !strings.Contains(test.script, ";") {
			t.Errorf("%s differs from what nft makes: %s", test.script, diff)
		}
	}
}

func TestMasquerade_refused(t *testing.T) {
	for script, want := range map[string]unix.Errno{
		"masquerade out nolink":               unix.ENODEV,
		"del masquerade":                      unix.ENOENT,
		"masquerade; del masquerade out eth0": unix.ENOENT,
	} {
		if _, err := runIn(t, script); !errors.Is(err, want) {
			t.Errorf("%s: %v", script, err)
		}
	}
	for script, want := range map[string]string{
		"masquerade from":           `"from" needs a value`,
		"masquerade from 10.0.0":    `"from"`,
		"masquerade out a:b":        `must be in the same namespace`,
		"flush masquerade out eth0": `"flush masquerade" takes all away and has no options`,
		"masquerade eth0":           `"masquerade" has no option "eth0"`,
	} {
		if err := check(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
}

func TestMasquerade_undo(t *testing.T) {
	scripts := []string{
		"masquerade out eth0", "masquerade from 10.0.0.0/8 2001:db8::/32", "ensure masquerade out eth1; ensure masquerade",
		"del masquerade out eth1", "del masquerade; masquerade", "flush masquerade; masquerade out eth1", "masquerade; del masquerade; del masquerade",
	}
	if nstest.InVM() {
		scripts = scripts[:2]
	}
	for _, script := range scripts {
		for _, how := range undoers {
			ns, err := runIn(t, "masquerade out eth1; masquerade from 10.9.0.0/16 2001:db8::/32; masquerade")
			if err != nil {
				t.Fatal(err)
			}
			nftIn(t, ns, olderRuleset)
			before := rulesetOf(t, ns)
			if script == "ensure masquerade out eth1; ensure masquerade" && how.name != "at a failure" {
				continue // it changes nothing
			}
			how.undo(t, fmt.Sprintf("in %s <\n%s\n>", ns, script))
			if diff := cmp.Diff(before, rulesetOf(t, ns)); diff != "" {
				t.Errorf("%s, %s:\n%s", script, how.name, diff)
			}
		}
	}
}

// TestMasquerade_traffic pings through a router to a host that has no way back
// but to the router itself, over both families.
func TestMasquerade_traffic(t *testing.T) {
	const lab = `
ns m-in m-r m-out
veth m-in:e 10.1.0.2/24 2001:db8:1::2/64 m-r:i 10.1.0.1/24 2001:db8:1::1/64 up
veth m-r:o 10.2.0.1/24 2001:db8:2::1/64 m-out:e 10.2.0.2/24 2001:db8:2::2/64 up
in ns m-in < route default via 10.1.0.1; route default via 2001:db8:1::1 >
in ns m-r < forward on >
settle m-in m-r m-out
`
	const checks = "expect within 3s ping from m-in 10.2.0.2\nexpect within 3s ping from m-in 2001:db8:2::2\n"
	defer run(t, "del ns m-in m-r m-out")
	if _, err := run(t, lab+"expect not ping from m-in 10.2.0.2 timeout 300ms\nexpect not ping from m-in 2001:db8:2::2 timeout 300ms"); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, "del ns m-in m-r m-out"+lab+"in ns m-r < masquerade out o from 10.1.0.0/24 2001:db8:1::/64 >\n"+checks); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, "in ns m-r < flush masquerade >\nexpect not ping from m-in 10.2.0.2 timeout 300ms"); err != nil {
		t.Errorf("without it: %v", err)
	}
}
