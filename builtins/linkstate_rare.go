//go:build linux

package builtins

import (
	"errors"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// rareProperties are those that only `set` changes.
var rareProperties = []property{
	{"broadcast", []string{"brd"}, macType, "MAC", "set the MAC address for all", func(v any, ch *nsexec.LinkChange) {
		m := v.(value.MAC)
		addAttr(ch, unix.IFLA_BROADCAST, m[:])
	}},
	{"dynamic", nil, switchType, "ON", "say that its addresses are lost when it goes down", flag(unix.IFF_DYNAMIC, false)},
	{"trailers", nil, switchType, "ON", "use trailers, which no kernel does any more", flag(unix.IFF_NOTRAILERS, true)},
	{"carrier", nil, switchType, "ON", "pretend that a cable is in it, or out, as dummy, team and tun links can", attr8(unix.IFLA_CARRIER)},
	{"mode", nil, oneOf(word{"default", 0}, word{"dormant", 1}), "MODE", "dormant has it wait for somebody, such as 802.1X, before it is up", attr8(unix.IFLA_LINKMODE)},
	{"protodown", nil, switchType, "ON", "hold it down for a protocol's sake, as macvlan and vxlan links can be", attr8(unix.IFLA_PROTO_DOWN)},
	{"gso_max_size", nil, number(0, 1<<32-1), "BYTES", "set the largest packet that it segments", attr32(unix.IFLA_GSO_MAX_SIZE)},
	{"gso_max_segs", nil, number(1, 65535), "N", "set the most packets that it segments one into", attr32(unix.IFLA_GSO_MAX_SEGS)},
	{"gro_max_size", nil, number(0, 1<<32-1), "BYTES", "set the largest packet that it coalesces", attr32(unix.IFLA_GRO_MAX_SIZE)},
	{"gso_ipv4_max_size", nil, number(0, 1<<32-1), "BYTES", "gso_max_size of IPv4 alone (Linux 6.3)", attr32(unix.IFLA_GSO_IPV4_MAX_SIZE)},
	{"gro_ipv4_max_size", nil, number(0, 1<<32-1), "BYTES", "gro_max_size of IPv4 alone (Linux 6.3)", attr32(unix.IFLA_GRO_IPV4_MAX_SIZE)},
}

// attr8 is an attribute of one byte, of a number or a switch.
func attr8(attr uint16) func(any, *nsexec.LinkChange) {
	return func(v any, ch *nsexec.LinkChange) { addAttr(ch, attr, []byte{byte(asInt(v))}) }
}

// reasonOption is a reason why a protocol holds a link down: a bit, and whether
// it is set.
var reasonOption = Option{
	Name: "protodown_reason", Type: reasonType, Many: true, Least: 2,
	Doc: "a reason for protodown, 0 to 31, and whether it holds: 3 on",
}

var reasonType = ofText("N on|off", func(s string) (any, error) {
	if on, err := switchType.Parse(value.String(s)); err == nil && s != "0" && s != "1" {
		return on, nil
	}
	n, err := number(0, 31).Parse(value.String(s))
	if err != nil {
		return nil, errors.New(`a reason is a number from 0 to 31 and on or off, as 3 on`)
	}
	return n, nil
})

// verifySet refuses a change of nothing, and half a reason.
func verifySet(c *Call) *ArgError {
	if g, ok := c.Option(reasonOption.Name); ok && c.known() {
		wrong := len(g.Values)%2 != 0
		for i, v := range g.Values {
			if _, on := v.(bool); on != (i%2 == 1) {
				wrong = true
			}
		}
		if wrong {
			return &ArgError{Arg: g.Arg, Msg: `"protodown_reason" wants a number from 0 to 31 and on or off, as 3 on`}
		}
	}
	if err := verifyXDP(c); err != nil {
		return err
	}
	return changesSomething(c)
}

// reasonAttr is IFLA_PROTO_DOWN_REASON: a mask and the bits.
func reasonAttr(g Given) nsexec.Attr {
	var mask, bits uint32
	for i := 0; i+1 < len(g.Values); i += 2 {
		bit := uint32(1) << g.Values[i].(int64)
		mask |= bit
		if g.Values[i+1].(bool) {
			bits |= bit
		}
	}
	return nsexec.Attr{Type: unix.IFLA_PROTO_DOWN_REASON, Nested: []nsexec.Attr{
		{Type: unix.IFLA_PROTO_DOWN_REASON_MASK, Data: nl.Uint32Attr(mask)},
		{Type: unix.IFLA_PROTO_DOWN_REASON_VALUE, Data: nl.Uint32Attr(bits)},
	}}
}
