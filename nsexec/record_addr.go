//go:build linux

package nsexec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// addrIndex is the index of the link that has an address.
func (m message) addrIndex() int { return m.linkIndex() }

// addrKey is what tells the addresses of a link apart.
func (m message) addrKey() []byte {
	return slices.Concat(m.body[:2], m.body[4:8], m.localAddr(), m.attrs().get(unix.IFA_ADDRESS))
}

// localAddr is the address itself, which is not that of the peer where it has one.
func (m message) localAddr() []byte {
	a := m.attrs()
	if local := a.get(unix.IFA_LOCAL); local != nil {
		return local
	}
	return a.get(unix.IFA_ADDRESS)
}

// addrFlags are IFA_FLAGS.
func (m message) addrFlags(a attrs) uint32 {
	if a.has(unix.IFA_FLAGS) {
		return uint32(a.number(unix.IFA_FLAGS))
	}
	return uint32(m.body[2])
}

// ownFlags are the flags of an address that are its state, not its nature.
const ownFlags = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED | unix.IFA_F_PERMANENT

// addr is an address as it can be given again, with flags in place of its own.
func (m message) addr(flags uint32) message {
	a := m.attrs()
	life := lifetimes(a)
	forever := life == nil || bytes.Count(life, []byte{0xff}) == len(life)
	out := m.without(func(kind uint16) bool {
		return kind == unix.IFA_FLAGS || kind == unix.IFA_CACHEINFO && forever
	})
	out.body[2] = 0
	out.body = appendUint32(out.body, unix.IFA_FLAGS, flags)
	return out
}

// isPlainAddr reports whether an address is as one that is given without a word
// more: it is for ever, and has no flags, metric or origin of its own.
func (m message) isPlainAddr() bool {
	a := m.attrs()
	life := lifetimes(a)
	forever := life == nil || bytes.Count(life, []byte{0xff}) == len(life)
	state := uint32(unix.IFA_F_PERMANENT)
	if m.body[0] == unix.AF_INET { // in IPv6 the same flag says that it is temporary
		state |= unix.IFA_F_SECONDARY
	}
	return forever && m.addrFlags(a)&^state == 0 && m.body[3] == unix.RT_SCOPE_UNIVERSE &&
		a.get(ifaRtPriority) == nil && a.get(ifaProto) == nil && a.get(unix.IFA_BROADCAST) == nil
}

// sameAddress reports whether another address is what this one was, apart from
// its age.
func (m message) sameAddress(other message) bool {
	a, b := m.attrs(), other.attrs()
	const state = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED
	if m.addrFlags(a)&unix.IFA_F_TENTATIVE < other.addrFlags(b)&unix.IFA_F_TENTATIVE {
		return false // it was settled
	}
	if !bytes.Equal(m.addrKey(), other.addrKey()) || m.body[3] != other.body[3] ||
		m.addrFlags(a)&^state != other.addrFlags(b)&^state {
		return false
	}
	for _, kind := range []uint16{unix.IFA_BROADCAST, unix.IFA_LABEL, ifaRtPriority, ifaProto} {
		if !bytes.Equal(a.get(kind), b.get(kind)) {
			return false
		}
	}
	return m.addrFlags(a)&unix.IFA_F_PERMANENT == 0 || bytes.Equal(lifetimes(a), lifetimes(b))
}

func lifetimes(a attrs) []byte {
	if info := a.get(unix.IFA_CACHEINFO); len(info) >= 8 {
		return info[:8]
	}
	return nil
}

// addrs lists the addresses that fit.
func (c *Conn) addrs(fits func(m message) bool) ([]message, error) {
	list, err := c.list(unix.RTM_NEWADDR, nl.NewIfAddrmsg(unix.AF_UNSPEC))
	return slices.DeleteFunc(list, func(m message) bool { return !fits(m) }), err
}

// hasNoAddr reports whether there is no such address as one that is to be added.
func (c *Conn) hasNoAddr(m message) (bool, error) {
	family := m.body[0]
	return c.isAbsent(listingKind{m.kind, family}, string(m.addrKey()), func(add func(string)) error {
		list, err := c.list(m.kind, nl.NewIfAddrmsg(int(family)))
		for _, h := range list {
			add(string(h.addrKey()))
		}
		return err
	})
}

// addrLike is the address that the kernel changes where it is told to replace one,
// nil where it makes it: in IPv6 a link has none twice, whatever its prefix
// (inet_rtm_newaddr, inet6_rtm_newaddr).
func (c *Conn) addrLike(m message) (*message, error) {
	key, ip := m.addrKey(), m.attrs().get(unix.IFA_LOCAL)
	list, err := c.list(m.kind, nl.NewIfAddrmsg(int(m.body[0])))
	for _, h := range list {
		if h.addrIndex() != m.addrIndex() || !bytes.Contains(h.body, ip) {
			continue // before its attributes are read: the list may be long
		}
		if m.body[0] == unix.AF_INET6 && bytes.Equal(h.localAddr(), ip) || bytes.Equal(h.addrKey(), key) {
			return &h, nil
		}
	}
	return nil, err
}

// restoreAddrs gives a link the addresses of one family that it had, in their
// order: IPv4 keeps them as they were added, the first of a network being its
// primary one, IPv6 the last one first. What it has besides stays.
func (c *Conn) restoreAddrs(index int, family uint8, want []message) error {
	have, err := c.addrs(func(m message) bool { return m.body[0] == family && m.addrIndex() == index })
	if err != nil {
		return err
	}
	wanted := func(h message) bool {
		return slices.ContainsFunc(want, func(w message) bool { return bytes.Equal(w.addrKey(), h.addrKey()) })
	}
	if have, err = c.dropGenerated(have, wanted); err != nil {
		return err
	}
	had := slices.DeleteFunc(slices.Clone(have), func(h message) bool { return !wanted(h) })
	want = slices.Clone(want)
	if family == unix.AF_INET6 {
		slices.Reverse(want)
		slices.Reverse(had)
	}
	same := 0
	for same < len(want) && same < len(had) && want[same].sameAddress(had[same]) {
		same++
	}
	for _, h := range slices.Backward(had[same:]) {
		if err := c.remove(h); err != nil && !isMissing(err) {
			return err
		}
	}
	for _, w := range want[same:] {
		if err := c.restoreAddr(w); err != nil {
			return err
		}
	}
	return nil
}

// dropGenerated takes away the addresses that the kernel has made by itself
// since: link-local ones that were not there.
func (c *Conn) dropGenerated(have []message, wanted func(message) bool) ([]message, error) {
	const kernelLinkLocal = 3 // IFAPROT_KERNEL_LL of linux/if_addr.h
	var out []message
	for _, h := range have {
		if h.attrs().int(ifaProto) != kernelLinkLocal || wanted(h) {
			out = append(out, h)
			continue
		}
		if err := c.remove(h); err != nil && !isMissing(err) {
			return nil, err
		}
	}
	return out, nil
}

// restoreAddr gives a link an address again. One that was found to be nobody
// else's need not ask again: it is added as one that does not ask, and told its
// flags by a second message, which has it ask no more.
func (c *Conn) restoreAddr(m message) error {
	flags := m.addrFlags(m.attrs())
	own := flags &^ (ownFlags | unix.IFA_F_SECONDARY)
	settled := m.body[0] == unix.AF_INET6 && flags&unix.IFA_F_TENTATIVE == 0
	first := own
	if settled {
		first |= unix.IFA_F_NODAD
	}
	err := c.add(m.addr(first), unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	if err != nil || first == own {
		return err
	}
	err = c.add(m.addr(own), unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// addrMessage is the message for an address that is about to be added.
func addrMessage(index int, cfg AddrConfig) message {
	return message{unix.RTM_NEWADDR, cfg.appendKey(nil, index)}
}

// appendKey appends a struct ifaddrmsg and what tells an address from others.
func (cfg *AddrConfig) appendKey(b []byte, index int) []byte {
	ip := cfg.Prefix.Addr()
	peer := cfg.Prefix
	if cfg.Peer.IsValid() {
		peer = cfg.Peer
	}
	b = append(b, byte(familyOf(ip)), byte(peer.Bits()), 0, byte(cfg.Scope))
	b = binary.NativeEndian.AppendUint32(b, uint32(index))
	b = appendAddr(b, unix.IFA_LOCAL, ip)
	return appendAddr(b, unix.IFA_ADDRESS, peer.Addr())
}
