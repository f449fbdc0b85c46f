//go:build linux

package builtins

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// bpfEncaps are where on its way through a route a packet may pass a program.
var bpfEncaps = []struct {
	name string
	hook nsexec.BPFHook
	doc  string
}{
	{"in", nsexec.BPFLWTIn, "run a program on what comes in"},
	{"out", nsexec.BPFLWTOut, "run a program on what goes out"},
	{"xmit", nsexec.BPFLWTXmit, "run a program on what is about to be sent, which may put a header before it"},
}

const lwtBPFHeadroom = 4 // LWT_BPF_XMIT_HEADROOM of linux/lwtunnel.h

var bpfEncapOptions = []kindOption{
	{name: "headroom", attr: lwtBPFHeadroom, typ: number(1, 256), encode: u32, doc: "the room that xmit needs for a header, in bytes"},
}

// programOptions are the options of a kind of encapsulation that hold programs.
func (k encapKind) programOptions() []Option {
	switch k.typ {
	case unix.LWTUNNEL_ENCAP_BPF:
		var out []Option
		for _, b := range bpfEncaps {
			out = append(out, Option{Name: b.name, Options: objectOptions(), Doc: b.doc})
		}
		return out
	case unix.LWTUNNEL_ENCAP_SEG6_LOCAL:
		return []Option{{Name: "endpoint", Options: objectOptions(), Doc: "of End.BPF: the program that packets pass"}}
	}
	return nil
}

// programs adds those that the options of an encapsulation choose.
func (k encapKind) programs(c *Call, given []Given, e *nsexec.Encap) error {
	add := func(name string, hook nsexec.BPFHook) error {
		g, ok := givenOption(given, name)
		if !ok {
			return nil
		}
		p, err := programOf(c, hook, name, g.Given)
		if err != nil {
			return err
		}
		if p != nil {
			e.Programs = append(e.Programs, nsexec.EncapProgram{Program: p})
		}
		return nil
	}
	switch k.typ {
	case unix.LWTUNNEL_ENCAP_SEG6_LOCAL:
		return add("endpoint", nsexec.BPFSegment)
	case unix.LWTUNNEL_ENCAP_BPF:
		for _, b := range bpfEncaps {
			if err := add(b.name, b.hook); err != nil {
				return err
			}
		}
	}
	return nil
}

// bpfEncap wants a program.
func bpfEncap(given []Given, _ *nsexec.Encap) error {
	for _, b := range bpfEncaps {
		if _, ok := givenOption(given, b.name); ok {
			return nil
		}
	}
	return errors.New(`it needs "in", "out" or "xmit", and the program`)
}
