//go:build linux

package nstest

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// groupWords are the attributes MDBA_MDB_EATTR_* of linux/if_bridge.h, as new
// versions of bridge(8) call them.
var groupWords = map[uint16]string{
	2: "source_list", 3: "filter_mode", 4: "src", 5: "proto", 6: "dst", 7: "dst_port", 8: "vni", 9: "via", 10: "src_vni",
}

// TunnelGroups are the entries of the multicast databases of vxlans, in no order of
// the kernel's. Those of bridges, which `bridge mdb show` tells, are left out.
func TunnelGroups(ns nsexec.Ref) ([]string, error) {
	var out []string
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("mdb", func() error {
		req := nl.NewNetlinkRequest(unix.RTM_GETMDB, unix.NLM_F_DUMP)
		req.AddRawData([]byte{unix.AF_BRIDGE, 0, 0, 0, 0, 0, 0, 0})
		msgs, err := req.Execute(unix.NETLINK_ROUTE, 0)
		for _, m := range msgs {
			out = append(out, groupsOf(m[8:])...)
		}
		return err
	}))
	slices.Sort(out)
	return out, err
}

// groupsOf are the entries of one message: a list in lists.
func groupsOf(b []byte) (out []string) {
	for depth := 0; ; depth++ {
		var inner []byte
		list, _ := nl.ParseRouteAttr(b)
		for _, a := range list {
			switch {
			case a.Attr.Type != 1: // of router ports
			case depth == 2:
				if text := groupText(a.Value); strings.Contains(text, " dst ") {
					out = append(out, text)
				}
			default:
				inner = append(inner, a.Value...)
			}
		}
		if inner == nil {
			return out
		}
		b = inner
	}
}

// groupText is one entry, a struct br_mdb_entry and attributes.
func groupText(b []byte) string {
	const head = 28
	group := b[8:12]
	if binary.BigEndian.Uint16(b[24:]) == unix.ETH_P_IPV6 {
		group = b[8:24]
	}
	text := "grp " + addrText(group)
	if b[4] != 1 {
		text += " temp"
	}
	if b[5] != 0 {
		text += fmt.Sprintf(" flags %d", b[5])
	}
	words := map[uint16]string{}
	list, _ := nl.ParseRouteAttr(b[head:])
	for _, a := range list {
		kind := a.Attr.Type &^ unix.NLA_F_NESTED
		switch word := groupWords[kind]; word {
		case "": // a timer
		case "dst", "src":
			words[kind] = addrText(a.Value)
		case "source_list":
			words[kind] = sourcesText(a.Value)
		default:
			words[kind] = numberText(a.Value)
		}
	}
	if index := words[9]; index != "" {
		words[9] = linkText(index)
	}
	for kind := uint16(2); kind <= 10; kind++ {
		if words[kind] != "" {
			text += " " + groupWords[kind] + " " + words[kind]
		}
	}
	return text
}

func sourcesText(b []byte) string {
	var out []string
	list, _ := nl.ParseRouteAttr(b)
	for _, one := range list {
		inner, _ := nl.ParseRouteAttr(one.Value)
		for _, a := range inner {
			if a.Attr.Type == 1 {
				out = append(out, addrText(a.Value))
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// linkText is the name of a link of this thread's namespace.
func linkText(index string) string {
	n, _ := strconv.Atoi(index)
	link, err := net.InterfaceByIndex(n)
	if err != nil {
		return index
	}
	return link.Name
}

func addrText(b []byte) string {
	a, _ := netip.AddrFromSlice(b)
	return a.String()
}

func numberText(b []byte) string {
	switch len(b) {
	case 1:
		return fmt.Sprint(b[0])
	case 2:
		return fmt.Sprint(binary.NativeEndian.Uint16(b))
	case 4:
		return fmt.Sprint(binary.NativeEndian.Uint32(b))
	}
	return fmt.Sprintf("%x", b)
}
