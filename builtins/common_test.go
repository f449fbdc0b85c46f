//go:build linux

package builtins_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// commonOption is an option that all makers of links have, a value that no link
// has by itself, and where ip shows it.
type commonOption struct{ name, value, path, want string }

var commonOptions = []commonOption{
	{"up", "", "flags", "UP"},
	{"mtu", "1300", "mtu", "1300"},
	{"txqlen", "77", "txqlen", "77"},
	{"group", "7", "group", "7"},
	{"numtxqueues", "5", "num_tx_queues", "5"},
	{"numrxqueues", "6", "num_rx_queues", "6"},
	{"gso_max_size", "4000", "gso_max_size", "4000"},
	{"gso_max_segs", "9", "gso_max_segs", "9"},
	{"gro_max_size", "5000", "gro_max_size", "5000"},
	{"gso_ipv4_max_size", "30000", "", "30000"},
	{"gro_ipv4_max_size", "20000", "", "20000"},
}

// endOptions are those that each end of a pair has for itself, of the first end
// and of the second.
var endOptions = [2][]commonOption{
	{{"hw", "02:00:00:00:00:77", "address", "02:00:00:00:00:77"}, {"master", "m0", "master", "m0"}, {"alias", "near", "ifalias", "near"}, {"index", "4321", "ifindex", "4321"}},
	{{"hw", "02:00:00:00:00:88", "address", "02:00:00:00:00:88"}, {"master", "m9", "master", "m9"}, {"alias", "far", "ifalias", "far"}, {"index", "4322", "ifindex", "4322"}},
}

// rawCommon are the attributes of what the ip at hand does not show.
var rawCommon = map[string]uint16{"gso_ipv4_max_size": unix.IFLA_GSO_IPV4_MAX_SIZE, "gro_ipv4_max_size": unix.IFLA_GRO_IPV4_MAX_SIZE}

// makers are the verbs that make links, with what their links need, and what
// their kind is called where the verb is called otherwise. A value that does not
// do for a kind is replaced; one that is - is of an option that the kind lacks.
var makers = []struct{ verb, needs, values string }{
	{"bridge", "", ""}, {"dummy", "", ""}, {"ifb", "", ""}, {"vlan", "link eth0 id 5", ""}, {"vxlan", "id 7", "group=-"},
	{"macvlan", "link eth0", ""}, {"macvtap", "link eth0", ""}, {"ipvlan", "link eth0", ""}, {"ipvtap", "link eth0", ""},
	{"bond", "", ""}, {"vrf", "table 10", ""}, {"geneve", "id 7 remote 10.0.0.2", ""}, {"bareudp", "dstport 6635 ethertype mpls_uc", ""},
	{"gtp", "role ggsn", "apart=yes"}, {"hsr", "slave1 eth0 slave2 eth1", ""}, {"macsec", "link eth0", ""}, {"xfrm", "if_id 7", ""},
	{"nlmon", "", ""}, {"vcan", "", "mtu=100"}, {"wireguard", "", ""}, {"link", "type team", ""},
	{"gre", four, ""}, {"gretap", four, ""}, {"erspan", four + " seq key 5", ""}, {"ipip", four, ""}, {"sit", four, ""}, {"vti", four, ""},
	{"ip6gre", six, ""}, {"ip6gretap", six, ""}, {"ip6erspan", six + " seq key 5", ""}, {"ip6tnl", six, ""}, {"vti6", six, ""},
	{"veth", "", ""}, {"vxcan", "", "mtu=100"}, {"netkit", "", "hw=-"}, {"tun", "", ""}, {"tap", "", ""},
}

const (
	four = "remote 10.0.0.2 local 10.0.0.1"
	six  = "remote 2001:db8::2 local 2001:db8::1"
)

// TestMakers gives a link of each kind all that any link may have, makes it again
// without, deletes it and ensures it: ip is to show each of it, and not without.
func TestMakers(t *testing.T) {
	for _, m := range makers {
		kind := m.verb
		switch m.verb {
		case "link":
			kind = "team"
		case "tun", "tap":
			if !mayOpenTun() {
				continue
			}
			kind = "veth"
		}
		if nstest.HasKind(t, kind) {
			t.Run(m.verb, func(t *testing.T) { testMaker(t, m.verb, m.needs, m.values) })
		}
	}
}

func testMaker(t *testing.T, verb, needs, values string) {
	own := map[string]string{}
	for _, v := range strings.Fields(values) {
		name, value, _ := strings.Cut(v, "=")
		own[name] = value
	}
	has := func(of string, o commonOption) bool {
		item := verb + " " + of + o.name
		return account.all[item] && own[o.name] != "-"
	}
	words := func(of string, all []commonOption) string {
		text := ""
		for _, o := range all {
			if v := own[o.name]; v != "" {
				o.value = v
			}
			if has(of, o) {
				text += " " + strings.TrimSpace(o.name+" "+o.value)
			}
		}
		return text
	}
	masters := "vrf m0 table 1000; vrf m9 table 1001;"
	if !nstest.HasKind(t, "vrf") {
		masters = "bridge m0; bridge m9;"
		if slices.Contains([]string{"bridge", "macvtap", "tun"}, verb) { // that can't be a bridge's ports
			own["master"] = "-"
		}
	}
	full, bare := "k0"+words("", endOptions[0]), "k0"
	links := []string{"k0"}
	if builtins.Lookup(verb).Group == builtins.Joining {
		full, bare, links = "k0"+words("A ", endOptions[0])+" k9"+words("B ", endOptions[1]), "k0 k9", []string{"k0", "k9"}
	}
	full += words("", commonOptions) + " " + needs
	// What is deleted may take its time, so that another is told from it by more
	// than its name.
	second, third := bare+" "+bumped(needs), bare+" "+bumped(bumped(needs))

	ns, err := runOn(t, pair, masters+verb+" "+full)
	if err != nil {
		t.Fatalf("%s %s: %v", verb, full, err)
	}
	defer drop(t, ns)
	look := func() []map[string]string {
		var out []map[string]string
		for _, link := range links {
			out = append(out, linkShown(t, ns, link))
		}
		return out
	}
	then := func(stmt string) []map[string]string {
		t.Helper()
		if _, err := run(t, fmt.Sprintf("in %s <\n%s\n>", ns, stmt)); err != nil {
			t.Fatalf("%s: %v", stmt, err)
		}
		return look()
	}
	first := look()
	if own["apart"] != "" { // a namespace has one, until the kernel has dismantled it
		other, err := runIn(t, verb+" "+second)
		if err != nil {
			t.Fatal(err)
		}
		defer drop(t, other)
		replaced := []map[string]string{linkShown(t, other, "k0")}
		see(t, verb)
		compareCommon(t, verb, "", own, slices.Concat(commonOptions, endOptions[0]), first[0], replaced[0])
		return
	}
	replaced := then("replace " + verb + " " + second)
	deleted := then("del " + verb + " k0")
	ensured := then("ensure " + verb + " " + third)
	if first[0] == nil || replaced[0] == nil || deleted[0] != nil || ensured[0] == nil || first[0]["ifindex"] == replaced[0]["ifindex"] {
		t.Fatalf("ip shows %v, replaced %v, deleted %v, ensured %v", first, replaced, deleted, ensured)
	}
	if verb == "link" && strings.Contains(first[0]["linkinfo"], "info_kind:team") {
		see(t, "link type")
	}
	for _, item := range []string{verb, "replace " + verb, "del " + verb, "ensure " + verb} {
		see(t, item)
	}
	compareCommon(t, verb, "", own, slices.Concat(commonOptions, endOptions[0]), first[0], replaced[0])
	if len(links) == 2 {
		compareCommon(t, verb, "A ", own, endOptions[0], first[0], replaced[0])
		compareCommon(t, verb, "B ", own, endOptions[1], first[1], replaced[1])
	}
}

// compareCommon holds what is shown of a link to the options that it was given,
// and to what is shown of one without.
func compareCommon(t *testing.T, verb, of string, own map[string]string, all []commonOption, with, without map[string]string) {
	t.Helper()
	for _, o := range all {
		item := verb + " " + of + o.name
		if !account.all[item] || own[o.name] == "-" {
			continue
		}
		want, key := o.want, o.path
		if v := own[o.name]; v != "" {
			want = v
		}
		if key == "" {
			key = o.name
		}
		switch {
		case rawCommon[o.name] != 0 && with[key] == "": // the kernel is older
		case with[key] != want || without[key] == want:
			t.Errorf("%s of %s is %q, want %q; without it is %q", o.name, verb, with[key], want, without[key])
		default:
			see(t, item)
		}
	}
}

// bumped is a text with its last number one higher, but for one of a second link.
func bumped(text string) string {
	m := lastNumber.FindStringSubmatch(text)
	if m == nil || strings.Contains(text, "slave2") {
		return text
	}
	n, _ := strconv.Atoi(m[2])
	if strings.HasSuffix(m[1], "eth") {
		return m[1] + strconv.Itoa(1-n) + m[3]
	}
	return m[1] + strconv.Itoa(n+1) + m[3]
}

// linkShown is what is shown of a link, by ip's names, and by the options' where
// ip does not show it; nil where there is none.
func linkShown(t *testing.T, ns nsexec.Ref, link string) map[string]string {
	t.Helper()
	got, err := showOf(ns, "link show "+link)
	if err != nil {
		return nil
	}
	one := got.([]any)[0].(map[string]any)
	out := map[string]string{}
	for k, v := range one {
		out[k] = fmt.Sprint(v)
	}
	flags, _ := one["flags"].([]any)
	out["flags"] = ""
	if slices.Contains(flags, any("UP")) {
		out["flags"] = "UP"
	}
	raw := rawLink(t, ns, link)
	for name, attr := range rawCommon {
		if b := raw[attr]; len(b) == 4 {
			out[name] = fmt.Sprint(binary.NativeEndian.Uint32(b))
		}
	}
	return out
}
