package value

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// uint128 is the number of an address. Scripts count addresses by the thousand,
// for which math/big allocates too much.
type uint128 struct{ hi, lo uint64 }

func number(a netip.Addr) uint128 {
	if a.Is4() {
		b := a.As4()
		return uint128{lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return uint128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// address is the address of like's family that has the number n, if there is
// one.
func (n uint128) address(like netip.Addr) (netip.Addr, bool) {
	if like.Is4() {
		if n.hi != 0 || n.lo>>32 != 0 {
			return netip.Addr{}, false
		}
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(n.lo))
		return netip.AddrFrom4(b), true
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], n.hi)
	binary.BigEndian.PutUint64(b[8:], n.lo)
	return netip.AddrFrom16(b), true
}

// plus is n + m; over is set where 128 bits do not hold it.
func (n uint128) plus(m uint128) (sum uint128, over bool) {
	lo, carry := bits.Add64(n.lo, m.lo, 0)
	hi, carry := bits.Add64(n.hi, m.hi, carry)
	return uint128{hi, lo}, carry != 0
}

// minus is n - m; under is set where m is the greater one.
func (n uint128) minus(m uint128) (diff uint128, under bool) {
	lo, borrow := bits.Sub64(n.lo, m.lo, 0)
	hi, borrow := bits.Sub64(n.hi, m.hi, borrow)
	return uint128{hi, lo}, borrow != 0
}

// shifted is n with s zeros after it.
func (n uint128) shifted(s int) uint128 {
	if s >= 64 {
		return uint128{hi: n.lo << (s - 64)}
	}
	return uint128{n.hi<<s | n.lo>>(64-s), n.lo << s}
}

// ones is the number of b ones, at most 128.
func ones(b int) uint128 {
	if b >= 64 {
		return uint128{1<<(b-64) - 1, 1<<64 - 1}
	}
	return uint128{lo: 1<<b - 1}
}
