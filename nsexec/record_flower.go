//go:build linux

package nsexec

import (
	"encoding/binary"

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
	has, _ := parseAttrs(options, 0)
	var missing []byte
	ppp := has[flowerPPPoESID] != nil || has[flowerPPPProto] != nil
	if ppp && isVLAN(protocol) {
		// What is within the VLAN is told only if there is a protocol within PPP.
		missing = orEtherType(has, nl.TCA_FLOWER_KEY_VLAN_ETH_TYPE, unix.ETH_P_PPP_SES)
	}
	if has[nl.TCA_FLOWER_KEY_CVLAN_ETH_TYPE] != nil || has[nl.TCA_FLOWER_KEY_CVLAN_ID] != nil || has[nl.TCA_FLOWER_KEY_CVLAN_PRIO] != nil {
		missing = orEtherType(has, nl.TCA_FLOWER_KEY_VLAN_ETH_TYPE, unix.ETH_P_8021Q)
	}
	if ppp || isVLAN(protocol) {
		missing = append(missing, orEtherType(has, nl.TCA_FLOWER_KEY_ETH_TYPE, protocol)...)
	}
	out := rewriteAttrs(options, func(kind uint16, value []byte) (uint16, []byte) {
		switch kind {
		case nl.TCA_FLOWER_KEY_ETH_TYPE:
			if isVLAN(protocol) || ppp {
				value = binary.BigEndian.AppendUint16(nil, protocol)
			}
		case nl.TCA_FLOWER_KEY_ENC_OPTS, nl.TCA_FLOWER_KEY_ENC_OPTS_MASK:
			return kind | unix.NLA_F_NESTED, saidTunnelOpts(value)
		case flowerMPLSOpts:
			return kind | unix.NLA_F_NESTED, saidNested(value)
		case flowerCFM:
			kind |= unix.NLA_F_NESTED
		}
		return kind, value
	})
	return append(out, missing...)
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

// orEtherType is an attribute with a protocol, where there is none yet.
func orEtherType(has attrs, kind, protocol uint16) []byte {
	if has[kind] != nil {
		return nil
	}
	return appendAttr(nil, Attr{Type: kind, Data: binary.BigEndian.AppendUint16(nil, protocol)})
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
