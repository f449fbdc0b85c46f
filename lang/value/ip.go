package value

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ParseIP reads an IPv4 or IPv6 address, without a zone. Its error says which
// piece of the address is wrong.
func ParseIP(s string) (IP, error) {
	if onlyOf(s, &addrBytes) {
		if a, err := netip.ParseAddr(s); err == nil {
			return IP{a}, nil
		}
	}
	return IP{}, &textError{s, wrongIP}
}

// addrBytes are the bytes of addresses and prefixes. Of a text with others
// there is no need to make netip's error.
var addrBytes = func() (t [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF.:/") {
		t[c] = true
	}
	return t
}()

func onlyOf(s string, bytes *[256]bool) bool {
	for i := range len(s) {
		if !bytes[s[i]] {
			return false
		}
	}
	return true
}

// textError says what is wrong with a text. It finds out only where somebody
// reads it: a verb tries its arguments as types that they may not be of.
type textError struct {
	text string
	why  func(string) error
}

func (e *textError) Error() string { return e.why(e.text).Error() }

// ParsePrefix reads an address with its length, as `10.0.0.1/24`; the host
// bits are kept. Its error says which piece is wrong.
func ParsePrefix(s string) (Prefix, error) {
	if onlyOf(s, &addrBytes) {
		if p, err := netip.ParsePrefix(s); err == nil {
			return Prefix{p}, nil
		}
	}
	return Prefix{}, &textError{s, wrongPrefix}
}

// wrongPrefix says why s is no address with its length.
func wrongPrefix(s string) error {
	addr, length, ok := strings.Cut(s, "/")
	if !ok {
		if _, err := ParseIP(s); err != nil {
			return err
		}
		return fmt.Errorf("no prefix length in %q, as the /24 of 10.0.0.1/24", s)
	}
	ip, err := ParseIP(addr)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(length, 10, 64)
	switch {
	case err == nil && n > uint64(ip.BitLen()):
		return fmt.Errorf("/%s is more than the %d bits of %s in %q", length, ip.BitLen(), family(ip.Addr), s)
	case err == nil && len(length) > 1 && length[0] == '0':
		return fmt.Errorf("/%s has a leading zero in %q", length, s)
	}
	return fmt.Errorf("%q is not a prefix length in %q", length, s)
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "an IPv4 address"
	}
	return "an IPv6 address"
}

// wrongIP says why s is no address.
func wrongIP(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("an empty string is not an address")
	case strings.Contains(s, "%"):
		return fmt.Errorf("an address has no zone here: %q", s)
	case strings.Contains(s, "/"):
		return fmt.Errorf("a prefix where an address is wanted: %q", s)
	case strings.Count(s, ":") > 1:
		return wrongIPv6(s)
	case strings.Contains(s, ".") && s[0] >= '0' && s[0] <= '9':
		return wrongIPv4(s, s)
	}
	return fmt.Errorf("%q is not an address", s)
}

// wrongIPv4 says why part, which is whole or the end of it, is no IPv4
// address.
func wrongIPv4(part, whole string) error {
	pieces := strings.Split(part, ".")
	for _, p := range pieces {
		n, err := strconv.ParseUint(p, 10, 64)
		switch {
		case p == "":
			return fmt.Errorf("a number is missing between the dots of %q", whole)
		case strings.Trim(p, "0123456789") != "":
			return fmt.Errorf("%q is not a number in %q", p, whole)
		case err != nil || n > 255:
			return fmt.Errorf("%s is more than 255 in %q", p, whole)
		case len(p) > 1 && p[0] == '0':
			return fmt.Errorf("%s has a leading zero in %q", p, whole)
		}
	}
	if len(pieces) != 4 {
		return fmt.Errorf("an IPv4 address has 4 numbers, %q has %d", whole, len(pieces))
	}
	return fmt.Errorf("%q is not an address", whole)
}

// wrongIPv6 says why s is no IPv6 address.
func wrongIPv6(s string) error {
	if strings.Count(s, "::") > 1 || strings.Contains(s, ":::") {
		return fmt.Errorf("more than one \"::\" in %q", s)
	}
	head, tail, short := strings.Cut(s, "::")
	groups := 0
	for _, side := range []string{head, tail} {
		if side == "" {
			continue
		}
		for _, g := range strings.Split(side, ":") {
			n, err := ipv6Group(g, s)
			if err != nil {
				return err
			}
			groups += n
		}
	}
	switch {
	case !short && groups != 8:
		return fmt.Errorf("an IPv6 address has 8 groups, %q has %d", s, groups)
	case groups >= 8:
		return fmt.Errorf("too many groups in %q, the \"::\" leaves room for 7", s)
	}
	return fmt.Errorf("%q is not an IPv6 address", s)
}

// ipv6Group says what is wrong with one group of whole, or how many of the 8
// it stands for.
func ipv6Group(g, whole string) (int, error) {
	if strings.Contains(g, ".") {
		if _, err := netip.ParseAddr(g); err != nil {
			return 0, wrongIPv4(g, whole)
		}
		return 2, nil
	}
	switch {
	case g == "":
		return 0, fmt.Errorf("a group is missing beside a colon of %q", whole)
	case strings.Trim(g, "0123456789abcdefABCDEF") != "":
		return 0, fmt.Errorf("%q is not a hex number in %q", g, whole)
	case len(g) > 4:
		return 0, fmt.Errorf("%q has more than 4 digits in %q", g, whole)
	}
	return 1, nil
}

// ParseMAC reads six bytes, each of two hex digits, joined by colons.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	if len(s) == 17 {
		ok := true
		for i := range m {
			hi, lo := unhex(s[3*i]), unhex(s[3*i+1])
			ok = ok && hi < 16 && lo < 16 && (i == 5 || s[3*i+2] == ':')
			m[i] = hi<<4 | lo&15
		}
		if ok {
			return m, nil
		}
	}
	return MAC{}, &textError{s, wrongMAC}
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// wrongMAC says why s is no MAC.
func wrongMAC(s string) error {
	if !strings.Contains(s, ":") {
		if strings.Count(s, "-") == 5 {
			return fmt.Errorf("a MAC is written with colons, as %s: %q", strings.ReplaceAll(s, "-", ":"), s)
		}
		return fmt.Errorf("%q is not a MAC, as 12:23:34:45:56:67", s)
	}
	bytes := strings.Split(s, ":")
	for _, b := range bytes {
		switch {
		case strings.Trim(b, "0123456789abcdefABCDEF") != "":
			return fmt.Errorf("%q is not a hex number in %q", b, s)
		case len(b) != 2:
			return fmt.Errorf("each byte of a MAC has 2 hex digits, %q has %d in %q", b, len(b), s)
		}
	}
	return fmt.Errorf("a MAC has 6 bytes, this has %d: %q", len(bytes), s)
}
