//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// WireguardConfig is what a WireGuard link has beside its peers. What is nil
// stays as it is.
type WireguardConfig struct {
	PrivateKey   *wgtypes.Key // the zero key for none
	ListenPort   *int         // 0 for one that the kernel chooses
	FirewallMark *int         // 0 for none
}

// IsZero reports whether nothing is to be changed.
func (cfg WireguardConfig) IsZero() bool { return cfg == WireguardConfig{} }

// SetWireguard changes a WireGuard link. It needs CAP_NET_ADMIN.
func SetWireguard(link LinkRef, text string, cfg WireguardConfig) LinkAction {
	return linkAction("wireguard", link, wireguardOp{link, text, cfg})
}

type wireguardOp struct {
	link LinkRef
	text string
	cfg  WireguardConfig
}

func (o wireguardOp) String() string { return o.text }

func (o wireguardOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	return o, u.noteWireguard(ctx, c, o.link, func(d *wgtypes.Device) wireguardState {
		var s wireguardState
		if o.cfg.PrivateKey != nil {
			s.cfg.PrivateKey = &d.PrivateKey
			s.touch(d, o.cfg.PrivateKey.PublicKey(), nil) // a link is never its own peer
		}
		if o.cfg.ListenPort != nil {
			s.cfg.ListenPort = &d.ListenPort
		}
		if o.cfg.FirewallMark != nil {
			s.cfg.FirewallMark = &d.FirewallMark
		}
		return s
	})
}

func (o wireguardOp) act(_ context.Context, c *Conn) error {
	return onWireguard(c, o.link, func(w *wireguard) error {
		return w.configure(c, wgtypes.Config{PrivateKey: o.cfg.PrivateKey, ListenPort: o.cfg.ListenPort, FirewallMark: o.cfg.FirewallMark})
	})
}

// wireguard is one link.
type wireguard struct {
	client *wgctrl.Client
	*wgtypes.Device
}

// onWireguard calls f with a WireGuard link, on a thread in its namespace.
func onWireguard(c *Conn, link LinkRef, f func(*wireguard) error) error {
	l, err := c.Link(link)
	if err != nil {
		return err
	}
	if l.Type() != "wireguard" {
		return fmt.Errorf("%q is no WireGuard link but a %s: %w", l.Attrs().Name, l.Type(), unix.EOPNOTSUPP)
	}
	return inNamespace(c.nsfd, func(*thread) error {
		client, err := wgctrl.New()
		if err != nil {
			return err
		}
		defer client.Close()
		device, err := client.Device(l.Attrs().Name)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the kernel says nothing of %q: %w", l.Attrs().Name, unix.EOPNOTSUPP)
		}
		if err != nil {
			return err
		}
		return f(&wireguard{client, device})
	})
}

func (w *wireguard) configure(c *Conn, cfg wgtypes.Config) error {
	if err := c.fault("request wireguard"); err != nil {
		return err
	}
	return w.client.ConfigureDevice(w.Name, cfg)
}

// findPeer is a peer by its key, or nil.
func findPeer(d *wgtypes.Device, key wgtypes.Key) *wgtypes.Peer {
	i := slices.IndexFunc(d.Peers, func(p wgtypes.Peer) bool { return p.PublicKey == key })
	if i < 0 {
		return nil
	}
	return &d.Peers[i]
}

// PeerConfig is a peer of a WireGuard link. What is nil is not said.
type PeerConfig struct {
	Link         LinkRef
	PublicKey    wgtypes.Key
	PresharedKey *wgtypes.Key
	Endpoint     *netip.AddrPort
	Keepalive    *int // seconds; 0 for none
	AllowedIPs   []netip.Prefix
	SetAllowed   bool   // AllowedIPs is said, if only as none
	Text         string // the statement
}

// Peer adds, changes or removes a peer. It needs CAP_NET_ADMIN.
func Peer(mode Mode, cfg PeerConfig) LinkAction {
	name := map[Mode]string{ModeAdd: "peer", ModeReplace: "replace-peer", ModeEnsure: "ensure-peer", ModeDel: "del-peer"}[mode]
	return linkAction(name, cfg.Link, peerOp{mode, cfg})
}

type peerOp struct {
	mode Mode
	cfg  PeerConfig
}

func (o peerOp) String() string { return o.cfg.Text }

func (o peerOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	return o, u.noteWireguard(ctx, c, o.cfg.Link, func(d *wgtypes.Device) wireguardState {
		var s wireguardState
		if o.refusal(d) == nil {
			s.touch(d, o.cfg.PublicKey, o.cfg.AllowedIPs)
		}
		return s
	})
}

// refusal is why a peer can't be added or removed.
func (o peerOp) refusal(d *wgtypes.Device) error {
	there := findPeer(d, o.cfg.PublicKey) != nil
	switch {
	case o.mode == ModeAdd && there:
		return fmt.Errorf("%s has the peer already: %w", d.Name, unix.EEXIST)
	case o.mode == ModeDel && !there:
		return fmt.Errorf("%s has no such peer: %w", d.Name, unix.ENOENT)
	case o.mode != ModeDel && d.PublicKey == o.cfg.PublicKey:
		return fmt.Errorf("the key is the public key of %s itself: %w", d.Name, unix.EINVAL)
	}
	return nil
}

func (o peerOp) act(_ context.Context, c *Conn) error {
	return onWireguard(c, o.cfg.Link, func(w *wireguard) error {
		if err := o.refusal(w.Device); err != nil {
			return err
		}
		return w.configure(c, wgtypes.Config{Peers: []wgtypes.PeerConfig{o.config()}})
	})
}

func (o peerOp) config() wgtypes.PeerConfig {
	cfg := o.cfg
	out := wgtypes.PeerConfig{PublicKey: cfg.PublicKey, PresharedKey: cfg.PresharedKey, ReplaceAllowedIPs: cfg.SetAllowed || o.mode == ModeReplace}
	if o.mode == ModeDel {
		return wgtypes.PeerConfig{PublicKey: cfg.PublicKey, Remove: true, UpdateOnly: true}
	}
	keepalive := cfg.Keepalive
	if o.mode == ModeReplace {
		if keepalive == nil {
			keepalive = new(int)
		}
		if out.PresharedKey == nil {
			out.PresharedKey = &wgtypes.Key{}
		}
	}
	if keepalive != nil {
		every := time.Duration(*keepalive) * time.Second
		out.PersistentKeepaliveInterval = &every
	}
	if cfg.Endpoint != nil {
		out.Endpoint = net.UDPAddrFromAddrPort(*cfg.Endpoint)
	}
	for _, p := range cfg.AllowedIPs {
		out.AllowedIPs = append(out.AllowedIPs, ipNet(p))
	}
	return out
}

func ipNet(p netip.Prefix) net.IPNet {
	return net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// FlushPeers removes all peers of a link.
func FlushPeers(link LinkRef) LinkAction { return linkAction("flush-peer", link, flushPeersOp{link}) }

type flushPeersOp struct{ link LinkRef }

func (o flushPeersOp) String() string { return "flush peer " + o.link.String() }

func (o flushPeersOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	return o, u.noteWireguard(ctx, c, o.link, func(d *wgtypes.Device) wireguardState {
		var s wireguardState
		for _, p := range d.Peers {
			s.touch(d, p.PublicKey, nil)
		}
		return s
	})
}

func (o flushPeersOp) act(_ context.Context, c *Conn) error {
	return onWireguard(c, o.link, func(w *wireguard) error {
		return w.configure(c, wgtypes.Config{ReplacePeers: true})
	})
}
