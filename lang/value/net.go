package value

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
)

// ErrOverflow says that a result does not fit into a 64-bit int.
var ErrOverflow = errors.New("the result does not fit into 64 bits")

// Add counts n addresses on, or back. It is an error to leave the family's
// range.
func (ip IP) Add(n int64) (IP, error) {
	sum, off := number(ip.Addr).plus(uint128{lo: uint64(n)})
	if n < 0 {
		sum, off = number(ip.Addr).minus(uint128{lo: -uint64(n)})
	}
	a, ok := sum.address(ip.Addr)
	if off || !ok {
		return IP{}, fmt.Errorf("there is no address %d on from %s", n, ip)
	}
	return IP{a}, nil
}

// Sub is how many addresses ip comes after other, of the same family.
func (ip IP) Sub(other IP) (Int, error) {
	if ip.BitLen() != other.BitLen() {
		return 0, fmt.Errorf("%s and %s are of different families", ip, other)
	}
	a, b := number(ip.Addr), number(other.Addr)
	d, before := a.minus(b)
	if before {
		d, _ = b.minus(a)
	}
	switch {
	case d.hi == 0 && !before && d.lo <= math.MaxInt64:
		return Int(d.lo), nil
	case d.hi == 0 && before && d.lo <= 1<<63:
		return Int(-d.lo), nil
	}
	return 0, ErrOverflow
}

// Number is the MAC as a 48-bit number.
func (m MAC) Number() int64 {
	var n int64
	for _, b := range m {
		n = n<<8 | int64(b)
	}
	return n
}

// MACFrom is the MAC with the number n, of which it takes the lower 48 bits.
func MACFrom(n int64) MAC {
	var m MAC
	for i := len(m) - 1; i >= 0; i-- {
		m[i] = byte(n)
		n >>= 8
	}
	return m
}

// Add counts n addresses on, or back. It is an error to leave the 48 bits.
func (m MAC) Add(n int64) (MAC, error) {
	const all = 1<<48 - 1
	sum := m.Number()
	if n < -all || n > all || sum+n < 0 || sum+n > all {
		return MAC{}, fmt.Errorf("there is no MAC %d on from %s", n, m)
	}
	return MACFrom(sum + n), nil
}

// hostBits is how many bits of p tell its addresses apart.
func (p Prefix) hostBits() int { return p.Prefix.Addr().BitLen() - p.Bits() }

// At is the i-th address of p's network, from 0, with p's length. Out of range
// is an error.
func (p Prefix) At(i int64) (Prefix, error) {
	left := p.hostBits()
	if i < 0 || left < 63 && i >= 1<<left {
		return Prefix{}, fmt.Errorf("%s has no address %d, %s", p, i, count(left))
	}
	base := p.Masked().Addr()
	n, _ := number(base).plus(uint128{lo: uint64(i)})
	a, _ := n.address(base)
	return Prefix{netip.PrefixFrom(a, p.Bits())}, nil
}

// Subnet is the i-th of the networks that p splits into with newbits more
// bits. Out of range is an error.
func (p Prefix) Subnet(newbits, i int64) (Prefix, error) {
	left := int64(p.hostBits())
	switch {
	case newbits < 0:
		return Prefix{}, fmt.Errorf("a subnet can't be %d bits longer than its prefix", newbits)
	case newbits > left:
		return Prefix{}, fmt.Errorf("%s can't be %d bits longer, it has %d left", p, newbits, left)
	case i < 0, newbits < 63 && i >= 1<<newbits:
		return Prefix{}, fmt.Errorf("%s has no /%d number %d, %s", p, int64(p.Bits())+newbits, i, count(int(newbits)))
	}
	base := p.Masked().Addr()
	n, _ := number(base).plus(uint128{lo: uint64(i)}.shifted(int(left - newbits)))
	a, _ := n.address(base)
	return Prefix{netip.PrefixFrom(a, p.Bits()+int(newbits))}, nil
}

func count(bits int) string {
	switch {
	case bits == 0:
		return "there is only number 0"
	case bits >= 63:
		return "they count from 0"
	}
	return fmt.Sprintf("they go from 0 to %d", int64(1)<<bits-1)
}

// PrefixFields are the names that Prefix.Field takes.
var PrefixFields = []string{"ip", "len", "network", "netmask", "broadcast", "first", "last", "size"}

// Field is the field of p called name, one of PrefixFields: ip, the address
// as written; len; network, the prefix without its host bits; netmask;
// broadcast, an error where there is none; first and last, the lowest and the
// highest address that a host can have; and size, the number of all
// addresses, an error where it does not fit into an int.
func (p Prefix) Field(name string) (Value, error) {
	switch name {
	case "ip":
		return IP{p.Prefix.Addr()}, nil
	case "len":
		return Int(p.Bits()), nil
	case "network":
		return Prefix{p.Masked()}, nil
	case "netmask":
		return p.netmask(), nil
	case "broadcast":
		if !p.Prefix.Addr().Is4() || p.hostBits() < 2 {
			return nil, fmt.Errorf("%s has no broadcast address", p)
		}
		return IP{p.top()}, nil
	case "first":
		return p.first(), nil
	case "last":
		return p.last(), nil
	case "size":
		if p.hostBits() >= 63 {
			return nil, fmt.Errorf("the size of %s does not fit into 64 bits", p)
		}
		return Int(1) << p.hostBits(), nil
	}
	return nil, fmt.Errorf("a prefix has no field %q", name)
}

func (p Prefix) netmask() IP {
	addr := p.Prefix.Addr()
	n, _ := ones(addr.BitLen()).minus(ones(p.hostBits()))
	a, _ := n.address(addr)
	return IP{a}
}

// top is the highest address of p.
func (p Prefix) top() netip.Addr {
	base := p.Masked().Addr()
	n, _ := number(base).plus(ones(p.hostBits()))
	a, _ := n.address(base)
	return a
}

// The ends of what hosts can have: not IPv4's network and broadcast
// addresses, not IPv6's subnet-router anycast address (RFC 4291, 2.6.1). Of
// one or two addresses hosts can have all (RFC 3021, RFC 6164).
func (p Prefix) first() IP {
	base := p.Masked().Addr()
	if p.hostBits() < 2 {
		return IP{base}
	}
	return IP{base.Next()}
}

func (p Prefix) last() IP {
	if p.hostBits() < 2 || !p.Prefix.Addr().Is4() {
		return IP{p.top()}
	}
	return IP{p.top().Prev()}
}
