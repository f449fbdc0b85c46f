//go:build linux

package builtins_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// moreWitnesses are what the tests of each verb leave to be seen.
var moreWitnesses = []witness{
	{quietPort + "fdb p0 02:00:00:00:00:02 dynamic; ensure bridge b2 fdb_flush", "bridge fdb show br b2 dynamic", map[string]string{"#": "0"}},
	{quietPort + "fdb p0 02:00:00:00:00:02 dynamic; port p0 fdb_flush", "bridge fdb show br b2 dynamic", map[string]string{"#": "0"}},
	{quietPort + "fdb p0 02:00:00:00:00:02 use", "bridge fdb show br b2 dynamic", map[string]string{"0.mac": "02:00:00:00:00:02"}},
	{"veth p0 p1; master eth0 p0 br0; port eth0 backup_port p0; port eth0 nobackup_port", "link show eth0", map[string]string{"linkinfo.info_slave_data.backup_port": "<nil>"}},
	{"vxlan v1 id 77 nolearning; ensure vxlan v1 learning", "link show v1", linkData("learning", "true")},
	{"vxlan v1 id 77 proxy noproxy", "link show v1", linkData("proxy", "<nil>")},
	{"vxlan v1 id 77 rsc norsc", "link show v1", linkData("rsc", "<nil>")},
	{"vxlan v1 id 77 l2miss nol2miss", "link show v1", linkData("l2miss", "<nil>")},
	{"vxlan v1 id 77 l3miss nol3miss", "link show v1", linkData("l3miss", "<nil>")},
	{"vxlan v1 id 77 remote 2001:db8::2 udp6zerocsumtx noudp6zerocsumtx", "link show v1", linkData("udp_zero_csum6_tx", "false")},
	{"vxlan v1 id 77 remote 2001:db8::2 udp6zerocsumrx noudp6zerocsumrx", "link show v1", linkData("udp_zero_csum6_rx", "false")},
	{"vxlan v1 id 77 remcsumtx noremcsumtx", "link show v1", linkData("remcsum_tx", "<nil>")},
	{"vxlan v1 id 77 remcsumrx noremcsumrx", "link show v1", linkData("remcsum_rx", "<nil>")},
	{"vxlan v1 id 77 external noexternal", "link show v1", linkData("external", "<nil>")},
	{"vxlan v1 external vnifilter novnifilter", "link show v1", linkData("vnifilter", "<nil>")},
	{"set eth0 up", "link show eth0", map[string]string{"flags.2": "UP"}},
	{"set eth0 addrgenmode none", "link show eth0", map[string]string{"inet6_addr_gen_mode": "none"}},
	{"set eth0 allmulticast on", "link show eth0", map[string]string{"flags.2": "ALLMULTI"}},
	{"set eth0 multicast off", "link show eth0", map[string]string{"flags.1": "UP"}},
	{"set eth0 arp off", "link show eth0", map[string]string{"flags.2": "NOARP"}},
	{"down eth0; set eth0 up", "link show eth0", map[string]string{"flags.2": "UP"}},
	{"down eth0; up eth0", "link show eth0", map[string]string{"flags.2": "UP"}},
	{"macvtap m1 link eth0 bcqueuelen 50", "link show m1", linkData("bcqueuelen", "50")},
	{"macvtap m1 link eth0 mode source nodst", "link show m1", linkData("nodst", "true")},
	{"macvlan m1 link eth0", "link show m1", map[string]string{"link": "eth0"}},
	{"macvtap m1 link eth0", "link show m1", map[string]string{"link": "eth0"}},
	{"addr eth0 10.0.0.1/24; neigh eth0 10.0.0.2 02:00:00:00:00:02 nud stale", "neigh show 10.0.0.2", map[string]string{"state.0": "STALE"}},
	{"macvlan m1 link eth0; ensure macvtap m2 link eth0; replace macvtap m2 link eth1", "link show m2", map[string]string{"link": "eth1"}},
}

// quietPort is a bridge with a port where nothing is to be learnt.
const quietPort = "veth p0 p1; bridge b2; for l in [\"p0\", \"p1\", \"b2\"] < sysctl net.ipv6.conf.$l.disable_ipv6 1 >\nmaster p0 b2; up p0 p1 b2;"

func TestMore(t *testing.T) {
	for _, w := range moreWitnesses {
		w.check(t)
	}
}

// features are what ethtool -k shows of a link: whether each is on, and whether
// it is fixed so.
func features(t *testing.T, ns nsexec.Ref, link string) (on, fixed map[string]bool) {
	t.Helper()
	on, fixed = map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(inside(t, ns, "ethtool", "-k", link)) {
		name, state, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok {
			on[name], fixed[name] = strings.HasPrefix(state, "on"), strings.Contains(state, "[fixed]")
		}
	}
	return on, fixed
}

// ofGroup are the features that ethtool shows by the name of a group alone.
var ofGroup = map[string]string{
	"rx-checksum": "rx-checksumming", "rx-gro": "generic-receive-offload", "rx-hashing": "receive-hashing", "rx-lro": "large-receive-offload",
	"rx-ntuple-filter": "ntuple-filters", "rx-vlan-hw-parse": "rx-vlan-offload", "tx-generic-segmentation": "generic-segmentation-offload", "tx-vlan-hw-insert": "tx-vlan-offload",
}

// TestOffload_all switches each feature that ethtool says can be switched, and is
// refused each that it says is fixed, with the state that it is fixed in.
func TestOffload_all(t *testing.T) {
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range builtins.Lookup("offload").Options {
		link, item := "eth0", "offload "+o.Name
		name := o.Name
		if len(o.Aliases) > 0 {
			name = o.Aliases[0]
		} else if group := ofGroup[name]; group != "" {
			name = group
		}
		on, fixed := features(t, ns, link)
		was, there := on[name]
		if !there || hasSeen(item) {
			continue // of another kernel
		}
		word := map[bool]string{true: "on", false: "off"}
		_, err := run(t, fmt.Sprintf("in %s < offload %s %s %s >", ns, link, o.Name, word[!was]))
		if fixed[name] {
			if want := fmt.Sprintf("%q of %s is fixed to %s", o.Name, link, word[was]); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
				continue
			}
			see(t, item)
			continue
		}
		if err != nil {
			t.Logf("%s: %v", o.Name, err) // it depends on others
			continue
		}
		if is, _ := features(t, ns, link); is[name] == was {
			t.Errorf("%s is still %s", o.Name, word[was])
			continue
		}
		see(t, item)
		if _, err := run(t, fmt.Sprintf("in %s < offload %s %s %s >", ns, link, o.Name, word[was])); err != nil {
			t.Error(err)
		}
	}
}

// TestOffload_gone is of a feature that newer kernels do not have any more.
func TestOffload_gone(t *testing.T) {
	ns, err := runIn(t, "")
	if err != nil {
		t.Fatal(err)
	}
	on, _ := features(t, ns, "eth0")
	_, there := on["fcoe-mtu"]
	if gone, _ := parseRelease(goneKernels["offload fcoe-mtu"]); !there && release(t) >= gone {
		return
	}
	nstest.NeedThat(t, "feature fcoe-mtu", there)
	_, err = run(t, fmt.Sprintf("in %s < offload eth0 fcoe-mtu on >", ns))
	if err == nil || !strings.Contains(err.Error(), `"fcoe-mtu" of eth0 is fixed to off`) {
		t.Fatal(err)
	}
	see(t, "offload fcoe-mtu")
}

// TestNexthop_encaps has each encapsulation of a route on a nexthop of a route and
// on a nexthop by itself.
func TestNexthop_encaps(t *testing.T) {
	for _, w := range encapRoutes {
		t.Run(w.encap, func(t *testing.T) {
			needAll(t, w.needs)
			witness{way + "route " + w.dst + " nexthop encap " + w.encap + " dev eth0 via " + gateway(w.dst), familyOf(w.dst) + " route show " + w.dst, w.want}.check(t)
			witness{way + "nexthop id 5 via " + gateway(w.dst) + " dev eth0 encap " + w.encap, "nexthop show id 5", w.want}.check(t)
		})
	}
}

// moreSame is what is left of layer 3.
var moreSame = []sameAsIP{
	{"", "route 10.9.0.0/16 via 10.0.0.2 hoplimit lock 9 window lock 5000 rtt lock 10ms ssthresh lock 5 cwnd lock 7 initcwnd lock 20 initrwnd lock 21 reordering lock 6",
		"route add 10.9.0.0/16 via 10.0.0.2 hoplimit lock 9 window lock 5000 rtt lock 10ms ssthresh lock 5 cwnd lock 7 initcwnd lock 20 initrwnd lock 21 reordering lock 6"},
	{"", "route 10.9.0.0/16 via 10.0.0.2 rto_min lock 20ms", "route add 10.9.0.0/16 via 10.0.0.2 rto_min 20ms"},
	{"encap ip6", "route 10.9.0.0/16 encap ip6 id 5 dst 2001:db8::9 csum seq dev eth0", "route add 10.9.0.0/16 encap ip6 id 5 dst 2001:db8::9 csum seq dev eth0"},
	{"encap ip6", "nexthop id 5 encap ip6 id 7 src 2001:db8::1 dst 2001:db8::9 hoplimit 7 tc 16 key csum seq via 10.0.0.2 dev eth0", "nexthop add id 5 encap ip6 id 7 src 2001:db8::1 dst 2001:db8::9 hoplimit 7 tc 16 key csum seq via 10.0.0.2 dev eth0"},
	{"encap ip", "nexthop id 5 encap ip id 7 src 10.0.0.1 dst 10.0.0.9 ttl 7 tos 0x10 key csum seq via 10.0.0.2 dev eth0", "nexthop add id 5 encap ip id 7 src 10.0.0.1 dst 10.0.0.9 ttl 7 tos 0x10 key csum seq via 10.0.0.2 dev eth0"},
	{"encap ip,encap ip6", "route 10.9.0.0/16 nexthop encap ip id 7 src 10.0.0.1 dst 10.0.0.9 ttl 7 tos 0x10 key csum seq via 10.0.0.2 nexthop encap ip6 id 7 src 2001:db8::1 dst 2001:db8::9 hoplimit 7 tc 16 key csum seq via 10.0.0.3",
		"route add 10.9.0.0/16 nexthop encap ip id 7 src 10.0.0.1 dst 10.0.0.9 ttl 7 tos 0x10 key csum seq via 10.0.0.2 nexthop encap ip6 id 7 src 2001:db8::1 dst 2001:db8::9 hoplimit 7 tc 16 key csum seq via 10.0.0.3"},
	{"encap seg6", "route 2001:db8:9::/48 encap seg6 mode encap segs 2001:db8::5 hmac 5 dev eth0", "route add 2001:db8:9::/48 encap seg6 mode encap segs 2001:db8::5 hmac 5 dev eth0"},
	{"encap seg6local", "route 2001:db8:9::1 encap seg6local action End.B6 srh segs 2001:db8::5 hmac 5 dev eth0", "route add 2001:db8:9::1 encap seg6local action End.B6 srh segs 2001:db8::5 hmac 5 dev eth0"},
	{"encap seg6local", "route 2001:db8:9::1 encap seg6local action End flavors next-csid dev eth0", "route add 2001:db8:9::1 encap seg6local action End flavors next-csid dev eth0"},
	{"encap seg6", "nexthop id 5 encap seg6 mode encap segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0",
		"nexthop add id 5 encap seg6 mode encap segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0"},
	{"encap seg6", "route 2001:db8:9::1 nexthop encap seg6 mode encap segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0 nexthop via 2001:db8::3 dev eth0",
		"route add 2001:db8:9::1 nexthop encap seg6 mode encap segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0 nexthop via 2001:db8::3 dev eth0"},
	{"encap seg6local", "nexthop id 5 encap seg6local action End flavors next-csid via 2001:db8::2 dev eth0",
		"nexthop add id 5 encap seg6local action End flavors next-csid via 2001:db8::2 dev eth0"},
	{"encap seg6local", "route 2001:db8:9::1 nexthop encap seg6local action End flavors next-csid via 2001:db8::2 dev eth0 nexthop via 2001:db8::3 dev eth0",
		"route add 2001:db8:9::1 nexthop encap seg6local action End flavors next-csid via 2001:db8::2 dev eth0 nexthop via 2001:db8::3 dev eth0"},
	{"encap seg6local", "nexthop id 5 encap seg6local action End.B6 srh segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0",
		"nexthop add id 5 encap seg6local action End.B6 srh segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0"},
	{"encap seg6local", "route 2001:db8:9::1 nexthop encap seg6local action End.B6 srh segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0 nexthop via 2001:db8::3 dev eth0",
		"route add 2001:db8:9::1 nexthop encap seg6local action End.B6 srh segs 2001:db8::5 hmac 5 via 2001:db8::2 dev eth0 nexthop via 2001:db8::3 dev eth0"},
	{"", "neigh eth0 10.0.0.5 managed", "neigh add 10.0.0.5 dev eth0 managed"},
	{"", "neigh eth0 10.0.0.5 use", "neigh add 10.0.0.5 dev eth0 use"},
	{"", "nexthop id 5 blackhole", "nexthop add id 5 blackhole"},
	{"", "nexthop id 5 via 10.0.0.2 dev eth0; nexthop id 6 group 5 type resilient buckets 8", "nexthop add id 5 via 10.0.0.2 dev eth0\nnexthop add id 6 group 5 type resilient buckets 8"},
	{"encap seg6local", "nexthop id 5 encap seg6local action End count dev eth0 via 2001:db8::2", "nexthop add id 5 encap seg6local action End count via 2001:db8::2 dev eth0"},
	{"encap seg6local", "route 2001:db8:9::1 nexthop encap seg6local action End count via 2001:db8::2 dev eth0 nexthop encap seg6local action End.X nh6 2001:db8::9 via 2001:db8::3 dev eth0",
		"route add 2001:db8:9::1 nexthop encap seg6local action End count via 2001:db8::2 dev eth0 nexthop encap seg6local action End.X nh6 2001:db8::9 via 2001:db8::3 dev eth0"},
}

func TestMore_asIP(t *testing.T) {
	for _, s := range moreSame {
		s.compare(t, way)
	}
}

// TestNamespaces_claim has ip tell of the verbs on namespaces, one by one.
func TestNamespaces_claim(t *testing.T) {
	links := func() string {
		out, _ := exec.Command("ip", "-n", "q1", "-br", "link").Output()
		return strings.Join(strings.Fields(strings.Join(firstTwo.FindAllString(string(out), -1), " ")), " ")
	}
	for _, test := range []struct{ before, script, want string }{
		{"", "ns q1", "lo UNKNOWN"},
		{"", "ns q1 lo off", "lo DOWN"},
		{"ns q1; in ns q1 < bridge x >\n", "replace ns q1", "lo UNKNOWN"},
		{"", "ensure ns q1", "lo UNKNOWN"},
		{"ns q1\n", "del ns q1", ""},
		{"ns q1; bridge x\n", "move x ns q1", ""}, // bridges stay
		{"ns q1; ifb x\n", "move x ns q1", "lo UNKNOWN x DOWN"},
	} {
		says := func(script string) bool {
			_, err := runIn(t, test.before+script)
			defer run(t, "ensure ns q1; del ns q1")
			return err == nil && links() == test.want
		}
		if strings.Contains(test.before, "bridge x\n") {
			if says(test.script) {
				t.Error("a bridge has moved")
			}
			continue
		}
		if !says(test.script) {
			t.Errorf("%s: not %q", test.script, test.want)
		}
		claimBy(t, test.script, says)
	}
}

var firstTwo = regexp.MustCompile(`(?m)^\w+ +[A-Z]+`)

// TestPing_counted has the other side say how many requests came, of what size.
func TestPing_counted(t *testing.T) {
	ns, err := runIn(t, "addr eth0 10.5.0.1/24; ns far; move eth1 ns far; in ns far < addr eth1 10.5.0.2/24; up eth1 >")
	if err != nil {
		t.Fatal(err)
	}
	defer run(t, "del ns far")
	far := nsexec.Named("far")
	echos := func() int {
		m := echoed.FindStringSubmatch(inside(t, far, "cat", "/proc/net/snmp"))
		n, _ := strconv.Atoi(m[1])
		return n
	}
	octets := func() int {
		f := strings.Fields(inside(t, far, "sh", "-c", "grep IpExt: /proc/net/netstat | tail -n 1"))
		n, _ := strconv.Atoi(f[7])
		return n
	}
	pinged := func(script string) [2]int {
		was := [2]int{echos(), octets()}
		if _, err := run(t, script); err != nil {
			return [2]int{}
		}
		return [2]int{echos() - was[0], octets() - was[1]}
	}
	script := fmt.Sprintf("expect ping from %s 10.5.0.2 count 3 size 1000", ns.Name)
	const header = 28
	if got := pinged(script); got != [2]int{3, 3 * (1000 + header)} {
		t.Fatalf("%s: %v requests and bytes", script, got)
	}
	claimBy(t, script, func(other string) bool { return pinged(other) == [2]int{3, 3 * (1000 + header)} })
	script = fmt.Sprintf("expect ping from %s 10.5.0.9 timeout 200ms", ns.Name)
	claimBy(t, script, func(other string) bool { return lastLine(errorText(t, other)) == lastLine(errorText(t, script)) })
}

var echoed = regexp.MustCompile(`(?m)^Icmp: \d+ (?:\d+ ){7}(\d+)`)

// TestAddr_proto reads what the ip at hand does not show.
func TestAddr_proto(t *testing.T) {
	says := func(ns nsexec.Ref) bool {
		e, err := nsexec.NewEngine()
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		const ifaProto = 11 // IFA_PROTO of linux/if_addr.h
		found := false
		if err := e.Look(t.Context(), ns, func(c *nsexec.Conn) error {
			req := c.Request(unix.RTM_GETADDR, unix.NLM_F_DUMP)
			req.AddData(nl.NewIfAddrmsg(unix.AF_INET))
			msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWADDR)
			for _, m := range msgs {
				found = found || string(rawAttrs(t, m[unix.SizeofIfAddrmsg:])[ifaProto]) == "\x07"
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	ns, err := runIn(t, "addr eth0 10.0.0.1/24 proto 7")
	if err != nil || !says(ns) {
		t.Fatalf("the kernel shows no proto of the address; %v", err)
	}
	claim(t, "", "addr eth0 10.0.0.1/24 proto 7", says)
}

func gateway(dst string) string {
	return map[string]string{"-4": "10.0.0.2", "-6": "2001:db8::2"}[familyOf(dst)]
}
