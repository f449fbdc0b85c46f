//go:build linux

package builtins

import (
	"maps"
	"slices"
	"strings"

	"github.com/vishvananda/netlink/nl"
)

// peditField is a field of a header: where it is, how many bytes it is in, and,
// where those are not all of it, which bits of them.
type peditField struct {
	off     int32
	size    int
	bits    uint32
	shift   int  // of its value among the bits
	address bool // of IP
	plain   bool // in what follows the header, which only the plain form takes
}

// peditHeader is a header of the extended form (TCA_PEDIT_KEY_EX_HDR_TYPE_*).
type peditHeader struct {
	number uint16
	ex     bool // only the extended form knows it
	fields map[string]peditField
}

// peditHeaders are those of p_*.c of iproute2.
var peditHeaders = map[string]peditHeader{
	"eth": {nl.TCA_PEDIT_KEY_EX_HDR_TYPE_ETH, true, map[string]peditField{
		"dst": {off: 0, size: 6}, "src": {off: 6, size: 6}, "type": {off: 12, size: 2},
	}},
	"ip": {nl.TCA_PEDIT_KEY_EX_HDR_TYPE_IP4, false, map[string]peditField{
		"src": {off: 12, size: 4, address: true}, "dst": {off: 16, size: 4, address: true},
		"tos": {off: 1, size: 1}, "dsfield": {off: 1, size: 1}, "precedence": {off: 1, size: 1},
		"ihl": {off: 0, size: 1, bits: 0x0f}, "ttl": {off: 8, size: 1}, "protocol": {off: 9, size: 1},
		"nofrag": {off: 6, size: 1, bits: 0x3f}, "firstfrag": {off: 6, size: 1, bits: 0x1f},
		"ce": {off: 6, size: 1, bits: 0x80}, "df": {off: 6, size: 1, bits: 0x40}, "mf": {off: 6, size: 1, bits: 0x20},
		// As if the header had no options.
		"sport": {off: 20, size: 2, plain: true}, "dport": {off: 22, size: 2, plain: true},
		"icmp_type": {off: 20, size: 1, plain: true}, "icmp_code": {off: 21, size: 1, plain: true},
	}},
	"ip6": {nl.TCA_PEDIT_KEY_EX_HDR_TYPE_IP6, true, map[string]peditField{
		"src": {off: 8, size: 16, address: true}, "dst": {off: 24, size: 16, address: true},
		"flow_lbl": {off: 0, size: 4, bits: 0xfffff}, "traffic_class": {off: 0, size: 4, bits: 0xff << 20, shift: 20},
		"payload_len": {off: 4, size: 2}, "nexthdr": {off: 6, size: 1}, "hoplimit": {off: 7, size: 1},
	}},
	"tcp": {nl.TCA_PEDIT_KEY_EX_HDR_TYPE_TCP, true, map[string]peditField{
		"sport": {off: 0, size: 2}, "dport": {off: 2, size: 2}, "flags": {off: 13, size: 1},
	}},
	"udp": {nl.TCA_PEDIT_KEY_EX_HDR_TYPE_UDP, true, map[string]peditField{
		"sport": {off: 0, size: 2}, "dport": {off: 2, size: 2},
	}},
}

// sortedNames are the keys of a map, for people.
func sortedNames[T any](m map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
