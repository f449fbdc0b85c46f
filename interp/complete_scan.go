//go:build linux

package interp

import (
	"slices"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// cursor is where the end of a prompt's text is, as far as completion needs to
// know. It is found without the parser, which has nothing to say of a statement
// that has only begun.
type cursor struct {
	words  []string   // of the statement, before the one that the cursor is at
	start  int        // where that one starts
	closed bool       // in a string or a comment: nothing completes there
	depth  int        // how many brackets are open
	ns     nsexec.Ref // the namespace that the open blocks are in
}

// cursorScan finds a cursor.
type cursorScan struct {
	src    string
	at     int
	cur    cursor
	inWord bool
	blocks []nsexec.Ref // what the namespace was before each open block
}

// findCursor looks at the end of src, whose outermost statements are in ns.
func findCursor(src string, ns nsexec.Ref) cursor {
	s := &cursorScan{src: src, cur: cursor{ns: ns}}
	for s.at < len(src) && !s.cur.closed {
		s.next()
	}
	if !s.inWord {
		s.cur.start = len(src)
	}
	return s.cur
}

// next goes over one byte, a string or a comment. All that matters is ASCII.
func (s *cursorScan) next() {
	c := s.src[s.at]
	switch {
	case c == '"' || c == '\'' || c == '`':
		s.begin()
		s.quoted(c)
		return
	case c == '\\' && strings.HasPrefix(s.src[s.at:], "\\\n"):
		s.endWord()
		s.at++
	case c == '#' && !s.inWord:
		s.comment()
		return
	case c == '(' || c == '[' || c == '{' && s.opens():
		s.begin()
		s.cur.depth++
	case s.cur.depth > 0:
		if c == ')' || c == ']' || c == '}' {
			s.cur.depth--
		}
	case c == ' ' || c == '\t' || c == '\r':
		s.endWord()
	case c == '\n' || c == ';':
		s.endStatement()
	case c == '<':
		s.open()
	case c == '>':
		s.close()
	default:
		s.begin()
	}
	s.at++
}

// opens reports whether the `{` here opens an expression or a record, rather
// than alternatives in a word.
func (s *cursorScan) opens() bool {
	return s.cur.depth > 0 || s.at > 0 && s.src[s.at-1] == '$'
}

func (s *cursorScan) begin() {
	if !s.inWord {
		s.inWord, s.cur.start = true, s.at
	}
}

func (s *cursorScan) endWord() {
	if s.inWord {
		s.cur.words = append(s.cur.words, s.src[s.cur.start:s.at])
		s.inWord = false
	}
}

func (s *cursorScan) endStatement() {
	s.endWord()
	s.cur.words = nil
}

// quoted goes to the end of a string.
func (s *cursorScan) quoted(quote byte) {
	for s.at++; s.at < len(s.src); s.at++ {
		switch c := s.src[s.at]; {
		case c == quote:
			s.at++
			return
		case c == '\\' && quote == '"':
			s.at++
		}
	}
	s.at = len(s.src)
	s.cur.closed = true
}

func (s *cursorScan) comment() {
	n := strings.IndexByte(s.src[s.at:], '\n')
	if n < 0 {
		s.cur.closed = true
		return
	}
	s.at += n
}

// open is the start of a block; one of `in ns x` or `ns x` is in x.
func (s *cursorScan) open() {
	s.endWord()
	s.blocks = append(s.blocks, s.cur.ns)
	words := s.cur.words
	if len(words) > 0 && words[0] == "in" {
		words = words[1:]
	}
	switch {
	case len(words) == 2 && words[0] == "ns":
		s.cur.ns = nsexec.Named(words[1])
	case len(words) == 1 && words[0] == "host":
		s.cur.ns = nsexec.Host()
	}
	s.cur.words = nil
}

func (s *cursorScan) close() {
	s.endStatement()
	if n := len(s.blocks); n > 0 {
		s.cur.ns = s.blocks[n-1]
		s.blocks = slices.Delete(s.blocks, n-1, n)
	}
}
