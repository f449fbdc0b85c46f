//go:build linux

package builtins

import (
	"slices"

	"github.com/nescript/nescript/nsexec"
)

// table is every built-in verb. All that lists verbs reads it.
var table = concat(
	[]*Spec{nsSpec, moveSpec},
	pairSpecs(),
	[]*Spec{addrSpec, routeSpec, nexthopSpec, ruleSpec, neighSpec, addrLabelSpec, tokenSpec, xfrmStateSpec, xfrmPolicySpec},
	xfrmThresholdSpecs(),
	[]*Spec{srTunsrcSpec, ioamNamespaceSpec, ioamSchemaSpec, fouPortSpec, l2tpTunnelSpec, mptcpEndpointSpec, mptcpLimitsSpec, tcpMetricsSpec, macsecTxSpec, macsecRxSpec},
	linkSpecs(),
	linkStateSpecs(),
	[]*Spec{fdbSpec, bvlanSpec, globalVLANSpec, vniSpec, mdbSpec},
	[]*Spec{qdiscSpec, classSpec, filterSpec, chainSpec, shapeSpec},
	[]*Spec{sysctlSpec, forwardSpec, nftSpec, masqueradeSpec, settleSpec},
	[]*Spec{execSpec, shSpec, printSpec, failSpec},
	[]*Spec{expectPing, expectTCP, expectExec},
	[]*Spec{unmakeSpec, restoreSpec},
)

// kinds are the kinds of links that have a verb.
var kinds = slices.Concat([]kind{
	bridgeKind, dummyKind, ifbKind, vlanKind, vxlanKind,
	macvlanOf("macvlan", "make a link with a MAC address of its own on another link"),
	macvlanOf("macvtap", "make a macvlan that a program reads through /dev/tapN"),
	ipvlanOf("ipvlan", "make a link on another one, with its MAC address and IP addresses of its own"),
	ipvlanOf("ipvtap", "make an ipvlan that a program reads through /dev/tapN"),
	bondKind, vrfKind, geneveKind, bareudpKind, gtpKind, hsrKind, macsecKind, xfrmKind, nlmonKind, vcanKind, wireguardKind,
}, greKinds, ipKinds)

func linkSpecs() []*Spec {
	specs := []*Spec{
		tunSpec("tun", "make a link whose other end is a program, for IP packets"),
		tunSpec("tap", "make a link whose other end is a program, for Ethernet frames"),
		linkSpec, l2tpSessionSpec,
	}
	for _, k := range kinds {
		specs = append(specs, k.spec())
	}
	return specs
}

func linkStateSpecs() []*Spec {
	specs := []*Spec{
		stateSpec("up", "take links up", nsexec.SetUp),
		stateSpec("down", "take links down", nsexec.SetDown),
		renameSpec, altnameSpec, masterSpec, nomasterSpec, setSpec(), portSpec(), slaveSpec(), offloadSpec, peerSpec,
	}
	for _, p := range properties {
		specs = append(specs, propertySpec(p))
	}
	return specs
}

func concat(groups ...[]*Spec) []*Spec {
	var out []*Spec
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}
