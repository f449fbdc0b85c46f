//go:build linux

package builtins

import (
	"fmt"
	"slices"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// greKinds are the tunnels of GRE (RFC 2784, RFC 2890), for IP packets and for
// Ethernet frames.
var greKinds = []kind{
	greKind("gre", "make a GRE tunnel for IP packets (RFC 2784)", "gre g0 remote 10.0.0.2 local 10.0.0.1 key 5 up", false, false),
	greKind("gretap", "make a GRE tunnel for Ethernet frames", "gretap g0 remote 10.0.0.2 local 10.0.0.1 up", false, false),
	greKind("erspan", "make a tunnel for mirrored frames (ERSPAN)", "erspan e0 remote 10.0.0.2 local 10.0.0.1 seq key 5 erspan_ver 1 erspan 7", false, true),
	greKind("ip6gre", "make a GRE tunnel for IP packets over IPv6", "ip6gre g0 remote 2001:db8::2 local 2001:db8::1 up", true, false),
	greKind("ip6gretap", "make a GRE tunnel for Ethernet frames over IPv6", "ip6gretap g0 remote 2001:db8::2 local 2001:db8::1 up", true, false),
	greKind("ip6erspan", "make a tunnel for mirrored frames over IPv6 (ERSPAN)", "ip6erspan e0 remote 2001:db8::2 local 2001:db8::1 seq key 5 erspan_ver 1 erspan 7", true, true),
}

func greKind(name, doc, example string, six, erspan bool) kind {
	a := greAttrs
	outer := a.outer4()
	if six {
		outer = a.outer6()
	} else {
		a.flowInfo = 0
	}
	k := kind{
		name: name, doc: doc, example: example,
		options: slices.Concat(a.ends(six), outer, a.keyed(), a.encap(), a.metadata()),
		finish:  a.finish,
	}
	if erspan { // which has no checksums
		k.options = slices.DeleteFunc(k.options, func(o kindOption) bool { return slices.Contains([]string{"csum", "icsum", "ocsum"}, o.name) })
		k.options = append(k.options, erspanOptions...)
		k.verify = verifyErspan
	}
	return k
}

// verifyErspan wants what the kernel does (erspan_validate of net/ipv4/ip_gre.c).
func verifyErspan(c *Call) *ArgError {
	keyed := c.Has("key") || c.Has("ikey") || c.Has("okey")
	numbered := c.Has("seq") || c.Has("iseq") || c.Has("oseq")
	if c.Modifier == Ensure || c.Has("external") || keyed && numbered {
		return nil
	}
	return &ArgError{Arg: -1, Msg: fmt.Sprintf(`an %s needs "seq" and "key", or "external"`, c.Spec.Name), Help: "for example: " + c.Spec.Example}
}

// ipKinds are the tunnels of IP in IP.
var ipKinds = []kind{
	ipipKind("ipip", "make a tunnel of IPv4 in IPv4 (RFC 2003)", "ipip t0 remote 10.0.0.2 local 10.0.0.1 up",
		oneOf(word{"ipip", protoIPIP}, word{"mplsip", protoMPLS}, word{"any", 0}), iptunAttrs.metadata()...),
	ipipKind("sit", "make a tunnel of IPv6 in IPv4 (RFC 4213)", "sit t0 remote 10.0.0.2 local 10.0.0.1 up",
		oneOf(word{"ip6ip", protoIPv6}, word{"ipip", protoIPIP}, word{"mplsip", protoMPLS}, word{"any", 0}),
		kindOption{name: "isatap", attr: nl.IFLA_IPTUN_FLAGS, encode: func(any) ([]byte, error) { return nl.Uint16Attr(sitISATAP), nil }, doc: "ISATAP (RFC 5214)"}),
	{
		name: "ip6tnl", doc: "make a tunnel of IPv4 or IPv6 in IPv6 (RFC 2473)", example: "ip6tnl t0 mode any remote 2001:db8::2 local 2001:db8::1 up",
		options: slices.Concat(iptunAttrs.ends(true), iptunAttrs.outer6(), []kindOption{
			{name: "mode", attr: nl.IFLA_IPTUN_PROTO, typ: oneOf(word{"ip6ip6", protoIPv6}, word{"ipip6", protoIPIP}, word{"any", 0}), encode: u8, doc: "what is in it"},
		}, iptunAttrs.encap(), iptunAttrs.metadata()),
		finish: iptunAttrs.finish,
	},
	vtiKind("vti", "make a virtual tunnel interface for IPsec over IPv4", "vti v0 remote 10.0.0.2 local 10.0.0.1 key 5 up", false),
	vtiKind("vti6", "make a virtual tunnel interface for IPsec over IPv6", "vti6 v0 remote 2001:db8::2 local 2001:db8::1 key 5 up", true),
}

func ipipKind(name, doc, example string, mode Type, more ...kindOption) kind {
	a := iptunAttrs
	a.flowInfo = 0
	return kind{
		name: name, doc: doc, example: example,
		options: slices.Concat(a.ends(false), a.outer4(), []kindOption{
			{name: "mode", attr: nl.IFLA_IPTUN_PROTO, typ: mode, encode: u8, doc: "what is in it"},
		}, more, a.encap()),
		finish: func(c *Call, cfg *nsexec.LinkConfig) { a.finish(c, cfg) },
	}
}

func vtiKind(name, doc, example string, six bool) kind {
	return kind{
		name: name, doc: doc, example: example,
		options: slices.Concat(vtiAttrs.ends(six), vtiAttrs.keyed()),
		finish:  vtiAttrs.finish,
	}
}
