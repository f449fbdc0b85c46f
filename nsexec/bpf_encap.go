//go:build linux

package nsexec

import (
	"slices"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// EncapProgram is a program that a route runs on its packets.
type EncapProgram struct {
	Program *BPFProgram
	fd      uint32 // once it is loaded
}

// Attributes of a program within an encapsulation: LWT_BPF_PROG_FD and …_NAME of
// linux/lwtunnel.h, and SEG6_LOCAL_BPF_PROG and …_NAME of linux/seg6_local.h.
const (
	encapProgram     = 1
	encapProgramName = 2
)

const (
	seg6LocalBPF = 8 // SEG6_LOCAL_BPF of linux/seg6_local.h

	lwtBPFIn   = 1 // LWT_BPF_IN of linux/lwtunnel.h
	lwtBPFOut  = 2
	lwtBPFXmit = 3
)

// encapHooks are the attributes of a type of encapsulation that hold programs.
func encapHooks(typ int) map[uint16]BPFHook {
	switch typ {
	case unix.LWTUNNEL_ENCAP_BPF:
		return map[uint16]BPFHook{lwtBPFIn: BPFLWTIn, lwtBPFOut: BPFLWTOut, lwtBPFXmit: BPFLWTXmit}
	case unix.LWTUNNEL_ENCAP_SEG6_LOCAL:
		return map[uint16]BPFHook{seg6LocalBPF: BPFSegment}
	}
	return nil
}

// attr is the program as an attribute of an encapsulation.
func (p EncapProgram) attr(typ uint16) Attr {
	hook := p.Program.hook
	at := uint16(0)
	for attr, h := range encapHooks(int(typ)) {
		if h == hook {
			at = attr
		}
	}
	return Attr{Type: at | unix.NLA_F_NESTED, Nested: []Attr{
		{Type: encapProgram, Data: nl.Uint32Attr(p.fd)},
		{Type: encapProgramName, Data: nl.ZeroTerminated(p.Program.label())},
	}}
}

// runsBPF reports whether packets pass a program.
func (h NextHop) runsBPF() bool { return h.Encap != nil && len(h.Encap.Programs) > 0 }

// loaded is a next hop with its programs loaded, which are added to open.
func (h NextHop) loaded(open *[]*ebpf.Program) (NextHop, error) {
	if !h.runsBPF() {
		return h, nil
	}
	e := *h.Encap
	e.Programs = slices.Clone(e.Programs)
	for i, p := range e.Programs {
		program, err := p.Program.load()
		if err != nil {
			return h, err
		}
		*open = append(*open, program)
		e.Programs[i].fd = uint32(program.FD())
	}
	h.Encap = &e
	return h, nil
}

// loaded are next hops with their programs loaded, until close is called.
func loaded(hops ...NextHop) (out []NextHop, done func(), err error) {
	var open []*ebpf.Program
	done = func() {
		for _, p := range open {
			p.Close()
		}
	}
	for _, h := range hops {
		if h, err = h.loaded(&open); err != nil {
			done()
			return nil, nil, err
		}
		out = append(out, h)
	}
	return out, done, nil
}

// runsBPF reports whether any way of a route runs a program.
func (o *routeOp) runsBPF() bool {
	return o.whole != nil && (o.whole.Hop.runsBPF() || slices.ContainsFunc(o.whole.Hops, NextHop.runsBPF))
}

// loaded is the operation with its programs loaded, until done is called.
func (o *routeOp) loaded() (out *routeOp, done func(), err error) {
	if !o.runsBPF() {
		return o, func() {}, nil
	}
	cfg := o.config()
	hops, done, err := loaded(append([]NextHop{cfg.Hop}, cfg.Hops...)...)
	if err != nil {
		return o, nil, err
	}
	cfg.Hop, cfg.Hops = hops[0], hops[1:]
	return newRouteOp(o.how, cfg), done, nil
}
