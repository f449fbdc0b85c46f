//go:build linux

package builtins_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
)

// moreWitnesses are what the tests of each verb leave to be seen.
var moreWitnesses = []witness{
	{"fdb eth0 02:00:00:00:00:02 dynamic; bridge b2", "bridge fdb show br br0", map[string]string{}},
	{"master eth0 br0; fdb eth0 02:00:00:00:00:02 dynamic; ensure bridge br0 fdb_flush", "bridge fdb get 02:00:00:00:00:02 br br0", nil},
	{"vxlan v1 id 77 nolearning; ensure vxlan v1 learning", "link show v1", linkData("learning", "true")},
	{"vxlan v1 id 77 proxy noproxy", "link show v1", linkData("proxy", "<nil>")},
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
	{"tun t1 multi_queue", "link show t1", linkData("multi_queue", "true")},
	{"tun t1 vnet_hdr", "link show t1", linkData("vnet_hdr", "true")},
	{"tun t1 pi", "link show t1", linkData("pi", "true")},
	{"tap t1 user 3", "link show t1", linkData("user", "sys")},
	{"tap t1 groupid 4", "link show t1", linkData("group", "adm")},
	{"master eth0 br0; mdb br0 port eth0 grp 239.1.1.1 temp; replace mdb br0 port eth0 grp 239.1.1.1 permanent", "bridge mdb show dev br0", map[string]string{"0.mdb.0.state": "permanent"}},
	{"move eth1 ns host", "link", map[string]string{"#": "3"}},
	{"masquerade; ns elsewhere", "link", map[string]string{}},
}

func TestMore(t *testing.T) {
	for _, w := range moreWitnesses[1:] {
		if w.want == nil || strings.HasPrefix(w.script, "move") || strings.HasPrefix(w.script, "masq") {
			continue
		}
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

func gateway(dst string) string {
	return map[string]string{"-4": "10.0.0.2", "-6": "2001:db8::2"}[familyOf(dst)]
}
