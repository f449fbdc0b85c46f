//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// encapKind is one of the ways to wrap packets, LWTUNNEL_ENCAP_* of
// linux/lwtunnel.h.
type encapKind struct {
	name    string
	typ     uint16
	options []kindOption
	only6   bool // for IPv6 routes only
	// more adds what is not one attribute of an option, and says what is wrong.
	more func(given []Given, e *nsexec.Encap) error
	doc  string
}

// encapKinds are those with options of their own; mpls has its labels for a
// value.
var encapKinds = []encapKind{
	{name: "ip", typ: unix.LWTUNNEL_ENCAP_IP, more: tunnelFlags, doc: "an IPv4 tunnel's, for a link that is told so by each packet (external)", options: []kindOption{
		{name: "id", attr: 1, typ: tunnelID, encode: be64, doc: "the tunnel's number"},
		{name: "dst", attr: 2, typ: ip4Type, encode: ipBytes, doc: "the tunnel's other end"},
		{name: "src", attr: 3, typ: ip4Type, encode: ipBytes, doc: "the tunnel's near end"},
		{name: "ttl", attr: 4, typ: number(0, 255), encode: u8, doc: "the TTL of the outer header"},
		{name: "tos", aliases: []string{"dsfield"}, attr: 5, typ: byteTOS, encode: u8, doc: "the TOS of the outer header"},
	}},
	{name: "ip6", typ: unix.LWTUNNEL_ENCAP_IP6, more: tunnelFlags, doc: "an IPv6 tunnel's", options: []kindOption{
		{name: "id", attr: 1, typ: tunnelID, encode: be64, doc: "the tunnel's number"},
		{name: "dst", attr: 2, typ: ip6Type, encode: ipBytes, doc: "the tunnel's other end"},
		{name: "src", attr: 3, typ: ip6Type, encode: ipBytes, doc: "the tunnel's near end"},
		{name: "hoplimit", attr: 4, typ: number(0, 255), encode: u8, doc: "the hop limit of the outer header"},
		{name: "tc", attr: 5, typ: byteTOS, encode: u8, doc: "the traffic class of the outer header"},
	}},
	{name: "seg6", typ: unix.LWTUNNEL_ENCAP_SEG6, more: seg6Encap, doc: "a list of segments to pass (SRv6)", options: []kindOption{
		{name: "mode", typ: seg6Modes, doc: "encap, in a header of its own, unless said otherwise; inline is for IPv6 routes"},
		{name: "segs", typ: segsType, doc: "the segments, with commas, the first to pass first"},
		{name: "hmac", typ: number(1, 1<<32-1), doc: "the number of the key to sign with"},
	}},
	{name: "seg6local", typ: unix.LWTUNNEL_ENCAP_SEG6_LOCAL, only6: true, more: seg6Local, doc: "what is done with packets to the segment that the route is for", options: seg6LocalOptions},
	{name: "ioam6", typ: unix.LWTUNNEL_ENCAP_IOAM6, only6: true, more: ioam6Encap, doc: "a trace of in-situ OAM (RFC 9486)", options: ioam6Options},
	{name: "bpf", typ: unix.LWTUNNEL_ENCAP_BPF, more: bpfEncap, doc: "in nothing, but have packets pass a BPF program", options: bpfEncapOptions},
}

// tunnelFlagBits are TUNNEL_* of linux/if_tunnel.h.
var tunnelFlagBits = []word{{"key", 4}, {"csum", 1}, {"seq", 8}}

var (
	tunnelID = number(0, 1<<63-1)
	labels   = ofText("LABEL[/LABEL]…", parseLabels)
)

// parseLabels reads a stack of MPLS labels as the kernel takes it.
func parseLabels(s string) ([]byte, error) {
	const most = 30 // MAX_NEW_LABELS
	parts := strings.Split(s, "/")
	if len(parts) > most {
		return nil, fmt.Errorf("there are %d labels, and at most %d can be", len(parts), most)
	}
	var out []byte
	for i, part := range parts {
		const implicitNull = 3
		n, err := parseLabel(part)
		if err != nil {
			return nil, fmt.Errorf("%w; a stack of them is written as 100/200", err)
		}
		if n == implicitNull {
			return nil, fmt.Errorf("label 3 stands for none (implicit null)")
		}
		out = append(out, nsexec.LabelEntry(n, i == len(parts)-1)...)
	}
	return out, nil
}

func parseLabel(s string) (int, error) {
	const most = 1<<20 - 1
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil || n > most {
		return 0, fmt.Errorf("%q is no label, which is in 0..%d", s, most)
	}
	return int(n), nil
}

// encapOption is the option of routes and nexthops.
func encapOption() Option {
	out := Option{Name: "encap", Doc: "wrap what goes there", Options: []Option{
		{Name: "mpls", Type: labels, Doc: "MPLS labels"},
		{Name: "ttl", Type: number(1, 255), Doc: "of mpls: the TTL in the labels, rather than the packet's own"},
	}}
	for _, k := range encapKinds {
		opts := append(optionsOfTable(k.options), k.programOptions()...)
		if k.typ == unix.LWTUNNEL_ENCAP_SEG6_LOCAL {
			opts = append(opts, Option{Name: "srh", Options: optionsOfTable(srhOptions), Doc: "the segments that are put on"}, Option{Name: "count", Doc: "count packets"})
		}
		if k.typ == unix.LWTUNNEL_ENCAP_IOAM6 {
			opts = append(opts, ioam6TraceOption)
		}
		if k.typ == unix.LWTUNNEL_ENCAP_IP || k.typ == unix.LWTUNNEL_ENCAP_IP6 {
			for _, w := range tunnelFlagBits {
				opts = append(opts, Option{Name: w.name, Doc: "the tunnel's header has a " + map[string]string{"key": "key", "csum": "checksum", "seq": "sequence number"}[w.name]})
			}
		}
		out.Options = append(out.Options, Option{Name: k.name, Options: opts, Doc: k.doc})
	}
	return out
}

// encapOf is what an `encap` wraps in.
func encapOf(c *Call, given []Given) (*nsexec.Encap, error) {
	var kinds []string
	for _, g := range given {
		if g.Option.Name != "ttl" {
			kinds = append(kinds, g.Option.Name)
		}
	}
	ttl, hasTTL := GivenAs[int64](given, "ttl")
	switch {
	case len(kinds) > 1:
		return nil, fmt.Errorf("a route has one encap: %s or %s", kinds[0], kinds[1])
	case hasTTL && (len(kinds) == 0 || kinds[0] != "mpls"):
		return nil, fmt.Errorf(`"encap ttl" is for "encap mpls"`)
	}
	if stack, ok := GivenAs[[]byte](given, "mpls"); ok {
		e := &nsexec.Encap{Type: unix.LWTUNNEL_ENCAP_MPLS, Attrs: []nsexec.Attr{{Type: unix.MPLS_IPTUNNEL_DST, Data: stack}}}
		if hasTTL {
			e.Attrs = append(e.Attrs, nsexec.Attr{Type: unix.MPLS_IPTUNNEL_TTL, Data: []byte{byte(ttl)}})
		}
		return e, nil
	}
	for _, k := range encapKinds {
		if g, ok := givenOption(given, k.name); ok {
			return k.encap(c, g.Given)
		}
	}
	return nil, fmt.Errorf("encap needs a kind") // the binder has refused it
}

func (k encapKind) encap(c *Call, given []Given) (*nsexec.Encap, error) {
	e := &nsexec.Encap{Type: k.typ}
	var err error
	if e.Attrs, e.Links, err = encodedOf(given, k.options); err != nil {
		return nil, fmt.Errorf("encap %s: %w", k.name, err)
	}
	if err := k.more(given, e); err != nil {
		return nil, fmt.Errorf("encap %s: %w", k.name, err)
	}
	return e, k.programs(c, given, e)
}

// encodedOf are the attributes of the options that were given of a table, and
// those that are links.
func encodedOf(given []Given, table []kindOption) (attrs []nsexec.Attr, links []nsexec.LinkAttr, err error) {
	for _, o := range table {
		g, ok := givenOption(given, o.name)
		switch {
		case !ok:
		case o.link:
			links = append(links, nsexec.LinkAttr{Type: o.attr, Link: g.Value().(LinkArg).Link})
		case o.encode != nil:
			data, err := o.encode(g.Value())
			if err != nil {
				return nil, nil, fmt.Errorf("%q: %w", o.name, err)
			}
			attrs = append(attrs, nsexec.Attr{Type: o.attr, Data: data})
		}
	}
	return attrs, links, nil
}

// tunnelFlags are LWTUNNEL_IP_FLAGS and LWTUNNEL_IP6_FLAGS, which are one number.
func tunnelFlags(given []Given, e *nsexec.Encap) error {
	const attr = 6
	flags := uint16(0)
	for _, w := range tunnelFlagBits {
		if _, ok := givenOption(given, w.name); ok {
			flags |= uint16(w.value)
		}
	}
	if flags != 0 {
		e.Attrs = append(e.Attrs, nsexec.Attr{Type: attr, Data: binary.BigEndian.AppendUint16(nil, flags)})
	}
	return nil
}

// encapFits refuses an encapsulation that the family of a route does not have.
func encapFits(e *nsexec.Encap, is6 bool) error {
	if e == nil || is6 {
		return nil
	}
	for _, k := range encapKinds {
		if k.typ == e.Type && k.only6 {
			return fmt.Errorf("encap %s is for IPv6 routes", k.name)
		}
	}
	if e.Type == unix.LWTUNNEL_ENCAP_SEG6 && nl.NativeEndian().Uint32(e.Attrs[0].Data) == seg6Inline {
		return fmt.Errorf("encap seg6 mode inline is for IPv6 routes; mode encap is for both")
	}
	return nil
}
