package lang

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// maxErrors is how many errors of one file are told.
const maxErrors = 20

// Parse parses a script. The name is for messages only. The file is returned
// also where there are errors, with a *Bad for each statement that has one;
// the error is then a Diagnostics, in the order of the source, of which some
// may be Incomplete. The file keeps src, which must not be changed any more.
// Parse may be called concurrently.
func Parse(name string, src []byte) (*File, error) { return parse(name, src, false) }

// ParseString is Parse of a string. The file's Source must never be written to.
func ParseString(name, src string) (*File, error) { return parse(name, bytesOf(src), false) }

// ParseREPL is Parse for what is typed at a prompt, where `in REF…` needs no
// block.
func ParseREPL(name string, src []byte) (*File, error) { return parse(name, src, true) }

func parse(name string, src []byte, repl bool) (*File, error) {
	f := &File{Name: name, Source: src, Body: &Block{}}
	ascii, diags := checkText(src)
	if diags == nil {
		s := newScanner(textOf(src))
		s.ascii = ascii
		diags = f.parse(s, repl)
	}
	if len(diags) == 0 {
		return f, nil
	}
	if more := len(diags) - maxErrors; more > 0 {
		diags = diags[:maxErrors]
		diags[maxErrors-1].Notes = append(diags[maxErrors-1].Notes, fmt.Sprintf("%d more errors are not shown", more))
	}
	for _, d := range diags {
		d.File = f
	}
	return f, diags
}

// usualStatement is how long a statement is about, in bytes.
const usualStatement = 32

// parse fills f.Body and f.Comments with what s reads.
func (f *File) parse(s *scanner, repl bool) Diagnostics {
	f.Body.Stmts = make([]Stmt, 0, len(s.src)/usualStatement)
	from := feed{more: s.chunks()}
	for lex := (lexer.PeekingLexer{}); from.refill(&lex); { // what is left of a chunk is none of the file's
		f.Body.statementsIn(&lex, &from)
	}
	if len(f.Body.Stmts) == 0 {
		f.Body.Stmts = nil
	}
	f.Comments = s.comments
	c := collector{scanned: s.diags, repl: repl}
	c.block(f.Body)
	for _, d := range c.found {
		if d.mayGoOn && strings.TrimSpace(s.src[d.Start.Offset:]) == "" {
			d.Incomplete = true
		}
	}
	slices.SortStableFunc(c.found, func(a, b *Diagnostic) int { return int(a.Start.Offset - b.Start.Offset) })
	return c.found
}

// checkText finds what no script may hold: text that is not UTF-8, and control
// characters. It also reports whether all of it is ASCII.
func checkText(src []byte) (ascii bool, diags Diagnostics) {
	if len(src) > math.MaxInt32-1 {
		return false, Diagnostics{{Message: "the file is larger than 2 GB"}}
	}
	ascii = true
	p := Pos{0, 1, 1}
	mark := 0 // where p is
	for i := 0; i < len(src); {
		c := src[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		size, message := 1, ""
		switch {
		case c >= utf8.RuneSelf:
			ascii = false
			var r rune
			if r, size = utf8.DecodeRune(src[i:]); r == utf8.RuneError && size == 1 {
				message = fmt.Sprintf("the byte 0x%02x is not UTF-8", c)
				size = badRun(src[i:])
			}
		case c == 0:
			message = "a NUL byte"
		case c != '\r' || i+1 == len(src) || src[i+1] != '\n':
			message = fmt.Sprintf("the control character U+%04X", c)
		}
		if message != "" {
			p = p.after(string(src[mark:i]))
			mark = i
			diags = append(diags, &Diagnostic{Start: p, End: p.after(" "), Message: message})
		}
		i += size
	}
	return ascii, diags
}

// badRun is how many bytes at the start of src are not UTF-8.
func badRun(src []byte) int {
	for i := range src {
		if r, size := utf8.DecodeRune(src[i:]); r != utf8.RuneError || size > 1 {
			return i
		}
	}
	return len(src)
}

// collector gathers the diagnostics of the Bad statements.
type collector struct {
	scanned []*Diagnostic
	repl    bool
	found   Diagnostics
}

func (c *collector) block(b *Block) {
	if b == nil {
		return
	}
	for _, s := range b.Stmts {
		c.stmt(s)
	}
}

func (c *collector) stmt(s Stmt) {
	switch s := s.(type) {
	case *Command:
		c.block(s.Body)
	case *Bad:
		s.Err = replaceStandIn(s.Err, c.scanned)
		c.found = append(c.found, s.Err)
	case *In:
		if s.Body == nil && !c.repl {
			c.found = append(c.found, &Diagnostic{Start: s.start, End: s.end,
				Message: "`in` needs a block", Help: []string{"write the statements after it, in < … >"}})
		}
		c.block(s.Body)
	case *Defer:
		c.stmt(s.Stmt)
	case *Let, *Assign, *Param, *Return, *Include:
	default:
		for n := range children(s) {
			switch n := n.(type) {
			case *Block:
				c.block(n)
			case Stmt:
				c.stmt(n)
			}
		}
	}
}

// replaceStandIn is d, or the scanner's own diagnostic where d stands in for
// one of them.
func replaceStandIn(d *Diagnostic, scanned []*Diagnostic) *Diagnostic {
	if d.standIn {
		for _, s := range scanned {
			if s.scanned == d.Start.Offset {
				return s
			}
		}
	}
	return d
}
