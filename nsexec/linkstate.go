//go:build linux

package nsexec

import (
	"bytes"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// linkState is a link as it is: the message that describes it, taken apart.
type linkState struct {
	index int
	flags uint32 // IFF_
	attrs attrs
}

// linkState asks for a link. Where there is none the error is a *NoLinkError.
func (c *Conn) linkState(link LinkRef) (linkState, error) {
	msg, err := c.getLink(link)
	if err != nil {
		return linkState{}, err
	}
	return readLinkState(msg)
}

func readLinkState(msg []byte) (linkState, error) {
	a, err := parseAttrs(msg, unix.SizeofIfInfomsg)
	if err != nil {
		return linkState{}, err
	}
	head := nl.DeserializeIfInfomsg(msg)
	return linkState{int(head.Index), head.Flags, a}, nil
}

// name is IFLA_IFNAME.
func (s linkState) name() string { return s.attrs.text(unix.IFLA_IFNAME) }

// data is IFLA_INFO_DATA.
func (s linkState) data() attrs {
	return s.attrs.nested(unix.IFLA_LINKINFO).nested(nl.IFLA_INFO_DATA)
}

// Attributes IFLA_TUN_* of linux/if_link.h.
const (
	tunOwner      = 1
	tunGroup      = 2
	tunType       = 3
	tunPI         = 4
	tunVNetHdr    = 5
	tunPersist    = 6
	tunMultiQueue = 7
)

// kind is the link's kind as the language has it: the kernel calls a tap a tun.
// Hardware and the loopback have none.
func (s linkState) kind() string {
	kind := s.attrs.nested(unix.IFLA_LINKINFO).text(nl.IFLA_INFO_KIND)
	switch {
	case kind == "":
		return "device"
	case kind == "tun" && s.data().int(tunType) == unix.IFF_TAP:
		return "tap"
	}
	return kind
}

// isOf returns a *WrongKindError where the link is of another kind.
func (s linkState) isOf(kind string) error {
	if is := s.kind(); is != kind {
		return &WrongKindError{Link: s.attrs.text(unix.IFLA_IFNAME), Kind: is, Want: kind}
	}
	return nil
}

// lacking is what of a configuration the link does not have yet.
func (s linkState) lacking(c *Conn, cfg LinkConfig) (LinkConfig, error) {
	data := s.data()
	cfg.Data = slices.DeleteFunc(differing(cfg.Data, data), func(a Attr) bool {
		want := number(a.Data)
		return slices.Contains(makingData[s.kind()], a.Type) ||
			a.Type == bitData[s.kind()] && hasBits(data.number(a.Type), want)
	})
	cfg.Attrs = differing(cfg.Attrs, s.attrs)
	if bytes.Equal(cfg.Hw, s.attrs.get(unix.IFLA_ADDRESS)) {
		cfg.Hw = nil
	}
	if cfg.MTU == s.attrs.int(unix.IFLA_MTU) {
		cfg.MTU = 0
	}
	if cfg.Alias == s.attrs.text(unix.IFLA_IFALIAS) {
		cfg.Alias = ""
	}
	cfg.Up = cfg.Up && s.flags&unix.IFF_UP == 0
	if there, err := c.refersTo(cfg.Master, s.attrs.int(unix.IFLA_MASTER)); err != nil {
		return cfg, err
	} else if there {
		cfg.Master = LinkRef{}
	}
	refs := cfg.Refs
	cfg.Refs = nil
	for _, ref := range refs {
		there, err := c.refersTo(ref.Link, data.int(ref.Type))
		if err != nil {
			return cfg, err
		}
		if !there {
			cfg.Refs = append(cfg.Refs, ref)
		}
	}
	return cfg, nil
}

// hasBits reports whether all bits that are wanted are there; where none is,
// whether none is there of those that can be asked for (linux/ip6_tunnel.h).
func hasBits(have, want uint64) bool {
	const settable = 0x57
	if want == 0 {
		return have&settable == 0
	}
	return have&want == want
}

// refersTo reports whether a link, if one is named, has an index.
func (c *Conn) refersTo(link LinkRef, index int) (bool, error) {
	if link == (LinkRef{}) {
		return true, nil
	}
	got, err := c.Index(link)
	return got == index, err
}

// differing are the attributes that are not there with the same value. Nested
// ones are lists that the kernel adds to. A switch that is off may not show.
func differing(want []Attr, have attrs) []Attr {
	var out []Attr
	for _, a := range want {
		value, there := have.find(a.Type)
		off := !there && len(a.Data) == 1 && a.Data[0] == 0
		if a.Nested != nil || !off && (!there || !sameValue(a.Data, value)) {
			out = append(out, a)
		}
	}
	return out
}

// sameValue compares attributes. One without a value is a flag, which the
// kernel may show as a number.
func sameValue(want, have []byte) bool {
	if len(want) > 0 {
		return bytes.Equal(want, have)
	}
	return len(have) == 0 || bytes.ContainsFunc(have, func(r rune) bool { return r != 0 })
}

// isEmpty reports whether there is nothing left to set.
func (cfg LinkConfig) isEmpty() bool {
	return cfg.Hw == nil && cfg.MTU == 0 && cfg.Alias == "" && !cfg.Up && cfg.Master == LinkRef{} &&
		len(cfg.Refs) == 0 && len(cfg.Attrs) == 0 && len(cfg.Data) == 0
}
