//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// wireguardState is how a part of a WireGuard link was: some of its own values
// and some of its peers.
type wireguardState struct {
	cfg   WireguardConfig
	peers []wgtypes.PeerConfig // one to be removed was not there
}

// touch adds a peer as it is on a link, and those that lose addresses to it.
func (s *wireguardState) touch(d *wgtypes.Device, key wgtypes.Key, allowed []netip.Prefix) {
	if findPeer(d, key) == nil {
		s.peers = append(s.peers, wgtypes.PeerConfig{PublicKey: key, Remove: true, UpdateOnly: true})
	}
	// The kernel takes an address from the peer that had it, so the peer itself
	// comes first and those last that are to have it again.
	var losers []wgtypes.PeerConfig
	for _, p := range d.Peers {
		loses := slices.ContainsFunc(p.AllowedIPs, func(n net.IPNet) bool {
			return slices.ContainsFunc(allowed, func(a netip.Prefix) bool { net := ipNet(a); return n.String() == net.String() })
		})
		switch {
		case p.PublicKey == key:
			s.peers = append(s.peers, peerAsIs(p))
		case loses:
			losers = append(losers, peerAsIs(p))
		}
	}
	s.peers = append(s.peers, losers...)
}

// peerAsIs is the configuration that makes a peer what it is.
func peerAsIs(p wgtypes.Peer) wgtypes.PeerConfig {
	return wgtypes.PeerConfig{
		PublicKey: p.PublicKey, PresharedKey: &p.PresharedKey, Endpoint: p.Endpoint,
		PersistentKeepaliveInterval: &p.PersistentKeepaliveInterval, ReplaceAllowedIPs: true, AllowedIPs: p.AllowedIPs,
	}
}

// noteWireguard notes that of an older link which get takes.
func (u *Undo) noteWireguard(ctx context.Context, c *Conn, link LinkRef, get func(*wgtypes.Device) wireguardState) error {
	index, err := c.Index(link)
	if err != nil || u.ownsLink(c, index) {
		return err
	}
	var o restoreWireguardOp
	err = onWireguard(c, ByIndex(index), func(w *wireguard) error {
		o = restoreWireguardOp{w.Name, index, get(w.Device)}
		return nil
	})
	if err != nil || o.state.cfg.IsZero() && len(o.state.peers) == 0 {
		return err
	}
	return u.note(ctx, c.cookieRef(), o)
}

// RestoreWireguard puts back what the words of a journal say of the WireGuard
// link with an index. The name is for people. A link that is gone is left alone.
func RestoreWireguard(name string, index int, words []string) (NsAction, error) {
	o := restoreWireguardOp{name: name, index: index}
	for _, text := range words {
		if err := o.state.parse(strings.Fields(text)); err != nil {
			return NsAction{}, fmt.Errorf("%q says nothing of a WireGuard link: %w", text, err)
		}
	}
	return nsAction("restore-wireguard", o), nil
}

type restoreWireguardOp struct {
	name  string
	index int
	state wireguardState
}

func (o restoreWireguardOp) String() string {
	text := o.summary() + " wg"
	for _, words := range o.state.words() {
		text += " " + quote(words)
	}
	return text
}

// summary has no keys in it.
func (o restoreWireguardOp) summary() string {
	return fmt.Sprintf("restore wireguard %s index %d", quote(o.name), o.index)
}

func (o restoreWireguardOp) act(_ context.Context, c *Conn) error {
	cfg := wgtypes.Config{PrivateKey: o.state.cfg.PrivateKey, ListenPort: o.state.cfg.ListenPort, FirewallMark: o.state.cfg.FirewallMark, Peers: o.state.peers}
	err := onWireguard(c, ByIndex(o.index), func(w *wireguard) error { return w.client.ConfigureDevice(w.Name, cfg) })
	if IsGone(err) {
		return nil
	}
	return err
}

// words are the state, a text for each thing.
func (s wireguardState) words() (out []string) {
	if s.cfg.PrivateKey != nil {
		out = append(out, "private-key "+s.cfg.PrivateKey.String())
	}
	if s.cfg.ListenPort != nil {
		out = append(out, fmt.Sprintf("listen-port %d", *s.cfg.ListenPort))
	}
	if s.cfg.FirewallMark != nil {
		out = append(out, fmt.Sprintf("fwmark %d", *s.cfg.FirewallMark))
	}
	for _, p := range s.peers {
		text := "peer " + p.PublicKey.String()
		if p.Remove {
			out = append(out, text)
			continue
		}
		text += fmt.Sprintf(" preshared-key %s persistent-keepalive %d", p.PresharedKey, int(p.PersistentKeepaliveInterval.Seconds()))
		if p.Endpoint != nil {
			text += " endpoint " + p.Endpoint.String()
		}
		for _, n := range p.AllowedIPs {
			text += " allowed-ip " + n.String()
		}
		out = append(out, text)
	}
	return out
}

var errNoWireguard = errors.New("not as it was written down")

// parse reads one text of words.
func (s *wireguardState) parse(words []string) error {
	if len(words) < 2 {
		return errNoWireguard
	}
	switch words[0] {
	case "private-key":
		key, err := wgtypes.ParseKey(words[1])
		s.cfg.PrivateKey = &key
		return err
	case "listen-port", "fwmark":
		n, err := strconv.ParseUint(words[1], 10, 32)
		i := int(n)
		if words[0] == "fwmark" {
			s.cfg.FirewallMark = &i
		} else {
			s.cfg.ListenPort = &i
		}
		return err
	case "peer":
		p, err := parsePeer(words)
		s.peers = append(s.peers, p)
		return err
	}
	return errNoWireguard
}

func parsePeer(words []string) (p wgtypes.PeerConfig, err error) {
	if p.PublicKey, err = wgtypes.ParseKey(words[1]); err != nil {
		return p, err
	}
	if words = words[2:]; len(words) == 0 {
		p.Remove, p.UpdateOnly = true, true
		return p, nil
	}
	p.ReplaceAllowedIPs = true
	for ; len(words) >= 2 && err == nil; words = words[2:] {
		switch words[0] {
		case "preshared-key":
			var key wgtypes.Key
			key, err = wgtypes.ParseKey(words[1])
			p.PresharedKey = &key
		case "persistent-keepalive":
			var n uint64
			n, err = strconv.ParseUint(words[1], 10, 16)
			every := time.Duration(n) * time.Second
			p.PersistentKeepaliveInterval = &every
		case "endpoint":
			var at netip.AddrPort
			at, err = netip.ParseAddrPort(words[1])
			p.Endpoint = net.UDPAddrFromAddrPort(at)
		case "allowed-ip":
			var prefix netip.Prefix
			prefix, err = netip.ParsePrefix(words[1])
			if err == nil {
				p.AllowedIPs = append(p.AllowedIPs, ipNet(prefix))
			}
		default:
			err = errNoWireguard
		}
	}
	if len(words) > 0 && err == nil {
		err = errNoWireguard
	}
	return p, err
}
