//go:build linux

package builtins_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestFilter_ipset: sets are matched by their names, as tc does it, and a filter
// with one comes back.
func TestFilter_ipset(t *testing.T) {
	nstest.NeedTraffic(t, "filter basic")
	ns, err := runIn(t, "qdisc eth0 ingress")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"other", "bulk"} { // so that not all have the number 0
		makeSet(t, ns, name)
	}
	const match = `'cmp(u8 at 9 eq 6) and (nbyte(abcde at 3) or not ipset(bulk src,dst)) and ipset(other dst)' flowid 1:1` // behind which this tc must have something
	inside := func(script string) error {
		_, err := runIn(t, "atomic < in ns "+ns.Name+" < "+script+" > >")
		return err
	}
	shown := func() string { return tcText(t, ns, "filter show dev eth0 ingress") }

	if err := inside("filter eth0 ingress protocol ip pref 5 basic ematch " + match); err != nil {
		t.Fatal(err)
	}
	ours := shown()
	if err := inside("del filter eth0 ingress pref 5"); err != nil {
		t.Fatal(err)
	}
	if _, err := nstest.Output(ns, "", "sh", "-c", "tc filter add dev eth0 ingress protocol ip pref 5 basic match "+match); err != nil {
		t.Fatal(err)
	}
	theirs := shown()
	if ours != theirs || !strings.Contains(ours, "NOT ipset(bulk src,dst)") || !strings.Contains(ours, "ipset(other dst)") {
		t.Errorf("ours:\n%s\ntc's:\n%s", ours, theirs)
	}
	undoneTraffic(t, ns, "del qdisc eth0 ingress")

	err = inside("filter eth0 ingress pref 7 basic ematch 'ipset(none src)'")
	if err == nil || !strings.Contains(err.Error(), `there is no IP set "none"`) {
		t.Errorf("of a set that is not there: %v", err)
	}
}

// makeSet makes a set of pairs of addresses in a namespace.
func makeSet(t *testing.T, ns nsexec.Ref, name string) {
	t.Helper()
	f, err := os.Open(filepath.Join(nsexec.DefaultMountPath, ns.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := handleAt(netlink.NewHandleAt, int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.IpsetCreate(name, "hash:ip", netlink.IpsetCreateOptions{}); err != nil {
		t.Fatalf("a set %s: %v", name, err)
	}
}

// handleAt opens a handle in a namespace, whatever the type of its descriptor is
// called.
func handleAt[N ~int](open func(N, ...int) (*netlink.Handle, error), fd int) (*netlink.Handle, error) {
	return open(N(fd), unix.NETLINK_NETFILTER)
}
