//go:build linux

package nstest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// HasTraffic reports whether the kernel has a kind of qdisc, filter or action,
// as "qdisc netem", by trying to make one in a namespace of its own.
func HasTraffic(t testing.TB, what string) bool {
	t.Helper()
	return has(t, what, func(e *nsexec.Engine, ns nsexec.Ref) bool {
		there := func() bool {
			var err error
			for _, a := range trafficProbe(what) {
				err = e.Run(t.Context(), nsexec.Step{NS: ns, Action: a})
			}
			return !errors.As(err, new(*nsexec.NoKindError))
		}
		// In the VM, where the packages' tests run at once, modprobe is busybox's,
		// which does not wait for a module that another is loading.
		for tries := 0; InVM() && tries < 20; tries++ {
			if there() {
				return true
			}
			time.Sleep(100 * time.Millisecond)
		}
		return there()
	})
}

// trafficProbe are actions of which the last fails as one of no such kind, or
// otherwise.
func trafficProbe(what string) []nsexec.Action {
	of, kind, _ := strings.Cut(what, " ")
	lo := nsexec.LinkRef{Name: "lo"}
	const ingress = 0xfffffff1
	if of == "qdisc" {
		return []nsexec.Action{nsexec.Qdisc(nsexec.ModeAdd, nsexec.TrafficConfig{Link: lo, Parent: ingress, Kind: kind})}
	}
	cfg := nsexec.TrafficConfig{Link: lo, Parent: 0xffff0000, Protocol: unix.ETH_P_ALL, Pref: 1, Kind: kind}
	if of == "action" {
		cfg.Kind, cfg.ActAttr = "u32", nl.TCA_U32_ACT
		cfg.Options = nl.NewRtAttr(nl.TCA_U32_SEL, make([]byte, 16)).Serialize()
		cfg.Actions = []nsexec.TrafficAction{{Kind: kind}}
	}
	return []nsexec.Action{
		nsexec.Qdisc(nsexec.ModeAdd, nsexec.TrafficConfig{Link: lo, Parent: ingress, Kind: "ingress"}),
		nsexec.Filter(nsexec.ModeAdd, cfg),
	}
}

// NeedTraffic skips the test where the kernel lacks a kind of qdisc, filter or
// action, or fails it where RequireEnv demands it.
func NeedTraffic(t testing.TB, what string) {
	t.Helper()
	need(t, what, what, HasTraffic(t, what))
}
