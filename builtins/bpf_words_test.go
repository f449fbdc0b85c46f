//go:build linux

package builtins_test

import (
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// bpfPlaces are the options that a program follows, and what shows it there. A
// link shows the program's name, the others its label.
var bpfPlaces = []struct{ item, stmt, show string }{
	{"set xdp", "set eth0 xdp PROGRAM", "link show eth0"},
	{"set xdpgeneric", "set eth0 xdpgeneric PROGRAM", "link show eth0"},
	{"set xdpdrv", "set eth1 xdpdrv PROGRAM", "link show eth1"},
	{"route encap bpf in", "replace route 10.9.0.0/16 dev eth0 encap bpf in PROGRAM headroom 8", "route show 10.9.0.0/16"},
	{"route encap bpf out", "replace route 10.9.0.0/16 dev eth0 encap bpf out PROGRAM", "route show 10.9.0.0/16"},
	{"route encap bpf xmit", "replace route 10.9.0.0/16 dev eth0 encap bpf xmit PROGRAM headroom 8", "route show 10.9.0.0/16"},
	{"route encap seg6local endpoint", "replace route 2001:db8:9::/64 dev eth0 encap seg6local action End.BPF endpoint PROGRAM", "-6 route show 2001:db8:9::/64"},
	{"route nexthop encap bpf in", "replace route 10.9.0.0/16 nexthop dev eth0 encap bpf in PROGRAM nexthop dev eth1", "route show 10.9.0.0/16"},
	{"route nexthop encap bpf out", "replace route 10.9.0.0/16 nexthop dev eth0 encap bpf out PROGRAM nexthop dev eth1", "route show 10.9.0.0/16"},
	{"route nexthop encap bpf xmit", "replace route 10.9.0.0/16 nexthop dev eth0 encap bpf xmit PROGRAM headroom 8 nexthop dev eth1", "route show 10.9.0.0/16"},
	{"route nexthop encap seg6local endpoint", "replace route 2001:db8:9::/64 nexthop via fe80::7 dev eth0 encap seg6local action End.BPF endpoint PROGRAM nexthop via fe80::8 dev eth1", "-6 route show 2001:db8:9::/64"},
	{"nexthop encap bpf in", "replace nexthop id 5 dev eth0 encap bpf in PROGRAM", "nexthop show id 5"},
	{"nexthop encap bpf out", "replace nexthop id 5 dev eth0 encap bpf out PROGRAM", "nexthop show id 5"},
	{"nexthop encap bpf xmit", "replace nexthop id 5 dev eth0 encap bpf xmit PROGRAM headroom 8", "nexthop show id 5"},
	{"nexthop encap seg6local endpoint", "replace nexthop id 6 dev eth0 family inet6 encap seg6local action End.BPF endpoint PROGRAM", "nexthop show id 6"},
}

// bpfWords are the ways to say which program, and what is then shown.
var bpfWords = []struct{ words, program, name, label string }{
	{"obj, sec", "obj PROGS sec xdp", "xdp_pass", "progs.o:[xdp]"},
	{"obj, program", "obj PROGS program drop_all", "drop_all", "progs.o:[xdp_drop]"},
	{"pinned", "pinned /sys/fs/bpf/TYPE", "first", "TYPE:[*fsobj]"},
}

// bpfItems are what the table has of a place and its words.
func bpfItems(place, words string) []string {
	out := []string{place}
	for i := strings.LastIndex(place, " "); i > 0 && strings.Contains(place, "encap bpf"); i = -1 {
		out = append(out, place[:i])
	}
	for word := range strings.SplitSeq(words, ", ") {
		out = append(out, place+" "+word)
	}
	return out
}

// Test_bpfWords: wherever there can be a program, it is the one that is meant.
func Test_bpfWords(t *testing.T) {
	if !nstest.InVM() { // other machines say enough of so many
		bpfWhereSaid(t)
	}
	for _, p := range bpfPlaces {
		items := []string{p.item + " off"}
		if !strings.HasPrefix(p.item, "set ") {
			items = nil
		}
		for _, w := range bpfWords {
			items = append(items, bpfItems(p.item, w.words)...)
		}
		for _, item := range items {
			if !t.Failed() && (!nstest.InVM() || elsewhere()[item]) {
				see(t, item)
			}
		}
		if item, ok := strings.CutSuffix(p.item, " xmit"); ok {
			tried(item + " headroom")
		}
	}
}

// bpfWhereSaid looks at each place of a program, with each way to say which.
func bpfWhereSaid(t *testing.T) {
	for typ := range bpfTypes {
		pin(t, typ)
	}
	for _, p := range bpfPlaces {
		typ := typeOf(p.item)
		for _, w := range bpfWords {
			want := w.label
			if typ == "XDP" {
				want = " name " + w.name + " "
			}
			stmt := strings.ReplaceAll(strings.ReplaceAll(p.stmt, "PROGRAM", w.program), "TYPE", typ)
			if got, want := bpfAfter(t, stmt, p.show), strings.ReplaceAll(want, "TYPE", typ); !strings.Contains(got, want) {
				t.Errorf("%s: ip shows no %q but %s", stmt, want, got)
			}
		}
		if typ == "XDP" {
			stmt := strings.ReplaceAll(p.stmt, "PROGRAM", "obj PROGS sec xdp") + "; " + strings.ReplaceAll(p.stmt, "PROGRAM", "off")
			if got := bpfAfter(t, stmt, p.show); strings.Contains(got, "xdp") {
				t.Errorf("%s: ip shows %s", stmt, got)
			}
		}
	}
}

// bpfAfter is what ip shows once statements have run.
func bpfAfter(t *testing.T, stmt, show string) string {
	t.Helper()
	ns, err := runIn(t, withProgs("addr eth0 10.0.0.1/24; addr eth1 10.0.1.1/24;"+stmt))
	if err != nil {
		t.Errorf("%s: %v", stmt, err)
		return ""
	}
	out, err := nstest.Output(ns, "", append([]string{"ip", "-d"}, strings.Fields(show)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// typeOf is the type of the programs of a place.
func typeOf(item string) string {
	switch last := item[strings.LastIndex(item, " ")+1:]; last {
	case "in", "out", "xmit":
		return "LWT" + strings.ToUpper(last[:1]) + last[1:]
	case "endpoint":
		return "LWTSeg6Local"
	}
	return "XDP"
}
