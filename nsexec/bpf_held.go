//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// keepPrograms holds the programs of a record, so that they are there to be put
// back when nothing else runs them any more. Who may not open them goes without:
// what runs one still is as it was.
func (u *Undo) keepPrograms(op operation) {
	o, ok := op.(restoreOp)
	if !ok {
		return
	}
	msgs := o.cfg.Record.msgs
	for i, m := range msgs {
		refs := m.bpfRefs()
		if len(refs) == 0 {
			continue
		}
		msgs[i] = m.identified()
		for _, ref := range msgs[i].bpfRefs() {
			u.keepProgram(ref.id)
		}
	}
}

func (u *Undo) keepProgram(id uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if id == 0 || u.programs[id] != nil {
		return
	}
	if p, err := bpfByID(id); err == nil {
		if u.programs == nil {
			u.programs = map[uint32]*ebpf.Program{}
		}
		u.programs[id] = p
	}
}

// dropPrograms lets them go.
func (u *undoState) dropPrograms() {
	for _, p := range u.programs {
		p.Close()
	}
	u.programs = nil
}

// canBeMadeAgain returns an error where objects that are about to go run BPF
// programs that could not be put back.
func canBeMadeAgain(had []message) error {
	for _, m := range had {
		_, done, err := m.identified().withPrograms()
		if err != nil {
			return fmt.Errorf("what is there could not be put back: %w", err)
		}
		done()
	}
	return nil
}

// identified is a route with the numbers of its programs, as far as they can be
// told. Of those of `encap bpf` the kernel tells only the label.
func (m message) identified() message {
	if _, typ := m.encap(); typ != unix.LWTUNNEL_ENCAP_BPF {
		return m
	}
	return m.mapEncap(func(hook BPFHook, v []byte) []byte {
		p, _ := parseAttrs(v, 0)
		if p.get(encapProgram) != nil {
			return v
		}
		id := findBPF(bpfHooks[hook].typ, p.text(encapProgramName))
		if id == 0 {
			return v
		}
		return appendUint32(bytes.Clone(v), encapProgram, id)
	})
}

// sameEncap compares what two routes wrap packets in, but for what identified has
// added.
func sameEncap(x, y message) bool {
	if _, typ := x.encap(); typ != unix.LWTUNNEL_ENCAP_BPF {
		return false
	}
	plain := func(m message) []byte {
		m = m.mapEncap(func(_ BPFHook, v []byte) []byte {
			return message{body: v}.without(func(kind uint16) bool { return kind == encapProgram }).body
		})
		return m.attrs().get(encapAttrs[m.kind].encap)
	}
	return bytes.Equal(plain(x), plain(y))
}

// loadedBPF are the labels of the programs that this process has loaded, by their
// numbers, which no other program gets.
var loadedBPF sync.Map

// findBPF is the number of the program of a type that a label is of; 0 where that
// can't be told. Of what this process has loaded the label is known. Otherwise the
// program must be the only one, or all must be alike.
func findBPF(typ ebpf.ProgramType, label string) uint32 {
	var own, others []uint32
	for id, err := ebpf.ProgramGetNextID(0); !errors.Is(err, unix.ENOENT); id, err = ebpf.ProgramGetNextID(id) {
		if err != nil {
			return 0
		}
		switch is, known := loadedBPF.Load(uint32(id)); {
		case !known:
			others = append(others, uint32(id))
		case is == label:
			own = append(own, uint32(id))
		}
	}
	if id, any := oneOfBPF(typ, own); any {
		return id
	}
	id, _ := oneOfBPF(typ, others)
	return id
}

// oneOfBPF is one of those programs that are of a type, if there are any: 0 where
// they are not alike.
func oneOfBPF(typ ebpf.ProgramType, ids []uint32) (found uint32, any bool) {
	tag := ""
	for _, id := range ids {
		is, what := kindOfBPF(id)
		switch {
		case is != typ:
		case !any:
			found, tag, any = id, what, true
		case what == "" || what != tag:
			return 0, true
		}
	}
	return found, any
}

// kindOfBPF is the type of a program, and the hash of what it does, if it has no
// maps and so is the same as any other of it.
func kindOfBPF(id uint32) (ebpf.ProgramType, string) {
	p, err := bpfByID(id)
	if err != nil {
		return ebpf.UnspecifiedProgram, "" // it is gone by now
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return p.Type(), ""
	}
	if maps, known := info.MapIDs(); !known || len(maps) > 0 {
		return p.Type(), ""
	}
	return p.Type(), info.Tag
}
