//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// etherTypes are ETH_P_* of linux/if_ether.h.
var etherTypes = map[string]uint16{
	"all": unix.ETH_P_ALL, "ip": unix.ETH_P_IP, "ipv4": unix.ETH_P_IP, "ipv6": unix.ETH_P_IPV6, "arp": unix.ETH_P_ARP,
	"802.1q": unix.ETH_P_8021Q, "802.1ad": unix.ETH_P_8021AD, "cfm": unix.ETH_P_CFM, "ppp_ses": unix.ETH_P_PPP_SES, "mpls_uc": unix.ETH_P_MPLS_UC, "mpls_mc": unix.ETH_P_MPLS_MC,
}

var etherType = ofText("PROTOCOL", parseEtherType) // uint16

func parseEtherType(s string) (uint16, error) {
	if n, ok := etherTypes[strings.ToLower(s)]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(s, 0, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no protocol: all, ip, ipv6, arp, 802.1q, 802.1ad or a number", s)
	}
	return uint16(n), nil
}

// placeOptions say where filters are.
var placeOptions = []Option{
	{Name: "parent", Type: classidType, Doc: "the qdisc or the class that it is at; the root qdisc unless said otherwise"},
	{Name: "root", Doc: "at the root qdisc"},
	{Name: "ingress", Doc: "at what comes in: there must be a qdisc ingress or clsact"},
	{Name: "egress", Doc: "at what goes out: there must be a qdisc clsact"},
	{Name: "block", Type: blockType, Doc: "in a block, which links share (ingress_block of qdisc), rather than at a link"},
}

var filterOwn = append(append([]Option{}, placeOptions...), []Option{
	{Name: "protocol", Aliases: []string{"proto"}, Type: etherType, Doc: "of which packets; all unless said otherwise, but flower goes by its addresses"},
	{Name: "pref", Aliases: []string{"prio"}, Type: number(1, 65535), Doc: "the lower of two is asked first"},
	{Name: "handle", Type: textType, Doc: "its number; of fw the mark that it matches, MARK[/MASK]; of u32 TABLE:BUCKET:NODE in hex"},
	{Name: "chain", Type: number(0, 1<<28-1), Doc: "the chain that it is in"},
	{Name: "flowid", Aliases: []string{"classid"}, Type: classidType, Doc: "the class of what it matches"},
	{Name: "action", Type: textType, Many: true, Rest: true, Repeat: true, Doc: actionDoc},
}...)

var filterSpec = &Spec{
	Name: "filter", Group: Traffic,
	Doc:     "set a filter that puts packets into classes or acts on them, as tc does",
	Example: "filter eth0 ingress protocol ip pref 10 u32 match ip dst 10.0.0.0/8 action mirred egress redirect dev ifb0",
	Params: []Param{
		{Name: "LINK", Type: linkType, Optional: true},
		{Name: "KIND", Type: tcKindType("filter", filterKinds), Doc: docOf(filterKinds)},
	},
	ModParams: map[Modifiers][]Param{
		Del: {{Name: "LINK", Type: linkType, Optional: true}, {Name: "KIND", Type: tcKindType("filter", filterKinds), Optional: true}},
	},
	Modifiers: Del | Replace,
	Options:   append(append([]Option{}, filterOwn...), optionsOf(filterKinds)...),
	Verify:    verifyFilter,
	Compile:   compileFilter,
}

func verifyFilter(c *Call) *ArgError {
	k := filterKind(c)
	link, known := filterLink(c)
	if err := verifyPlace(c, "filter", link); known && err != nil {
		return err
	}
	if c.Modifier == Del && !c.Has("pref") && (c.Has("handle") || c.Has("protocol") || k != nil) {
		return &ArgError{Arg: -1, Msg: `to delete one filter, its "pref" is needed; without, all of the place go`}
	}
	if k == nil || !c.known() {
		return nil
	}
	for _, g := range c.Repeated("action") {
		if _, err := readAction(texts(g.Values)); err != nil {
			return &ArgError{Arg: g.Arg, Msg: err.Error()}
		}
	}
	if _, err := filterConfig(c, k); err != nil {
		if arg, ok := err.(*ArgError); ok {
			return arg
		}
		return &ArgError{Arg: -1, Msg: err.Error()}
	}
	return nil
}

// verifyPlace refuses a filter, or what there is of them, that is nowhere or at
// several places.
func verifyPlace(c *Call, what string, link bool) *ArgError {
	at := 0
	for _, o := range placeOptions {
		if c.Has(o.Name) {
			at++
		}
	}
	switch {
	case at > 1:
		return &ArgError{Arg: -1, Msg: "a " + what + " is at one place: a parent, the root, ingress, egress or a block"}
	case link == c.Has("block"):
		return &ArgError{Arg: -1, Msg: "a " + what + " is of a link or of a block: it needs one of them"}
	}
	return nil
}

func compileFilter(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	cfg, err := filterConfig(c, filterKind(c))
	if err != nil {
		return nil, err
	}
	if cfg.Block != 0 {
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.BlockFilter(modeOf(c.Modifier), cfg)}}, nil
	}
	link := c.Link("LINK")
	cfg.Link = link.Link
	return []nsexec.Step{{NS: link.NS, Action: nsexec.Filter(modeOf(c.Modifier), cfg)}}, nil
}

// filterConfig is the filter that a call describes; k may be nil where one is
// deleted.
func filterConfig(c *Call, k *tcKind) (nsexec.TrafficConfig, error) {
	cfg := nsexec.TrafficConfig{Text: c.String(), Pref: uint16(optInt(c, "pref")), Chain: uint32(optInt(c, "chain")), Parent: filterPlace(c)}
	cfg.Block = uint32(optInt(c, "block"))
	cfg.Protocol, _ = Opt[uint16](c, "protocol")
	handle, hasHandle := Opt[string](c, "handle")
	var mask []byte
	if hasHandle {
		var err error
		if cfg.Handle, mask, err = filterHandle(handle, k); err != nil {
			return cfg, err
		}
	}
	if k == nil {
		return cfg, nil
	}
	cfg.Kind = k.name
	if c.Modifier == Del {
		return cfg, nil
	}
	v, argErr := k.read(c, filterOwn)
	if argErr != nil {
		return cfg, argErr
	}
	if flow, ok := Opt[uint32](c, "flowid"); ok {
		v["flowid"] = []any{flow}
	}
	v["action"], v["place"] = anyOf(c.Has("action")), []any{cfg.Parent}
	if cfg.Protocol == 0 {
		cfg.Protocol = defaultProtocol(k, v)
	}
	v["protocol"] = []any{cfg.Protocol}
	data, err := k.data(v)
	if err != nil {
		return cfg, err
	}
	cfg.Newer = newerOf(v)
	if k.name == "basic" {
		cfg.Sets = ematchSets(v)
	}
	program, argErr := filterProgram(c, k, v)
	if argErr != nil {
		return cfg, argErr
	}
	cfg.Program = program
	cfg.Options = append(data, mask...)
	if v.has("hw_tc") {
		cfg.Options = append(cfg.Options, tcAttr(filterAttrs[k.name].flow, nl.Uint32Attr(hardwareClass(v)))...)
	}
	if flow, ok := Opt[uint32](c, "flowid"); ok {
		cfg.Options = append(cfg.Options, tcAttr(filterAttrs[k.name].flow, nl.Uint32Attr(flow))...)
	}
	cfg.ActAttr = filterAttrs[k.name].act
	for _, g := range c.Repeated("action") {
		a, err := readAction(texts(g.Values))
		if err != nil {
			return cfg, err
		}
		cfg.Actions = append(cfg.Actions, a)
	}
	return cfg, nil
}

// filterLink reports whether a call names a link, as far as that is known.
func filterLink(c *Call) (given, known bool) {
	n := len(c.Param("LINK"))
	if n > 0 && linkAsKind(c) != nil {
		n = 0
	}
	return n > 0, n > 0 || c.known()
}

// filterKind is the kind of a call's filter, or nil.
func filterKind(c *Call) *tcKind {
	if k := linkAsKind(c); k != nil {
		return k
	}
	return One[*tcKind](c, "KIND")
}

// linkAsKind is the kind that stands where a link could, in what is deleted of a
// block: there both may be left out.
func linkAsKind(c *Call) *tcKind {
	l := One[LinkArg](c, "LINK")
	if !c.Has("block") || len(c.Param("KIND")) > 0 || l.Elsewhere {
		return nil
	}
	return findTC(filterKinds, l.Link.Name)
}

func anyOf(given bool) []any {
	if !given {
		return nil
	}
	return []any{true}
}

// filterPlace is the parent of a filter; 0 is the root qdisc.
func filterPlace(c *Call) uint32 {
	const hookIngress, hookEgress = 0xfffffff2, 0xfffffff3 // TC_H_MIN_INGRESS and TC_H_MIN_EGRESS of TC_H_CLSACT
	switch {
	case c.Has("ingress"):
		return hookIngress
	case c.Has("egress"):
		return hookEgress
	}
	parent, _ := Opt[uint32](c, "parent")
	return parent
}

// filterHandle reads a handle, and a mask where it has one, as an attribute.
func filterHandle(s string, k *tcKind) (uint32, []byte, error) {
	if strings.Contains(s, ":") || k != nil && k.name == "u32" {
		h, err := parseU32Handle(s)
		return h, nil, err
	}
	num, mask, masked := strings.Cut(s, "/")
	n, err := strconv.ParseUint(num, 0, 32)
	if err != nil {
		return 0, nil, fmt.Errorf("%q is no handle of a filter: a number", s)
	}
	if !masked {
		return uint32(n), nil, nil
	}
	m, err := strconv.ParseUint(mask, 0, 32)
	if err != nil || k == nil || k.name != "fw" {
		return 0, nil, fmt.Errorf("%q is no handle; MARK/MASK is one of fw", s)
	}
	return uint32(n), tcAttr(nl.TCA_FW_MASK, nl.Uint32Attr(uint32(m))), nil
}

// filterAttrs are the attributes of linux/pkt_cls.h for the class and the
// actions of each kind of filter.
var filterAttrs = map[string]struct{ flow, act uint16 }{
	"u32":      {nl.TCA_U32_CLASSID, nl.TCA_U32_ACT},
	"flower":   {nl.TCA_FLOWER_CLASSID, nl.TCA_FLOWER_ACT},
	"matchall": {nl.TCA_MATCHALL_CLASSID, nl.TCA_MATCHALL_ACT},
	"fw":       {nl.TCA_FW_CLASSID, nl.TCA_FW_ACT},
	"basic":    {1, 3}, // TCA_BASIC_CLASSID, TCA_BASIC_ACT
	"bpf":      {nl.TCA_BPF_CLASSID, nl.TCA_BPF_ACT},
}

// be16of and the like are numbers in network byte order.
func be16of(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
func be32of(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
