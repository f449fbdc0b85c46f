//go:build linux

package nsexec

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// masqueradeRule is one rule of a table of ours.
type masqueradeRule struct {
	out  string       // the link's name; empty for all
	from netip.Prefix // the zero one for all
}

// exprs are the rule as the kernel has it.
func (r masqueradeRule) exprs() []expr.Any {
	var list []expr.Any
	if r.out != "" {
		name := make([]byte, unix.IFNAMSIZ)
		copy(name, r.out)
		list = append(list, &expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name})
	}
	if r.from.IsValid() {
		family, at := byte(unix.NFPROTO_IPV4), uint32(12) // where the source is in the header
		if r.from.Addr().Is6() {
			family, at = unix.NFPROTO_IPV6, 8
		}
		size := uint32(r.from.Addr().BitLen() / 8)
		list = append(list,
			&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: at, Len: size})
		if !r.from.IsSingleIP() {
			list = append(list, &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: size, Mask: net.CIDRMask(r.from.Bits(), int(size)*8), Xor: make([]byte, size)})
		}
		list = append(list, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: r.from.Addr().AsSlice()})
	}
	return append(list, &expr.Masq{})
}

// String is the rule in words, which its comment has, too.
func (r masqueradeRule) String() string {
	var words []string
	if r.out != "" {
		words = append(words, "out", r.out)
	}
	if r.from.IsValid() {
		words = append(words, "from", r.from.String())
	}
	if len(words) == 0 {
		return "all"
	}
	return strings.Join(words, " ")
}

// parseMasqueradeRule reads what String has written.
func parseMasqueradeRule(text string) (r masqueradeRule, err error) {
	if text == "all" {
		return r, nil
	}
	words := strings.Split(text, " ")
	for len(words) >= 2 && err == nil {
		switch words[0] {
		case "out":
			r.out = words[1]
		case "from":
			r.from, err = netip.ParsePrefix(words[1])
		default:
			return r, fmt.Errorf("%q is no rule of a masquerade: %w", text, unix.EINVAL)
		}
		words = words[2:]
	}
	if len(words) > 0 && err == nil {
		err = fmt.Errorf("%q is no rule of a masquerade: %w", text, unix.EINVAL)
	}
	return r, err
}
