//go:build linux

package builtins

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

var wireguardKind = kind{
	name: "wireguard", doc: "make a WireGuard tunnel, whose peers `peer` adds",
	example: "wireguard wg0 listen-port 51820 mtu 1420 up",
	options: []kindOption{
		{name: "private-key", typ: wireguardKey, doc: "its own key, as wg_key() makes them"},
		{name: "listen-port", typ: number(0, 65535), doc: "the UDP port that it listens on, 0 for any"},
		{name: "fwmark", typ: offOr(1<<32 - 1), doc: "the mark of the packets that it sends, 0 or off for none"},
	},
	also: setWireguard,
}

// setWireguard is what follows the making of a link.
func setWireguard(c *Call, link LinkArg) []nsexec.Step {
	var cfg nsexec.WireguardConfig
	if key, ok := Opt[wgtypes.Key](c, "private-key"); ok {
		cfg.PrivateKey = &key
	}
	cfg.ListenPort = optIntp(c, "listen-port")
	cfg.FirewallMark = optIntp(c, "fwmark")
	if cfg.IsZero() {
		return nil
	}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.SetWireguard(link.Link, c.String(), cfg)}}
}

// optIntp is an option's number, or nil.
func optIntp(c *Call, name string) *int {
	if v, ok := Opt[int64](c, name); ok {
		n := int(v)
		return &n
	}
	return nil
}

// wireguardKey is a key: a wgtypes.Key. Its errors do not repeat what may be
// secret.
var wireguardKey = ofText("KEY", func(s string) (wgtypes.Key, error) {
	key, err := wgtypes.ParseKey(s)
	if err != nil || key == (wgtypes.Key{}) {
		return key, errors.New("this is no key: 32 bytes in base64, as wg genkey prints and wg_key() makes them")
	}
	return key, nil
})

// offOr is a number up to most, with or without 0x, or off for 0: an int64.
func offOr(most uint64) Type {
	return ofText(fmt.Sprintf("0..%d|off", most), func(s string) (int64, error) {
		if s == "off" {
			return 0, nil
		}
		n, err := strconv.ParseUint(s, 0, 64)
		if err != nil || n > most {
			return 0, fmt.Errorf("%q is neither off nor a number up to %d", s, most)
		}
		return int64(n), nil
	})
}

var peerSpec = &Spec{
	Name: "peer", Group: LinkState,
	Doc:     "add a peer to a WireGuard link, as wg set does",
	Example: "peer wg0 xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= endpoint 10.0.0.2:51820 allowed-ips 10.9.0.2",
	Params:  []Param{{Name: "LINK", Type: linkType}, {Name: "PUBLICKEY", Type: wireguardKey}},
	ModParams: map[Modifiers][]Param{
		Del:   {{Name: "LINK", Type: linkType}, {Name: "PUBLICKEY", Type: wireguardKey}},
		Flush: {{Name: "LINK", Type: linkType}},
	},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: []Option{
		{Name: "endpoint", Type: addrPort, Doc: "where it is, until it sends from elsewhere"},
		{Name: "allowed-ips", Type: hostOrNet, Many: true, Doc: "what it may send from, and what is sent to it; another peer of the link loses what it takes"},
		{Name: "persistent-keepalive", Type: offOr(65535), Doc: "seconds between empty packets to it, 0 or off for none"},
		{Name: "preshared-key", Type: wireguardKey, Doc: "a secret of the two beside their keys"},
	},
	Verify:  peerFits,
	Compile: compilePeer,
}

// peerFits refuses options where a peer is taken away.
func peerFits(c *Call) *ArgError {
	if given := c.Options(); c.Modifier&(Del|Flush) != 0 && len(given) > 0 {
		return &ArgError{Arg: given[0].Arg, Msg: fmt.Sprintf("%q of a peer that is taken away", given[0].Option.Name), Help: "a peer is known by its key alone"}
	}
	return nil
}

func compilePeer(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	if c.Modifier == Flush {
		return []nsexec.Step{{NS: link.NS, Action: nsexec.FlushPeers(link.Link)}}, nil
	}
	cfg := nsexec.PeerConfig{Link: link.Link, PublicKey: One[wgtypes.Key](c, "PUBLICKEY"), Text: c.String(), Keepalive: optIntp(c, "persistent-keepalive")}
	if key, ok := Opt[wgtypes.Key](c, "preshared-key"); ok {
		cfg.PresharedKey = &key
	}
	if at, ok := Opt[netip.AddrPort](c, "endpoint"); ok {
		cfg.Endpoint = &at
	}
	if g, ok := c.Option("allowed-ips"); ok {
		cfg.SetAllowed = true
		for _, v := range g.Values {
			cfg.AllowedIPs = append(cfg.AllowedIPs, v.(value.Prefix).Prefix)
		}
	}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.Peer(modeOf(c.Modifier), cfg)}}, nil
}
