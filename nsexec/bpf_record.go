//go:build linux

package nsexec

import (
	"bytes"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The kernel takes a BPF program by a descriptor and tells it by its number. A
// record has the number, by which the program is opened again to be put back.
// Somebody must hold it until then: the Undo does (bpf_held.go).

// Attributes TCA_BPF_* of linux/pkt_cls.h.
const (
	tcaBPFTag = 10
	tcaBPFID  = 11
)

// encapAttrs are the attributes of what wraps packets, and of its type.
var encapAttrs = map[uint16]struct{ encap, typ uint16 }{
	unix.RTM_NEWROUTE:   {unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE},
	unix.RTM_NEWNEXTHOP: {nhaEncap, nhaEncapType},
}

// encap is what a route or a nexthop object wraps packets in, and its type.
func (m message) encap() (attrs, int) {
	at, ok := encapAttrs[m.kind]
	if !ok {
		return nil, 0
	}
	a := m.attrs()
	return a.nested(at.encap), a.int(at.typ)
}

// bpfRef is a program that an object runs: the number is 0 where the kernel does
// not tell it.
type bpfRef struct {
	typ   ebpf.ProgramType
	id    uint32
	label string
}

// bpfRefs are the programs of a link, a filter, a route or a nexthop object.
func (m message) bpfRefs() []bpfRef {
	var out []bpfRef
	switch m.kind {
	case unix.RTM_NEWLINK, unix.RTM_SETLINK:
		for _, id := range xdpOf(m.attrs()) {
			out = append(out, bpfRef{typ: ebpf.XDP, id: id})
		}
	case unix.RTM_NEWTFILTER:
		a := m.attrs()
		if id := a.nested(nl.TCA_OPTIONS).int(tcaBPFID); id != 0 && a.text(nl.TCA_KIND) == "bpf" {
			out = append(out, bpfRef{typ: ebpf.SchedCLS, id: uint32(id)})
		}
	case unix.RTM_NEWROUTE, unix.RTM_NEWNEXTHOP:
		encap, typ := m.encap()
		for attr, hook := range encapHooks(typ) {
			if encap.has(attr) {
				p := encap.nested(attr)
				out = append(out, bpfRef{bpfHooks[hook].typ, uint32(p.int(encapProgram)), p.text(encapProgramName)})
			}
		}
		out = append(out, m.hopRefs()...)
	}
	return out
}

// hopRefs are the programs of the ways of a route that has several. Those are not
// put back, so they have no numbers.
func (m message) hopRefs() []bpfRef {
	if m.kind != unix.RTM_NEWROUTE {
		return nil
	}
	var out []bpfRef
	eachHop(m.attrs().get(unix.RTA_MULTIPATH), func(hop []byte) {
		a, _ := parseAttrs(hop, unix.SizeofRtNexthop)
		encap := a.nested(unix.RTA_ENCAP)
		for attr, hook := range encapHooks(a.int(unix.RTA_ENCAP_TYPE)) {
			if encap.has(attr) {
				out = append(out, bpfRef{typ: bpfHooks[hook].typ, label: encap.nested(attr).text(encapProgramName)})
			}
		}
	})
	return out
}

// withPrograms is an object as it can be made again, with descriptors of its
// programs, which done closes.
func (m message) withPrograms() (out message, done func(), err error) {
	open := map[uint32]*ebpf.Program{}
	done = func() {
		for _, p := range open {
			p.Close()
		}
	}
	for _, ref := range m.bpfRefs() {
		if ref.id == 0 {
			err = fmt.Errorf("there is no telling which BPF program %q was: %w", ref.label, unix.ENOENT)
		} else if open[ref.id] == nil {
			var p *ebpf.Program
			if p, err = bpfByID(ref.id); err == nil {
				open[ref.id] = p
			}
		}
		if err != nil {
			done()
			return m, func() {}, err
		}
	}
	if len(open) == 0 {
		return m, done, nil
	}
	return m.mapPrograms(func(id uint32) uint32 { return uint32(open[id].FD()) }), done, nil
}

// mapPrograms is a filter, a route or a nexthop object with descriptors in the
// place of its programs' numbers.
func (m message) mapPrograms(fd func(id uint32) uint32) message {
	number := func(v []byte) []byte { return nl.Uint32Attr(fd(byteOrder.Uint32(v))) }
	if m.kind != unix.RTM_NEWTFILTER {
		return m.mapEncap(func(_ BPFHook, v []byte) []byte {
			return rewriteAttrs(v, func(kind uint16, v []byte) (uint16, []byte) {
				if kind == encapProgram {
					v = number(v)
				}
				return kind, v
			})
		})
	}
	return m.mapAttr(nl.TCA_OPTIONS, func(option uint16, v []byte) (uint16, []byte) {
		switch option {
		case tcaBPFTag:
			return 0, nil
		case tcaBPFID:
			return nl.TCA_BPF_FD, number(v)
		}
		return option, v
	})
}

// mapEncap is a route or a nexthop object with each of its programs, as attributes,
// as f returns it.
func (m message) mapEncap(f func(hook BPFHook, v []byte) []byte) message {
	_, typ := m.encap()
	hooks := encapHooks(typ)
	return m.mapAttr(encapAttrs[m.kind].encap, func(attr uint16, v []byte) (uint16, []byte) {
		if hook, ok := hooks[attr]; ok {
			v = f(hook, v)
		}
		return attr, v
	})
}

// mapAttr is a message with the attributes within one of its attributes as f
// returns them.
func (m message) mapAttr(within uint16, f func(kind uint16, v []byte) (uint16, []byte)) message {
	head := headers[m.kind]
	body := rewriteAttrs(m.body[head:], func(kind uint16, v []byte) (uint16, []byte) {
		if kind == within {
			v = rewriteAttrs(v, f)
		}
		return kind, v
	})
	return message{m.kind, append(bytes.Clone(m.body[:head]), body...)}
}

// unwrapped is a route without what it wraps packets in, if that is a program: one
// that is deleted need not say it, and could say it by a descriptor alone.
func (m message) unwrapped() message {
	if len(m.bpfRefs()) == 0 {
		return m
	}
	at := encapAttrs[m.kind]
	return m.without(func(kind uint16) bool { return kind == at.encap || kind == at.typ })
}

// addPrograms is add for what may run BPF programs.
func (c *Conn) addPrograms(m message, flags int) error {
	m, done, err := m.withPrograms()
	if err != nil {
		return err
	}
	defer done()
	return c.add(m, flags)
}
