//go:build linux

package builtins_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// onlyVM is what is needed of inTurn for what only the VM has: always.
const onlyVM = "link "

// genlAsIP makes each of some objects of generic netlink with NEScript and with ip,
// and compares what ip shows of them, and what the kernel says.
func genlAsIP(t *testing.T, needs, before string, all []sameAs, shows ...string) {
	t.Helper()
	for _, test := range all {
		if !inTurn(needs) && !claims(t, test.script) {
			continue
		}
		t.Run(test.script, func(t *testing.T) {
			ours, err := runOn(t, "", before+test.script)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := runOn(t, "", before)
			if err != nil {
				t.Fatal(err)
			}
			old := nstest.Genl(t, theirs)
			ipBatch(t, theirs, test.lines)
			for _, what := range shows {
				if diff := cmp.Diff(ipLines(t, theirs, what), ipLines(t, ours, what)); diff != "" {
					t.Errorf("ip %s differs:\n%s", what, diff)
				}
			}
			want := nstest.Genl(t, theirs)
			if got := nstest.Genl(t, ours); got != want || got == old {
				t.Errorf("the kernel says otherwise of what ip makes, or nothing of it:\n%s", nstest.DumpDiff(want, got))
			}
			claimGenl(t, before, test.script, want)
		})
	}
}

// claimGenl enters what a script uses into the account, that has made what another
// program makes of the same words.
func claimGenl(t *testing.T, before, script, want string) {
	t.Helper()
	if t.Failed() {
		return
	}
	same := func(other string) bool {
		ns, err := runOn(t, "", before+other)
		defer drop(t, ns)
		return err == nil && nstest.Genl(t, ns) == want
	}
	account.Lock()
	account.same++
	account.Unlock()
	claimBy(t, script, same)
	for _, u := range usesIn(t, script) {
		// What can't be left out, or be otherwise, is seen with the statement itself.
		if !hasSeen(u.item) && !slices.ContainsFunc(u.others, checks) && !same("") {
			see(t, u.item)
		}
	}
}

// ipLines is what ip shows, in no order.
func ipLines(t *testing.T, ns nsexec.Ref, what string) []string {
	t.Helper()
	text, err := nstest.Output(ns, "", append([]string{"ip"}, strings.Fields(what)...)...)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return lines
}

// genlUndone has scripts run on what ip has made, fail and be undone, and end and be
// undone by their journal alone. In the VM each is undone in one of the ways.
func genlUndone(t *testing.T, needs, older string, scripts []string) {
	t.Helper()
	for i, script := range scripts {
		for j, how := range []func(t *testing.T, script string, between func()){
			func(t *testing.T, script string, _ func()) { undoneAtOnce(t, script) },
			undoneFromJournalAfter,
		} {
			if nstest.InVM() && i%2 != j || !inTurn(needs) {
				continue
			}
			t.Run(fmt.Sprintf("%s: %s", undoers[j].name, script), func(t *testing.T) {
				ns, err := runOn(t, "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer drop(t, ns)
				ipBatch(t, ns, older)
				before := genlState(t, ns)
				how(t, fmt.Sprintf("in %s <\n%s\n>", ns, script), func() {
					if genlState(t, ns) == before {
						t.Error("it changes nothing that is seen")
					}
				})
				if diff := nstest.DumpDiff(before, genlState(t, ns)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// genlState is what the kernel says of objects of generic netlink, in no order, and
// which links there are.
func genlState(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	lines := strings.Split(nstest.Genl(t, ns), "\n")
	slices.Sort(lines)
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.ActionFunc("look", "", false, func(_ context.Context, c *nsexec.Conn) error {
		links, err := nsexec.Links(c)
		for _, l := range links {
			lines = append(lines, fmt.Sprintf("%d %s", l.Index, l.Name))
		}
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

var srSame = []sameAs{
	{"sr tunsrc 2001:db8::1", "sr tunsrc set 2001:db8::1"},
	{"sr tunsrc 2001:db8::1; sr tunsrc ::2", "sr tunsrc set ::2"},
}

func Test_sr(t *testing.T) {
	nstest.NeedThat(t, "SEG6", nstest.HasGenl("SEG6"))
	genlAsIP(t, "", "", srSame, "sr tunsrc show")
	genlUndone(t, "", "sr tunsrc set 2001:db8::9", []string{"sr tunsrc 2001:db8::1; sr tunsrc 2001:db8::2"})
	genlUndone(t, "", "", []string{"sr tunsrc 2001:db8::1"})
}

var ioamSame = []sameAs{
	{"ioam namespace 123 data 0xdeadbee0 wide 0xcafec0caf00dc0de", "ioam namespace add 123 data 0xdeadbee0 wide 0xcafec0caf00dc0de"},
	{"ioam namespace 0", "ioam namespace add 0"},
	{"ioam schema 777 nodes-of-7", "ioam schema add 777 nodes-of-7"},
	{"ioam schema 7 abcd; ioam namespace 5 data 9 schema 7; ioam namespace 6", "ioam schema add 7 abcd\nioam namespace add 5 data 9\nioam namespace set 5 schema 7\nioam namespace add 6"},
	{"ioam schema 7 abcd; ioam namespace 5 schema 7; ensure ioam namespace 5 schema none", "ioam schema add 7 abcd\nioam namespace add 5"},
	{"ioam schema 7 abcd; ioam namespace 5 schema 7; ensure ioam namespace 6 data 3 schema 7", "ioam schema add 7 abcd\nioam namespace add 5\nioam namespace add 6 data 3\nioam namespace set 6 schema 7"},
	{"ioam schema 7 abcd; ioam namespace 5 data 8 schema 7; replace ioam schema 7 efgh", "ioam schema add 7 efgh\nioam namespace add 5 data 8\nioam namespace set 5 schema 7"},
	{"ioam schema 7 abcd; ioam namespace 5 data 8 schema 7; ensure ioam namespace 5 wide 6", "ioam schema add 7 abcd\nioam namespace add 5 data 8 wide 6\nioam namespace set 5 schema 7"},
	{"ioam namespace 5 data 8; replace ioam namespace 5 wide 6; ensure ioam schema 3 xyz", "ioam namespace add 5 wide 6\nioam schema add 3 xyz"},
	{"ioam namespace 5 data 8; ioam namespace 6; del ioam namespace 5; ioam schema 3 xyz; ioam schema 4 xyz; del ioam schema 3", "ioam namespace add 6\nioam schema add 4 xyz"},
	{"ioam namespace 5 data 8; flush ioam namespace; ioam namespace 6", "ioam namespace add 6"},
	{"ioam schema 3 xyz; flush ioam schema; ioam schema 4 xyz", "ioam schema add 4 xyz"},
}

// olderIOAM is made by ip, before a run.
const olderIOAM = `ioam namespace add 5 data 8 wide 9
ioam namespace add 6
ioam schema add 7 abcdefg
ioam schema add 8 xyz
ioam namespace set 5 schema 7
ioam namespace set 6 schema 8`

func Test_ioam(t *testing.T) {
	nstest.NeedThat(t, "IOAM6", nstest.HasGenl("IOAM6"))
	genlAsIP(t, "", "", ioamSame, "ioam namespace show", "ioam schema show")
	genlUndone(t, "", olderIOAM, []string{
		"ioam namespace 1 data 3; ioam schema 1 some; ensure ioam namespace 1 schema 1",
		"del ioam namespace 5; ioam namespace 5 data 1; del ioam schema 8",
		"flush ioam schema; flush ioam namespace; ioam namespace 6 data 4",
		"replace ioam schema 7 other; ensure ioam namespace 6 data 3 schema 7",
		"replace ioam namespace 5 wide 4; ensure ioam namespace 6 schema none; ensure ioam schema 8 more",
	})
	if _, err := runOn(t, "", "ioam namespace 5; ioam namespace 5 data 1"); !errors.Is(err, unix.EEXIST) {
		t.Errorf("twice the same: %v", err)
	}
	if _, err := runOn(t, "", "ioam namespace 5 schema 9"); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "there is no such schema") {
		t.Errorf("of no schema: %v", err)
	}
	if _, err := runOn(t, "", "del ioam namespace 5"); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "there is no such ioam namespace") {
		t.Errorf("of no namespace: %v", err)
	}
}

var fouSame = []sameAs{
	{"fou port 5555 ipproto 47", "fou add port 5555 ipproto 47"},
	{"fou port 5555 gue", "fou add port 5555 gue"},
	{"fou port 5555 ipproto gre family inet6", "-6 fou add port 5555 ipproto 47"},
	{"fou port 5555 gue local 127.0.0.1 peer 127.0.0.2 peer_port 77", "fou add port 5555 gue local 127.0.0.1 peer 127.0.0.2 peer_port 77"},
	{"fou port 5555 ipproto 4 local ::1 dev lo", "-6 fou add port 5555 ipproto 4 local ::1 dev lo"},
	{"fou port 5555 gue; fou port 5556 gue; del fou port 5555", "fou add port 5556 gue"},
	{"fou port 5555 gue; replace fou port 5555 ipproto 4; ensure fou port 5556 gue", "fou add port 5555 ipproto 4\nfou add port 5556 gue"},
	{"fou port 5555 gue; fou port 5556 gue; flush fou port; fou port 7 gue", "fou add port 7 gue"},
}

func Test_fou(t *testing.T) {
	nstest.NeedThat(t, "fou", nstest.HasGenl("fou"))
	genlAsIP(t, onlyVM, "", fouSame, "fou show")
	genlUndone(t, onlyVM, "fou add port 5555 ipproto 47\nfou add port 5556 gue local 127.0.0.1\n-6 fou add port 5557 gue", []string{
		"fou port 1 gue; del fou port 5556 local 127.0.0.1; replace fou port 5555 gue",
		"flush fou port; fou port 5557 ipproto 4 family inet6",
	})
}

var mptcpSame = []sameAs{
	{"mptcp endpoint 10.0.0.1 signal", "mptcp endpoint add 10.0.0.1 signal"},
	{"mptcp endpoint 2001:db8::1 id 7 subflow backup dev lo", "mptcp endpoint add 2001:db8::1 id 7 subflow backup dev lo"},
	{"mptcp endpoint 10.0.0.1 subflow fullmesh; mptcp endpoint 127.0.0.1 port 7 signal", "mptcp endpoint add 10.0.0.1 subflow fullmesh\nmptcp endpoint add 127.0.0.1 port 7 signal"},
	{"mptcp endpoint 10.0.0.1 id 4 subflow; ensure mptcp endpoint 10.0.0.1 backup", "mptcp endpoint add 10.0.0.1 id 4 subflow\nmptcp endpoint change id 4 backup"},
	{"mptcp endpoint 10.0.0.1 id 4 subflow; replace mptcp endpoint 10.0.0.1 id 5 signal", "mptcp endpoint add 10.0.0.1 id 5 signal"},
	{"mptcp endpoint 10.0.0.1; mptcp endpoint 10.0.0.2 id 2; del mptcp endpoint 10.0.0.1", "mptcp endpoint add 10.0.0.2 id 2"},
	{"mptcp endpoint 10.0.0.1; flush mptcp endpoint; mptcp endpoint 10.0.0.2 id 2", "mptcp endpoint add 10.0.0.2 id 2"},
	{"mptcp limits subflows 3 add_addr_accepted 4", "mptcp limits set subflows 3 add_addr_accepted 4"},
	{"mptcp limits subflows 5", "mptcp limits set subflows 5"},
}

func TestMptcp(t *testing.T) {
	nstest.NeedThat(t, "mptcp", nstest.HasGenl("mptcp_pm"))
	genlAsIP(t, "", "", mptcpSame, "mptcp endpoint show", "mptcp limits show")
	genlUndone(t, "", "mptcp endpoint add 10.0.0.1 id 4 subflow\nmptcp endpoint add 127.0.0.1 id 5 signal port 7\nmptcp endpoint add 2001:db8::1 id 9 dev lo subflow\nmptcp limits set subflows 7 add_addr_accepted 3", []string{
		"mptcp endpoint 10.0.0.9 signal; ensure mptcp endpoint 10.0.0.1 backup; mptcp limits subflows 0",
		"del mptcp endpoint 127.0.0.1 port 7; mptcp endpoint 10.0.0.2 id 5",
		"flush mptcp endpoint; mptcp endpoint 10.0.0.2 id 9",
		"replace mptcp endpoint 2001:db8::1 subflow fullmesh; mptcp limits add_addr_accepted 1",
	})
}

// TestGenl_sandboxed: what only the machine's root may is an error that says so.
func TestGenl_sandboxed(t *testing.T) {
	for _, script := range []string{"sr tunsrc ::1", "ioam namespace 5", "fou port 5 gue"} {
		_, err := runOn(t, "", script)
		var lacks *nsexec.NoKindError
		if !errors.As(err, &lacks) && (!errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "only the root of the machine")) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// TestGenl_lacking says before a run what the kernel lacks.
func TestGenl_lacking(t *testing.T) {
	for family, test := range map[string][2]string{
		"l2tp": {l2tpUDP + "; bridge b7", `this kernel has no "l2tp" tunnels (module l2tp_netlink, CONFIG_L2TP)`},
		"fou":  {"fou port 5 gue; bridge b7", `this kernel has no "fou" ports (module fou, CONFIG_NET_FOU)`},
	} {
		if nstest.HasGenl(family) {
			continue
		}
		err := runWith(t, "ns genl-lacks; in ns genl-lacks < "+test[0]+" >\ndel ns genl-lacks")
		if err == nil || !strings.Contains(err.Error(), test[1]) {
			t.Errorf("%s: %v", test[0], err)
		}
		if !errors.As(err, new(*interp.Error)) {
			t.Errorf("%T", err)
		}
	}
}

func TestGenl_refused(t *testing.T) {
	refused(t, map[string]string{
		"sr tunsrc 10.0.0.1":                                           "IPv6",
		"sr tunsrc":                                                    `"sr tunsrc" needs ADDR`,
		"ioam namespace 65536":                                         "65536",
		"ioam namespace 5 data 0x100000000":                            "0x100000000",
		"ioam namespace 5 schema never":                                "never",
		"flush ioam namespace data 5":                                  `"flush ioam namespace" takes no options`,
		"ioam schema 16777216 x":                                       "16777216",
		"ioam schema 5 ''":                                             "the data of a schema has 1 to 1020 bytes",
		"fou port 0 gue":                                               "0 is not in 1..65535",
		"fou port 5":                                                   `"fou port" needs "ipproto" or "gue", not both`,
		"fou port 5 gue ipproto 4":                                     `"fou port" needs "ipproto" or "gue", not both`,
		"fou port 5 gue peer 10.0.0.1":                                 `"peer" and "peer_port" go together`,
		"fou port 5 gue local ::1 family inet":                         "::1 is of another family than the rest",
		"fou port 5 gue local ::1 peer 10.0.0.1 peer_port 5":           "10.0.0.1 is of another family than the rest",
		"l2tp tunnel peer_tunnel_id 5":                                 `"l2tp tunnel" needs "tunnel_id"`,
		"l2tp tunnel tunnel_id 0":                                      "0 is not in 1..4294967295",
		"l2tp tunnel tunnel_id 5 peer_tunnel_id 6":                     `"l2tp tunnel" needs "encap"`,
		l2tpIDs + "encap ip local 10.0.0.1 remote ::1":                 "::1 is of another family than 10.0.0.1",
		l2tpIDs + "encap udp local ::1 remote ::1 udp_sport 5":         `"l2tp tunnel" needs "udp_dport"`,
		l2tpIDs + "encap ip local ::1 remote ::1 udp_sport 5":          `"udp_sport" is for encap udp`,
		l2tpUDP + " udp6_csum_tx off":                                  `"udp6_csum_tx" is for the other version of IP than 127.0.0.1`,
		l2tpIDs + "encap gre":                                          `"gre" is none of udp, ip`,
		"l2tp session tunnel_id 5 session_id 6":                        `"l2tp session" needs "peer_session_id"`,
		"l2tp session s0 tunnel_id 5 session_id 6 cookie 123":          "a cookie has 8 or 16 hexadecimal digits",
		"l2tp session s0/x tunnel_id 5 session_id 6 peer_session_id 7": "s0/x",
		"l2tp session s0 tunnel_id 5 session_id 6 seq off":             `"off" is none of none, send, recv, both`,
		"mptcp endpoint 10.0.0.1 port 5":                               `"port" needs "signal"`,
		"mptcp endpoint 10.0.0.1 id 256":                               "256 is not in 1..255",
		"mptcp limits":                                                 `"mptcp limits" needs "subflows" or "add_addr_accepted"`,
		"mptcp limits subflows 9":                                      "9 is not in 0..8",
		"del mptcp limits":                                             `"del" can't stand before "mptcp limits"`,
		"del sr tunsrc":                                                `"del" can't stand before "sr tunsrc"`,
	})
}
