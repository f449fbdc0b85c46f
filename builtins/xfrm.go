//go:build linux

package builtins

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// What states and policies of IPsec have in common.

var (
	xfrmProtos = []word{{"esp", unix.IPPROTO_ESP}, {"ah", unix.IPPROTO_AH}, {"comp", unix.IPPROTO_COMP}, {"route2", unix.IPPROTO_ROUTING}, {"hao", unix.IPPROTO_DSTOPTS}}
	xfrmModes  = []word{{"transport", 0}, {"tunnel", 1}, {"ro", 2}, {"in_trigger", 3}, {"beet", 4}}
	xfrmProto  = oneOf(xfrmProtos...)
	xfrmMode   = oneOf(xfrmModes...)
	word32     = numberWord(1<<32 - 1)
	word16     = numberWord(1<<16 - 1)
	word8      = numberWord(1<<8 - 1)
)

// numberWord is a number up to most, in any base that is marked: an int64.
func numberWord(most uint64) Type {
	return ofText(fmt.Sprintf("0..%d", most), func(s string) (int64, error) {
		n, err := strconv.ParseUint(s, 0, 64)
		if err != nil || n > most {
			return 0, fmt.Errorf("%q is no number up to %d, as 7 or 0x7 is", s, most)
		}
		return int64(n), nil
	})
}

// selProto is a protocol of packets, by name or number.
var selProto = ofText("PROTOCOL", func(s string) (int64, error) {
	for _, w := range []word{{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"ipv6-icmp", 58}, {"icmpv6", 58}, {"sctp", 132}, {"gre", 47}, {"dccp", 33}, {"mh", 135}, {"ipencap", 4}, {"ipv6", 41}, {"any", 0}} {
		if w.name == s {
			return w.value, nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is no protocol: tcp, udp, icmp, ipv6-icmp, sctp, gre, dccp, mh, any or a number up to 255", s)
	}
	return int64(n), nil
})

// selectorOptions say which packets are meant.
var selectorOptions = []Option{
	{Name: "src", Type: hostOrNet, Doc: "from there"},
	{Name: "dst", Type: hostOrNet, Doc: "to there"},
	{Name: "dev", Type: localLink, Doc: "by the link"},
	{Name: "proto", Type: selProto, Doc: "of the protocol"},
	{Name: "sport", Type: word16, Doc: "from the port"},
	{Name: "dport", Type: word16, Doc: "to the port"},
	{Name: "type", Type: word8, Doc: "of the type of ICMP"},
	{Name: "code", Type: word8, Doc: "of the code of ICMP"},
	{Name: "key", Type: word32, Doc: "with the key of GRE"},
}

// selector reads those options. The family is AF_UNSPEC where no address says.
func selector(given []Given) (sel nl.XfrmSelector, dev nsexec.LinkRef, err error) {
	for _, end := range []struct {
		name string
		addr *nl.XfrmAddress
		bits *uint8
	}{{"src", &sel.Saddr, &sel.PrefixlenS}, {"dst", &sel.Daddr, &sel.PrefixlenD}} {
		p, ok := GivenAs[value.Prefix](given, end.name)
		if !ok {
			continue
		}
		*end.addr, *end.bits = xfrmAddr(p.Addr()), uint8(p.Bits())
		family := xfrmFamily(p.Addr())
		if sel.Family != 0 && sel.Family != family {
			return sel, dev, fmt.Errorf("%s is of another family than the rest", p)
		}
		sel.Family = family
	}
	if l, ok := GivenAs[LinkArg](given, "dev"); ok {
		dev = l.Link
	}
	proto, _ := GivenAs[int64](given, "proto")
	sel.Proto = uint8(proto)
	return sel, dev, selectorPorts(given, &sel)
}

// selectorPorts reads what tells packets of a protocol apart.
func selectorPorts(given []Given, sel *nl.XfrmSelector) error {
	for _, of := range []struct {
		names  [2]string
		protos []uint8
		text   string
	}{
		{[2]string{"sport", "dport"}, []uint8{6, 17, 132, 33}, "tcp, udp, sctp or dccp"},
		{[2]string{"type", "code"}, []uint8{1, 58, 135}, "icmp, ipv6-icmp or mh"},
	} {
		for i, name := range of.names {
			n, ok := GivenAs[int64](given, name)
			if !ok {
				continue
			}
			if !strings.Contains(string(of.protos), string([]byte{sel.Proto})) {
				return fmt.Errorf("%q needs proto %s", name, of.text)
			}
			if i == 0 {
				sel.Sport, sel.SportMask = nl.Swap16(uint16(n)), math.MaxUint16
			} else {
				sel.Dport, sel.DportMask = nl.Swap16(uint16(n)), math.MaxUint16
			}
		}
	}
	if key, ok := GivenAs[int64](given, "key"); ok {
		if sel.Proto != unix.IPPROTO_GRE {
			return fmt.Errorf(`"key" needs proto gre`)
		}
		sel.Sport, sel.SportMask = nl.Swap16(uint16(key>>16)), math.MaxUint16
		sel.Dport, sel.DportMask = nl.Swap16(uint16(key)), math.MaxUint16
	}
	return nil
}

func xfrmAddr(a netip.Addr) (out nl.XfrmAddress) {
	copy(out[:], a.AsSlice())
	return out
}

func xfrmFamily(a netip.Addr) uint16 {
	if a.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// xfrmID are the options that name a state, in states and in templates.
var xfrmID = []Option{
	{Name: "src", Type: ipType, Doc: "the outer source"},
	{Name: "dst", Type: ipType, Doc: "the outer destination"},
	{Name: "proto", Type: xfrmProto, Doc: "the protocol"},
	{Name: "spi", Type: word32, Doc: "the number that packets carry"},
	{Name: "mode", Type: xfrmMode, Doc: "what is in the packets; transport unless said otherwise"},
	{Name: "reqid", Type: word32, Doc: "the number by which templates and states find each other"},
}

// xfrmEnds reads the addresses and the name of a state.
func xfrmEnds(given []Given) (id nl.XfrmId, src nl.XfrmAddress, family uint16, err error) {
	for _, end := range []struct {
		name string
		addr *nl.XfrmAddress
	}{{"src", &src}, {"dst", &id.Daddr}} {
		ip, ok := GivenAs[value.IP](given, end.name)
		if !ok {
			continue
		}
		*end.addr = xfrmAddr(ip.Addr)
		if family != 0 && family != xfrmFamily(ip.Addr) {
			return id, src, family, fmt.Errorf("%s is of another family than the rest", ip)
		}
		family = xfrmFamily(ip.Addr)
	}
	proto, _ := GivenAs[int64](given, "proto")
	spi, _ := GivenAs[int64](given, "spi")
	id.Proto, id.Spi = uint8(proto), nl.Swap32(uint32(spi))
	return id, src, family, nil
}

// xfrmForever are the bounds of what has none.
var xfrmForever = nl.XfrmLifetimeCfg{SoftByteLimit: nl.XFRM_INF, HardByteLimit: nl.XFRM_INF, SoftPacketLimit: nl.XFRM_INF, HardPacketLimit: nl.XFRM_INF}

// xfrmLimits are the options of `limit`.
var xfrmLimits = []Option{
	{Name: "time-soft", Type: word64, Doc: "seconds until it is to be renewed"},
	{Name: "time-hard", Type: word64, Doc: "seconds until it ends"},
	{Name: "time-use-soft", Type: word64, Doc: "the same from its first use on"},
	{Name: "time-use-hard", Type: word64, Doc: "the same from its first use on"},
	{Name: "byte-soft", Type: word64, Doc: "bytes until it is to be renewed"},
	{Name: "byte-hard", Type: word64, Doc: "bytes until it ends"},
	{Name: "packet-soft", Type: word64, Doc: "packets until it is to be renewed"},
	{Name: "packet-hard", Type: word64, Doc: "packets until it ends"},
}

var word64 = numberWord(math.MaxInt64)

func xfrmLifetime(c *Call) nl.XfrmLifetimeCfg {
	out := xfrmForever
	var given []Given
	for _, g := range c.Repeated("limit") { // ip wants the word before each
		given = append(given, g.Given...)
	}
	for name, at := range map[string]*uint64{
		"time-soft": &out.SoftAddExpiresSeconds, "time-hard": &out.HardAddExpiresSeconds, "time-use-soft": &out.SoftUseExpiresSeconds, "time-use-hard": &out.HardUseExpiresSeconds,
		"byte-soft": &out.SoftByteLimit, "byte-hard": &out.HardByteLimit, "packet-soft": &out.SoftPacketLimit, "packet-hard": &out.HardPacketLimit,
	} {
		if n, ok := GivenAs[int64](given, name); ok {
			*at = uint64(n)
		}
	}
	return out
}

// flagsOf adds up the words of an option that takes many.
func flagsOf(c *Call, name string) (out uint32) {
	for _, g := range c.Repeated(name) {
		for _, v := range g.Values {
			n, _ := v.(int64)
			out |= uint32(n)
		}
	}
	return out
}

// markAttr is a mark with its mask.
func markAttr(c *Call) []nsexec.Attr {
	mark, ok := Opt[[2]uint32](c, "mark")
	if !ok {
		return nil
	}
	return []nsexec.Attr{{Type: nl.XFRMA_MARK, Data: append(nl.Uint32Attr(mark[0]), nl.Uint32Attr(mark[1])...)}}
}

// attr32Of is an option that is one 32-bit attribute.
func attr32Of(c *Call, name string, kind uint16) []nsexec.Attr {
	n, ok := Opt[int64](c, name)
	if !ok {
		return nil
	}
	return []nsexec.Attr{{Type: kind, Data: nl.Uint32Attr(uint32(n))}}
}

// xfrmKey reads a key: hexadecimal after 0x, else text as it is.
func xfrmKey(s string) ([]byte, error) {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok {
		return []byte(s), nil
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	key, err := hex.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("a key is 0x and hexadecimal digits, or text; this one starts so and goes on otherwise")
	}
	return key, nil
}

// offloadOf reads the option offload. Of a policy a link does all or nothing, which
// the kernel wants to be told, and the policy itself says which way.
func offloadOf(c *Call, cfg *nsexec.XfrmConfig) error {
	g, ok := c.Option("offload")
	if !ok {
		return nil
	}
	dev, ok := GivenAs[LinkArg](g.Given, "dev")
	if !ok {
		return fmt.Errorf(`"offload" needs "dev": the link that does the work`)
	}
	dir, ok := GivenAs[int64](g.Given, "dir")
	if !ok && !cfg.Policy {
		return fmt.Errorf(`"offload" needs "dir": in or out`)
	}
	const inbound, packet = 2, 4
	cfg.OffloadDev = dev.Link
	if ok && dir == 0 {
		cfg.OffloadFlags |= inbound
	}
	if _, ok := findGiven(g.Given, "packet", 0); ok || cfg.Policy {
		cfg.OffloadFlags |= packet
	}
	return nil
}

var offloadDevOptions = []Option{
	{Name: "packet", Doc: "all of it, not only the cryptography"},
	{Name: "crypto", Doc: "the cryptography only, which it is unless said otherwise"},
	{Name: "dev", Type: localLink, Doc: "the link"},
	{Name: "dir", Type: oneOf(word{"in", 0}, word{"out", 1}), Doc: "of what comes in or of what goes out"},
}

// policyOffloadOptions are those of a policy, as ip has them.
var policyOffloadOptions = []Option{
	{Name: "packet", Doc: "all of it, which it is anyway"},
	{Name: "dev", Type: localLink, Doc: "the link"},
}

// xfrmSteps is the step that a modifier asks for.
func xfrmSteps(c *Call, cfg nsexec.XfrmConfig) []nsexec.Step {
	cfg.Text = c.String()
	return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.Xfrm(modeOf(c.Modifier), cfg)}}
}
