//go:build linux

package nstest

import (
	"testing"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/nsexec"
)

// HasBridgeVLANs reports whether the kernel's bridges keep VLANs apart, by trying
// to make one that does.
func HasBridgeVLANs(t testing.TB) bool {
	t.Helper()
	return has(t, "bridge vlan_filtering", func(e *nsexec.Engine, ns nsexec.Ref) bool {
		br := nsexec.LinkConfig{Kind: "bridge", Name: "probe", Data: []nsexec.Attr{{Type: nl.IFLA_BR_VLAN_FILTERING, Data: []byte{1}}}}
		return e.Run(t.Context(), nsexec.Step{NS: ns, Action: nsexec.NewLink(br)}) == nil
	})
}

// NeedBridgeVLANs skips the test where the kernel's bridges know no VLANs, or
// fails it where RequireEnv demands them.
func NeedBridgeVLANs(t testing.TB) {
	t.Helper()
	need(t, "bridge vlan_filtering", "VLANs on bridges", HasBridgeVLANs(t))
}
