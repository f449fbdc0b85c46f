//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ruleActions are FR_ACT_* of linux/fib_rules.h that need no table.
var ruleActions = []word{{"blackhole", 6}, {"unreachable", 7}, {"prohibit", 8}, {"nop", 3}}

// ruleAttrs are the selectors that are one attribute each, FRA_* of
// linux/fib_rules.h.
var ruleAttrs = []kindOption{
	{name: "priority", aliases: []string{"pref", "preference", "order"}, attr: unix.FRA_PRIORITY, typ: number(0, 1<<32-1), encode: u32, doc: "its place: the lowest is asked first"},
	{name: "iif", attr: unix.FRA_IIFNAME, typ: ifName, encode: zeroTerminated, doc: "packets that came in by the link, which need not be there"},
	{name: "oif", attr: unix.FRA_OIFNAME, typ: ifName, encode: zeroTerminated, doc: "packets of sockets bound to the link"},
	{name: "uidrange", attr: unix.FRA_UID_RANGE, typ: uidRange, encode: pair32, doc: "packets of these users, as 1000-1999"},
	{name: "ipproto", attr: unix.FRA_IP_PROTO, typ: ipProtoType, encode: u8, doc: "packets of the protocol"},
	{name: "sport", attr: unix.FRA_SPORT_RANGE, typ: portOrRange, encode: pair16, doc: "packets from the port or ports"},
	{name: "dport", attr: unix.FRA_DPORT_RANGE, typ: portOrRange, encode: pair16, doc: "packets to the port or ports"},
	{name: "suppress_prefixlength", aliases: []string{"suppress_prefixlen"}, attr: unix.FRA_SUPPRESS_PREFIXLEN, typ: number(0, 128), encode: u32, doc: "ignore routes of this prefix length or shorter"},
	{name: "suppress_ifgroup", attr: unix.FRA_SUPPRESS_IFGROUP, typ: groupNumber, encode: u32, doc: "ignore routes over links of this group"},
	{name: "tun_id", attr: unix.FRA_TUN_ID, typ: tunnelID, encode: be64, doc: "packets of the tunnel's number"},
	{name: "realms", aliases: []string{"realm"}, attr: unix.FRA_FLOW, typ: realmType, encode: u32, doc: "the realms of IPv4 packets that it fits"},
	{name: "protocol", aliases: []string{"proto"}, attr: unix.FRA_PROTOCOL, typ: protoType, encode: u8, doc: "who set it"},
	{name: "l3mdev", attr: unix.FRA_L3MDEV, encode: fixed8(1), doc: "look up the table of the packet's VRF"},
}

func zeroTerminated(v any) ([]byte, error) { return nl.ZeroTerminated(v.(string)), nil }

func pair32(v any) ([]byte, error) {
	r := v.([2]uint32)
	return append(nl.Uint32Attr(r[0]), nl.Uint32Attr(r[1])...), nil
}

func pair16(v any) ([]byte, error) {
	r := v.([2]uint32)
	return append(nl.Uint16Attr(uint16(r[0])), nl.Uint16Attr(uint16(r[1]))...), nil
}

var (
	uidRange    = ofText("FROM-TO", func(s string) ([2]uint32, error) { return numberRange(s, 1<<32-1) })
	portOrRange = ofText("PORT[-PORT]", func(s string) ([2]uint32, error) { return numberRange(s, 65535) })
	markType    = ofText("MARK[/MASK]", parseMark)
	groupNumber = ofText("GROUP", func(s string) (int64, error) {
		return named(s, map[string]int64{"default": 0, "0": 0}, "/etc/iproute2/group", 1<<31-1)
	})
	ipProtoType = ofText("PROTOCOL", func(s string) (int64, error) { return named(s, ipProtocols, "", 255) })
	familyType  = oneOf(word{"inet", unix.AF_INET}, word{"inet6", unix.AF_INET6})
)

// ipProtocols are IPPROTO_* of linux/in.h and linux/in6.h.
var ipProtocols = map[string]int64{
	"icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51,
	"icmpv6": 58, "ipv6-icmp": 58, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132, "udplite": 136, "mpls": 137,
}

// numberRange reads `5` or `5-9`.
func numberRange(s string, most uint64) ([2]uint32, error) {
	from, to, found := strings.Cut(s, "-")
	if !found {
		to = from
	}
	a, err := strconv.ParseUint(from, 10, 64)
	b, err2 := strconv.ParseUint(to, 10, 64)
	if err != nil || err2 != nil || a > b || b > most {
		return [2]uint32{}, fmt.Errorf("%q is no range of numbers up to %d, as 10-20 is", s, most)
	}
	return [2]uint32{uint32(a), uint32(b)}, nil
}

func parseMark(s string) ([2]uint32, error) {
	mark, mask, found := strings.Cut(s, "/")
	if !found {
		mask = "0xffffffff"
	}
	a, err := strconv.ParseUint(mark, 0, 32)
	b, err2 := strconv.ParseUint(mask, 0, 32)
	if err != nil || err2 != nil {
		return [2]uint32{}, fmt.Errorf("%q is no mark, as 0x10 or 0x10/0xff is", s)
	}
	return [2]uint32{uint32(a), uint32(b)}, nil
}

var ruleSpec = &Spec{
	Name: "rule", Group: Layer3,
	Doc:       "add a rule that says which routing table is asked",
	Example:   "rule from 10.0.0.0/24 table 100 priority 1000",
	Modifiers: Del | Ensure | Flush,
	Options:   ruleOptions(),
	Verify:    compiles,
	Compile:   compileRule,
}

func ruleOptions() []Option {
	out := []Option{
		{Name: "from", Type: destType, Doc: "packets from there"},
		{Name: "to", Type: destType, Doc: "packets to there"},
		{Name: "not", Doc: "packets that do not fit"},
		{Name: "tos", Aliases: []string{"dsfield"}, Type: byteTOS, Doc: "packets with this TOS"},
		{Name: "fwmark", Type: markType, Doc: "packets with this mark"},
		{Name: "table", Aliases: []string{"lookup"}, Type: tableType, Doc: "the table to ask"},
		{Name: "goto", Type: number(1, 1<<32-1), Doc: "go on with the rule of this priority"},
		{Name: "family", Type: familyType, Doc: "IPv4 or IPv6, where no address tells: inet unless said otherwise"},
	}
	for _, a := range ruleActions {
		out = append(out, Option{Name: a.name, Doc: "the packet's fate rather than a table"})
	}
	return append(out, optionsOfTable(ruleAttrs)...)
}

func compileRule(c *Call) ([]nsexec.Step, error) {
	cfg := nsexec.RuleConfig{Not: c.Has("not"), TOS: optInt(c, "tos"), Table: optInt(c, "table"), Text: c.String()}
	from, _ := Opt[destination](c, "from")
	to, _ := Opt[destination](c, "to")
	cfg.From, cfg.To = from.prefix, to.prefix
	family, err := ruleFamily(c, cfg)
	if err != nil {
		return nil, err
	}
	cfg.Family = family
	if c.Modifier == Flush {
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushRules(family)}}, nil
	}
	for _, a := range ruleActions {
		if c.Has(a.name) {
			cfg.Action = int(a.value)
		}
	}
	if err := checkRule(c, cfg); err != nil {
		return nil, err
	}
	if err := ruleSelectors(c, &cfg); err != nil {
		return nil, err
	}
	if cfg.Action == 0 && cfg.Table == 0 && !c.Has("l3mdev") && c.Modifier != Del {
		cfg.Table = unix.RT_TABLE_MAIN
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: ruled(c.Modifier, cfg)}}, nil
}

// checkRule refuses what contradicts itself, and what the kernel passes over.
func checkRule(c *Call, cfg nsexec.RuleConfig) error {
	var fates []string
	for _, name := range []string{"table", "goto", "l3mdev", "blackhole", "unreachable", "prohibit", "nop"} {
		if c.Has(name) {
			fates = append(fates, name)
		}
	}
	if len(fates) > 1 {
		return fmt.Errorf("a rule does one thing: %s or %s", fates[0], fates[1])
	}
	for _, name := range []string{"suppress_prefixlength", "suppress_ifgroup"} {
		if c.Has(name) && len(fates) > 0 && fates[0] != "table" && fates[0] != "l3mdev" {
			return fmt.Errorf("%q is for a rule that asks a table", name)
		}
	}
	if c.Has("goto") && c.Has("priority") && optInt(c, "goto") <= optInt(c, "priority") {
		return fmt.Errorf("goto %d leads back from priority %d; rules only go on", optInt(c, "goto"), optInt(c, "priority"))
	}
	if c.Has("realms") && cfg.Family == unix.AF_INET6 {
		return fmt.Errorf("only IPv4 rules have realms")
	}
	return nil
}

func ruled(mod Modifiers, cfg nsexec.RuleConfig) nsexec.Action {
	switch mod {
	case Del:
		return nsexec.DelRule(cfg)
	case Ensure:
		return nsexec.EnsureRule(cfg)
	}
	return nsexec.AddRule(cfg)
}

func ruleSelectors(c *Call, cfg *nsexec.RuleConfig) error {
	if mark, ok := Opt[[2]uint32](c, "fwmark"); ok {
		cfg.Attrs = append(cfg.Attrs,
			nsexec.Attr{Type: unix.FRA_FWMARK, Data: nl.Uint32Attr(mark[0])},
			nsexec.Attr{Type: unix.FRA_FWMASK, Data: nl.Uint32Attr(mark[1])})
	}
	if n, ok := Opt[int64](c, "goto"); ok {
		const frActGoto = 2
		cfg.Action = frActGoto
		cfg.Attrs = append(cfg.Attrs, nsexec.Attr{Type: unix.FRA_GOTO, Data: nl.Uint32Attr(uint32(n))})
	}
	attrs, err := encoded(c, ruleAttrs)
	cfg.Attrs = append(cfg.Attrs, attrs...)
	return err
}

// ruleFamily is the family that a rule's addresses have, else the one said.
func ruleFamily(c *Call, cfg nsexec.RuleConfig) (int, error) {
	family := optInt(c, "family")
	for _, p := range []value.Prefix{{Prefix: cfg.From}, {Prefix: cfg.To}} {
		if !p.IsValid() {
			continue
		}
		of := unix.AF_INET
		if p.Addr().Is6() {
			of = unix.AF_INET6
		}
		if family != 0 && family != of {
			return 0, fmt.Errorf("%s is of another family than the rest of the rule", p)
		}
		family = of
	}
	if family == 0 {
		family = unix.AF_INET
	}
	return family, nil
}
