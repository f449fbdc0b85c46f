//go:build linux

package nsexec

import (
	"encoding/binary"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of flower in linux/pkt_cls.h that the netlink library has no names
// for.
const (
	flowerMPLSOpts = 99
	flowerPPPoESID = 103
	flowerPPPProto = 104
	flowerCFM      = 107
)

// saidFlower are the options of a flower as the kernel takes them. It tells the
// innermost protocol, where it was told the outermost, which is the filter's own,
// and it does not say of attributes that they hold others, but demands it of
// those of some tunnels.
func saidFlower(options []byte, protocol uint16) []byte {
	types := toldTypes(options, protocol)
	out := rewriteAttrs(options, func(kind uint16, value []byte) (uint16, []byte) {
		switch {
		case slices.ContainsFunc(types, func(t etherType) bool { return t.attr == kind }):
			return 0, nil
		case kind == nl.TCA_FLOWER_KEY_ENC_OPTS || kind == nl.TCA_FLOWER_KEY_ENC_OPTS_MASK:
			return kind | unix.NLA_F_NESTED, saidTunnelOpts(value)
		case kind == flowerMPLSOpts:
			return kind | unix.NLA_F_NESTED, saidNested(value)
		case kind == flowerCFM:
			kind |= unix.NLA_F_NESTED
		}
		return kind, value
	})
	for _, t := range types {
		out = appendAttr(out, Attr{Type: t.attr, Data: binary.BigEndian.AppendUint16(nil, t.is)})
	}
	return out
}

// etherType is an attribute with a protocol.
type etherType struct{ attr, is uint16 }

// toldTypes are the protocols that the kernel was told, of those that it tells
// otherwise or not at all: it puts what is within a VLAN or a session of PPPoE in
// place of what it is in, if that is known.
func toldTypes(options []byte, protocol uint16) []etherType {
	has, _ := parseAttrs(options, 0)
	ppp := has.get(flowerPPPoESID) != nil || has.get(flowerPPPProto) != nil
	outer := etherType{nl.TCA_FLOWER_KEY_ETH_TYPE, protocol}
	inVLAN := has.get(nl.TCA_FLOWER_KEY_VLAN_ETH_TYPE)
	switch {
	case !isVLAN(protocol) && ppp:
		return []etherType{{nl.TCA_FLOWER_KEY_ETH_TYPE, unix.ETH_P_PPP_SES}}
	case !isVLAN(protocol):
		return nil
	case !ppp:
		return []etherType{outer}
	case len(inVLAN) == 2 && isVLAN(binary.BigEndian.Uint16(inVLAN)):
		return []etherType{outer, {nl.TCA_FLOWER_KEY_CVLAN_ETH_TYPE, unix.ETH_P_PPP_SES}}
	}
	return []etherType{outer, {nl.TCA_FLOWER_KEY_VLAN_ETH_TYPE, unix.ETH_P_PPP_SES}}
}

// filterProtocol is the protocol of a filter's message, in the lower half of
// struct tcmsg's tcm_info: 0 of a chain.
func filterProtocol(body []byte) uint16 {
	const infoAt = 16
	info := uint16(byteOrder.Uint32(body[infoAt:]))
	return binary.BigEndian.Uint16(byteOrder.AppendUint16(nil, info))
}

func isVLAN(protocol uint16) bool {
	return protocol == unix.ETH_P_8021Q || protocol == unix.ETH_P_8021AD
}

// saidTunnelOpts are options of a tunnel as the kernel takes them: each option of
// Geneve by itself, where it tells all of them in one attribute.
func saidTunnelOpts(list []byte) []byte {
	const geneve, class = 1, 1 // TCA_FLOWER_KEY_ENC_OPTS_GENEVE, TCA_FLOWER_KEY_ENC_OPT_GENEVE_CLASS
	all, err := nl.ParseRouteAttr(list)
	if err != nil {
		return list
	}
	var out []byte
	for _, a := range all {
		kind := a.Attr.Type | unix.NLA_F_NESTED
		if kind != geneve|unix.NLA_F_NESTED {
			out = appendAttr(out, Attr{Type: kind, Data: a.Value})
			continue
		}
		var one []byte
		parts, _ := nl.ParseRouteAttr(a.Value)
		for _, p := range parts {
			if p.Attr.Type == class && one != nil {
				out, one = appendAttr(out, Attr{Type: kind, Data: one}), nil
			}
			one = appendAttr(one, Attr{Type: p.Attr.Type, Data: p.Value})
		}
		out = appendAttr(out, Attr{Type: kind, Data: one})
	}
	return out
}

// saidNested says of attributes that all of them hold others.
func saidNested(list []byte) []byte {
	return rewriteAttrs(list, func(kind uint16, value []byte) (uint16, []byte) { return kind | unix.NLA_F_NESTED, value })
}

// saidTunnelKey are the options of an action tunnel_key as the kernel takes them.
func saidTunnelKey(options []byte) []byte {
	return rewriteAttrs(options, func(kind uint16, value []byte) (uint16, []byte) {
		if kind == nl.TCA_TUNNEL_KEY_ENC_OPTS {
			return kind | unix.NLA_F_NESTED, saidTunnelOpts(value)
		}
		return kind, value
	})
}
