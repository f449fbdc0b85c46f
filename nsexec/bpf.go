//go:build linux

package nsexec

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// BPFHook is a place of the kernel's network stack that runs a program.
type BPFHook int

// The hooks.
const (
	BPFFilter  BPFHook = iota // a filter of traffic control
	BPFXDP                    // a link, before all else
	BPFLWTIn                  // a route, on what comes in
	BPFLWTOut                 // a route, on what goes out
	BPFLWTXmit                // a route, on what is about to be sent
	BPFSegment                // End.BPF of seg6local
)

// bpfHooks are the kernel's types of programs, and the sections that are taken
// where none is named, as by iproute2 (lib/bpf_legacy.c) and libbpf.
var bpfHooks = map[BPFHook]struct {
	typ      ebpf.ProgramType
	sections []string
}{
	BPFFilter:  {ebpf.SchedCLS, []string{"classifier", "tc"}},
	BPFXDP:     {ebpf.XDP, []string{"prog", "xdp"}},
	BPFLWTIn:   {ebpf.LWTIn, []string{"prog", "lwt_in"}},
	BPFLWTOut:  {ebpf.LWTOut, []string{"prog", "lwt_out"}},
	BPFLWTXmit: {ebpf.LWTXmit, []string{"prog", "lwt_xmit"}},
	BPFSegment: {ebpf.LWTSeg6Local, []string{"prog", "lwt_seg6local"}},
}

// BPFObject is an object file of eBPF programs, as clang makes them.
type BPFObject struct {
	name string
	spec *ebpf.CollectionSpec
}

// ReadBPF reads an object file. The name is for errors, and the kernel shows its
// last part.
func ReadBPF(name string, file []byte) (*BPFObject, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%q is no object of BPF programs: %w", name, err)
	}
	if len(spec.Programs) == 0 {
		return nil, fmt.Errorf("there is no BPF program in %q", name)
	}
	return &BPFObject{name, spec}, nil
}

// Sections are the sections that hold programs.
func (o *BPFObject) Sections() []string {
	names := map[string]bool{}
	for _, p := range o.spec.Programs {
		names[p.SectionName] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Program chooses a program: the one of a section, or of a name, or both. Without
// either it is that of the section that iproute2 would take, else the only one.
func (o *BPFObject) Program(hook BPFHook, section, name string) (*BPFProgram, error) {
	all := o.in(section)
	if section == "" && name == "" && len(all) > 1 {
		for _, usual := range bpfHooks[hook].sections {
			if found := o.in(usual); len(found) > 0 {
				all = found
				break
			}
		}
	}
	if section == "" && name == "" && len(o.sectionsOf(all)) > 1 {
		return nil, fmt.Errorf("%q has several sections, so one must be named with sec: %s", o.name, strings.Join(o.Sections(), ", "))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%q has no section %q; there are: %s", o.name, section, strings.Join(o.Sections(), ", "))
	}
	if name == "" && len(all) > 1 {
		return nil, fmt.Errorf("section %q of %q has several programs, so one must be named with program: %s", all[0].SectionName, o.name, programNames(all))
	}
	chosen := all[0]
	if name != "" {
		i := slices.IndexFunc(all, func(p *ebpf.ProgramSpec) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no program %q there, in %q; there are: %s", name, o.name, programNames(all))
		}
		chosen = all[i]
	}
	p := &BPFProgram{hook: hook, file: o.name, section: chosen.SectionName, name: chosen.Name}
	var err error
	p.spec, err = o.only(chosen, bpfHooks[hook].typ)
	return p, err
}

// in are the programs of a section, or all, in the order of their names.
func (o *BPFObject) in(section string) []*ebpf.ProgramSpec {
	var out []*ebpf.ProgramSpec
	for _, name := range slices.Sorted(maps.Keys(o.spec.Programs)) {
		if p := o.spec.Programs[name]; section == "" || p.SectionName == section {
			out = append(out, p)
		}
	}
	return out
}

func (o *BPFObject) sectionsOf(programs []*ebpf.ProgramSpec) map[string]bool {
	out := map[string]bool{}
	for _, p := range programs {
		out[p.SectionName] = true
	}
	return out
}

func programNames(programs []*ebpf.ProgramSpec) string {
	var names []string
	for _, p := range programs {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// only is an object with one program, as one of a type, and the maps that it uses.
func (o *BPFObject) only(p *ebpf.ProgramSpec, typ ebpf.ProgramType) (*ebpf.CollectionSpec, error) {
	program := p.Copy()
	program.Type, program.AttachType = typ, ebpf.AttachNone
	out := &ebpf.CollectionSpec{
		Programs: map[string]*ebpf.ProgramSpec{p.Name: program}, Maps: map[string]*ebpf.MapSpec{},
		Types: o.spec.Types, ByteOrder: o.spec.ByteOrder,
	}
	for _, ins := range program.Instructions {
		m := o.spec.Maps[ins.Reference()]
		if m == nil || out.Maps[ins.Reference()] != nil {
			continue
		}
		if err := plainMap(o.name, ins.Reference(), m); err != nil {
			return nil, err
		}
		out.Maps[ins.Reference()] = m
	}
	return out, nil
}

// plainMap refuses a map that would not be what its program expects.
func plainMap(file, name string, m *ebpf.MapSpec) error {
	why := ""
	switch {
	case m.Pinning != ebpf.PinNone:
		why = "asks to be pinned in /sys/fs/bpf, which is left to bpftool or tc"
	case m.Extra != nil && hasMore(m):
		why = "asks for an id, an inner map or to be pinned, in the way of older versions of tc, which is left to those"
	case m.Type == ebpf.ProgramArray:
		why = "is an array of programs, which the kernel empties once no process holds it any more"
	default:
		return nil
	}
	return fmt.Errorf("the map %q of %q %s", name, file, why)
}

// hasMore reports whether the definition of a map has more fields than struct
// bpf_map_def, and something in them.
func hasMore(m *ebpf.MapSpec) bool {
	extra := *m.Extra // which keeps its place
	rest := make([]byte, extra.Len())
	n, _ := extra.Read(rest)
	return bytes.ContainsFunc(rest[:n], func(r rune) bool { return r != 0 })
}

// BPFProgram is a program that a filter, a link or a route is to run. It is loaded
// into the kernel by the action that needs it, with maps of its own.
type BPFProgram struct {
	hook          BPFHook
	file          string
	section, name string
	spec          *ebpf.CollectionSpec // nil of one that is pinned
}

// PinnedBPF is a program that is pinned in a file system of type bpf.
func PinnedBPF(hook BPFHook, path string) *BPFProgram {
	return &BPFProgram{hook: hook, file: path, section: "*fsobj"}
}

// label is what the kernel keeps as the program's name, as iproute2 makes it.
func (p *BPFProgram) label() string { return filepath.Base(p.file) + ":[" + p.section + "]" }
