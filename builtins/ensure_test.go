//go:build linux

package builtins_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestEnsure_differs has ensure refuse a link that is there and can't become
// what is asked for, rather than leave it as it is.
func TestEnsure_differs(t *testing.T) {
	other := nstest.NS(t).Name
	const fixed = "link %q is there already with a different %s, which can't be changed"
	for _, test := range []struct {
		script, want string
		tun          bool
	}{
		{script: "ensure bridge eth0", want: `"eth0" is a veth, not a bridge`},
		{script: "ensure bridge lo", want: `"lo" is a device, not a bridge`},
		{script: "ensure bridge br0 index 4000", want: fmt.Sprintf(fixed, "br0", "index")},
		{script: "ifb i1; ensure ifb i1 numtxqueues 4", want: fmt.Sprintf(fixed, "i1", "numtxqueues")},
		{script: "macvlan m1 link eth0; ensure macvlan m1 link eth1", want: fmt.Sprintf(fixed, "m1", "lower link")},
		{script: "vxlan v1 id 5; ensure vxlan v1 id 6", want: "Cannot change VNI"},
		{script: "veth a b; ensure veth a eth1", want: fmt.Sprintf(fixed, "a", "other end")},
		{script: "veth a b; ensure veth a " + other + ":b", want: fmt.Sprintf(fixed, "a", "other end")},
		{script: "veth a1 " + other + ":b1; ensure veth a1 b1", want: fmt.Sprintf(fixed, "a1", "other end")},
		{script: "veth a2 " + other + ":b2; ensure veth a2 " + other + ":b3", want: fmt.Sprintf(fixed, "a2", "other end")},
		{script: "del bridge eth0", want: `"eth0" is a veth, not a bridge`},
		{script: "bridge t; ensure tap t", want: `"t" is a bridge, not a tap`, tun: true},
		{script: "tun t; ensure tap t", want: `"t" is a tun, not a tap`, tun: true},
		{script: "tap t; del tun t", want: `"t" is a tap, not a tun`, tun: true},
		{script: "tap t; ensure tap t multi_queue", want: fmt.Sprintf(fixed, "t", "multi_queue"), tun: true},
	} {
		if test.tun && !mayOpenTun() {
			continue // TestTun wants the error that this user gets
		}
		_, err := runIn(t, test.script)
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.script, err, test.want)
		}
		if !strings.Contains(test.script, "vxlan") && !errors.Is(err, unix.EEXIST) {
			t.Errorf("%s: %v is no EEXIST", test.script, err)
		}
	}
}

func mayOpenTun() bool {
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// TestEnsure_changes has ensure give links that are there what they lack.
func TestEnsure_changes(t *testing.T) {
	for _, w := range []witness{
		{"ifb i1 up hw 02:00:00:00:00:09; ensure ifb i1 up hw 02:00:00:00:00:09 mtu 1300", "link show i1", map[string]string{"mtu": "1300"}},
		{"ensure bridge br0 alias x txqlen 5 group 3 mtu 1400", "link show br0", map[string]string{"ifalias": "x", "txqlen": "5", "group": "3", "mtu": "1400"}},
		{"veth a b; ensure veth a hw 02:00:00:00:00:0a b hw 02:00:00:00:00:0b master br0 up mtu 1300", "link show b", map[string]string{"address": "02:00:00:00:00:0b", "master": "br0", "mtu": "1300", "flags.2": "UP"}},
		{"veth a b; ensure veth a hw 02:00:00:00:00:0a b up mtu 1300", "link show a", map[string]string{"address": "02:00:00:00:00:0a", "mtu": "1300", "flags.2": "UP"}},
		{"veth a 10.0.0.1/24 b; ensure veth a 10.0.0.1/24 10.0.1.1/24 b", "-4 addr show a", map[string]string{"addr_info.1.local": "10.0.1.1"}},
		{"vxlan v1 id 5; ensure vxlan v1 id 5 dev eth0 ageing 60; ensure vxlan v1 dev eth0", "link show v1", map[string]string{"linkinfo.info_data.link": "eth0", "linkinfo.info_data.ageing": "60"}},
	} {
		w.check(t)
	}
}

// TestVeth_across makes pairs whose ends are in two namespaces, from a third.
func TestVeth_across(t *testing.T) {
	a, b, c := nstest.NS(t), nstest.NS(t), nstest.NS(t)
	script := fmt.Sprintf(`in %[3]s <
		bridge %[1]s:br0 up; bridge %[2]s:br1 up
		veth %[1]s:x 10.0.0.1/24 hw 02:00:00:00:00:01 master br0 alias 'the near end' index 70 \
		     %[2]s:x 10.0.0.2/24 2001:db8::2/64 hw 02:00:00:00:00:02 master br1 alias 'the far end' index 71 up mtu 1300 txqlen 9
		in new < veth y 10.1.0.1/24 %[2]s:y 10.1.0.2/24 index 80 up; expect within 3s ping 10.1.0.2 >
	>`, a.Name, b.Name, c)
	if _, err := run(t, script); err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		in     nsexec.Ref
		show   string
		wanted map[string]string
	}{
		{a, "link show x", map[string]string{"ifindex": "70", "address": "02:00:00:00:00:01", "master": "br0", "ifalias": "the near end", "mtu": "1300", "txqlen": "9", "link_index": "71"}},
		{b, "link show x", map[string]string{"ifindex": "71", "address": "02:00:00:00:00:02", "master": "br1", "ifalias": "the far end", "mtu": "1300", "txqlen": "9", "link_index": "70"}},
		{b, "addr show x", map[string]string{"addr_info.0.local": "10.0.0.2", "addr_info.1.local": "2001:db8::2"}},
		{c, "link", map[string]string{"#": "1"}},
	} {
		got := show(t, w.in, w.show)
		for path, want := range w.wanted {
			if v := walk(got, path); v != want {
				t.Errorf("%s in %s: %s is %q, want %q", w.show, w.in, path, v, want)
			}
		}
	}
}
