//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// witness is a script and what another program then says of the namespace that
// it ran in. Paths walk ip's JSON: a name or a number a step.
type witness struct {
	script string
	show   string            // `ip -j -d SHOW`, or `bridge -j -d …`
	want   map[string]string // by path, from the first element on
}

// base is what the scripts start from.
const base = "veth eth0 eth1 up; bridge br0 up;"

// runIn runs a script in a fresh namespace.
func runIn(t *testing.T, script string) (nsexec.Ref, error) {
	t.Helper()
	return runOn(t, base, script)
}

// run is runIn, without what of base has nothing to do with what is shown: most
// time in the VM goes to this.
func (w witness) run(t *testing.T, script string) (nsexec.Ref, error) {
	t.Helper()
	switch all := w.show + script; {
	case !strings.HasPrefix(w.show, "link show ") || strings.Contains(all, "br0"):
		return runIn(t, script)
	case strings.Contains(all, "eth0") || strings.Contains(all, "eth1"):
		return runOn(t, pair, script)
	}
	return runOn(t, "", script)
}

func runOn(t *testing.T, base, script string) (nsexec.Ref, error) {
	t.Helper()
	ns := nstest.NS(t)
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	return ns, in.RunString(t.Context(), "t.nes", fmt.Sprintf("in %s <\n%s\n%s\n>", ns, base, script))
}

func (w witness) check(t *testing.T) {
	t.Helper()
	ns, err := w.run(t, w.script)
	if err != nil {
		t.Fatalf("%s: %v", w.script, err)
	}
	got := show(t, ns, w.show)
	for path, want := range w.want {
		if v := walk(got, path); v != want {
			t.Errorf("%s: %s of %q is %q, want %q", w.script, path, w.show, v, want)
		}
	}
	drop(t, ns)
	w.claim(t)
}

// drop takes a namespace away before the test ends: many are a burden, and one
// whose links send to each other in a circle is one to the whole machine.
func drop(t *testing.T, ns nsexec.Ref) {
	t.Helper()
	if err := nsexec.DeleteNamedNs(ns.Name); err != nil {
		t.Error(err)
	}
}

// claim enters what the script uses into the account.
func (w witness) claim(t *testing.T) {
	t.Helper()
	before, script := cutBefore(w.script)
	claimBy(t, script, func(other string) bool { return w.says(t, before+other) })
}

// said is what was shown of scripts, by the script and what was asked: many rows
// without their options are one script.
var said = map[[2]string]any{}

// says reports whether the witness says the same of another script.
func (w witness) says(t *testing.T, script string) bool {
	t.Helper()
	key := [2]string{script, w.show}
	got, known := said[key]
	if !known {
		ns, err := w.run(t, script)
		if err == nil {
			got, err = showOf(ns, w.show)
			drop(t, ns)
		}
		if err != nil {
			got = nil
		}
		said[key] = got
	}
	return got != nil && w.holds(got)
}

// holds reports whether what is shown is what is wanted.
func (w witness) holds(got any) bool {
	for path, want := range w.want {
		if walk(got, path) != want {
			return false
		}
	}
	return true
}

// befores are what scripts of tests start with, which other tests are of.
var befores = []string{hardware, mplsWay, way, ports, vlans, listening, inVRF, quietPort, choosing, snooping, flushable}

// cutBefore cuts off those.
func cutBefore(script string) (before, rest string) {
	rest = script
	for _, b := range befores {
		if after, ok := strings.CutPrefix(rest, b); ok {
			before, rest = before+b, after
		}
	}
	return before, rest
}

// show asks ip, or bridge or tc where the words start so, about a namespace.
func show(t *testing.T, ns nsexec.Ref, words string) any {
	t.Helper()
	got, err := showOf(ns, words)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func showOf(ns nsexec.Ref, words string) (any, error) {
	if read := raw[words]; read != nil {
		lines, err := read(ns)
		all := []any{}
		for _, line := range lines {
			all = append(all, map[string]any{"is": line})
		}
		return all, err
	}
	args := strings.Fields(words)
	cmd := "ip"
	if args[0] == "bridge" || args[0] == "tc" {
		cmd, args = args[0], args[1:]
	}
	out, err := nstest.Output(ns, "", append([]string{cmd, "-j", "-d"}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []any
	if len(strings.TrimSpace(out)) > 0 {
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			return nil, fmt.Errorf("%s %s: %v in %s", cmd, words, err, out)
		}
	}
	kept := []any{}
	for _, one := range all { // ip prints empty records for what it filters out
		if m, ok := one.(map[string]any); !ok || len(m) > 0 {
			kept = append(kept, one)
		}
	}
	return kept, nil
}

// raw are questions about what the installed ip and bridge do not tell.
var raw = map[string]func(ns nsexec.Ref) ([]string, error){
	"tunnel groups": nstest.TunnelGroups,
	"vlan trees":    nstest.VLANTrees,
	"hw_stats":      nstest.HWStats,
	"l3_stats":      nstest.L3Stats,
	"fdb ends":      fdbEnds,
}

// walk follows a path into decoded JSON. A path that starts with a name starts
// at the first element; `#` is how many there are.
func walk(v any, path string) string {
	if path == "#" {
		return fmt.Sprint(len(v.([]any)))
	}
	for i, step := range strings.Split(path, ".") {
		if list, ok := v.([]any); ok && i == 0 && (step < "0" || step > "9z") {
			if len(list) == 0 {
				return "<none>"
			}
			v = list[0]
		}
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			n := 0
			if _, err := fmt.Sscan(step, &n); err != nil || n >= len(at) {
				return "<none>"
			}
			v = at[n]
		default:
			return "<none>"
		}
	}
	return fmt.Sprint(v)
}

func linkData(option, value string) map[string]string {
	return map[string]string{"linkinfo.info_data." + option: value}
}

var bridgeWitnesses = map[string][2]string{
	"forward_delay 1000":                {"forward_delay", "1000"},
	"hello_time 300":                    {"hello_time", "300"},
	"max_age 1500":                      {"max_age", "1500"},
	"ageing_time 100":                   {"ageing_time", "100"},
	"stp_state on":                      {"stp_state", "1"},
	"priority 4096":                     {"priority", "4096"},
	"group_fwd_mask 8":                  {"group_fwd_mask", "0x8"},
	"group_address 01:80:c2:00:00:0e":   {"group_addr", "01:80:c2:00:00:0e"},
	"mcast_snooping off":                {"mcast_snooping", "0"},
	"mcast_router 2":                    {"mcast_router", "2"},
	"mcast_query_use_ifaddr on":         {"mcast_query_use_ifaddr", "1"},
	"mcast_querier on":                  {"mcast_querier", "1"},
	"mcast_hash_max 1024":               {"mcast_hash_max", "1024"},
	"mcast_last_member_count 5":         {"mcast_last_member_cnt", "5"},
	"mcast_startup_query_count 4":       {"mcast_startup_query_cnt", "4"},
	"mcast_last_member_interval 200":    {"mcast_last_member_intvl", "200"},
	"mcast_membership_interval 20000":   {"mcast_membership_intvl", "20000"},
	"mcast_querier_interval 20000":      {"mcast_querier_intvl", "20000"},
	"mcast_query_interval 10000":        {"mcast_query_intvl", "10000"},
	"mcast_query_response_interval 900": {"mcast_query_response_intvl", "900"},
	"mcast_startup_query_interval 3000": {"mcast_startup_query_intvl", "3000"},
	"mcast_stats_enabled on":            {"mcast_stats_enabled", "1"},
	"mcast_igmp_version 3":              {"mcast_igmp_version", "3"},
	"mcast_mld_version 2":               {"mcast_mld_version", "2"},
	"no_linklocal_learn on":             {"no_linklocal_learn", "1"},
	"mcast_hash_elasticity 8":           {"mcast_hash_elasticity", "16"}, // the kernel's, whatever is set
	"nf_call_iptables on":               {"nf_call_iptables", "1"},
	"nf_call_ip6tables on":              {"nf_call_ip6tables", "1"},
	"nf_call_arptables on":              {"nf_call_arptables", "1"},
	"fdb_flush":                         {"stp_state", "0"}, // nothing to see
}

func TestBridge(t *testing.T) {
	for option, want := range bridgeWitnesses {
		witness{"bridge b1 " + option, "link show b1", linkData(want[0], want[1])}.check(t)
	}
}

var vxlanWitnesses = map[string][2]string{
	"id 77":                                   {"id", "77"},
	"id 77 group 239.1.1.1 dev eth0":          {"group", "239.1.1.1"},
	"id 77 group 239.1.1.2 dev eth0":          {"link", "eth0"},
	"id 77 group ff02::77 dev eth0":           {"group6", "ff02::77"},
	"id 77 local 10.0.0.1":                    {"local", "10.0.0.1"},
	"id 77 local 2001:db8::1":                 {"local6", "2001:db8::1"},
	"id 77 remote 10.0.0.2":                   {"remote", "10.0.0.2"},
	"id 77 remote 2001:db8::2":                {"remote6", "2001:db8::2"},
	"id 77 ttl 9":                             {"ttl", "9"},
	"id 77 tos 0x10":                          {"tos", "0x10"},
	"id 77 ageing 60":                         {"ageing", "60"},
	"id 77 maxaddress 100":                    {"limit", "100"},
	"id 77 dstport 4789":                      {"port", "4789"},
	"id 77 srcport 1000-2000":                 {"port_range.low", "1000"},
	"id 77 srcport 1000-2001":                 {"port_range.high", "2001"},
	"id 77 nolearning":                        {"learning", "false"},
	"id 77 learning":                          {"learning", "true"},
	"id 77 proxy":                             {"proxy", "true"},
	"id 77 rsc":                               {"rsc", "true"},
	"id 77 l2miss":                            {"l2miss", "true"},
	"id 77 l3miss":                            {"l3miss", "true"},
	"id 77 udpcsum":                           {"udp_csum", "true"},
	"id 77 noudpcsum":                         {"udp_csum", "false"},
	"id 77 udp6zerocsumtx remote 2001:db8::2": {"udp_zero_csum6_tx", "true"},
	"id 77 udp6zerocsumrx remote 2001:db8::2": {"udp_zero_csum6_rx", "true"},
	"id 77 flowlabel 5 remote 2001:db8::2":    {"label", "0x5"},
	"id 77 df set":                            {"df", "set"},
	"id 77 gbp":                               {"gbp", "true"},
	"external":                                {"external", "true"},
	"external gpe dstport 4790":               {"gpe", "true"},
	"id 77 remcsumtx remcsumrx":               {"remcsum_tx", "true"},
	"external vnifilter":                      {"vnifilter", "true"},
	"id 77 srcport 1000 2002":                 {"port_range.high", "2002"},
	"id 77 ttl auto":                          {"ttl", "0"},
	"id 77 tos inherit":                       {"tos", "0x1"},
	"id 77 remcsumrx":                         {"remcsum_rx", "true"},
	"id 77 noproxy":                           {"proxy", "<nil>"},
	"id 77 norsc":                             {"rsc", "<nil>"},
	"id 77 nol2miss":                          {"l2miss", "<nil>"},
	"id 77 nol3miss":                          {"l3miss", "<nil>"},
	"id 77 noudp6zerocsumtx noudp6zerocsumrx": {"udp_zero_csum6_tx", "false"},
	"id 77 noremcsumtx noremcsumrx":           {"remcsum_tx", "<nil>"},
	"id 77 noexternal":                        {"external", "<nil>"},
	"external novnifilter":                    {"vnifilter", "<nil>"},
}

func TestVXLAN(t *testing.T) {
	for option, want := range vxlanWitnesses {
		witness{"vxlan vx1 " + option, "link show vx1", linkData(want[0], want[1])}.check(t)
	}
}

var otherWitnesses = []witness{
	{"macvlan m1 link eth0 mode private", "link show m1", linkData("mode", "private")},
	{"macvlan m1 link eth0 mode vepa", "link show m1", linkData("mode", "vepa")},
	{"macvlan m1 link eth0 mode bridge", "link show m1", linkData("mode", "bridge")},
	{"macvlan m1 dev eth0 mode source", "link show m1", linkData("mode", "source")},
	{"macvlan m1 link eth0 mode passthru nopromisc", "link show m1", linkData("mode", "passthru")},
	{"macvlan m1 link eth0 mode passthru nopromisc", "link show m1", map[string]string{"linkinfo.info_data.nopromisc": "true"}},
	{"macvlan m1 link eth0 mode source nodst macaddr set 02:00:00:00:00:01 02:00:00:00:00:02", "link show m1", linkData("macaddr_count", "2")},
	{"macvlan m1 link eth0 mode source nodst macaddr add 02:00:00:00:00:01", "link show m1", linkData("macaddr_data.0", "02:00:00:00:00:01")},
	{"macvlan m1 link eth0 mode source nodst", "link show m1", linkData("nodst", "true")},
	{"macvlan m1 link eth0 mode source macaddr set 02:00:00:00:00:01; ensure macvlan m1 macaddr add 02:00:00:00:00:02", "link show m1", linkData("macaddr_count", "2")},
	{"macvlan m1 link eth0 mode source macaddr set 02:00:00:00:00:01; ensure macvlan m1 macaddr flush", "link show m1", linkData("macaddr_count", "0")},
	{"macvtap m1 link eth0 mode passthru nopromisc bcqueuelen 50", "link show m1", linkData("nopromisc", "true")},
	{"macvtap m1 link eth0 mode source nodst macaddr set 02:00:00:00:00:01", "link show m1", linkData("macaddr_count", "1")},
	{"macvlan m1 link eth0 bcqueuelen 50", "link show m1", linkData("bcqueuelen", "50")},
	{"macvtap m1 link eth0 mode bridge", "link show m1", map[string]string{"linkinfo.info_kind": "macvtap", "linkinfo.info_data.mode": "bridge"}},
	{"ifb i1 up", "link show i1", map[string]string{"linkinfo.info_kind": "ifb"}},

	{"bridge b1 up mtu 1300 hw 02:00:00:00:00:01 alias 'a b' txqlen 7 group 5 index 99", "link show b1",
		map[string]string{"mtu": "1300", "address": "02:00:00:00:00:01", "ifalias": "a b", "txqlen": "7", "group": "5", "ifindex": "99"}},
	{"ifb i1 numtxqueues 3 numrxqueues 2 gso_max_size 4000 gro_max_size 5000", "link show i1",
		map[string]string{"num_tx_queues": "3", "num_rx_queues": "2", "gso_max_size": "4000", "gro_max_size": "5000"}},
	{"veth a master br0 hw 02:00:00:00:00:0a b alias far index 50 up mtu 1400 txqlen 9", "link show a", map[string]string{"master": "br0", "address": "02:00:00:00:00:0a", "mtu": "1400", "txqlen": "9", "flags.2": "UP"}},
	{"veth a b alias far index 50 master br0 up mtu 1400", "link show b", map[string]string{"ifalias": "far", "ifindex": "50", "mtu": "1400", "master": "br0"}},
	{"veth a 10.0.0.1/24 b 10.0.0.2/24 2001:db8::2/64 up", "addr show b", map[string]string{"addr_info.0.local": "10.0.0.2", "addr_info.1.local": "2001:db8::2", "addr_info.1.prefixlen": "64"}},
	{"ensure bridge br0 stp_state on; ensure bridge b2", "link show br0", linkData("stp_state", "1")},
	{"replace bridge br0 hw 02:00:00:00:00:07", "link show br0", map[string]string{"address": "02:00:00:00:00:07"}},
	{"del bridge br0; del link eth0", "link", map[string]string{"#": "1"}},

	{"down eth0", "link show eth0", map[string]string{"flags.2": "<none>"}},
	{"hw eth0 02:00:00:00:00:01", "link show eth0", map[string]string{"address": "02:00:00:00:00:01"}},
	{"mtu eth0 1400", "link show eth0", map[string]string{"mtu": "1400"}},
	{"down eth0; rename eth0 wan", "link show wan", map[string]string{"ifname": "wan"}},
	{"alias eth0 'to the world'; down alias:'to the world'", "link show eth0", map[string]string{"ifalias": "to the world", "flags.2": "<none>"}},
	{"altname eth0 a-very-long-alternative-name; mtu eth0 1401", "link show eth0", map[string]string{"altnames.0": "a-very-long-alternative-name", "mtu": "1401"}},
	{"altname eth0 other; del altname eth0 other", "link show eth0", map[string]string{"altnames.0": "<none>"}},
	{"veth a b; master eth0 a br0", "link show master br0", map[string]string{"#": "2"}},
	{"master eth0 br0; nomaster eth0", "link show master br0", map[string]string{"#": "0"}},
	{"promisc eth0 on", "link show eth0", map[string]string{"promiscuity": "1"}},
	{"allmulticast eth0 on", "link show eth0", map[string]string{"flags.2": "ALLMULTI"}},
	{"multicast eth0 off", "link show eth0", map[string]string{"flags.1": "UP"}},
	{"arp eth0 off", "link show eth0", map[string]string{"flags.2": "NOARP"}},
	{"txqlen eth0 77", "link show eth0", map[string]string{"txqlen": "77"}},
	{"group eth0 9", "link show eth0", map[string]string{"group": "9"}},
	{"addrgenmode eth0 none", "link show eth0", map[string]string{"inet6_addr_gen_mode": "none"}},
	{"addrgenmode eth0 random", "link show eth0", map[string]string{"inet6_addr_gen_mode": "random"}},
	{"set eth0 mtu 1402 alias x txqlen 8 group 3 master br0 down", "link show eth0", map[string]string{"mtu": "1402", "ifalias": "x", "txqlen": "8", "group": "3", "master": "br0", "flags.2": "<none>"}},
	{"set eth0 hw 02:00:00:00:00:05 down; set eth0 name lan up", "link show lan", map[string]string{"address": "02:00:00:00:00:05"}},
	{"set eth0 master br0; set eth0 nomaster promisc on", "link show eth0", map[string]string{"master": "<nil>", "promiscuity": "1"}},
}

func TestLinks(t *testing.T) {
	for _, w := range otherWitnesses {
		w.check(t)
	}
}

var tunWitnesses = []witness{
	{"tun t1", "link show t1", map[string]string{"linkinfo.info_kind": "tun", "linkinfo.info_data.type": "tun", "linkinfo.info_data.persist": "true", "linkinfo.info_data.pi": "false"}},
	{"tap t1 user 0 groupid 0 vnet_hdr multi_queue pi", "link show t1", map[string]string{"linkinfo.info_data.type": "tap", "linkinfo.info_data.vnet_hdr": "true", "linkinfo.info_data.multi_queue": "true", "linkinfo.info_data.pi": "true"}},
	{"tun t1 user 3 groupid 4 multi_queue vnet_hdr pi alias 'a b' index 88", "link show t1", map[string]string{"ifindex": "88", "ifalias": "a b", "linkinfo.info_data.user": "sys", "linkinfo.info_data.group": "adm"}},
	{"tap t1; ensure tap t1 up alias x pi; ensure tap t1", "link show t1 up", map[string]string{"ifalias": "x", "linkinfo.info_data.pi": "true"}},
	{"tap t1 mtu 1400; replace tap t1", "link show t1", map[string]string{"mtu": "1500"}},
	{"tap t1; tun t2; del tap t1; del tun t2", "link", map[string]string{"#": "4"}},
	{"tap t1 up mtu 1400 hw 02:00:00:00:00:09 master br0", "link show t1", map[string]string{"mtu": "1400", "address": "02:00:00:00:00:09", "master": "br0"}},
	{"tun t1 multi_queue", "link show t1", linkData("multi_queue", "true")},
	{"tun t1 vnet_hdr", "link show t1", linkData("vnet_hdr", "true")},
	{"tun t1 pi", "link show t1", linkData("pi", "true")},
	{"tap t1 user 3", "link show t1", linkData("user", "sys")},
	{"tap t1 groupid 4", "link show t1", linkData("group", "adm")},
}

// TestTun makes TUN and TAP links where the user may open /dev/net/tun, and
// wants to be told elsewhere.
func TestTun(t *testing.T) {
	f, cant := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if cant == nil {
		f.Close()
	}
	for _, w := range tunWitnesses {
		if cant == nil {
			w.check(t)
			continue
		}
		var want unix.Errno
		if _, err := runIn(t, w.script); !errors.As(cant, &want) || !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", w.script, err, cant)
		}
	}
}

var portWitnesses = map[string][2]string{
	"priority 9": {"priority", "9"}, "cost 77": {"cost", "77"}, "hairpin on": {"hairpin", "true"},
	"guard on": {"guard", "true"}, "root_block on": {"root_block", "true"}, "fastleave on": {"fastleave", "true"},
	"learning off": {"learning", "false"}, "flood off": {"flood", "false"}, "proxy_arp on": {"proxy_arp", "true"},
	"proxy_arp_wifi on": {"proxy_arp_wifi", "true"}, "mcast_router 2": {"multicast_router", "2"}, "mcast_flood off": {"mcast_flood", "false"},
	"mcast_to_unicast on": {"mcast_to_unicast", "true"}, "vlan_tunnel on": {"vlan_tunnel", "true"}, "bcast_flood off": {"bcast_flood", "false"},
	"group_fwd_mask 8": {"group_fwd_mask", "0x8"}, "neigh_suppress on": {"neigh_suppress", "true"}, "isolated on": {"isolated", "true"},
	"locked on": {"locked", "true"}, "state disabled": {"state", "disabled"},
	"backup_port p0": {"backup_port", "p0"}, "backup_port p0; port eth0 nobackup_port": {"backup_port", "<nil>"},
	"fdb_flush": {"state", "forwarding"}, // nothing to see
}

func TestPort(t *testing.T) {
	for option, want := range portWitnesses {
		witness{"veth p0 p1; master eth0 p0 br0; port eth0 " + option, "link show eth0",
			map[string]string{"linkinfo.info_slave_data." + want[0]: want[1]}}.check(t)
	}
}
