package lang

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// at is a diagnostic about the first place where text stands in src.
func at(src, text string) *Diagnostic {
	i := strings.Index(src, text)
	start := Pos{0, 1, 1}.after(src[:i])
	return &Diagnostic{File: &File{Name: "lab.nes", Source: []byte(src)}, Start: start, End: start.after(text), Message: "m"}
}

func TestDiagnostic_Render(t *testing.T) {
	founding := at("# a lab\nin ns example <\n    up br1\n>\n", "br1")
	founding.Message = `no link "br1" in namespace "example"`
	founding.Label = "links here: lo, br0"
	founding.Help = []string{`did you mean "br0"?`}
	founding.Notes = []string{"2 changes were undone; nothing is left of this run"}

	traced := at(strings.Repeat("\n", 11)+"up x", "x")
	traced.Severity = SeverityWarning
	traced.Trace = []Frame{{"host(h7)", "lab.nes", Pos{0, 30, 5}}, {"include", "top.nes", Pos{0, 2, 1}}}
	traced.Notes = []string{"first\nsecond\n"}

	long := at(strings.Repeat("a", 150)+" HERE "+strings.Repeat("b", 150), "HERE")
	dirty := at("up \x1b[31mx", "x")
	dirty.Message = "a\x1bb\tc"
	nofile := &Diagnostic{Message: "no such file", Help: []string{"h"}}
	noplace := &Diagnostic{File: &File{Name: "lab.nes"}, Message: "can't be read"}
	nosource := at("up lo", "lo")
	nosource.File.Source = nil
	end := at("up lo", "lo")
	end.Start = end.End
	crlf := at("up lo\r\nup x\r\n", "lo\r\nup x")
	marked := at(bom+"up lo", "lo")
	marked.Start.Col, marked.End.Col = 4, 6 // as the scanner counts

	tests := []struct {
		name string
		d    *Diagnostic
		want string
	}{
		{"as designed", founding, `
error: no link "br1" in namespace "example"
  --> lab.nes:3:8
   |
 3 |     up br1
   |        ^^^ links here: lo, br0
   = help: did you mean "br0"?
   = note: 2 changes were undone; nothing is left of this run
`},
		{"trace", traced, `
warning: m
   --> lab.nes:12:4
    |
 12 | up x
    |    ^
    = note: first
            second
    = in host(h7), lab.nes:30:5
    = in include, top.nes:2:1
`},
		{"tabs", at("\tup\tlo", "lo"), `
error: m
  --> lab.nes:1:5
   |
 1 |     up    lo
   |           ^^
`},
		{"wide and combining", at("up 日本e\u0301 x", "x"), `
error: m
  --> lab.nes:1:9
   |
 1 | up 日本e` + "\u0301" + ` x
   |          ^
`},
		{"wide underline", at("up 日本", "日本"), `
error: m
  --> lab.nes:1:4
   |
 1 | up 日本
   |    ^^^^
`},
		{"long line", long, `
error: m
  --> lab.nes:1:152
   |
 1 | …` + strings.Repeat("a", 32) + ` HERE ` + strings.Repeat("b", 62) + `…
   |  ` + strings.Repeat(" ", 33) + `^^^^
`},
		{"long line, at its start", at("HERE "+strings.Repeat("b", 150), "HERE"), `
error: m
  --> lab.nes:1:1
   |
 1 | HERE ` + strings.Repeat("b", 95) + `…
   | ^^^^
`},
		{"several lines", at("x (1 +\n 2)", "(1 +\n 2)"), `
error: m
  --> lab.nes:1:3
   |
 1 | x (1 +
   |   ^^^^
`},
		{"CRLF", crlf, `
error: m
  --> lab.nes:1:4
   |
 1 | up lo
   |    ^^
`},
		{"byte order mark", marked, `
error: m
  --> lab.nes:1:4
   |
 1 | up lo
   |    ^^
`},
		{"nothing to underline", end, `
error: m
  --> lab.nes:1:6
   |
 1 | up lo
   |      ^
`},
		{"control characters", dirty, `
error: a` + "\uFFFD" + `b c
  --> lab.nes:1:9
   |
 1 | up ` + "\uFFFD" + `[31mx
   |         ^
`},
		{"no file", nofile, "\nerror: no such file\n   = help: h\n"},
		{"no place", noplace, "\nerror: can't be read\n  --> lab.nes\n"},
		{"no source", nosource, "\nerror: m\n  --> lab.nes:1:4\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.d.Render(&b, false); err != nil {
				t.Fatal(err)
			}
			if got := "\n" + b.String(); got != tt.want {
				t.Errorf("got:%s\nwant:%s", got, tt.want)
			}
			b.Reset()
			if err := tt.d.Render(&b, true); err != nil || !strings.Contains(b.String(), "\x1b[1;3") {
				t.Errorf("no colour: %q, %v", b.String(), err)
			}
		})
	}
}

func TestDiagnostic_writeError(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(io.ErrClosedPipe)
	if err := at("up lo", "lo").Render(w, false); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

func TestDiagnostic_Error(t *testing.T) {
	cause := errors.New("cause")
	d := at("\nup lo", "lo")
	d.Cause = cause
	var err error = Diagnostics{d, {Message: "whole"}, {File: &File{Name: "x.nes"}, Message: "m"}, {Start: Pos{0, 1, 1}, Message: "m"}}
	if got, want := err.Error(), "lab.nes:2:4: m\nwhole\nx.nes: m\n-:1:1: m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var one *Diagnostic
	if !errors.Is(err, cause) || !errors.As(err, &one) || one != d {
		t.Error("Diagnostics do not unwrap")
	}
}

func TestDiagnostic_JSON(t *testing.T) {
	d := at("up lo\n", "lo")
	d.Label, d.Help, d.Notes = "l", []string{"h"}, []string{"n"}
	d.Trace = []Frame{{"host(h7)", "lab.nes", Pos{5, 30, 5}}}
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"severity":"error","message":"m","file":"lab.nes","line":1,"col":4,"end_line":1,"end_col":6,` +
		`"label":"l","help":["h"],"notes":["n"],"trace":[{"name":"host(h7)","file":"lab.nes","line":30,"col":5}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
