//go:build linux

package builtins

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Attributes of linux/l2tp.h.
const (
	l2tpPwType       = 1 // L2TP_ATTR_PW_TYPE
	l2tpEncap        = 2 // L2TP_ATTR_ENCAP_TYPE
	l2tpSpecType     = 5 // L2TP_ATTR_L2SPEC_TYPE
	l2tpVersion      = 7 // L2TP_ATTR_PROTO_VERSION
	l2tpIfname       = 8
	l2tpUDPCsum      = 13
	l2tpRecvSeq      = 18
	l2tpSendSeq      = 19
	l2tpSource       = 24 // L2TP_ATTR_IP_SADDR; the next is _DADDR
	l2tpSource6      = 31 // L2TP_ATTR_IP6_SADDR; the same
	l2tpZeroCsum6Tx  = 33
	l2tpZeroCsum6Rx  = 34
	l2tpEthernet     = 5 // L2TP_PWTYPE_ETH
	l2tpSpecDefault  = 1 // L2TP_L2SPECTYPE_DEFAULT
	l2tpOverUDP      = 0 // L2TP_ENCAPTYPE_UDP
	l2tpOverIP       = 1 // L2TP_ENCAPTYPE_IP
	l2tpThirdVersion = 3
)

// l2tpID is the number of a tunnel or of a session.
var l2tpID = number(1, 1<<32-1)

// l2tpTunnelNumbers are the options that are one number each.
var l2tpTunnelNumbers = []kindOption{
	{name: "tunnel_id", attr: 9, typ: l2tpID, encode: u32, doc: "its number here"},
	{name: "peer_tunnel_id", attr: 10, typ: l2tpID, encode: u32, doc: "its number at the other end"},
	{name: "encap", attr: l2tpEncap, typ: oneOf(word{"udp", l2tpOverUDP}, word{"ip", l2tpOverIP}), encode: u16, doc: "what its packets go in"},
	{name: "udp_sport", attr: 26, typ: fouPortNumber, encode: u16, doc: "of udp: the port here"},
	{name: "udp_dport", attr: 27, typ: fouPortNumber, encode: u16, doc: "of udp: the port at the other end"},
}

var l2tpTunnelSpec = &Spec{
	Name: "l2tp tunnel", Group: Layer3,
	Doc:       "make a tunnel of L2TPv3 for sessions, which have the links; as there is nobody to negotiate, the other end is to be told the same",
	Example:   "l2tp tunnel tunnel_id 3000 peer_tunnel_id 4000 encap udp local 10.0.0.1 remote 10.0.0.2 udp_sport 5000 udp_dport 6000",
	Modifiers: Del | Ensure,
	Options: append(optionsOfTable(l2tpTunnelNumbers),
		Option{Name: "local", Type: ipType, Doc: "the address here"},
		Option{Name: "remote", Type: ipType, Doc: "the address of the other end"},
		Option{Name: "udp_csum", Type: switchType, Doc: "of udp in IPv4: packets have a checksum; off unless said otherwise"},
		Option{Name: "udp6_csum_tx", Type: switchType, Doc: "of udp in IPv6: packets that leave have a checksum; on unless said otherwise"},
		Option{Name: "udp6_csum_rx", Type: switchType, Doc: "of udp in IPv6: packets that come in must have one; on unless said otherwise"},
	),
	Needs:   genlNeeds(nsexec.L2tpTunnel),
	Verify:  compiles,
	Compile: compileL2tpTunnel,
}

func compileL2tpTunnel(c *Call) ([]nsexec.Step, error) {
	if err := needed(c, "tunnel_id"); err != nil {
		return nil, err
	}
	attrs, err := encoded(c, l2tpTunnelNumbers)
	if err != nil {
		return nil, err
	}
	if c.Modifier != Del {
		more, err := l2tpTunnelRest(c)
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, more...)
	}
	return genlSteps(c, c.Env.NS, nsexec.GenlConfig{Kind: nsexec.L2tpTunnel, Attrs: attrs}), nil
}

// l2tpTunnelRest is what is not one number of an option, once all is there that a
// tunnel needs.
func l2tpTunnelRest(c *Call) ([]nsexec.Attr, error) {
	if err := needed(c, "peer_tunnel_id", "encap", "local", "remote"); err != nil {
		return nil, err
	}
	local, _ := Opt[value.IP](c, "local")
	remote, _ := Opt[value.IP](c, "remote")
	if local.Is4() != remote.Is4() {
		return nil, fmt.Errorf("%s is of another family than %s", remote, local)
	}
	source := uint16(l2tpSource)
	if local.Is6() {
		source = l2tpSource6
	}
	attrs := []nsexec.Attr{
		{Type: l2tpVersion, Data: []byte{l2tpThirdVersion}},
		{Type: source, Data: local.AsSlice()},
		{Type: source + 1, Data: remote.AsSlice()},
	}
	if encap := optInt(c, "encap"); encap != l2tpOverUDP {
		for _, name := range []string{"udp_sport", "udp_dport", "udp_csum", "udp6_csum_tx", "udp6_csum_rx"} {
			if c.Has(name) {
				return nil, fmt.Errorf("%q is for encap udp", name)
			}
		}
		return attrs, nil
	}
	if err := needed(c, "udp_sport", "udp_dport"); err != nil {
		return nil, err
	}
	checksums, err := l2tpChecksums(c, local.Is6())
	return append(attrs, checksums...), err
}

// l2tpChecksums are flags of which 0 stands for not.
func l2tpChecksums(c *Call, is6 bool) (attrs []nsexec.Attr, err error) {
	for _, o := range []struct {
		name string
		six  bool
		attr nsexec.Attr
		when bool // the value that the flag stands for
	}{
		{"udp_csum", false, nsexec.Attr{Type: l2tpUDPCsum, Data: []byte{1}}, true},
		{"udp6_csum_tx", true, nsexec.Attr{Type: l2tpZeroCsum6Tx}, false},
		{"udp6_csum_rx", true, nsexec.Attr{Type: l2tpZeroCsum6Rx}, false},
	} {
		on, ok := Opt[bool](c, o.name)
		switch {
		case ok && o.six != is6:
			return nil, fmt.Errorf("%q is for the other version of IP than %s", o.name, c.value("local"))
		case ok && on != o.when:
			o.attr.Data = []byte{0}
		}
		if ok {
			attrs = append(attrs, o.attr)
		}
	}
	return attrs, nil
}

// value is the text of an option's value.
func (c *Call) value(name string) string {
	g, _ := c.Option(name)
	return fmt.Sprint(g.Value())
}

// l2tpCookie is what packets of a session carry, besides its number.
var l2tpCookie = ofText("HEX", func(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 && len(b) != 8 {
		return nil, errors.New("a cookie has 8 or 16 hexadecimal digits")
	}
	return b, nil
})

func rawBytes(v any) ([]byte, error) { return v.([]byte), nil }

// l2tpSessionOptions are those that are one attribute each.
var l2tpSessionOptions = []kindOption{
	{name: "tunnel_id", attr: 9, typ: l2tpID, encode: u32, doc: "the tunnel's number here"},
	{name: "session_id", attr: 11, typ: l2tpID, encode: u32, doc: "its number here"},
	{name: "peer_session_id", attr: 12, typ: l2tpID, encode: u32, doc: "its number at the other end"},
	{name: "cookie", attr: 15, typ: l2tpCookie, encode: rawBytes, doc: "what its packets carry, 8 or 16 hexadecimal digits"},
	{name: "peer_cookie", attr: 16, typ: l2tpCookie, encode: rawBytes, doc: "what those of the other end carry"},
	{name: "l2spec_type", aliases: []string{"layer2spec_type"}, attr: l2tpSpecType, typ: oneOf(word{"default", l2tpSpecDefault}, word{"none", 0}), encode: u8, doc: "whether packets have a header of layer 2's; default unless said otherwise"},
	{name: "seq", typ: oneOf(word{"none", 0}, word{"send", l2tpSends}, word{"recv", l2tpReceives}, word{"both", l2tpSends | l2tpReceives}), doc: "whether packets are numbered that leave, or put in order that come in"},
}

const (
	l2tpSends    = 1
	l2tpReceives = 2
)

var l2tpSessionSpec = &Spec{
	Name: "l2tp session", Group: Links,
	Doc:       "make a link that is a session of an L2TP tunnel; it goes with del l2tp session, or with the tunnel",
	Example:   "l2tp session l2tp0 tunnel_id 3000 session_id 1000 peer_session_id 2000",
	Params:    []Param{{Name: "NAME", Type: newLinkType, Optional: true, Doc: "the new link, as NAME or NS:NAME; the kernel calls it l2tpeth0 and so on"}},
	Modifiers: Del | Ensure,
	Options:   optionsOfTable(l2tpSessionOptions),
	Needs:     genlNeeds(nsexec.L2tpSession),
	Verify:    compiles,
	Compile:   compileL2tpSession,
}

func compileL2tpSession(c *Call) ([]nsexec.Step, error) {
	needs := []string{"tunnel_id", "session_id"}
	if c.Modifier != Del {
		needs = append(needs, "peer_session_id")
	}
	if err := needed(c, needs...); err != nil {
		return nil, err
	}
	attrs, err := encoded(c, l2tpSessionOptions)
	if err != nil {
		return nil, err
	}
	ns := c.Env.NS
	if len(c.Param("NAME")) > 0 {
		link := c.Link("NAME")
		ns = link.NS
		attrs = append(attrs, nsexec.Attr{Type: l2tpIfname, Data: nl.ZeroTerminated(link.Link.Name)})
	}
	if c.Modifier != Del {
		attrs = append(attrs, nsexec.Attr{Type: l2tpPwType, Data: nl.Uint16Attr(l2tpEthernet)})
		if !c.Has("l2spec_type") {
			attrs = append(attrs, nsexec.Attr{Type: l2tpSpecType, Data: []byte{l2tpSpecDefault}})
		}
	}
	if seq, ok := Opt[int64](c, "seq"); ok {
		attrs = append(attrs,
			nsexec.Attr{Type: l2tpRecvSeq, Data: []byte{byte(seq / l2tpReceives)}},
			nsexec.Attr{Type: l2tpSendSeq, Data: []byte{byte(seq % l2tpReceives)}})
	}
	return genlSteps(c, ns, nsexec.GenlConfig{Kind: nsexec.L2tpSession, Attrs: attrs}), nil
}
