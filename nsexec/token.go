//go:build linux

package nsexec

import (
	"golang.org/x/sys/unix"
)

const inet6Token = 7 // IFLA_INET6_TOKEN

// tokenOf is the lower half of the addresses that a link makes of a router's
// prefixes; nil without IPv6, and :: where the link chooses it.
func tokenOf(a attrs) []byte {
	token := a.nested(unix.IFLA_AF_SPEC).nested(unix.AF_INET6).get(inet6Token)
	if len(token) != 16 {
		return nil
	}
	return token
}

// TokenAttr is the attribute of a link that sets it.
func TokenAttr(token [16]byte) Attr {
	return Attr{Type: unix.IFLA_AF_SPEC, Nested: []Attr{
		{Type: unix.AF_INET6, Nested: []Attr{{Type: inet6Token, Data: token[:]}}},
	}}
}

// restoreTokens gives links their tokens back. The kernel wants them to listen to
// routers, so their sysctls come before.
func (c *Conn) restoreTokens(links []message) error {
	return c.setBack(links, tokenOf, func(token []byte) Attr { return TokenAttr([16]byte(token)) })
}
