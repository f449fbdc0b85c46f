//go:build linux

package builtins_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// kindWitness is of a kind that the kernel at hand may lack.
type kindWitness struct {
	kind string
	err  string // where it lacks it; empty for any that names the kind
	w    witness
}

var kindWitnesses = []kindWitness{
	{"dummy", noDummy, witness{"dummy d0 up mtu 1400", "link show d0", map[string]string{"linkinfo.info_kind": "dummy", "mtu": "1400"}}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 gvrp on loose_binding on", "link show v5", map[string]string{"linkinfo.info_data.id": "5", "linkinfo.info_data.protocol": "802.1Q", "linkinfo.info_data.flags.1": "GVRP"}}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 reorder_hdr off mvrp on bridge_binding on", "link show v5", map[string]string{"linkinfo.info_data.flags.0": "MVRP"}}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 protocol 802.1ad", "link show v5", linkData("protocol", "802.1ad")}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 egress-qos-map 1:2 3:4", "link show v5", linkData("egress_qos.1.to", "4")}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 ingress-qos-map 1:2 3:4", "link show v5", linkData("ingress_qos.0.to", "2")}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 loose_binding on", "link show v5", linkData("flags.1", "LOOSE_BINDING")}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5 bridge_binding on", "link show v5", linkData("flags.1", "BRIDGE_BINDING")}},
	{"ipvlan", "", witness{"ipvlan i1 link eth1", "link show i1", map[string]string{"link": "eth1"}}},
	{"ipvtap", "", witness{"ipvtap i1 link eth1", "link show i1", map[string]string{"link": "eth1"}}},
	{"macsec", "", witness{"macsec i1 link eth1", "link show i1", map[string]string{"link": "eth1"}}},
	{"xfrm", "", witness{"xfrm x1 dev eth0 if_id 9", "link show x1", map[string]string{"link": "eth0"}}},
	{"bond", "", witness{"bond b1 mode active-backup miimon 50 up; down eth0; master eth0 b1; ensure bond b1 primary eth0 active_slave eth0", "link show b1",
		map[string]string{"linkinfo.info_data.active_slave": "eth0", "linkinfo.info_data.primary": "eth0"}}},
	{"vxcan", "", witness{"vxcan c0 alias near c1 up mtu 72 txqlen 9 group 4", "link show c0", map[string]string{"linkinfo.info_kind": "vxcan", "mtu": "72", "txqlen": "9", "group": "4", "ifalias": "near", "link": "c1"}}},
	{"vxcan", "", witness{"vxcan c0 c1 index 50 up", "link show c1", map[string]string{"linkinfo.info_kind": "vxcan", "ifindex": "50", "flags.1": "UP"}}},
	{"vxcan", "", witness{"vxcan c0 c1; ensure vxcan c0 c1 mtu 72; replace vxcan c0 c2; del vxcan c0", "link", map[string]string{"#": "4"}}},
	{"netkit", "", witness{"netkit k0 10.0.0.1/24 k1 10.0.0.2/24 up", "addr show k1", map[string]string{"addr_info.0.local": "10.0.0.2", "flags.3": "UP"}}},
	{"netkit", "", witness{"netkit k0 hw 02:00:00:00:00:77 k1 mode l2", "link show k0", map[string]string{"address": "02:00:00:00:00:77"}}},
	{"netkit", "", witness{"netkit k0 k1 hw 02:00:00:00:00:88 mode l2", "link show k1", map[string]string{"address": "02:00:00:00:00:88"}}},
	{"netkit", "", witness{"netkit k0 k1; ensure netkit k0 k1 mtu 1400; replace netkit k0 k2; del netkit k0", "link", map[string]string{"#": "4"}}},
	{"team", "", witness{"link t1 type team up mtu 1400 hw 02:00:00:00:00:09", "link show t1", map[string]string{"linkinfo.info_kind": "team", "mtu": "1400", "address": "02:00:00:00:00:09"}}},
	{"team", "", witness{"link t1 link eth0 type team; ensure link t1 type team mtu 1300; replace link t1 type team; del link t1", "link", map[string]string{"#": "4"}}},
	{"batadv", "", witness{"link bat0 type batadv", "link show bat0", map[string]string{"linkinfo.info_kind": "batadv"}}},
	{"vlan", noVlan, witness{"vlan v5 link eth0 id 5; ensure vlan v5 link eth0 id 5 gvrp on", "link show v5", linkData("flags.1", "GVRP")}},
}

const (
	noDummy = `this kernel has no "dummy" links (module dummy, CONFIG_DUMMY)`
	noVlan  = `this kernel has no "vlan" links (module 8021q, CONFIG_VLAN_8021Q)`
)

// TestKindsOfOtherKernels holds the kinds that this kernel may lack to what ip
// shows of them, or to the error that says what is missing.
func TestKindsOfOtherKernels(t *testing.T) {
	checkKinds(t, slices.Concat(kindWitnesses, otherKinds()))
}

// TestTunnelsOfOtherKernels does so with tunnels over IPv4.
func TestTunnelsOfOtherKernels(t *testing.T) { checkKinds(t, otherTunnels(false)) }

// TestTunnels6OfOtherKernels does so with tunnels over IPv6.
func TestTunnels6OfOtherKernels(t *testing.T) { checkKinds(t, otherTunnels(true)) }

func checkKinds(t *testing.T, all []kindWitness) {
	t.Helper()
	seen, lacking := 0, map[string]bool{}
	for _, test := range all {
		if nstest.HasKind(t, test.kind) {
			test.w.check(t)
			claimExternal(t, test)
			seen++
			continue
		}
		if lacking[test.kind] && test.err == "" {
			continue // it says the same of each option
		}
		lacking[test.kind] = true
		_, err := runIn(t, test.w.script)
		var missing *nsexec.NoKindError
		if !errors.As(err, &missing) || missing.Kind != test.kind || test.err != "" && missing.Error() != test.err || !errors.Is(err, unix.EOPNOTSUPP) {
			t.Errorf("%s: %v", test.w.script, err)
		}
	}
	t.Logf("%d options witnessed; %d kinds that this kernel lacks said so", seen, len(lacking))
}

// claimExternal claims what a link has instead of what its kind needs otherwise.
func claimExternal(t *testing.T, test kindWitness) {
	t.Helper()
	item := test.kind + " external"
	bare, ok := strings.CutSuffix(test.w.script, " external")
	if !ok || t.Failed() || hasSeen(item) {
		return
	}
	for _, m := range makers {
		if m.verb == test.kind && !test.w.says(t, bare+" "+m.needs) {
			see(t, item)
		}
	}
}

// vlanFilterWitnesses are the options of a bridge that only a kernel with
// CONFIG_BRIDGE_VLAN_FILTERING has. Another refuses the first and says nothing
// to the rest.
var vlanFilterWitnesses = [][3]string{
	{"vlan_filtering on", "vlan_filtering", "1"},
	{"vlan_protocol 802.1ad", "vlan_protocol", "802.1ad"},
	{"vlan_default_pvid 5", "vlan_default_pvid", "5"},
	{"vlan_stats_enabled on", "vlan_stats_enabled", "1"},
	{"vlan_stats_per_port on", "vlan_stats_per_port", "1"},
	{"vlan_filtering on mcast_vlan_snooping on", "mcast_vlan_snooping", "1"},
	{"vlan_filtering on mst_enabled on", "vlan_filtering", "1"},
}

func TestBridge_vlans(t *testing.T) {
	lacks := !nstest.HasBridgeVLANs(t)
	for _, w := range vlanFilterWitnesses {
		if !lacks && strings.Contains(w[0], "mst_enabled") { // which ip does not show yet
			says := func(ns nsexec.Ref) bool {
				const boolOptions, mst = 46, 1 << 2 // IFLA_BR_MULTI_BOOLOPT, BR_BOOLOPT_MST_ENABLE
				got := rawData(t, ns, "b1", nl.IFLA_INFO_DATA)[boolOptions]
				return len(got) > 0 && got[0]&mst != 0
			}
			if ns, err := runIn(t, "bridge b1 "+w[0]); err != nil || !says(ns) {
				t.Errorf("%s: %v", w[0], err)
			}
			claim(t, "", "bridge b1 "+w[0], says)
			continue
		}
		if !lacks {
			witness{"bridge b1 " + w[0], "link show b1", linkData(w[1], w[2])}.check(t)
			continue
		}
		_, err := runIn(t, "bridge b1 "+w[0])
		if !strings.HasPrefix(w[0], "vlan_filtering") {
			if err != nil {
				t.Errorf("%s: %v", w[0], err)
			}
			continue
		}
		const want = `this kernel has "bridge" links, but not all of these options: operation not supported`
		if !errors.Is(err, unix.EOPNOTSUPP) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", w[0], err)
		}
	}
}

// rawWitnesses are the options that the ip at hand may not show yet: what the
// kernel itself says, in hexadecimal, of an attribute of a link's data, or of
// its port's data.
var rawWitnesses = []struct {
	script, link string
	port         bool
	attr         uint16
	want         string
	since        string // the kernel that shows it
}{
	{"vxlan v1 id 5 ttl inherit", "v1", false, 28, "01", "4.18"},
	{"netkit k0 k1", "k0", false, 5, "01000000", "6.7"},
	{"netkit k0 k1 mode l2", "k0", false, 5, "00000000", "6.7"},
	{"netkit k0 blackhole k1 forward mode l3", "k0", false, 3, "02000000", "6.7"},
	{"netkit k0 forward k1 blackhole", "k0", false, 4, "02000000", "6.7"},
	{"geneve g1 id 5 remote 10.0.0.2 ttl inherit", "g1", false, nl.IFLA_GENEVE_TTL_INHERIT, "01", "5.1"},
	{"geneve g1 external innerprotoinherit", "g1", false, nl.IFLA_GENEVE_INNER_PROTO_INHERIT, "", "5.18"},
	{"bridge b1 fdb_max_learned 7", "b1", false, 49, "07000000", "6.7"},
	{"vxlan v1 id 5 nolocalbypass", "v1", false, 31, "00", "6.5"},
	{"vxlan v1 id 5 nolocalbypass; ensure vxlan v1 localbypass", "v1", false, 31, "01", "6.5"},
	{"macvlan m1 link eth0 bclim 3", "m1", false, 9, "03000000", "6.4"},
	{"macvtap m1 link eth0 bclim -1", "m1", false, 9, "ffffffff", "6.4"},
	{"master eth0 br0; port eth0 mcast_hosts_limit 20", "eth0", true, 37, "14000000", "5.12"},
	{"master eth0 br0; port eth0 mcast_max_groups 7", "eth0", true, 42, "07000000", "6.3"},
	{"master eth0 br0; port eth0 neigh_vlan_suppress on", "eth0", true, 43, "01", "6.4"},
	{"master eth0 br0; port eth0 locked on; port eth0 mab on", "eth0", true, 40, "01", "6.2"},
	{"addr eth0 10.0.0.1/24; master eth0 br0; exec ip nexthop add id 5 via 10.0.0.2 fdb; port eth0 backup_nhid 5", "eth0", true, 44, "05000000", "6.6"},
}

func TestOptions_raw(t *testing.T) {
	for _, test := range rawWitnesses {
		verb := builtins.Lookup(strings.Fields(test.script)[0])
		if (verb.Group == builtins.Links || verb.Group == builtins.Joining) && !nstest.HasKind(t, verb.Name) {
			continue
		}
		ns, err := runIn(t, test.script)
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		info := nl.IFLA_INFO_DATA
		if test.port {
			info = nl.IFLA_INFO_SLAVE_DATA
		}
		data := rawData(t, ns, test.link, uint16(info))
		got, there := data[test.attr]
		if since, _ := parseRelease(test.since); !there && release(t) < since {
			continue
		}
		if !there || hex.EncodeToString(got) != test.want {
			t.Errorf("%s: attribute %d is %x, want %s", test.script, test.attr, got, test.want)
		}
		claim(t, "", test.script, func(ns nsexec.Ref) bool {
			got, there := rawData(t, ns, test.link, uint16(info))[test.attr]
			return there && hex.EncodeToString(got) == test.want
		})
	}
}

// release is the running kernel's, so that a later one is more.
func release(t *testing.T) int {
	t.Helper()
	n := kernelRelease()
	if n == 0 {
		t.Fatal("the kernel has no release")
	}
	return n
}

func kernelRelease() int {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return 0
	}
	n, _ := parseRelease(unix.ByteSliceToString(u.Release[:]))
	return n
}

func parseRelease(s string) (int, error) {
	var major, minor int
	_, err := fmt.Sscanf(s, "%d.%d", &major, &minor)
	return major*1000 + minor, err
}

// rawData are the attributes of one part of a link's IFLA_LINKINFO.
func rawData(t *testing.T, ns nsexec.Ref, link string, part uint16) map[uint16][]byte {
	t.Helper()
	return rawAttrs(t, rawAttrs(t, rawLink(t, ns, link)[unix.IFLA_LINKINFO])[part])
}

func rawAttrs(t *testing.T, b []byte) map[uint16][]byte {
	t.Helper()
	attrs, err := nl.ParseRouteAttr(b)
	if err != nil {
		t.Fatal(err)
	}
	m := map[uint16][]byte{}
	for _, a := range attrs {
		m[a.Attr.Type&^uint16(unix.NLA_F_NESTED)] = a.Value
	}
	return m
}

// rawLink are the attributes of a link, none where there is no such link.
func rawLink(t *testing.T, ns nsexec.Ref, link string) map[uint16][]byte {
	t.Helper()
	e, err := nsexec.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var msgs [][]byte
	err = e.Look(t.Context(), ns, func(c *nsexec.Conn) error {
		req := c.Request(unix.RTM_GETLINK, 0)
		req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(link)))
		var err error
		msgs, err = req.Execute(unix.NETLINK_ROUTE, 0)
		return err
	})
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return rawAttrs(t, msgs[0][unix.SizeofIfInfomsg:])
}

// witnessed are all the statements that a test holds against a witness.
func witnessed() []string {
	var scripts []string
	for option := range bridgeWitnesses {
		scripts = append(scripts, "bridge b1 "+option)
	}
	for _, w := range vlanFilterWitnesses {
		scripts = append(scripts, "bridge b1 "+w[0])
	}
	for option := range vxlanWitnesses {
		scripts = append(scripts, "vxlan vx1 "+option)
	}
	for option := range portWitnesses {
		scripts = append(scripts, "port eth0 "+option)
	}
	for _, w := range slices.Concat(otherWitnesses, tunWitnesses) {
		scripts = append(scripts, w.script)
	}
	for _, w := range slices.Concat(kindWitnesses, otherKinds()) {
		scripts = append(scripts, w.w.script)
	}
	for _, w := range rawWitnesses {
		scripts = append(scripts, w.script)
	}
	for _, w := range setWitnesses {
		scripts = append(scripts, w.script)
	}
	for _, w := range sizeWitnesses {
		scripts = append(scripts, w.script)
	}
	return scripts
}

// TestEnsure_twice ensures every link that the witnesses make twice over: the
// second time there is nothing to do, whatever the kernel thinks of a change.
func TestEnsure_twice(t *testing.T) {
	var b strings.Builder
	for _, script := range witnessed() {
		fields := strings.Fields(script)
		spec := builtins.Lookup(fields[0])
		if spec == nil || spec.Modifiers&builtins.Ensure == 0 || strings.Contains(script, ";") ||
			strings.Contains(script, "vlan_filtering") || slices.Contains([]string{"tun", "tap"}, fields[0]) || !nstest.HasKind(t, kindOf(fields[0])) {
			continue
		}
		fmt.Fprintf(&b, "%s\nensure %s\nensure %s\ndel %s %s\n", script, script, script, fields[0], fields[1])
	}
	_, err := runIn(t, b.String())
	var at *interp.Error
	if errors.As(err, &at) {
		const before = 2 // lines that runIn puts first
		t.Errorf("%v\n%s", err, strings.Split(b.String(), "\n")[at.Start.Line-1-before])
	}
}

// kindOf is the kernel's name of a verb's kind.
func kindOf(verb string) string {
	if verb == "port" || verb == "set" { // no kinds
		return "veth"
	}
	return verb
}
