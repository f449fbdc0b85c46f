//go:build linux

package builtins_test

import (
	"strings"
	"testing"
)

var ruleWitnesses = []witness{
	{"rule from 10.0.0.0/8 table 7 tun_id 9 priority 50", "rule show priority 50", map[string]string{"tun_id": "9"}},
	{"rule from 10.0.0.0/8 table 7 realms 5/6 priority 50", "rule show priority 50", map[string]string{"flow_from": "5", "flow_to": "6"}},
	{"rule table 7 suppress_ifgroup 5 priority 50", "rule show priority 50", map[string]string{"suppress_ifgroup": "5"}},
	{"rule nop priority 50", "rule show priority 50", map[string]string{"nop": "<nil>", "priority": "50"}},
	{"rule ipproto 89 table 7 priority 50", "rule show priority 50", map[string]string{"ipproto": "ospf"}},
	{"rule ipproto ipv6-icmp family inet6 table 7 priority 50", "-6 rule show priority 50", map[string]string{"ipproto": "ipv6-icmp"}},
}

func TestRule(t *testing.T) {
	for _, w := range ruleWitnesses {
		w.check(t)
	}
}

// ruleSame are the words of rules that ip takes as they are.
var ruleSame = []struct{ needs, words string }{
	{"", "from 10.0.0.0/8 to 10.1.0.0/16 table 7 priority 50"},
	{"", "from 10.0.0.1 lookup main"},
	{"", "not from 10.0.0.0/8 table 70000 pref 50 protocol bird"},
	{"", "to 2001:db8::/32 table local pref 50"},
	{"", "iif eth0 oif lo table 7"},
	{"", "fwmark 0x10/0xff table 7"},
	{"", "fwmark 16 table 7"},
	{"", "from 10.0.0.0/8 tos 0x10 table 7"},
	{"", "from 10.0.0.0/8 dsfield 0x08 table 7"},
	{"", "ipproto tcp sport 80 dport 100-200 table 7"},
	{"", "ipproto 89 table 7"},
	{"", "uidrange 0-0 table 7"},
	{"", "tun_id 9 table 7"},
	{"", "from 10.0.0.0/8 table 7 realms 5/6"},
	{"", "table main suppress_prefixlength 0 pref 50"},
	{"", "table main suppress_prefixlength 24 suppress_ifgroup 5 pref 50"},
	{"", "from 10.0.0.0/8 goto 32766 pref 50"},
	{"", "nop pref 50"},
	{"", "from 10.0.0.0/8 blackhole"},
	{"", "from 2001:db8::/32 unreachable"},
	{"", "from 10.0.0.0/8 prohibit pref 50"},
	{"link vrf", "l3mdev pref 50"},
}

func TestRule_asIP(t *testing.T) {
	for _, s := range ruleSame {
		ip := "rule add " + s.words
		if strings.Contains(s.words, ":") {
			ip = "-6 " + ip
		}
		sameAsIP{s.needs, "rule " + s.words, ip}.compare(t, "")
	}
	sameAsIP{"", "rule family inet6 fwmark 5 table 7 pref 50", "-6 rule add fwmark 5 table 7 pref 50"}.compare(t, "")
	sameAsIP{"", "rule from 10.0.0.0/8 table 7; rule from 10.0.0.0/8 table 8; del rule table 7", "rule add from 10.0.0.0/8 table 7\nrule add from 10.0.0.0/8 table 8\nrule del table 7"}.compare(t, "")
}

const olderRules = `rule add from 10.0.0.0/8 to 10.1.0.0/16 table 7 pref 10
rule add not fwmark 0x10/0xff iif eth0 table 70000 pref 11 protocol bird
rule add ipproto tcp sport 80 dport 100-200 uidrange 0-0 table 8 pref 12
rule add from 10.0.0.0/8 tos 0x10 tun_id 9 table 7 realms 5/6 pref 13
rule add table main suppress_prefixlength 0 suppress_ifgroup 5 pref 14
rule add from 10.0.0.0/8 goto 32766 pref 15
rule add nop pref 16
rule add oif nosuch prohibit pref 17
rule add from 10.5.0.0/16 table 7 pref 18
rule add from 10.5.0.0/16 table 8 pref 18
-6 rule add from 2001:db8::/32 blackhole pref 10
`

func TestRule_undo(t *testing.T) {
	for _, run := range []string{
		"flush rule; flush rule family inet6",
		"del rule priority 10; del rule fwmark 0x10/0xff; del rule ipproto tcp; del rule tun_id 9; del rule suppress_ifgroup 5",
		"del rule goto 32766; del rule nop; del rule oif nosuch; del rule from 10.5.0.0/16; del rule from 2001:db8::/32",
		"del rule realms 5/6; rule from 10.0.0.0/8 tun_id 10 table 7 realms 5/7 pref 13",
		"rule nop; rule tun_id 5 table 9; rule suppress_ifgroup default table 9; ensure rule nop pref 16; ensure rule nop pref 19",
		"rule from 10.5.0.0/16 table 9 pref 18; del rule from 10.5.0.0/16 table 8",
	} {
		undoneLayer3{"", olderRules, run}.undone(t, "")
	}
}

func TestRule_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"rule table 7 blackhole":                         "a rule does one thing: table or blackhole",
		"rule nop prohibit":                              "a rule does one thing: prohibit or nop",
		"rule goto 5 priority 9":                         "goto 5 leads back from priority 9",
		"rule nop suppress_ifgroup 5":                    `"suppress_ifgroup" is for a rule that asks a table`,
		"rule from 2001:db8::/32 realms 5 table 7":       "only IPv4 rules have realms",
		"rule ipproto 256 table 7":                       "256 is not in 1..255",
		"rule ipproto frob table 7":                      `"frob" is neither a number nor a known name`,
		"rule dport 9-5 table 7":                         "9-5",
		"rule tun_id -1 table 7":                         "-1 is not in 0..",
		"rule suppress_ifgroup nosuch table 7":           `"nosuch" is neither a number nor a known name`,
		"rule from 10.0.0.0/8 to 2001:db8::/32 table 7":  "is of another family than the rest of the rule",
		"rule from 10.0.0.1/8 table 7":                   "has host bits set",
		"rule table 7 suppress_prefixlength 129 iif lo":  "129 is not in 0..128",
		"rule table 7 fwmark 0x1ffffffff iif averylongx": "is no mark",
	} {
		wrong(t, stmt, want)
	}
}
