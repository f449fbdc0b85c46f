//go:build linux

package builtins_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestFlower_newer: of what Linux 6.5 brought an older kernel is not asked, since
// it would pass over it and match all else. This tc shows none of it.
func TestFlower_newer(t *testing.T) {
	nstest.NeedTraffic(t, "filter flower")
	for _, w := range []struct {
		words, name string
		attr        uint16
		want        string
	}{
		{"cfm mdl 5 op 1", "cfm", 107, "1:05 2:01"},
		{"cfm op 4", "cfm", 107, "2:04"},
		{"l2_miss 1", "l2_miss", 106, "01"},
		{"ip_proto tcp l2_miss 0", "l2_miss", 106, "00"},
	} {
		script := "filter eth0 ingress pref 5 flower " + w.words
		ns, err := runIn(t, "qdisc eth0 ingress; "+script)
		if since, _ := parseRelease("6.5"); err != nil && release(t) < since {
			want := fmt.Sprintf("this kernel's flower has no %q (Linux 6.5)", w.name)
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", w.words, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", w.words, err)
			continue
		}
		says := func(ns nsexec.Ref) bool { return flowerKey(t, ns, w.attr) == w.want }
		if !says(ns) {
			t.Errorf("%s: the kernel has %q, want %q", w.words, flowerKey(t, ns, w.attr), w.want)
		}
		claim(t, "qdisc eth0 ingress;", script, says)
		undoneKey(t, ns, w.attr, w.want)
	}
}

// TestFlower_untold is what this tc has no words for, or does not show.
func TestFlower_untold(t *testing.T) {
	nstest.NeedTraffic(t, "filter flower")
	for _, w := range []struct {
		words string
		want  map[uint16]string // TCA_FLOWER_* of linux/pkt_cls.h
	}{
		{"ip_proto l2tp l2tpv3_sid 0x1234", map[uint16]string{9: "73", 105: "00001234"}},
		{"protocol ipv6 ip_proto 0x73 l2tpv3_sid 4294967295", map[uint16]string{9: "73", 105: "ffffffff"}},
		{"hash 0x50/0xf0", map[uint16]string{100: "50000000", 101: "f0000000"}},
		{"hash 7", map[uint16]string{100: "07000000", 101: "ffffffff"}},
		{"dst_ip 10.0.0.1 verbose", map[uint16]string{22: "18000000"}}, // and that it is not in hardware
	} {
		script := "filter eth0 ingress pref 5 flower " + w.words
		ns, err := runIn(t, "qdisc eth0 ingress; "+script)
		if err != nil {
			t.Errorf("%s: %v", w.words, err)
			continue
		}
		for attr, want := range w.want {
			says := func(ns nsexec.Ref) bool { return flowerKey(t, ns, attr) == want }
			if !says(ns) {
				t.Errorf("%s: the kernel has %q, want %q", w.words, flowerKey(t, ns, attr), want)
			}
			claim(t, "qdisc eth0 ingress;", script, says)
			undoneKey(t, ns, attr, want)
		}
	}
}

// undoneKey has a run take the filter away and fail.
func undoneKey(t *testing.T, ns nsexec.Ref, attr uint16, want string) {
	t.Helper()
	_, err := runIn(t, fmt.Sprintf("atomic < in ns %s < del filter eth0 ingress pref 5; fail 'now' > >", ns.Name))
	if err == nil || !strings.Contains(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
		t.Fatal(err)
	}
	if got := flowerKey(t, ns, attr); got != want {
		t.Errorf("after a run that failed, the kernel has %q, want %q", got, want)
	}
}

// flowerKey is an attribute of the filter of eth0's ingress in hex, as the kernel
// tells it.
func flowerKey(t *testing.T, ns nsexec.Ref, attr uint16) string {
	t.Helper()
	e, err := nsexec.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	out := ""
	err = e.Look(t.Context(), ns, func(c *nsexec.Conn) error {
		index, err := c.Index(nsexec.ByName("eth0"))
		if err != nil {
			return err
		}
		req := c.Request(unix.RTM_GETTFILTER, unix.NLM_F_DUMP)
		req.AddData(&nl.TcMsg{Ifindex: int32(index), Parent: 0xfffffff2})
		msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWTFILTER)
		for _, m := range msgs {
			out += attrText(m[nl.SizeofTcMsg:], nl.TCA_OPTIONS, attr)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attrText is an attribute within another in hex: of one that holds others these,
// with their sizes and kinds.
func attrText(data []byte, outer, inner uint16) string {
	find := func(data []byte, kind uint16) []byte {
		list, _ := nl.ParseRouteAttr(data)
		for _, a := range list {
			if a.Attr.Type&^unix.NLA_F_NESTED == kind {
				return a.Value
			}
		}
		return nil
	}
	value := find(find(data, outer), inner)
	if len(value) <= 4 {
		return fmt.Sprintf("%x", value)
	}
	var parts []string
	list, _ := nl.ParseRouteAttr(value)
	for _, a := range list {
		parts = append(parts, fmt.Sprintf("%d:%x", a.Attr.Type, a.Value))
	}
	return strings.Join(parts, " ")
}
