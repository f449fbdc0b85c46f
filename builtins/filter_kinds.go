//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// TCA_CLS_FLAGS_* of linux/pkt_cls.h.
var offloadFlags = []tcOption{
	{name: "skip_hw", doc: "not in hardware"},
	{name: "skip_sw", doc: "in hardware only"},
}

// flowerFlags are what flower alone takes besides.
var flowerFlags = []tcOption{
	{name: "verbose", doc: "the kernel is to say why hardware does not take it"},
	{name: "hw_tc", typ: number(0, 15), doc: "the traffic class of the hardware that they get, in place of a flowid"},
}

// hardwareClass is the class that stands for a traffic class of the hardware at
// the place of a filter: TC_H_MIN_PRIORITY and on of linux/pkt_sched.h.
func hardwareClass(v tcValues) uint32 {
	const major, first = 0xffff0000, 0xffe0
	return tcGet(v, "place", 0, uint32(0))&major | first + uint32(v.int("hw_tc", 0))
}

// offload is the attribute of the flags.
func offload(v tcValues, attr uint16) []byte {
	var flags uint32
	if v.has("skip_hw") {
		flags |= 1
	}
	if v.has("skip_sw") {
		flags |= 2
	}
	if v.has("verbose") {
		flags |= 16
	}
	if flags == 0 {
		return nil
	}
	return tcAttr(attr, nl.Uint32Attr(flags))
}

// filterKinds are the kinds of filters, with the options of tc(8).
var filterKinds = []tcKind{
	u32Kind, flowerKind,
	{
		name: "matchall", doc: "all packets (tc-matchall(8))", options: offloadFlags,
		encode: func(v tcValues) ([]byte, error) { return offload(v, nl.TCA_MATCHALL_FLAGS), nil },
	},
	{name: "fw", doc: "packets with a mark, which is the handle (tc-fw(8))"},
	{
		name: "basic", doc: "all packets, or those that an expression matches (tc-basic(8))",
		options: []tcOption{{name: "ematch", typ: textType, doc: ematchDoc}},
		encode:  encodeEmatch,
	},
	bpfKind,
}

// encodeBytecode is a program of struct sock_filter.
func encodeBytecode(v tcValues) ([]byte, error) {
	text := tcGet(v, "bytecode", 0, "")
	lines := strings.Split(strings.TrimSuffix(strings.TrimSpace(text), ","), ",")
	count, err := strconv.ParseUint(strings.TrimSpace(lines[0]), 10, 16)
	if err != nil || int(count) != len(lines)-1 {
		return nil, fmt.Errorf("bytecode: it starts with how many instructions follow, %d here", len(lines)-1)
	}
	var ops []byte
	for _, line := range lines[1:] {
		var op uint16
		var jt, jf uint8
		var k uint32
		if _, err := fmt.Sscan(line, &op, &jt, &jf, &k); err != nil {
			return nil, fmt.Errorf("bytecode: %q is no instruction: OP JT JF K", line)
		}
		ops = binary.NativeEndian.AppendUint16(ops, op)
		ops = binary.NativeEndian.AppendUint32(append(ops, jt, jf), k)
	}
	out := tcAttr(nl.TCA_BPF_OPS_LEN, nl.Uint16Attr(uint16(count)))
	return append(out, tcAttr(nl.TCA_BPF_OPS, ops)...), nil
}

// defaultProtocol is that of a filter that names none: all, but for flower that
// of what it matches.
func defaultProtocol(k *tcKind, v tcValues) uint16 {
	if k.name != "flower" {
		return unix.ETH_P_ALL
	}
	if v.has("vlan_id", "vlan_prio", "vlan_ethtype") {
		return unix.ETH_P_8021Q
	}
	if n := innerProtocol(v); n != 0 {
		return n
	}
	return unix.ETH_P_ALL
}
