//go:build linux

package nstest

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// encaps are the encapsulations of routes that a kernel may lack.
var encaps = map[string]uint16{
	"mpls": unix.LWTUNNEL_ENCAP_MPLS, "ip": unix.LWTUNNEL_ENCAP_IP, "ip6": unix.LWTUNNEL_ENCAP_IP6,
	"seg6": unix.LWTUNNEL_ENCAP_SEG6, "seg6local": unix.LWTUNNEL_ENCAP_SEG6_LOCAL,
}

// HasLayer3 reports whether the kernel has something of layer 3: an
// encapsulation, as "encap seg6", or "mpls" for routes of labels. It tries, in a
// namespace of its own.
func HasLayer3(t testing.TB, what string) bool {
	t.Helper()
	return has(t, what, func(e *nsexec.Engine, ns nsexec.Ref) bool {
		kind, encap := strings.CutPrefix(what, "encap ")
		var err error
		if encap {
			// The kernel looks the type up before anything else; that lo is down
			// is another error.
			err = e.Run(t.Context(), nsexec.Step{NS: ns, Action: nsexec.AddRoute(nsexec.RouteConfig{
				Dst: netip.MustParsePrefix("10.0.0.0/8"), Scope: -1,
				Hop: nsexec.NextHop{Dev: nsexec.LinkRef{Name: "lo"}, Encap: &nsexec.Encap{Type: encaps[kind]}},
			})})
		} else {
			// A label of no bits is wrong, where there are any.
			err = e.Look(t.Context(), ns, func(c *nsexec.Conn) error {
				req := c.Request(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_ACK)
				req.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_MPLS}})
				_, err := req.Execute(unix.NETLINK_ROUTE, 0)
				return err
			})
		}
		return !errors.Is(err, unix.EOPNOTSUPP)
	})
}

// NeedLayer3 skips the test where the kernel lacks something of layer 3, or a
// kind of links, as "link vrf"; or it fails it where RequireEnv demands it.
func NeedLayer3(t testing.TB, what string) {
	t.Helper()
	if kind, ok := strings.CutPrefix(what, "link "); ok {
		NeedKind(t, kind)
		return
	}
	need(t, what, what, HasLayer3(t, what))
}
