//go:build linux

package builtins

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// TestConfig compares what goes into the message with what linux/if_link.h and
// linux/if_vlan.h ask for, byte for byte, in the order of a little-endian
// machine: for the kinds, too, that the kernel at hand does not have.
func TestConfig(t *testing.T) {
	for _, test := range []struct {
		stmt string
		want string // TYPE=HEX, or TYPE[…], of IFLA_INFO_DATA
	}{
		{"dummy d0 up mtu 1400", ""},
		{"vlan v link e id 5", "1=0500"},
		{"vlan v link e id 4094 protocol 802.1ad", "1=fe0f 5=88a8"},
		{"vlan v link e id 5 protocol 802.1Q", "1=0500 5=8100"},
		{"vlan v link e id 5 reorder_hdr off", "1=0500 2=0000000001000000"},
		{"vlan v link e id 5 reorder_hdr on gvrp on loose_binding off mvrp on bridge_binding on", "1=0500 2=1b0000001f000000"},
		{"vlan v link e id 5 ingress-qos-map 1:2 3:4", "1=0500 4[1=0100000002000000 1=0300000004000000]"},
		{"vlan v link e id 5 egress-qos-map 7:6", "1=0500 3[1=0700000006000000]"},
		{"bridge b vlan_filtering on vlan_default_pvid 5 vlan_protocol 802.1ad", "7=01 8=88a8 39=0500"},
		{"bridge b vlan_stats_enabled on vlan_stats_per_port on", "41=01 45=01"},
		{"bridge b mcast_vlan_snooping on", "46=0200000002000000"},
		{"bridge b mst_enabled off", "46=0000000004000000"},
		{"bridge b forward_delay 1500 mcast_query_interval 12500", "1=dc050000 33=d430000000000000"},
		{"vxlan v id 5 dstport 4789 srcport 1000 2000 flowlabel 5", "1=05000000 26=00000005 15=12b5 10=03e807d0"},
		{"vxlan v id 5 local 10.0.0.1 remote 2001:db8::2", "1=05000000 4=0a000001 16=20010db8000000000000000000000002"},
		{"vxlan v id 5 gbp gpe ttl inherit", "1=05000000 23= 27= 28="},
		{"macvlan m link e mode passthru nopromisc", "1=08000000 2=0100"},
		{"macvtap m link e mode source nodst macaddr set 02:00:00:00:00:01 02:00:00:00:00:02", "1=10000000 2=0200 3=03000000 5[4=020000000001 4=020000000002]"},
		{"macvlan m link e mode source macaddr add 02:00:00:00:00:01", "1=10000000 3=00000000 4=020000000001"},
		{"macvlan m link e mode source macaddr flush", "1=10000000 3=02000000"},
	} {
		fields := strings.Fields(test.stmt)
		var args []Arg
		for _, w := range fields[1:] {
			args = append(args, Arg{Value: value.String(w), Bare: true})
		}
		call, wrong := Lookup(fields[0]).Bind(&Env{}, 0, args)
		if wrong != nil {
			t.Errorf("%s: %s", test.stmt, wrong.Msg)
			continue
		}
		for _, k := range kinds {
			if k.name != fields[0] {
				continue
			}
			cfg, err := k.config(call)
			if err != nil {
				t.Errorf("%s: %v", test.stmt, err)
			}
			if diff := cmp.Diff(test.want, attrText(cfg.Data)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.stmt, diff)
			}
		}
	}
}

func attrText(attrs []nsexec.Attr) string {
	var out []string
	for _, a := range attrs {
		if a.Nested != nil {
			out = append(out, fmt.Sprintf("%d[%s]", a.Type, attrText(a.Nested)))
			continue
		}
		out = append(out, fmt.Sprintf("%d=%s", a.Type, hex.EncodeToString(a.Data)))
	}
	return strings.Join(out, " ")
}
