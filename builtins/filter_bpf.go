//go:build linux

package builtins

import (
	"fmt"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/nsexec"
)

var bpfKind = tcKind{
	name: "bpf", doc: "packets that a program of BPF chooses, or, with da, does something with (tc-bpf(8))",
	options: append(append([]tcOption{
		{name: "bytecode", typ: textType, doc: "a program of classic BPF, as 'COUNT,OP JT JF K,…'"},
		{name: "da", aliases: []string{"direct-action"}, doc: "what the program returns is what is done with the packet (TC_ACT_*)"},
	}, objectTCOptions()...), offloadFlags...),
	verify: verifyBPF,
	encode: encodeBPF,
}

func objectTCOptions() []tcOption {
	var out []tcOption
	for _, w := range objectWords {
		out = append(out, tcOption{name: w.name, aliases: w.aliases, typ: w.typ, doc: w.doc})
	}
	return out
}

// verifyBPF wants one program.
func verifyBPF(v tcValues) error {
	switch object := v.has("obj", "pinned"); {
	case !object && !v.has("bytecode"):
		return fmt.Errorf(`bpf needs a program: "obj" and the object file of one, or "bytecode"`)
	case v.has("bytecode") && (object || v.has("sec", "program")):
		return fmt.Errorf("a filter has a program in bytecode or one of an object, not both")
	}
	return nil
}

// encodeBPF are the bytecode and the flags. A program of an object is loaded by the
// action.
func encodeBPF(v tcValues) ([]byte, error) {
	var out []byte
	if v.has("bytecode") {
		var err error
		if out, err = encodeBytecode(v); err != nil {
			return nil, err
		}
	}
	if v.has("da") {
		const actDirect = 1 // TCA_BPF_FLAG_ACT_DIRECT of linux/pkt_cls.h
		out = append(out, tcAttr(nl.TCA_BPF_FLAGS, nl.Uint32Attr(actDirect))...)
	}
	return append(out, offload(v, nl.TCA_BPF_FLAGS_GEN)...), nil
}

// filterProgram is the program of an object that a filter runs, if it runs one.
func filterProgram(c *Call, k *tcKind, v tcValues) (*nsexec.BPFProgram, *ArgError) {
	if k.name != "bpf" || !v.has("obj", "pinned") {
		return nil, nil
	}
	return programOf(c, nsexec.BPFFilter, "bpf", c.Options())
}
