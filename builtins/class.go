//go:build linux

package builtins

import (
	"fmt"
	"math"
	"time"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// classKinds are the qdiscs whose classes are made one by one, with a class's
// options.
var classKinds = []tcKind{htbClass, hfscClass}

var classOwn = []Option{
	{Name: "parent", Type: classidType, Doc: "the qdisc or the class that it is a part of; the qdisc unless said otherwise"},
	{Name: "classid", Type: classidType, Doc: "its number, in hex: that of the qdisc and its own"},
}

var classSpec = &Spec{
	Name: "class", Group: Traffic,
	Doc:     "set a class of a qdisc, as tc does",
	Example: "class eth0 parent 1: classid 1:10 htb rate 1mbit ceil 10mbit",
	Params: []Param{
		{Name: "LINK", Type: linkType},
		{Name: "KIND", Type: tcKindType("class", classKinds), Doc: docOf(classKinds)},
	},
	ModParams: map[Modifiers][]Param{
		Del: {{Name: "LINK", Type: linkType}, {Name: "KIND", Type: tcKindType("class", classKinds), Optional: true}},
	},
	Modifiers: Del | Replace | Ensure,
	Options:   append(append([]Option{}, classOwn...), optionsOf(classKinds)...),
	Verify:    verifyClass,
	Compile:   compileClass,
}

func verifyClass(c *Call) *ArgError {
	if !c.Has("classid") {
		return &ArgError{Arg: -1, Msg: `"class" needs "classid": X:Y`, Help: "for example: classid 1:10"}
	}
	id, known := Opt[uint32](c, "classid")
	parent, under := Opt[uint32](c, "parent")
	switch {
	case known && id&0xffff == 0:
		return &ArgError{Arg: -1, Msg: "a classid has two parts, X:Y: that of the qdisc and its own"}
	case known && under && id>>16 != parent>>16:
		return &ArgError{Arg: -1, Msg: fmt.Sprintf("the class %s can't be under %s: they are of two qdiscs", tcID(id), tcID(parent))}
	}
	k := One[*tcKind](c, "KIND")
	if k == nil || c.Modifier == Del {
		return nil
	}
	return verifyTC(c, k, classOwn)
}

// tcID writes the number of a qdisc or a class.
func tcID(id uint32) string {
	if id&0xffff == 0 {
		return fmt.Sprintf("%x:", id>>16)
	}
	return fmt.Sprintf("%x:%x", id>>16, id&0xffff)
}

func compileClass(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	cfg := nsexec.TrafficConfig{Link: link.Link, Text: c.String()}
	cfg.Handle, _ = Opt[uint32](c, "classid")
	cfg.Parent = cfg.Handle &^ 0xffff
	if parent, ok := Opt[uint32](c, "parent"); ok {
		cfg.Parent = parent
	}
	if k := One[*tcKind](c, "KIND"); k != nil && c.Modifier != Del {
		var err error
		if cfg.Options, err = k.compile(c, classOwn); err != nil {
			return nil, err
		}
		cfg.Kind = k.name
	}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.Class(modeOf(c.Modifier), cfg)}}, nil
}

var htbClass = tcKind{
	name: "htb", doc: "a share of a link (tc-htb(8))",
	options: []tcOption{
		{name: "rate", typ: rateType, doc: "what it has for sure"},
		{name: "ceil", typ: rateType, doc: "what it has at most; its rate unless said otherwise"},
		{name: "burst", aliases: []string{"buffer", "maxburst"}, typ: sizeType, doc: "how much may be sent at once at ceil"},
		{name: "cburst", aliases: []string{"cbuffer", "cmaxburst"}, typ: sizeType, doc: "how much may be sent at once as fast as the link can"},
		{name: "prio", typ: number(0, 7), doc: "the lower of two is served first"},
		{name: "quantum", typ: sizeType, doc: "the bytes of its turn"},
		{name: "mpu", typ: number(0, 65535), doc: "a smaller packet counts as this many bytes"},
		{name: "overhead", typ: number(0, 65535), doc: "the bytes that each packet counts in addition"},
	},
	needs:  []string{"rate"},
	encode: encodeHTBClass,
}

// encodeHTBClass is struct tc_htb_opt.
func encodeHTBClass(v tcValues) ([]byte, error) {
	rate := v.rate("rate")
	ceil := tcGet(v, "ceil", 0, rate)
	const mtu = 1600 // as in q_htb.c of iproute2, whose clock has nanoseconds
	burst := tcGet(v, "burst", 0, uint32(rate/1e9)+mtu)
	cburst := tcGet(v, "cburst", 0, uint32(ceil/1e9)+mtu)
	opt := nl.TcHtbCopt{
		Rate: rateSpec(v, rate), Ceil: rateSpec(v, ceil),
		Buffer: sendTime(rate, burst), Cbuffer: sendTime(ceil, cburst),
		Quantum: v.u32("quantum"), Prio: uint32(v.int("prio", 0)),
	}
	out := append(wideRate(nl.TCA_HTB_RATE64, rate), wideRate(nl.TCA_HTB_CEIL64, ceil)...)
	return append(out, tcAttr(nl.TCA_HTB_PARMS, opt.Serialize())...), nil
}

var hfscClass = tcKind{
	name: "hfsc", doc: "a curve of service (tc-hfsc(7))",
	options: []tcOption{
		curve("rt", "what it has for sure"),
		curve("ls", "its share of what is left"),
		curve("sc", "both of rt and ls"),
		curve("ul", "what it has at most"),
	},
	verify: func(v tcValues) error {
		if !v.has("rt", "ls", "sc") {
			return fmt.Errorf(`hfsc needs one of "rt", "ls" and "sc"`)
		}
		return nil
	},
	encode: encodeHFSCClass,
}

func curve(name, doc string) tcOption {
	return tcOption{name: name, typ: textType, many: true, least: 2, doc: "rate RATE, or m1 RATE d TIME m2 RATE: " + doc}
}

func encodeHFSCClass(v tcValues) ([]byte, error) {
	var out []byte
	for _, c := range []struct {
		attr  uint16
		names []string
	}{{nl.TCA_HFSC_RSC, []string{"rt", "sc"}}, {nl.TCA_HFSC_FSC, []string{"ls", "sc"}}, {nl.TCA_HFSC_USC, []string{"ul"}}} {
		for _, name := range c.names {
			if !v.has(name) {
				continue
			}
			data, err := encodeCurve(v[name])
			if err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			}
			out = append(out, tcAttr(c.attr, data)...)
			break
		}
	}
	return out, nil
}

// encodeCurve is struct tc_service_curve: bytes a second up to a time in
// microseconds, and after it.
func encodeCurve(vals []any) ([]byte, error) {
	var m1, d, m2 uint32
	for i := 0; i+1 < len(vals); i += 2 {
		word, _ := vals[i].(string)
		text, _ := vals[i+1].(string)
		if word == "d" {
			t, err := value.ParseDuration(text)
			if err != nil {
				return nil, err
			}
			d = microseconds(time.Duration(t))
			continue
		}
		rate, err := parseRate(text)
		if err != nil {
			return nil, err
		}
		switch n := uint32(min(rate, math.MaxUint32)); word {
		case "m1":
			m1 = n
		case "m2", "rate":
			m2 = n
		default:
			return nil, fmt.Errorf("%q is none of rate, m1, d, m2", word)
		}
	}
	if len(vals)%2 != 0 {
		return nil, fmt.Errorf("the last word, %v, has no value", vals[len(vals)-1])
	}
	return words(m1, d, m2), nil
}
