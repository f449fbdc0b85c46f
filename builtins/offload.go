//go:build linux

package builtins

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// offloadGroup is a name that ethtool has for several features.
type offloadGroup struct {
	short, long string
	features    []string
	doc         string
}

// offloadGroups are those of ethtool(8).
var offloadGroups = []offloadGroup{
	{"rx", "rx-checksumming", []string{"rx-checksum"}, "check checksums of what comes in"},
	{"tx", "tx-checksumming", []string{"tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc", "tx-checksum-sctp"}, "fill in checksums of what goes out"},
	{"sg", "scatter-gather", []string{"tx-scatter-gather", "tx-scatter-gather-fraglist"}, "send packets that lie in pieces"},
	{"tso", "tcp-segmentation-offload", []string{"tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-accecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation"}, "split TCP's large packets"},
	{"gso", "generic-segmentation-offload", []string{"tx-generic-segmentation"}, "split large packets as late as can be"},
	{"gro", "generic-receive-offload", []string{"rx-gro"}, "join packets that come in"},
	{"lro", "large-receive-offload", []string{"rx-lro"}, "join packets that come in, in the hardware"},
	{"rxvlan", "rx-vlan-offload", []string{"rx-vlan-hw-parse"}, "take VLAN tags off"},
	{"txvlan", "tx-vlan-offload", []string{"tx-vlan-hw-insert"}, "put VLAN tags on"},
	{"ntuple", "ntuple-filters", []string{"rx-ntuple-filter"}, "filter what comes in"},
	{"rxhash", "receive-hashing", []string{"rx-hashing"}, "hash what comes in"},
}

// offloadFeatures are the kernel's own names, netdev_features_strings of
// net/ethtool/common.c.
var offloadFeatures = strings.Fields(`
	tx-scatter-gather tx-checksum-ipv4 tx-checksum-ip-generic tx-checksum-ipv6 highdma tx-scatter-gather-fraglist
	tx-vlan-hw-insert rx-vlan-hw-parse rx-vlan-filter tx-vlan-stag-hw-insert rx-vlan-stag-hw-parse rx-vlan-stag-filter
	vlan-challenged tx-generic-segmentation rx-gro rx-gro-hw rx-lro tx-tcp-segmentation tx-gso-robust
	tx-tcp-ecn-segmentation tx-tcp-accecn-segmentation tx-tcp-mangleid-segmentation tx-tcp6-segmentation
	tx-fcoe-segmentation tx-gre-segmentation tx-gre-csum-segmentation tx-ipxip4-segmentation tx-ipxip6-segmentation
	tx-udp_tnl-segmentation tx-udp_tnl-csum-segmentation tx-gso-partial tx-tunnel-remcsum-segmentation
	tx-sctp-segmentation tx-esp-segmentation tx-udp-segmentation tx-gso-list tx-checksum-fcoe-crc tx-checksum-sctp
	fcoe-mtu rx-ntuple-filter rx-hashing rx-checksum tx-nocache-copy loopback rx-fcs rx-all l2-fwd-offload
	hw-tc-offload esp-hw-offload esp-tx-csum-hw-offload rx-udp_tunnel-port-offload tls-hw-record tls-hw-tx-offload
	tls-hw-rx-offload rx-gro-list macsec-hw-offload rx-udp-gro-forwarding hsr-tag-ins-offload hsr-tag-rm-offload
	hsr-fwd-offload hsr-dup-offload`)

var offloadSpec = &Spec{
	Name: "offload", Group: LinkState,
	Doc:     "switch what a link does for the rest of the stack, as ethtool -K does",
	Example: "offload eth0 tso off gro off",
	Params:  []Param{{Name: "LINK", Type: linkType}},
	Options: offloadOptions(),
	Verify:  offloadsOnce,
	Compile: func(c *Call) ([]nsexec.Step, error) {
		if err := c.verified(); err != nil {
			return nil, err
		}
		var offloads []nsexec.Offload
		for _, g := range c.Options() {
			offloads = append(offloads, nsexec.Offload{Name: g.Option.Name, Features: featuresOf(g.Option.Name), On: g.Value().(bool)})
		}
		link := c.Link("LINK")
		return []nsexec.Step{{NS: link.NS, Action: nsexec.SetOffloads(link.Link, c.String(), offloads...)}}, nil
	},
}

func offloadOptions() []Option {
	var out []Option
	for _, g := range offloadGroups {
		out = append(out, Option{Name: g.short, Aliases: []string{g.long}, Type: switchType, Doc: g.doc + " (" + g.long + ")"})
	}
	for _, name := range offloadFeatures {
		out = append(out, Option{Name: name, Type: switchType, Doc: "the feature that the kernel calls so"})
	}
	return out
}

// featuresOf are the features that an option stands for.
func featuresOf(name string) []string {
	for _, g := range offloadGroups {
		if g.short == name {
			return g.features
		}
	}
	return []string{name}
}

// offloadsOnce refuses a feature that is to be on and off.
func offloadsOnce(c *Call) *ArgError {
	if err := changesSomething(c); err != nil {
		return &ArgError{Arg: -1, Msg: fmt.Sprintf("%q needs at least one offload to switch, as %s", c.Spec.Name, "tso off"), Help: "ethtool -k LINK shows them"}
	}
	given := c.Options()
	for i, g := range given {
		for _, other := range given[:i] {
			if slices.ContainsFunc(featuresOf(g.Option.Name), func(f string) bool { return slices.Contains(featuresOf(other.Option.Name), f) }) && g.Value() != other.Value() {
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q is a part of %q, or the other way round", g.Option.Name, other.Option.Name)}
			}
		}
	}
	return nil
}
