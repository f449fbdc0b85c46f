//go:build linux

package builtins_test

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// setWitnesses are the options that only set has, of links that any kernel has.
var setWitnesses = []witness{
	{"set eth0 broadcast 02:00:00:00:00:09", "link show eth0", map[string]string{"broadcast": "02:00:00:00:00:09"}},
	{"set eth0 dynamic on", "link show eth0", map[string]string{"flags.2": "DYNAMIC"}},
	{"set eth0 trailers off", "link show eth0", map[string]string{"flags.2": "NOTRAILERS"}},
	{"set eth0 trailers off; set eth0 trailers on dynamic off", "link show eth0", map[string]string{"flags.2": "UP"}},
	{"set eth0 mode dormant", "link show eth0", map[string]string{"linkmode": "DORMANT"}},
	{"macvlan m1 link eth0 up; set m1 protodown on", "link show m1", map[string]string{"proto_down": "true"}},
	{"macvlan m1 link eth0 up; set m1 protodown on protodown_reason 3 on 5 on", "link show m1", map[string]string{"proto_down_reason.0": "3", "proto_down_reason.1": "5"}},
	{"macvlan m1 link eth0; set m1 protodown_reason 3 on 5 on protodown on; set m1 protodown_reason 3 off", "link show m1", map[string]string{"proto_down_reason.0": "5"}},
	{"set eth0 gso_max_size 4000 gso_max_segs 9 gro_max_size 5000", "link show eth0", map[string]string{"gso_max_size": "4000", "gso_max_segs": "9", "gro_max_size": "5000"}},
	{"veth a b gso_max_segs 7", "link show a", map[string]string{"gso_max_segs": "7"}},
	{"group eth0 7; set eth0 group default", "link show eth0", map[string]string{"group": "default"}},
	{"set eth0 vrf br0", "link show eth0", map[string]string{"master": "br0"}},
}

func TestSet(t *testing.T) {
	for _, w := range setWitnesses {
		w.check(t)
	}
}

// sizeWitnesses are options that the ip at hand does not show yet.
var sizeWitnesses = []struct {
	script string
	attr   uint16
	want   uint32
}{
	{"veth a b gso_ipv4_max_size 30000", unix.IFLA_GSO_IPV4_MAX_SIZE, 30000},
	{"veth a b gro_ipv4_max_size 20000", unix.IFLA_GRO_IPV4_MAX_SIZE, 20000},
	{"veth a b; set a gso_ipv4_max_size 9000", unix.IFLA_GSO_IPV4_MAX_SIZE, 9000},
	{"veth a b; set a gro_ipv4_max_size 8000", unix.IFLA_GRO_IPV4_MAX_SIZE, 8000},
}

// TestSizes_ipv4 asks the kernel itself, where it has them: since 6.3.
func TestSizes_ipv4(t *testing.T) {
	since, _ := parseRelease("6.3")
	for _, w := range sizeWitnesses {
		ns, err := runIn(t, w.script)
		if err != nil {
			t.Errorf("%s: %v", w.script, err)
			continue
		}
		got, there := rawLink(t, ns, "a")[w.attr]
		if there != (release(t) >= since) || there && binary.NativeEndian.Uint32(got) != w.want {
			t.Errorf("%s: the attribute is %x", w.script, got)
		}
		if there {
			claim(t, "", w.script, func(ns nsexec.Ref) bool {
				is := rawLink(t, ns, "a")[w.attr]
				return len(is) == 4 && binary.NativeEndian.Uint32(is) == w.want
			})
		}
	}
}

// TestSet_carrier is of links that let themselves be told.
func TestSet_carrier(t *testing.T) {
	nstest.NeedKind(t, "dummy")
	for script, want := range map[string]byte{"set d1 carrier off": 0, "set d1 carrier off; set d1 carrier on": 1} {
		ns, err := runIn(t, "dummy d1 up;"+script)
		if err != nil {
			t.Fatal(err)
		}
		if got := rawLink(t, ns, "d1")[unix.IFLA_CARRIER]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: the carrier is %v, want %d", script, got, want)
		}
		claim(t, "dummy d1 up;", script, func(ns nsexec.Ref) bool { return rawLink(t, ns, "d1")[unix.IFLA_CARRIER][0] == want })
	}
	undoes(t, "ip link add d1 type dummy\nip link set d1 up\nip link add d2 type dummy\nip link set d2 carrier off", []string{"set d1 carrier off; set d2 carrier on; set d1 mtu 1400"})
}

func TestSet_asIP(t *testing.T) {
	asBridge(t, "macvlan m1 link eth0 hw 02:00:00:00:00:05;", []sameAs{
		{"set eth0 dynamic on trailers off broadcast 02:00:00:00:00:09", "ip link set eth0 dynamic on trailers off broadcast 02:00:00:00:00:09"},
		{"set m1 mode dormant", "ip link set m1 mode dormant"}, // m1 is down: of one that is up the state goes by when its carrier came
		{"set m1 protodown on protodown_reason 4 on", "ip link set m1 protodown on protodown_reason 4 on"},
		{"set eth0 gso_max_size 4000 gso_max_segs 9 gro_max_size 5000 group default", "ip link set eth0 gso_max_size 4000 gso_max_segs 9 gro_max_size 5000 group default"},
	}, "link show dev eth0", "link show dev m1")
}

// TestSet_undo: a run that fails leaves older links as they were.
func TestSet_undo(t *testing.T) {
	undoes(t, `ip link add m1 link eth1 type macvlan
ip link set m1 protodown on protodown_reason 2 on
ip link set m1 protodown_reason 7 on
ip link set eth0 dynamic on
ip link set eth0 gso_max_size 30000
ip link set br0 trailers off`, []string{
		"set m1 protodown_reason 2 off 7 off 9 on; set eth0 dynamic off trailers off",
		"set m1 protodown_reason 2 off 7 off; set m1 protodown off",
		"set eth0 broadcast 02:00:00:00:00:09 mode dormant gso_max_size 20000 gso_max_segs 5 gro_max_size 9000; set br0 trailers on",
		"set eth0 gso_ipv4_max_size 9000 gro_ipv4_max_size 8000",
		"del link m1",
	})
}

func TestSet_refused(t *testing.T) {
	refused(t, map[string]string{
		"set eth0 protodown_reason 3":     `on or off`,
		"set eth0 protodown_reason on 3":  `"protodown_reason" wants a number from 0 to 31 and on or off`,
		"set eth0 protodown_reason 32 on": "a reason is a number from 0 to 31",
		"set eth0 group office":           `"office" is no group of links, which is a number or "default"`,
		"set eth0 gso_max_segs 0":         "0 is not in 1..65535",
		"set eth0 mode up":                `"up" is none of default, dormant`,
		"set eth0 carrier maybe":          "maybe",
	})
}
