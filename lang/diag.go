package lang

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Severity says how bad a Diagnostic is.
type Severity uint8

// The severities. The zero Severity is an error.
const (
	SeverityError Severity = iota
	SeverityWarning
)

// String is "error" or "warning".
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// MarshalText is String, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Diagnostic is something that a user is told about a script. Everything that
// a user sees as an error is one. It is an error itself, and unwraps to Cause.
type Diagnostic struct {
	File       *File // name and source; nil where there is neither
	Start, End Pos   // what it is about; zero for a whole file
	Severity   Severity
	Message    string // lower-case, no stop
	Label      string // the text beside the caret
	Help       []string
	Notes      []string
	Trace      []Frame // the way to it, innermost first
	Incomplete bool    // more text could put it right
	Cause      error   // nil: none

	// scanned is the offset of the token that the scanner made of a bad one;
	// standIn marks what the parser returns for that token until the scanner's
	// own diagnostic replaces it.
	scanned int32
	standIn bool
	mayGoOn bool // Incomplete, if nothing comes after Start
}

// Frame is a step on the way to a place in a script.
type Frame struct {
	Name string // what was entered, as `host(h7)`
	File string
	Pos  Pos // where it was entered from
}

// String is as `in host(h7), lab.nes:12:3`.
func (f Frame) String() string { return "in " + f.Name + ", " + place(f.File, f.Pos) }

func place(file string, p Pos) string {
	if file == "" {
		file = "-"
	}
	if !p.IsValid() {
		return file
	}
	return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Col)
}

// Name is the name of the diagnostic's file, or "".
func (d *Diagnostic) Name() string {
	if d.File == nil {
		return ""
	}
	return d.File.Name
}

// Error is the diagnostic in one line, as `lab.nes:3:8: no link "br1"`.
func (d *Diagnostic) Error() string {
	if d.File == nil && !d.Start.IsValid() {
		return d.Message
	}
	return place(d.Name(), d.Start) + ": " + d.Message
}

// Unwrap returns Cause.
func (d *Diagnostic) Unwrap() error { return d.Cause }

type jsonFrame struct {
	Name string `json:"name"`
	File string `json:"file"`
	Line int32  `json:"line"`
	Col  int32  `json:"col"`
}

// MarshalJSON writes the diagnostic as one flat object; line and col count
// from 1, in runes, and are 0 where there is no place.
func (d *Diagnostic) MarshalJSON() ([]byte, error) {
	var trace []jsonFrame
	for _, f := range d.Trace {
		trace = append(trace, jsonFrame{f.Name, f.File, f.Pos.Line, f.Pos.Col})
	}
	return json.Marshal(struct {
		Severity Severity    `json:"severity"`
		Message  string      `json:"message"`
		File     string      `json:"file,omitempty"`
		Line     int32       `json:"line"`
		Col      int32       `json:"col"`
		EndLine  int32       `json:"end_line"`
		EndCol   int32       `json:"end_col"`
		Label    string      `json:"label,omitempty"`
		Help     []string    `json:"help,omitempty"`
		Notes    []string    `json:"notes,omitempty"`
		Trace    []jsonFrame `json:"trace,omitempty"`
	}{d.Severity, d.Message, d.Name(), d.Start.Line, d.Start.Col, d.End.Line, d.End.Col,
		d.Label, d.Help, d.Notes, trace})
}

// Diagnostics is a list of them, and an error.
type Diagnostics []*Diagnostic

// Error is each diagnostic's line.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the diagnostics, so that errors.Is and errors.As look into
// each.
func (ds Diagnostics) Unwrap() []error {
	errs := make([]error, len(ds))
	for i, d := range ds {
		errs[i] = d
	}
	return errs
}

// IsIncomplete reports whether err, which Parse or ParseREPL returned, says
// that the text ends too early: within a block, a bracket, a multi-line
// string, or after a `\`. A prompt then asks for more.
func IsIncomplete(err error) bool {
	var ds Diagnostics
	if errors.As(err, &ds) {
		return slices.ContainsFunc(ds, func(d *Diagnostic) bool { return d.Incomplete })
	}
	var d *Diagnostic
	return errors.As(err, &d) && d.Incomplete
}
