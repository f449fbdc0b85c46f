//go:build linux

package nstest_test

import (
	"errors"
	"io/fs"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// furnished has what the changes below change; N stands for its name.
const furnished = `
link add name v0 type veth peer name v1
link add name br0 type bridge
link set v0 master br0
link set v0 up
link set v1 up
addr add 10.0.0.1/24 dev v1
route add default via 10.0.0.3
addr add 2001:db8::1/64 dev v1 nodad
route add 10.9.0.0/16 via 10.0.0.2
rule add from 10.1.0.0/16 table 100
neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v1 nud permanent
`

// changes are commands that Dump must see, each by itself, and what the dump
// must say of it.
var changes = []struct{ command, want string }{
	{"ip -n N link set v1 mtu 1400", "mtu = 1400"},
	{"ip -n N link set v1 txqueuelen 7", "txqlen = 7"},
	{"ip -n N link set v1 alias x", "ifalias = x"},
	{"ip -n N link set v1 group 9", "group = 9"},
	{"ip -n N link set v1 promisc on", "promiscuity = 1"},
	{"ip -n N link set v1 allmulticast on", "allmulti = 1"},
	{"ip -n N link set v1 addrgenmode none", "inet6_addr_gen_mode = none"},
	{"ip -n N link set v1 address 02:00:00:00:00:77", "address = 02:00:00:00:00:77"},
	{"ip -n N link set v1 arp off", "NOARP"},
	{"ip -n N link set v1 down", "operstate = DOWN"},
	{"ip -n N link set v0 nomaster", "master = br0"},
	{"ip -n N link property add dev v1 altname other", "altnames = [other]"},
	{"ip -n N link set br0 type bridge ageing_time 1000", "ageing_time = 1000"},
	{"ip -n N link set v0 type bridge_slave cost 77", "cost = 77"},
	{"ip -n N link add name more type ifb", "ifname = more"},
	{"ip -n N link del v1", "ifname = v0"},
	{"ip -n N addr add 10.0.0.2/24 dev v1", `+ ns:N addr[v1] = {"family":"inet","label":"v1","local":"10.0.0.2"`},
	{"ip -n N addr change 2001:db8::1/64 dev v1 preferred_lft 0", `"deprecated":true`},
	{"ip -n N addr del 10.0.0.1/24 dev v1", `"local":"10.0.0.1"`},
	{"ip -n N route add blackhole 10.8.0.0/16 table 77", `"table":"77"`},
	{"ip -n N route change 10.9.0.0/16 via 10.0.0.3", `+ ns:N route = {"dev":"v1","dst":"10.9.0.0/16","flags":[],"gateway":"10.0.0.3"`},
	{"ip -n N -6 route add 2001:db8:9::/48 via 2001:db8::2", `"gateway":"2001:db8::2"`},
	{"ip -n N rule add from 10.2.0.0/16 table 101", `"src":"10.2.0.0","srclen":16,"table":"101"}`},
	{"ip -n N -6 rule add from 2001:db8::/64 table 101", `rule6 = {"priority":32765,"protocol":"unspec","src":"2001:db8::","srclen":64,"table":"101"}`},
	{"ip -n N neigh add 10.0.0.8 lladdr 02:00:00:00:00:08 dev v1 nud permanent", `+ ns:N neigh = {"dev":"v1","dst":"10.0.0.8"`},
	{"ip -n N neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev v1 nud noarp", `noarp = {"dev":"v1","dst":"10.0.0.7"`},
	{"ip -n N neigh add proxy 10.0.0.6 dev v1", `proxy = {"dev":"v1","dst":"10.0.0.6"`},
	{"bridge -n N fdb add 02:00:00:00:00:05 dev v0 master static", `"mac":"02:00:00:00:00:05"`},
	{"ip -n N nexthop add id 5 via 10.0.0.2 dev v1", `nexthop = {"dev":"v1"`},
	{"ip -n N token set ::7 dev v1", `"token":"::7"`},
	{"tc -n N qdisc add dev br0 ingress && tc -n N filter add dev br0 ingress pref 5 u32 match u32 5 5 action mirred egress redirect dev v0", "traffic = filter protocol all pref 5 u32"},
	{"tc -n N qdisc add dev v1 root tbf rate 1mbit burst 10kb latency 10ms", `"kind":"tbf"`},
	{"ip -n N xfrm policy add dst 10.7.0.0/16 dir fwd action block", "dst 10.7.0.0/16"},
	{"ip netns exec N nft add table inet t", "nft = table inet t"},
	{"ip netns exec N sysctl -qw net.ipv4.conf.v1.rp_filter=2", "sysctl ipv4/conf/v1/rp_filter = 2"},
	{"ip netns exec N sysctl -qw net.ipv6.conf.v1.stable_secret=2001:db8::", "stable_secret"},
	{"ip netns add more", "file /run/netns/more"},
	{"mkdir -p /run/nescript", "file /run/nescript"},
	{"ip link add name more type ifb", "host link[more].ifname = more"},
}

// TestDump_sees: every kind of change shows.
func TestDump_sees(t *testing.T) {
	for _, c := range changes {
		t.Run(c.command, func(t *testing.T) {
			name := furnish(t)
			before := nstest.Dump(t)
			if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
				t.Fatalf("without a change:\n%s", diff)
			}
			shell(t, "", strings.ReplaceAll(c.command, " N ", " "+name+" "))
			want := strings.ReplaceAll(c.want, "ns:N", "ns:"+name)
			if diff := nstest.DumpDiff(before, nstest.Dump(t)); !strings.Contains(diff, want) {
				t.Errorf("the diff has no %q:\n%s", want, diff)
			}
		})
	}
}

// TestDump_order: addresses in another order are another state.
func TestDump_order(t *testing.T) {
	name := furnish(t)
	shell(t, "", "ip -n "+name+" addr add 10.3.0.1/24 dev v1; ip -n "+name+" addr add 10.4.0.1/24 dev v1")
	before := nstest.Dump(t)
	shell(t, "", "ip -n "+name+" addr del 10.3.0.1/24 dev v1; ip -n "+name+" addr add 10.3.0.1/24 dev v1")
	if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff == "" {
		t.Error("10.3.0.1 now comes after 10.4.0.1, and the dump is the same")
	}
}

// TestDump_steady: what changes by itself is not in it.
func TestDump_steady(t *testing.T) {
	name := furnish(t)
	shell(t, "", "ip -n "+name+" addr add 10.5.0.1/24 dev v1 valid_lft 1000 preferred_lft 900")
	before := nstest.Dump(t)
	time.Sleep(1100 * time.Millisecond) // lifetimes are in seconds
	err := nsexec.Do(nsexec.NPName(name), nsexec.NAGeneric("send", func() error {
		for _, to := range []string{"10.0.0.1:9", "10.0.0.2:9", "127.0.0.1:9", "224.0.0.9:9"} {
			conn, err := net.Dial("udp", to)
			if err != nil {
				return err
			}
			_, err = conn.Write([]byte("x"))
			conn.Close()
			if err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
		t.Error(diff)
	}
}

func TestDumpDiff(t *testing.T) {
	if got, want := nstest.DumpDiff("a\nb\n", "a\nc\n"), "- b\n+ c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if nstest.DumpDiff("a\nb\n", "b\na\n") == "" {
		t.Error("another order is no difference")
	}
}

// furnish makes the namespace that the changes are made in, and has all be gone
// at the end.
func furnish(t testing.TB) string {
	t.Helper()
	name := nstest.NS(t).Name
	// Without the question whether an address is taken nothing waits for the
	// answer; nor for the bridge, which stays down.
	shell(t, furnished, "ip netns exec "+name+" sysctl -qw net.ipv6.conf.default.accept_dad=0 && ip -n "+name+" -batch -")
	t.Cleanup(func() {
		shell(t, "", "rm -rf /run/nescript; ip link del more 2>/dev/null || true")
		if err := nsexec.DeleteNamedNS("more"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
	return name
}

// shell runs a shell command, with text as its input.
func shell(t testing.TB, text, command string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// BenchmarkDump dumps the host and two namespaces with three links each.
func BenchmarkDump(b *testing.B) {
	furnish(b)
	furnish(b)
	for b.Loop() {
		nstest.Dump(b)
	}
}
