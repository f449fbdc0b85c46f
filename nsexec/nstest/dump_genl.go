//go:build linux

package nstest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// genlObjects are the objects of generic netlink that a dump shows: the command of
// the family that gets them, and what counts packets in its answers.
var genlObjects = []struct {
	name, family string
	get          uint8
	single       bool
	counts       uint16
}{
	{name: "sr tunsrc", family: "SEG6", get: 4, single: true},
	{name: "ioam namespace", family: "IOAM6", get: 3},
	{name: "ioam schema", family: "IOAM6", get: 6},
	{name: "fou port", family: "fou", get: 3},
	{name: "l2tp tunnel", family: "l2tp", get: 4, counts: 30},
	{name: "l2tp session", family: "l2tp", get: 8, counts: 30},
	{name: "mptcp endpoint", family: "mptcp_pm", get: 3},
	{name: "mptcp limits", family: "mptcp_pm", get: 6, single: true},
}

// genlFamilies are the numbers of the families that this kernel has.
var genlFamilies = sync.OnceValue(func() map[string]uint16 {
	out := map[string]uint16{}
	for _, o := range genlObjects {
		if family, err := netlink.GenlFamilyGet(o.family); err == nil {
			out[o.family] = family.ID
		}
	}
	return out
})

// genl writes a line for each object of generic netlink in the namespace of this
// thread: its attributes in hexadecimal. It asks by netlink, since a program for
// each kind would take most of a dump's time.
func (v *view) genl() {
	for _, o := range genlObjects {
		id, ok := genlFamilies()[o.family]
		if !ok {
			continue
		}
		flags := unix.NLM_F_DUMP
		if o.single {
			flags = 0
		}
		req := nl.NewNetlinkRequest(int(id), flags)
		req.AddData(&nl.Genlmsg{Command: o.get, Version: 1})
		msgs, err := req.Execute(unix.NETLINK_GENERIC, 0)
		if err != nil {
			continue // only the machine's root may ask, who isn't here; or there are none
		}
		var texts []string
		for _, m := range msgs {
			texts = append(texts, genlText(m, o.counts))
		}
		slices.Sort(texts) // most are in a hash table
		for _, text := range texts {
			v.line(o.name, text)
		}
	}
}

// Genl is what a dump shows of the objects of generic netlink of a named namespace.
func Genl(t testing.TB, ns nsexec.Ref) string {
	t.Helper()
	var v view
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("dump", func() error { v.genl(); return nil }))
	if err != nil {
		t.Fatal(err)
	}
	return v.out.String()
}

// HasGenl reports whether the kernel has a family of generic netlink.
func HasGenl(family string) bool { return genlFamilies()[family] != 0 }

// genlText is an object's attributes.
func genlText(msg []byte, counts uint16) string {
	attrs, err := nl.ParseRouteAttr(msg[nl.SizeofGenlmsg:])
	if err != nil {
		return err.Error()
	}
	text := ""
	for _, a := range attrs {
		if t := a.Attr.Type &^ unix.NLA_F_NESTED; t != counts || counts == 0 {
			text += fmt.Sprintf("%d:%x ", t, a.Value)
		}
	}
	return text
}
