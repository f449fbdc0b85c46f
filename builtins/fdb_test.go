//go:build linux

package builtins_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// ports are what tests of bridges start from: eth0 is a port of br0, vx1 a vxlan
// by itself, vx2 one that is told the VNI of each packet.
const ports = "master eth0 br0; vxlan vx1 id 7 dstport 4789; vxlan vx2 external dstport 4790 up;"

// fdbWitnesses are entries, and what bridge shows of them.
var fdbWitnesses = []witness{
	{"fdb eth0 02:00:00:00:00:02", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"ifname": "eth0", "state": "static", "master": "br0"}},
	{"fdb eth0 02:00:00:00:00:02 local", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"state": "permanent"}},
	{"fdb eth0 02:00:00:00:00:02 dynamic", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"state": ""}},
	{"fdb eth0 02:00:00:00:00:02 sticky static", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"flags.0": "sticky", "state": "static"}},
	{"fdb eth0 02:00:00:00:00:02 extern_learn dynamic", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"flags.0": "extern_learn"}},
	{"fdb eth0 02:00:00:00:00:02 use", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"ifname": "eth0"}},
	{"fdb br0 02:00:00:00:00:02", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"ifname": "br0", "state": "permanent"}},
	{"fdb eth1 02:00:00:00:00:02 self; fdb eth1 02:00:00:00:00:03; flush fdb eth1", "bridge fdb show dev eth1", map[string]string{"mac": "33:33:00:00:00:01"}},
	{"fdb eth1 02:00:00:00:00:02", "bridge fdb show dev eth1", map[string]string{"mac": "02:00:00:00:00:02", "flags.0": "self"}},
	{"fdb eth0 02:00:00:00:00:02; del fdb eth0 02:00:00:00:00:02", "bridge fdb show br br0 state static", map[string]string{"#": "0"}},
	{"fdb eth0 02:00:00:00:00:02 local; replace fdb eth0 02:00:00:00:00:02", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"state": "static"}},
	{"ensure fdb eth0 02:00:00:00:00:02 local; ensure fdb eth0 02:00:00:00:00:02", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"state": "static"}},
	{"fdb eth0 02:00:00:00:00:02; fdb eth0 02:00:00:00:00:03 local; flush fdb eth0 static", "bridge fdb show br br0 state static", map[string]string{"#": "0"}},
	{"fdb eth0 02:00:00:00:00:02; flush fdb eth0 local", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"state": "static"}},
	{"fdb eth0 02:00:00:00:00:02; fdb br0 02:00:00:00:00:04; flush fdb br0", "bridge fdb show br br0 state static", map[string]string{"#": "0"}},

	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2", "bridge fdb show dev vx1", map[string]string{"dst": "10.0.0.2", "flags.0": "self", "state": "permanent"}},
	{"vxlan vx6 id 8 remote 2001:db8::9; fdb vx6 02:00:00:00:00:02 dst 2001:db8::2 static", "bridge fdb get 02:00:00:00:00:02 dev vx6 self", map[string]string{"dst": "2001:db8::2", "state": "static"}},
	{"master vx1 br0; fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 port 4000 vni 9 via eth1", "bridge fdb get 02:00:00:00:00:02 dev vx1 self", map[string]string{"port": "4000", "vni": "9", "viaIf": "eth1"}},
	{"master vx1 br0; fdb vx1 02:00:00:00:00:02 master", "bridge fdb get 02:00:00:00:00:02 br br0", map[string]string{"ifname": "vx1", "state": "static"}},
	{"fdb vx2 02:00:00:00:00:02 dst 10.0.0.2 src_vni 8 vni 9", "bridge fdb show dev vx2", map[string]string{"src_vni": "8", "vni": "9"}},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 router extern_learn", "bridge fdb show dev vx1", map[string]string{"flags.0": "self", "flags.1": "router", "flags.2": "extern_learn"}},
	{"exec ip nexthop add id 5 via 10.0.0.9 fdb; exec ip nexthop add id 6 group 5 fdb; fdb vx1 02:00:00:00:00:02 nhid 6", "bridge fdb show dev vx1", map[string]string{"nhid": "6"}},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3", "bridge fdb show dev vx1", map[string]string{"#": "2", "0.dst": "10.0.0.2", "1.dst": "10.0.0.3"}},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2; fdb vx1 00:00:00:00:00:00 dst 10.0.0.4 10.0.0.5 append", "bridge fdb show dev vx1", map[string]string{"#": "3", "2.dst": "10.0.0.5"}},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3; del fdb vx1 00:00:00:00:00:00 dst 10.0.0.2", "bridge fdb show dev vx1", map[string]string{"#": "1", "0.dst": "10.0.0.3"}},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3; del fdb vx1 00:00:00:00:00:00", "bridge fdb show dev vx1", map[string]string{"#": "0"}},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3; replace fdb vx1 00:00:00:00:00:00 dst 10.0.0.4", "bridge fdb show dev vx1", map[string]string{"#": "1", "0.dst": "10.0.0.4"}},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2; ensure fdb vx1 00:00:00:00:00:00 dst 10.0.0.3 10.0.0.2", "bridge fdb show dev vx1", map[string]string{"#": "2", "1.dst": "10.0.0.3"}},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2; replace fdb vx1 02:00:00:00:00:02 dst 10.0.0.3", "bridge fdb show dev vx1", map[string]string{"#": "1", "dst": "10.0.0.3"}},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2; ensure fdb vx1 02:00:00:00:00:02 dst 10.0.0.3", "bridge fdb show dev vx1", map[string]string{"#": "1", "dst": "10.0.0.3"}},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2; fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3; flush fdb vx1", "bridge fdb show dev vx1", map[string]string{"#": "0"}},
}

func TestFDB(t *testing.T) {
	for _, w := range fdbWitnesses {
		w.script = ports + w.script
		w.check(t)
	}
}

// sameAs is a script, and lines of `ip` and `bridge` that make the same.
type sameAs struct{ script, lines string }

var fdbSame = []sameAs{
	{"fdb eth0 02:00:00:00:00:02", "bridge fdb add 02:00:00:00:00:02 dev eth0 master static"},
	{"fdb eth0 02:00:00:00:00:02 master self local", "bridge fdb add 02:00:00:00:00:02 dev eth0 master self"},
	{"fdb eth0 02:00:00:00:00:02 master dynamic", "bridge fdb add 02:00:00:00:00:02 dev eth0 master dynamic"},
	{"fdb eth0 02:00:00:00:00:02 sticky", "bridge fdb add 02:00:00:00:00:02 dev eth0 master static sticky"},
	{"fdb br0 02:00:00:00:00:02", "bridge fdb add 02:00:00:00:00:02 dev br0"},
	{"fdb eth1 02:00:00:00:00:02", "bridge fdb add 02:00:00:00:00:02 dev eth1"},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 vni 9 port 4000", "bridge fdb add 02:00:00:00:00:02 dev vx1 dst 10.0.0.2 vni 9 port 4000"},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 dynamic", "bridge fdb add 02:00:00:00:00:02 dev vx1 dst 10.0.0.2 dynamic"},
	{"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 static router", "bridge fdb add 02:00:00:00:00:02 dev vx1 dst 10.0.0.2 static router"},
	{"fdb vx2 02:00:00:00:00:02 dst 10.0.0.2 src_vni 8", "bridge fdb add 02:00:00:00:00:02 dev vx2 dst 10.0.0.2 src_vni 8"},
	{"fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 10.0.0.3", "bridge fdb add 00:00:00:00:00:00 dev vx1 dst 10.0.0.2\nbridge fdb append 00:00:00:00:00:00 dev vx1 dst 10.0.0.3"},
	{"master vx1 br0; fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 self master static", "ip link set vx1 master br0\nbridge fdb add 02:00:00:00:00:02 dev vx1 dst 10.0.0.2 self master static"},
}

func TestFDB_asBridge(t *testing.T) { asBridge(t, ports, fdbSame, "bridge fdb show") }

// asBridge makes the same in two namespaces, with NEScript and with iproute2, and
// compares what is shown.
func asBridge(t *testing.T, before string, all []sameAs, shows ...string) {
	t.Helper()
	for _, test := range all {
		ours, err := runIn(t, hardware+before+test.script)
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		theirs, err := runIn(t, hardware+before)
		if err != nil {
			t.Fatal(err)
		}
		runLines(t, theirs, test.lines)
		for _, what := range shows {
			if diff := cmp.Diff(set(t, theirs, what), set(t, ours, what)); diff != "" {
				t.Errorf("%s differs from %s:\n%s", test.script, test.lines, diff)
			}
		}
		want := shown(t, ours, shows)
		claimSame(t, hardware+before, test.script, func(ns nsexec.Ref) bool {
			return shown(t, ns, shows) == want
		})
		drop(t, ours)
		drop(t, theirs)
	}
}

// hardware has the links have the same addresses in all namespaces.
const hardware = "hw eth0 02:00:00:00:01:00; hw eth1 02:00:00:00:01:01; hw br0 02:00:00:00:01:0b;"

// runLines runs lines of `ip` and `bridge` in a namespace.
func runLines(t *testing.T, ns nsexec.Ref, lines string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		words := strings.Fields(line)
		if _, err := nstest.Output(ns, "", words...); err != nil {
			t.Fatal(err)
		}
	}
}

// olderFDB is made by bridge, before a run.
const olderFDB = `ip link add vx1 type vxlan id 7 dstport 4789
ip link add vx2 type vxlan external dstport 4790
ip link set vx2 up
ip link set eth0 master br0
ip link add eth2 type veth peer name far2
ip link set eth2 up
ip link set far2 up
ip link set eth2 master br0
ip link set vx1 master br0
ip link set vx1 up
bridge fdb add 02:00:00:00:00:02 dev eth0 master static
bridge fdb add 02:00:00:00:00:03 dev eth0 master static sticky
bridge fdb add 02:00:00:00:00:04 dev eth0 master
bridge fdb add 02:00:00:00:00:05 dev eth2 master extern_learn
bridge fdb add 02:00:00:00:00:06 dev br0 self
bridge fdb add 02:00:00:00:00:07 dev eth1 self
bridge fdb add 02:00:00:00:00:08 dev vx1 dst 10.0.0.8 vni 9 port 4000
bridge fdb add 02:00:00:00:00:09 dev vx1 dst 10.0.0.9 static router
bridge fdb add 02:00:00:00:00:09 dev vx1 master static
bridge fdb append 00:00:00:00:00:00 dev vx1 dst 10.0.0.2
bridge fdb append 00:00:00:00:00:00 dev vx1 dst 10.0.0.3
bridge fdb append 00:00:00:00:00:00 dev vx1 dst 10.0.0.4
bridge fdb add 02:00:00:00:00:0a dev vx2 dst 10.0.0.9 src_vni 5
bridge fdb add 02:00:00:00:00:0a dev vx2 dst 10.0.0.10 src_vni 6`

var fdbRuns = []string{
	"fdb eth0 02:00:00:00:00:20; fdb eth1 02:00:00:00:00:20; fdb br0 02:00:00:00:00:21; fdb vx1 02:00:00:00:00:22 dst 10.0.0.9",
	"fdb eth0 02:00:00:00:00:20 self master local",
	"replace fdb eth2 02:00:00:00:00:02",
	"replace fdb eth0 02:00:00:00:00:02 local; replace fdb eth0 02:00:00:00:00:04",
	"del fdb eth0 02:00:00:00:00:02; del fdb eth0 02:00:00:00:00:03; del fdb eth2 02:00:00:00:00:05; del fdb br0 02:00:00:00:00:06; del fdb eth1 02:00:00:00:00:07",
	"del fdb eth0 02:00:00:00:00:03; fdb eth2 02:00:00:00:00:03",
	"replace fdb vx1 02:00:00:00:00:08 dst 10.0.0.88; del fdb vx1 02:00:00:00:00:09; del fdb vx1 02:00:00:00:00:09 master",
	"ensure fdb vx1 02:00:00:00:00:09 dst 10.0.0.9 local; ensure fdb vx1 02:00:00:00:00:09 dst 10.0.0.10",
	"fdb vx1 00:00:00:00:00:00 dst 10.0.0.7 10.0.0.3 append; del fdb vx1 00:00:00:00:00:00 dst 10.0.0.2",
	"replace fdb vx1 00:00:00:00:00:00 dst 10.0.0.7",
	"ensure fdb vx1 00:00:00:00:00:00 dst 10.0.0.7 10.0.0.2 static; del fdb vx1 00:00:00:00:00:00",
	"replace fdb vx2 02:00:00:00:00:0a dst 10.0.0.77 src_vni 5; fdb vx2 02:00:00:00:00:0a dst 10.0.0.77 src_vni 7; del fdb vx2 02:00:00:00:00:0a src_vni 6",
	"flush fdb br0; flush fdb vx1; flush fdb vx2",
	"flush fdb eth0 static; flush fdb vx1 master; flush fdb eth1",
	"nomaster eth0; down eth2; nomaster eth2",
	"del link eth0",
	"del link eth2; del link vx1",
	"del bridge br0",
	"veth new far up; master new br0; replace fdb new 02:00:00:00:00:02",
	"ns elsewhere; move eth2 ns elsewhere; move vx1 ns elsewhere",
	"hw br0 02:00:00:00:00:30; hw br0 02:00:00:00:00:30",
}

// TestFDB_undo: a run that fails leaves older entries as they were.
func TestFDB_undo(t *testing.T) { undoes(t, olderFDB, fdbRuns, "bridge fdb show") }

// undoes has each run fail in a namespace where older lines have been run, and
// wants to see the same after it. Twice: what the first undoing has put back the
// second one has to know.
func undoes(t *testing.T, older string, runs []string, shows ...string) {
	t.Helper()
	undoesAfter(t, linesBefore(older), runs, shows...)
}

// undoesAfter is undoes for what something else has made.
func undoesAfter(t *testing.T, older func(t *testing.T, ns nsexec.Ref), runs []string, shows ...string) {
	t.Helper()
	rounds := 2
	if nstest.InVM() {
		rounds = 1 // a second takes a dozen seconds there
	}
	for i, fails := range runs {
		if nstest.InVM() && i%nstest.Sample(1, 4, 8) != 0 {
			continue // what the others do is the same on any kernel that has it, only slower there
		}
		t.Run(fails, func(t *testing.T) {
			ns := quietNS(t)
			older(t, ns)
			in, err := interp.New()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if err := in.RunString(t.Context(), "t.nes", "in ns "+ns.Name+" < settle >"); err != nil {
				t.Fatal(err)
			}
			before := nstest.Dump(t) + shown(t, ns, shows)
			for range rounds {
				err = in.RunString(t.Context(), "t.nes", fmt.Sprintf("atomic < in ns %s <\n%s\nfail 'now'\n> >", ns.Name, fails))
				if err == nil || !strings.Contains(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
					t.Fatalf("it failed with %v", err)
				}
			}
			if diff := nstest.DumpDiff(before, nstest.Dump(t)+shown(t, ns, shows)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// quietNS is a namespace with what scripts start from, whose addresses are not
// asked for: that takes a second or two each.
func quietNS(t *testing.T) nsexec.Ref {
	t.Helper()
	ns := nstest.NS(t)
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	script := "in " + ns.String() + " <\nsysctl net.ipv6.conf.default.accept_dad 0; sysctl net.ipv6.conf.all.accept_dad 0;" + base + hardware + "\n>"
	if err := in.RunString(t.Context(), "t.nes", script); err != nil {
		t.Fatal(err)
	}
	return ns
}

// shown is what is shown of a namespace, a line for each object, in no order.
func shown(t *testing.T, ns nsexec.Ref, shows []string) string {
	t.Helper()
	var out []string
	for _, what := range shows {
		for _, one := range set(t, ns, what) {
			out = append(out, fmt.Sprintf("%s: %v", what, one))
		}
	}
	return strings.Join(out, "\n")
}

// TestFDB_refused are statements that can't be meant, refused before a run.
func TestFDB_refused(t *testing.T) {
	refused(t, map[string]string{
		"fdb eth0 02:00:00:00:00:02 local static":               "an entry is local or static, not both",
		"fdb eth0 02:00:00:00:00:02 dst 10.0.0.2 master":        `"dst" is of a vxlan's own entry, which "self" means rather than "master"`,
		"fdb vx1 02:00:00:00:00:02 nhid 5 dst 10.0.0.2":         `"nhid" says where to send to, so "dst", "port" and "vni" do not`,
		"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 10.0.0.3":       "02:00:00:00:00:02 is at one place, so it has one dst, not 2",
		"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 append":         "02:00:00:00:00:02 is at one place, so no dst can be appended",
		"fdb vx1 00:00:00:00:00:00 append":                      `"append" is for another "dst"`,
		"replace fdb vx1 00:00:00:00:00:00 dst 10.0.0.2 append": `"replace fdb" takes no "append"`,
		"fdb eth0 02:00:00:00:00:02 sticky local":               `what is local can't move, so it is not "sticky"`,
		"fdb eth0 02:00:00:00:00:02 self sticky":                `"sticky" is of a bridge's entry, which "master" means rather than "self"`,
		"flush fdb eth0 via eth1":                               `"flush fdb" takes no "via"`,
		"flush fdb eth0 use":                                    `"flush fdb" takes no "use"`,
		"flush fdb eth0 static nopermanent":                     `"static" and "nopermanent" can't both be said`,
		"flush fdb eth0 sticky nosticky":                        `"sticky" and "nosticky" can't both be said`,
		"flush fdb vx1 master dst 10.0.0.2":                     `"dst" is of a vxlan's own entry`,
		"fdb eth0 02:00:00:00:00:02 nostatic":                   `"nostatic" is of "flush fdb"`,
		"fdb eth0 02:00:00:00:00:02 vlan 4095":                  `"vlan": 4095 is not in 1..4094`,
		"fdb vx1 02:00:00:00:00:02 vni 16777216":                `"vni": 16777216 is not in 0..16777215`,
		"fdb eth0 02:00:00:00:00":                               `"02:00:00:00:00"`,
		"fdb vx1 02:00:00:00:00:02 dst 10.0.0.2 via h1:eth0":    `"via": "h1:eth0" must be in the same namespace, so it is written "eth0"`,
	})
	_, err := runIn(t, ports+"fdb eth1 02:00:00:00:00:02 dst 10.0.0.2")
	if err == nil || !strings.Contains(err.Error(), `"eth1" is a veth, not a vxlan`) {
		t.Errorf("a dst on a veth: %v", err)
	}
}

// refused wants a check to say what is wrong with statements.
func refused(t *testing.T, tests map[string]string) {
	t.Helper()
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for stmt, want := range tests {
		if err := in.CheckString("t.nes", stmt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", stmt, err, want)
		}
	}
}

// set is what is shown of a namespace, without what is learnt or the kernel's own.
func set(t *testing.T, ns nsexec.Ref, what string) []any {
	t.Helper()
	all := show(t, ns, what)
	if strings.HasPrefix(what, "bridge mdb") {
		all = groups(all)
	}
	return slices.DeleteFunc(plain(all).([]any), func(one any) bool {
		mac, entry := one.(map[string]any)["mac"].(string)
		return entry && !strings.HasPrefix(mac, "02:00:00:00:00:") && mac != "00:00:00:00:00:00"
	})
}

// plain drops what differs between any two namespaces: MAC addresses, and the
// routes that the kernel makes by itself, some of them only after a while.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				if m["protocol"] == "kernel" {
					continue
				}
			}
			out = append(out, plain(e))
		}
		// The kernel lists routes of links in the order that they came up.
		slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if k != "address" && k != "ifindex" && k != "link_index" {
				out[k] = plain(e)
			}
		}
		return out
	}
	return v
}
