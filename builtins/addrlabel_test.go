//go:build linux

package builtins_test

import "testing"

func TestAddrLabel(t *testing.T) {
	for _, w := range []witness{
		{"flush addrlabel; addrlabel 2001:db8:1::/48 label 9", "addrlabel", map[string]string{"address": "2001:db8:1::", "prefixlen": "48", "label": "9", "#": "1"}},
		{"flush addrlabel; addrlabel 2001:db8:1::1 label 9 dev eth0", "addrlabel", map[string]string{"prefixlen": "128", "ifname": "eth0"}},
		{"flush addrlabel; addrlabel 2001:db8:1::/48 label 9; replace addrlabel 2001:db8:1::/48 label 8", "addrlabel", map[string]string{"label": "8", "#": "1"}},
		{"flush addrlabel; ensure addrlabel ::/0 label 9; ensure addrlabel ::/0 label 9", "addrlabel", map[string]string{"label": "9", "#": "1"}},
		{"addrlabel 2001:db8:1::/48 label 9; del addrlabel 2001:db8:1::/48; flush addrlabel", "addrlabel", map[string]string{"#": "0"}},
		{"token eth0 ::5", "token get dev eth0", map[string]string{"token": "::5", "ifname": "eth0"}},
		{"token eth0 ::5; token eth0 ::a:b:c:d", "token get dev eth0", map[string]string{"token": "::a:b:c:d"}},
		{"token eth0 ::5; del token eth0", "token get dev eth0", map[string]string{"token": "::"}},
	} {
		w.check(t)
	}
}

func TestAddrLabel_asIP(t *testing.T) {
	for _, s := range []sameAsIP{
		{"", "addrlabel 2001:db8:1::/48 label 9", "addrlabel add prefix 2001:db8:1::/48 label 9"},
		{"", "addrlabel 2001:db8:1::/48 label 9 dev eth0; del addrlabel ::/96", "addrlabel add prefix 2001:db8:1::/48 label 9 dev eth0\naddrlabel del prefix ::/96 label 3"},
		{"", "flush addrlabel", "addrlabel flush"},
		{"", "token eth0 ::5", "token set ::5 dev eth0"},
		{"", "token eth0 ::5; token eth1 ::6; del token eth0", "token set ::6 dev eth1"},
	} {
		s.compare(t, "")
	}
}

const olderLabels = `addrlabel add prefix 2001:db8:1::/48 label 9
addrlabel add prefix 2001:db8:1::/48 label 8 dev eth0
token set ::5 dev eth0
`

func TestAddrLabel_undo(t *testing.T) {
	for _, run := range []string{
		"flush addrlabel", "addrlabel 2001:db8:2::/48 label 7; addrlabel 2001:db8:1::/48 label 7 dev eth1; del addrlabel ::1",
		"replace addrlabel 2001:db8:1::/48 label 7; ensure addrlabel 2001:db8:1::/48 label 6 dev eth0; replace addrlabel ::/0 label 5",
		"del addrlabel 2001:db8:1::/48; del addrlabel 2001:db8:1::/48 dev eth0",
		"token eth0 ::7; token eth1 ::8", "del token eth0", "token eth0 ::7; del token eth0; sysctl net.ipv6.conf.eth0.accept_ra 0",
		"ns elsewhere; move eth0 ns elsewhere", "down eth0; sysctl net.ipv6.conf.eth0.disable_ipv6 1; sysctl net.ipv6.conf.eth0.disable_ipv6 0; token eth0 ::9",
	} {
		undoneLayer3{"", olderLabels, run}.undone(t, "")
	}
}

func TestAddrLabel_wrong(t *testing.T) {
	for stmt, want := range map[string]string{
		"addrlabel 2001:db8:1::/48":          `"addrlabel" needs "label"`,
		"addrlabel 10.0.0.0/8 label 5":       "only IPv6 has labels",
		"addrlabel 2001:db8:1::1/48 label 5": "has host bits set",
		"addrlabel ::/0 label 4294967295":    "is not in 0..4294967294",
		"flush addrlabel label 5":            `"label" does not go with flush addrlabel`,
		"token eth0 2001:db8::5":             "is no token, which is the lower half of an address",
		"token eth0 10.0.0.1":                "10.0.0.1",
		"token eth0":                         `"token" needs TOKEN`,
		"replace token eth0 ::5":             `"replace" can't stand before "token"`,
	} {
		wrong(t, stmt, want)
	}
}
