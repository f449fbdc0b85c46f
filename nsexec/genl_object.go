//go:build linux

package nsexec

import (
	"slices"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// GenlKind is a kind of objects that generic netlink makes.
type GenlKind uint16

// The kinds, which are the numbers that records have for them.
const (
	SRTunsrc      GenlKind = genlRecord + 1 + iota // the source of what SRv6 wraps
	IOAMSchema                                     // of in-situ OAM (RFC 9197)
	IOAMNamespace                                  // the same
	FouPort                                        // a UDP port where packets are unwrapped
	L2tpTunnel                                     // of L2TPv3
	L2tpSession                                    // with its link
	MptcpEndpoint
	MptcpLimits
)

// genlRecord is set in the kinds that messages of a [Record] have, which is no
// kind of rtnetlink's.
const genlRecord = 0x2000

// genlObject is how objects of a kind are made, told apart, listed and deleted.
type genlObject struct {
	name          string // "ioam namespace": as the language calls one
	what          string // "ioam": as journals do
	family        *genlFamily
	add, del, get uint8
	nest          uint16   // the attribute that holds all others
	key           []uint16 // what tells one from another
	rest          []uint16 // what else one is made of
	apart         []uint16 // what of the rest takes a command of its own
	// sparse says that the kernel tells of what is not set as zeros, which it is
	// not to be told.
	sparse bool
	// flags are said by being there, whatever their value. Here 0 is for not.
	flags []uint16
	// single says that there is always just one, which is set, and which get
	// returns without a dump.
	single bool
	// fixed is why none that is older than a run can be deleted; empty where one
	// can.
	fixed string
	// lingers says that one that was deleted is there for a while yet.
	lingers bool
}

var genlObjects = map[GenlKind]*genlObject{
	SRTunsrc:      {name: "sr tunsrc", what: "sr", family: seg6Family, add: 3, get: 4, rest: []uint16{seg6AttrDst}, single: true},
	IOAMSchema:    {name: "ioam schema", what: "ioam", family: ioamFamily, add: 4, del: 5, get: 6, key: []uint16{ioamSchemaID}, rest: []uint16{ioamSchemaData}},
	IOAMNamespace: {name: "ioam namespace", what: "ioam", family: ioamFamily, add: 1, del: 2, get: 3, key: []uint16{ioamNamespaceID}, rest: []uint16{ioamData, ioamDataWide}, apart: []uint16{ioamSchemaID, ioamNoSchema}},
	FouPort:       {name: "fou port", what: "fou", family: fouFamily, add: 1, del: 2, get: 3, sparse: true, key: []uint16{1, 2, 6, 7, 8, 9, 10, fouIfindex}, rest: []uint16{3, 4, 5}},
	L2tpTunnel: {name: "l2tp tunnel", what: "l2tp", family: l2tpFamily, add: 1, del: 2, get: 4, lingers: true,
		key: []uint16{l2tpTunnelID}, rest: []uint16{10, l2tpVersion, l2tpEncap, 24, 25, l2tpSource6, 32, 26, 27, 13, 33, 34}, flags: []uint16{13, 33, 34}},
	L2tpSession: {name: "l2tp session", what: "l2tp", family: l2tpFamily, add: 5, del: 6, get: 8, lingers: true,
		key: []uint16{l2tpTunnelID, l2tpSessionID}, rest: []uint16{12, 1, l2tpL2Spec, l2tpIfname, 15, 16, 18, 19, 20, 22},
		fixed: "its link would have another index, and the kernel does not tell its l2spec_type"},
	MptcpEndpoint: {name: "mptcp endpoint", what: "mptcp", family: mptcpFamily, add: 1, del: 2, get: 3, nest: 1, key: []uint16{1, 3, 4, 5}, rest: []uint16{mptcpID, mptcpFlags, mptcpIfindex}},
	MptcpLimits:   {name: "mptcp limits", what: "mptcp", family: mptcpFamily, add: 5, get: 6, rest: []uint16{2, 3}, single: true},
}

// Attributes of linux/seg6_genl.h, linux/ioam6_genl.h, linux/l2tp.h and
// linux/mptcp.h that are dealt with one by one.
const (
	seg6AttrDst     = 1  // SEG6_ATTR_DST
	ioamNamespaceID = 1  // IOAM6_ATTR_NS_ID
	ioamData        = 2  // IOAM6_ATTR_NS_DATA
	ioamDataWide    = 3  // IOAM6_ATTR_NS_DATA_WIDE
	ioamSchemaID    = 4  // IOAM6_ATTR_SC_ID
	ioamSchemaData  = 5  // IOAM6_ATTR_SC_DATA
	ioamNoSchema    = 6  // IOAM6_ATTR_SC_NONE
	l2tpEncap       = 2  // L2TP_ATTR_ENCAP_TYPE
	l2tpL2Spec      = 5  // L2TP_ATTR_L2SPEC_TYPE
	l2tpVersion     = 7  // L2TP_ATTR_PROTO_VERSION
	l2tpIfname      = 8  // L2TP_ATTR_IFNAME
	l2tpTunnelID    = 9  // L2TP_ATTR_CONN_ID
	l2tpSource6     = 31 // L2TP_ATTR_IP6_SADDR
	l2tpSessionID   = 11 // L2TP_ATTR_SESSION_ID
	fouIfindex      = 11 // FOU_ATTR_IFINDEX
	mptcpID         = 2  // MPTCP_PM_ADDR_ATTR_ID
	mptcpFlags      = 6  // MPTCP_PM_ADDR_ATTR_FLAGS
	mptcpIfindex    = 7  // MPTCP_PM_ADDR_ATTR_IF_IDX

	ioamSetSchema = 7 // IOAM6_CMD_NS_SET_SCHEMA
)

// title is the second word of the name: the first is what a record is of.
func (o *genlObject) title() string { return strings.TrimPrefix(o.name, o.what+" ") }

func init() {
	for kind, o := range genlObjects {
		headers[uint16(kind)] = nl.SizeofGenlmsg
		recordNames[uint16(kind)] = o.what
	}
}

// isGenl reports whether a message of a record is of generic netlink.
func (m message) isGenl() bool { return genlObjects[GenlKind(m.kind)] != nil }

// genlMessage is an object in a record: a header that says nothing, and what the
// object is made of.
func genlMessage(kind GenlKind, attrs []Attr) message {
	return message{uint16(kind), appendAttrs(make([]byte, nl.SizeofGenlmsg), attrs)}
}

// genlOf is what an object is made of of what the kernel says of it, in the order
// of the table.
func genlOf(kind GenlKind, has map[uint16][]byte) message {
	o := genlObjects[kind]
	var list []Attr
	for _, of := range [][]uint16{o.key, o.rest, o.apart} {
		for _, t := range of {
			if data, ok := has[t]; ok && (!o.sparse || isSaid(data)) {
				list = append(list, Attr{Type: t, Data: data})
			}
		}
	}
	return genlMessage(kind, list)
}

// genlKey is what tells an object from others of its kind. What is all zeros is
// as what is not said.
func (m message) genlKey() string {
	a, key := m.attrs(), ""
	for _, t := range genlObjects[GenlKind(m.kind)].key {
		if isSaid(a.get(t)) {
			key += string(rune(t)) + string(a.get(t)) + "\x00"
		}
	}
	return key
}

// isSaid is false of an attribute whose value is zero; of a flag, which has none,
// it is true where there is one.
func isSaid(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return true
		}
	}
	return data != nil && len(data) == 0
}

// sends are the attributes of an object of those types, as the kernel takes them.
func (o *genlObject) sends(m message, types ...[]uint16) []Attr {
	a := m.attrs()
	var out []Attr
	for _, of := range types {
		for _, t := range of {
			if data, ok := a.find(t); ok && (isSaid(data) || !slices.Contains(o.flags, t)) {
				out = append(out, Attr{Type: t, Data: data})
			}
		}
	}
	if o.nest != 0 {
		return []Attr{{Type: o.nest | unix.NLA_F_NESTED, Nested: out}}
	}
	return out
}
