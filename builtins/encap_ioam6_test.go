//go:build linux

package builtins_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// ioam6 are routes whose packets collect traces, which Debian's kernels do not have:
// ip and NEScript are to send the same. ip wants the words in this order.
var ioam6 = []sameAs{
	{"route 2001:db8:9::1 encap ioam6 freq 2/5 mode encap tundst 2001:db8::5 trace prealloc type 0x200000 ns 5 size 8 dev lo",
		"route add 2001:db8:9::1 encap ioam6 freq 2/5 mode encap tundst 2001:db8::5 trace prealloc type 0x200000 ns 5 size 8 dev lo"},
	{"route 2001:db8:9::1 encap ioam6 trace prealloc type 0x800000 ns 0 size 4 dev lo",
		"route add 2001:db8:9::1 encap ioam6 trace prealloc type 0x800000 ns 0 size 4 dev lo"},
	{"nexthop id 5 encap ioam6 freq 2/5 mode auto tundst 2001:db8::5 trace prealloc type 0xc00002 ns 5 size 244 via 2001:db8::2 dev lo",
		"nexthop add id 5 encap ioam6 freq 2/5 mode auto tundst 2001:db8::5 trace prealloc type 0xc00002 ns 5 size 244 via 2001:db8::2 dev lo"},
	{"route 2001:db8:9::1 nexthop encap ioam6 freq 2/5 mode auto tundst 2001:db8::5 trace prealloc type 0x200000 ns 5 size 8 via 2001:db8::2 dev lo nexthop via 2001:db8::3 dev lo",
		"route add 2001:db8:9::1 nexthop encap ioam6 freq 2/5 mode auto tundst 2001:db8::5 trace prealloc type 0x200000 ns 5 size 8 via 2001:db8::2 dev lo nexthop via 2001:db8::3 dev lo"},
}

func TestIOAM6_asIP(t *testing.T) {
	nstest.NeedKind(t, "nlmon")
	ns, err := runOn(t, "", "nlmon mon up; up lo")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range ioam6 {
		sent := func(script string) string {
			return encapSent(t, ns, func() { _ = runWith(t, "in "+ns.String()+" < "+script+" >") })
		}
		want := encapSent(t, ns, func() { _, _ = nstest.Output(ns, "", append([]string{"ip"}, strings.Fields(test.lines)...)...) })
		if got := sent(test.script); got != want || want == "" {
			t.Errorf("%s: sends %q, and ip %q", test.script, got, want)
			continue
		}
		claimBy(t, test.script, func(other string) bool { return sent(other) == want })
		for _, u := range usesIn(t, test.script) {
			// What can't be left out, or be otherwise, is seen with the statement itself.
			if !hasSeen(u.item) && !slices.ContainsFunc(u.others, checks) {
				see(t, u.item)
			}
		}
	}
}

// encapSent is the encapsulation of the route or the nexthop that do has sent to
// the kernel in a namespace with an nlmon, as its attributes, sorted.
func encapSent(t *testing.T, ns nsexec.Ref, do func()) string {
	t.Helper()
	fd := -1
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.ActionFunc("listen", "", true, func(_ context.Context, c *nsexec.Conn) error {
		index, err := c.Index(nsexec.ByName("mon"))
		if err != nil {
			return err
		}
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index})
	}))
	defer unix.Close(fd)
	if err != nil {
		t.Fatal(err)
	}
	do()
	var out string
	for buf := make([]byte, 65536); ; {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			return out
		}
		if encap := encapOf(buf[:n]); encap != "" {
			out = encap
		}
	}
}

// encapOf is the encapsulation in a message of rtnetlink, if there is one.
func encapOf(msg []byte) string {
	if len(msg) < unix.SizeofNlMsghdr {
		return ""
	}
	body := msg[unix.SizeofNlMsghdr:]
	const nhaEncap, sizeofNhMsg, sizeofNextHop = 8, 8, 8
	switch kind := nl.NativeEndian().Uint16(msg[4:]); kind {
	case unix.RTM_NEWROUTE:
		if encap := attrIn(body[unix.SizeofRtMsg:], unix.RTA_ENCAP); encap != nil {
			return attrsText(encap)
		}
		if hops := attrIn(body[unix.SizeofRtMsg:], unix.RTA_MULTIPATH); hops != nil {
			first := hops[:nl.NativeEndian().Uint16(hops)]
			return attrsText(attrIn(first[sizeofNextHop:], unix.RTA_ENCAP))
		}
	case unix.RTM_NEWNEXTHOP:
		return attrsText(attrIn(body[sizeofNhMsg:], nhaEncap))
	}
	return ""
}

// attrIn is the value of an attribute; nil where there is none.
func attrIn(b []byte, kind uint16) []byte {
	list, _ := nl.ParseRouteAttr(b)
	for _, a := range list {
		if a.Attr.Type&^unix.NLA_F_NESTED == kind {
			return a.Value
		}
	}
	return nil
}

func attrsText(b []byte) string {
	list, _ := nl.ParseRouteAttr(b)
	var out []string
	for _, a := range list {
		out = append(out, fmt.Sprintf("%d=%s", a.Attr.Type, hex.EncodeToString(a.Value)))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestIOAM6_refused(t *testing.T) {
	const route = "route 2001:db8:9::1 dev eth0 encap ioam6 "
	refused(t, map[string]string{
		route + "mode auto trace prealloc type 0x800000 ns 0 size 4":  `mode encap and auto need "tundst"`,
		route + "tundst ::1 trace prealloc type 0x800000 ns 0 size 4": `mode inline has no outer header, so no "tundst"`,
		route + "freq 5/2 trace prealloc type 0x800000 ns 0 size 4":   `"5/2" is no K/N`,
		route + "freq 5/2":                                                                `"5/2" is no K/N`,
		route + "mode inline":                                                             `it needs "trace"`,
		route + "trace type 0x800000 ns 0 size 4":                                         `"trace" needs "prealloc"`,
		route + "trace prealloc type 0x800000 ns 0":                                       `"trace" needs "size"`,
		route + "trace prealloc type 0x800001 ns 0 size 4":                                "0x800001 is no type of a trace",
		route + "trace prealloc type 0x800000 ns 0 size 6":                                "a multiple of 4, which 6 is not",
		route + "trace prealloc type 0x800000 ns 0 size 248":                              "248 is not in 4..244",
		"route 10.9.0.0/16 dev eth0 encap ioam6 trace prealloc type 0x800000 ns 0 size 4": "encap ioam6 is for IPv6 routes",
	})
}
