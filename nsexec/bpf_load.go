//go:build linux

package nsexec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// BPFError says why a program can't be had.
type BPFError struct {
	File string // as it was named
	Err  error
}

func (e *BPFError) Error() string { return fmt.Sprintf("%q: %v", e.File, e.Err) }

// Unwrap returns Err.
func (e *BPFError) Unwrap() error { return e.Err }

// load loads the program into the kernel, or opens the one that is pinned. The
// caller closes it; what runs it by then keeps it.
func (p *BPFProgram) load() (*ebpf.Program, error) { return p.loadFor(0) }

// loadFor is load for the hardware of a link, where its index is not 0.
func (p *BPFProgram) loadFor(index int) (*ebpf.Program, error) {
	var program *ebpf.Program
	var err error
	if p.spec == nil {
		program, err = p.open()
	} else {
		spec := p.spec.Copy()
		spec.Programs[p.name].Ifindex = uint32(index)
		program, err = loadBPF(spec, p.name)
	}
	if err != nil {
		return nil, &BPFError{p.file, p.explain(err)}
	}
	if info, err := program.Info(); err == nil {
		if id, ok := info.ID(); ok {
			loadedBPF.Store(uint32(id), p.label())
		}
	}
	return program, nil
}

func loadBPF(spec *ebpf.CollectionSpec, name string) (*ebpf.Program, error) {
	all, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	defer all.Close() // the program holds its maps
	return all.DetachProgram(name), nil
}

// open opens a pinned program, if it is of the type that the hook runs.
func (p *BPFProgram) open() (*ebpf.Program, error) {
	program, err := ebpf.LoadPinnedProgram(p.file, nil)
	if err != nil {
		return nil, err
	}
	if want := bpfHooks[p.hook].typ; program.Type() != want {
		program.Close()
		return nil, fmt.Errorf("it is a program of type %s, not %s: %w", program.Type(), want, unix.EINVAL)
	}
	return program, nil
}

// explain says what the kernel says with a number, or at length.
func (p *BPFProgram) explain(err error) error {
	var refused *ebpf.VerifierError
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: %w", whoLoadsBPF(), unix.EPERM)
	case errors.As(err, &refused):
		text := fmt.Sprintf("the kernel refuses the program %q of section %q", p.name, p.section)
		if why := lastOf(refused.Log); why != "" {
			text += ": " + why
		}
		return fmt.Errorf("%s: %w", text, refused.Cause)
	}
	return err
}

// whoLoadsBPF says what it takes.
func whoLoadsBPF() string {
	const takes = "to load a BPF program takes CAP_BPF and CAP_NET_ADMIN in the machine's first user namespace"
	if InSandbox() {
		return takes + ", and a sandbox is in another one: run it as root, without --sandbox"
	}
	return takes + ", as root has them: run it with sudo"
}

// lastOf is the end of the verifier's log, where it says what is wrong, in one
// line.
func lastOf(log []string) string {
	const most = 4
	var lines []string
	for _, line := range log {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "processed ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-most):], "; ")
}

// bpfByID opens a program that is loaded, by the kernel's number for it.
func bpfByID(id uint32) (*ebpf.Program, error) {
	program, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, fmt.Errorf("the BPF program number %d that was there is no more: nothing has held it: %w", id, unix.ENOENT)
	case errors.Is(err, unix.EPERM):
		return nil, fmt.Errorf("to put back the BPF program number %d takes CAP_SYS_ADMIN in the machine's first user namespace: %w", id, unix.EPERM)
	case err != nil:
		return nil, fmt.Errorf("the BPF program number %d: %w", id, err)
	}
	return program, nil
}
