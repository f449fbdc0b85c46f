//go:build linux

package interp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// Diagnose explains any error of this package for a person: where it is in the
// source, which way led there, what is there instead, and what the kernel said.
// It returns nil for a nil error, and at least one diagnostic for any other.
func Diagnose(err error) []*lang.Diagnostic {
	if err == nil {
		return nil
	}
	var diags lang.Diagnostics
	if errors.As(err, &diags) {
		return diags
	}
	if left, ok := err.(*nsexec.UndoError); ok {
		return diagnoseLeft(left)
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*lang.Diagnostic
		for _, e := range many.Unwrap() {
			out = append(out, Diagnose(e)...)
		}
		return out
	}
	return []*lang.Diagnostic{diagnoseOne(err)}
}

func diagnoseOne(err error) *lang.Diagnostic {
	d := &lang.Diagnostic{Message: err.Error(), Cause: err}
	var e *Error
	if errors.As(err, &e) {
		d.File, d.Start, d.End, d.Trace = e.File, e.Start, e.End, e.Frames
		d.Message, d.Label = e.Err.Error(), e.label
		addHelp(d, e.help)
	}
	explainMissing(d, err)
	explainKernel(d, err)
	var tries *triesError
	if errors.As(err, &tries) {
		d.Notes = append(d.Notes, fmt.Sprintf("it was tried %d times in %s", tries.tries, tries.within))
	}
	if errors.Is(err, context.Canceled) {
		d.Message = "interrupted"
	}
	if e != nil {
		d.Notes = append(d.Notes, e.remains()...)
	}
	return d
}

// remains says what is left of a run that failed.
func (e *Error) remains() []string {
	if e.Clean && e.Undone > 0 {
		were := " were undone"
		if e.Undone == 1 {
			were = " was undone"
		}
		note := count(e.Undone, "change") + were + "; nothing is left of this run"
		if e.programs {
			note += " but what its programs did"
		}
		return []string{note}
	}
	if e.Clean || e.Undone > 0 {
		return nil // there was nothing, or what is left is listed
	}
	var notes []string
	if e.Partly {
		notes = append(notes, "a part of this statement took effect and stays")
	}
	if e.Done > 0 {
		notes = append(notes, doneNote(e.Done))
	}
	return notes
}

// diagnoseLeft lists what could not be undone.
func diagnoseLeft(left *nsexec.UndoError) []*lang.Diagnostic {
	var out []*lang.Diagnostic
	for _, l := range left.Left {
		d := &lang.Diagnostic{Message: fmt.Sprintf("not undone: %v", l.Err), Cause: l.Err}
		if errors.Is(l.Err, context.Canceled) {
			d.Message = "not undone: interrupted"
		}
		d.Notes = []string{"what would undo it: " + inNamespace(l.NS, l.Text)}
		explainKernel(d, l.Err)
		out = append(out, d)
	}
	return out
}

// doneNote is honest about what a run that is kept leaves behind.
func doneNote(n int) string {
	if n == 1 {
		return "1 statement before this one took effect and stays"
	}
	return fmt.Sprintf("%d statements before this one took effect and stay", n)
}

func addHelp(d *lang.Diagnostic, help string) {
	if help != "" {
		d.Help = append(d.Help, help)
	}
}

// explainMissing says which links or namespaces there are where one is missing.
func explainMissing(d *lang.Diagnostic, err error) {
	var link *nsexec.NoLinkError
	if errors.As(err, &link) {
		if d.Label == "" && len(link.Have) > 0 {
			d.Label = "links here: " + some(link.Have)
		}
		near(d, link.Link, link.Have)
	}
	var ns *nsexec.NoNamespaceError
	if errors.As(err, &ns) {
		if d.Label == "" && len(ns.Have) > 0 {
			d.Label = "namespaces: " + some(ns.Have)
		}
		near(d, ns.Ref.Name, ns.Have)
	}
}

// some joins names, of which only the first few are shown.
func some(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// explainKernel adds what the kernel said, unless the message has it.
func explainKernel(d *lang.Diagnostic, err error) {
	var op *nsexec.OpError
	if !errors.As(err, &op) {
		return
	}
	if op.Kernel != "" && !strings.Contains(d.Message, op.Kernel) {
		d.Notes = append(d.Notes, "the kernel says: "+op.Kernel)
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		if name := unix.ErrnoName(errno); name != "" && !strings.Contains(d.Message, name) {
			d.Notes = append(d.Notes, fmt.Sprintf("errno %d (%s)", int(errno), name))
		}
	}
}

// diagnostic is an error of the check.
func diagnostic(f *lang.File, n lang.Node, msg, help string) *lang.Diagnostic {
	d := &lang.Diagnostic{File: f, Message: msg}
	if n != nil {
		d.Start, d.End = n.Span()
	}
	addHelp(d, help)
	return d
}
