//go:build linux

package nsexec

import (
	"slices"

	"github.com/vishvananda/netlink/nl"
)

// loaded is the operation with its filter's program loaded, until done is called.
func (o trafficOp) loaded() (out trafficOp, done func(), err error) {
	if o.cfg.Program == nil || o.mode == ModeDel {
		return o, func() {}, nil
	}
	p, err := o.cfg.Program.load()
	if err != nil {
		return o, nil, err
	}
	o.cfg.Options = slices.Concat(o.cfg.Options,
		rawAttr(nl.TCA_BPF_FD, nl.Uint32Attr(uint32(p.FD()))),
		rawAttr(nl.TCA_BPF_NAME, nl.ZeroTerminated(o.cfg.Program.label())))
	return o, func() { p.Close() }, nil
}

func rawAttr(kind uint16, data []byte) []byte { return appendAttr(nil, Attr{Type: kind, Data: data}) }
