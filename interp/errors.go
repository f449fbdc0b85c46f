//go:build linux

package interp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Error is what went wrong with a statement while a script ran. It unwraps to
// the engine's error and so to the kernel's errno. [Diagnose] makes of it what
// a person reads.
type Error struct {
	File       *lang.File
	Start, End lang.Pos   // what it is about; Start is zero where that is nowhere
	NS         nsexec.Ref // the namespace that the statement ran in
	Frames     []lang.Frame
	// Done is how many statements took effect before.
	Done int
	// Undone is how many changes were undone after the failure, and Clean
	// whether that was all there were. A run that is kept has none undone.
	Undone int
	Clean  bool
	// Partly is set where a part of the statement took effect too: a veth is
	// there, say, but its far end has no master.
	Partly bool
	Err    error

	label, help string
	programs    bool // the run has run some, whose doings stay
}

// Error is one line: `lab.nes:3:8: no link "br1" in namespace "example"`.
func (e *Error) Error() string {
	if e.Start.Line == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File.Name, e.Start.Line, e.Start.Col, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// wrap gives an error the place and the way there, unless it has them. Steps
// that wait are done first: they come before the statement that failed.
func (e *env) wrap(n lang.Node, args *arguments, err error) error {
	var has *Error
	if errors.As(err, &has) {
		return err
	}
	end := e.m.abandon
	if e.ctx.Err() == nil {
		end = func() error { return e.m.flush(e.ctx) }
	}
	if failed := end(); failed != nil {
		return failed
	}
	return e.failed(n, args, err)
}

// failed makes an Error of what went wrong with n.
func (e *env) failed(n lang.Node, args *arguments, err error) *Error {
	out := &Error{File: e.file, NS: e.ns, Frames: e.trace.frames(), Done: e.m.tally.count(), Err: err, help: e.otherwise(n, err)}
	n = e.blame(n, args, err)
	var p *placed
	if errors.As(err, &p) {
		n, out.label, out.help = p.node, p.label, p.help
	}
	var arg *builtins.ArgError // of a verb's Compile
	if errors.As(err, &arg) {
		out.help = arg.Help
		if args != nil && arg.Arg >= 0 && arg.Arg < len(args.nodes) {
			n = args.nodes[arg.Arg]
		}
	}
	out.Start, out.End = n.Span()
	return out
}

// blame finds the word of a statement that an error of the engine is about: the
// one that named the missing link or namespace.
func (e *env) blame(n lang.Node, args *arguments, err error) lang.Node {
	if c, ok := n.(*lang.Command); ok && c.Verb != nil {
		n = headOf(c)
	}
	var link *nsexec.NoLinkError
	if errors.As(err, &link) && args != nil {
		if word := args.naming(link.Link); word != nil {
			return word
		}
	}
	var bpf *nsexec.BPFError
	if errors.As(err, &bpf) && args != nil {
		if word := args.naming(bpf.File); word != nil {
			return word
		}
	}
	var ns *nsexec.NoNamespaceError
	if errors.As(err, &ns) {
		if args != nil {
			if word := args.naming(ns.Ref.Name); word != nil {
				return word
			}
		}
		if ns.Ref == e.ns && e.nsNode != nil && sameFile(e) {
			return e.nsNode
		}
	}
	return n
}

// sameFile reports whether what named the namespace stands in the file that the
// statement stands in: a def of another file inherits it from its caller.
func sameFile(e *env) bool { return e.nsFile == nil || e.nsFile == e.file }

// headOf is a command without its block.
func headOf(c *lang.Command) lang.Node {
	if c.Body == nil {
		return c
	}
	return &head{c}
}

// head is a command up to its block, which only lends its span.
type head struct{ *lang.Command }

func (h *head) Span() (start, end lang.Pos) {
	start, _ = h.Command.Span()
	_, end = h.Verb.Span()
	if n := len(h.Args); n > 0 {
		_, end = h.Args[n-1].Span()
	}
	return start, end
}

// naming is the node of the argument that names a link or a namespace: NAME,
// NAME:LINK or NS:NAME.
func (a *arguments) naming(name string) lang.Node {
	if name == "" {
		return nil
	}
	for i, v := range a.vals {
		if v.Value == nil {
			continue
		}
		s := v.Value.String()
		ns, link, pair := strings.Cut(s, ":")
		if s == name || pair && (ns == name || link == name) {
			return a.nodes[i]
		}
	}
	return nil
}

// frames is the way to a statement, the innermost step first.
func (f *frame) frames() []lang.Frame {
	var out []lang.Frame
	for ; f != nil; f = f.up {
		start, _ := f.node.Span()
		out = append(out, lang.Frame{Name: f.String(), File: f.file.Name, Pos: start})
	}
	return out
}

// String is the frame as it is shown: `host(h7)`, `loop i = 7`, `lib.nes`.
func (f *frame) String() string {
	switch {
	case f.def != nil:
		args := make([]string, len(f.args))
		for i, v := range f.args {
			if v != nil {
				args[i] = short(v)
			}
		}
		return f.def.Name.Name + "(" + strings.Join(args, ", ") + ")"
	case f.loop != nil && f.key != nil:
		return fmt.Sprintf("loop %s = %s, %s = %s", f.loop.Key.Name, short(f.key), f.loop.Var.Name, short(f.val))
	case f.loop != nil:
		return fmt.Sprintf("loop %s = %s", f.loop.Var.Name, short(f.val))
	}
	return f.into
}

// short is a value as text that does not fill a line.
func short(v value.Value) string {
	const most = 40
	s := []rune(v.String())
	if len(s) > most {
		return string(s[:most]) + "…"
	}
	return string(s)
}
