//go:build linux

package builtins

import (
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink"
)

var qdiscOwn = []Option{
	{Name: "root", Doc: "what leaves by the link; so it is unless said otherwise"},
	{Name: "parent", Type: classidType, Doc: "the class that it is the queue of"},
	{Name: "handle", Type: handleType, Doc: "its number, in hex, by which classes and filters name it"},
	{Name: "ingress_block", Type: blockType, Doc: "of ingress and clsact: the block of the filters of what comes in, which links share"},
	{Name: "egress_block", Type: blockType, Doc: "of clsact: the block of the filters of what goes out, which links share"},
}

// blockType is the number of a block.
var blockType = number(1, 1<<32-1)

var qdiscSpec = &Spec{
	Name: "qdisc", Group: Traffic,
	Doc:     "set how packets wait to leave a link, as tc does",
	Example: "qdisc eth0 root handle 1: htb default 10",
	Params: []Param{
		{Name: "LINK", Type: linkType},
		{Name: "KIND", Type: tcKindType("qdisc", qdiscKinds), Doc: docOf(qdiscKinds)},
	},
	ModParams: map[Modifiers][]Param{
		Del: {{Name: "LINK", Type: linkType}, {Name: "KIND", Type: tcKindType("qdisc", qdiscKinds), Optional: true}},
	},
	Modifiers: Del | Replace | Ensure,
	Options:   append(append([]Option{}, qdiscOwn...), optionsOf(qdiscKinds)...),
	Needs:     qdiscNeeded,
	Verify:    verifyQdisc,
	Compile:   compileQdisc,
}

// qdiscNeeded is the kind that is named, where one is made.
func qdiscNeeded(c *Call) []nsexec.Kind {
	k := One[*tcKind](c, "KIND")
	if k == nil || c.Modifier == Del {
		return nil
	}
	return []nsexec.Kind{{Of: "qdisc", Name: k.name}}
}

// docOf says what each kind is.
func docOf(kinds []tcKind) string {
	text := ""
	for i, k := range kinds {
		if i > 0 {
			text += "; "
		}
		text += k.name + ": " + k.doc
	}
	return text
}

func verifyQdisc(c *Call) *ArgError {
	k := One[*tcKind](c, "KIND")
	if k == nil {
		return nil // not known yet, or left out
	}
	if c.Modifier == Del {
		return nil
	}
	if err := verifyTC(c, k, qdiscOwn); err != nil {
		return err
	}
	if k.isHook() && (c.Has("parent") || c.Has("root")) || c.Has("parent") && c.Has("root") {
		return &ArgError{Arg: -1, Msg: "a qdisc is at the root, under a parent or an ingress: one of these"}
	}
	if c.Has("ingress_block") && !k.isHook() || c.Has("egress_block") && k.name != "clsact" {
		return &ArgError{Arg: -1, Msg: "a block is of clsact or, for what comes in, of ingress: " + k.name + " has none"}
	}
	return nil
}

// isHook reports whether a kind is for filters alone, beside the root.
func (k *tcKind) isHook() bool { return k.name == "ingress" || k.name == "clsact" }

// verifyTC refuses what does not fit a kind.
func verifyTC(c *Call, k *tcKind, own []Option) *ArgError {
	v, err := k.read(c, own)
	if err != nil || !c.known() {
		return err
	}
	if _, err := k.data(v); err != nil {
		return &ArgError{Arg: -1, Msg: err.Error(), Help: k.name + " takes " + k.optionNames()}
	}
	return nil
}

func compileQdisc(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	link := c.Link("LINK")
	cfg := nsexec.TrafficConfig{Link: link.Link, Parent: netlink.HANDLE_ROOT, Text: c.String()}
	k := One[*tcKind](c, "KIND")
	if parent, ok := Opt[uint32](c, "parent"); ok {
		cfg.Parent = parent
	} else if k != nil && k.isHook() {
		cfg.Parent = netlink.HANDLE_INGRESS
	}
	cfg.Handle, _ = Opt[uint32](c, "handle")
	if k != nil && c.Modifier != Del {
		var err error
		if cfg.Options, err = k.compile(c, qdiscOwn); err != nil {
			return nil, err
		}
		cfg.Kind = k.name
		cfg.IngressBlock, cfg.EgressBlock = uint32(optInt(c, "ingress_block")), uint32(optInt(c, "egress_block"))
	}
	return []nsexec.Step{{NS: link.NS, Action: nsexec.Qdisc(modeOf(c.Modifier), cfg)}}, nil
}
