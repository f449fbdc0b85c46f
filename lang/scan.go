package lang

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// The scanner is in one of two modes, which the first token of a statement
// decides: in words it yields the arguments of a verb, each whole, and in
// expressions names, literals and operators. A bracket turns to expressions
// until it is closed; a block starts with a statement again. The stack of
// frames holds the mode of everything that is open.
//
// The scanner never fails: what it can't read becomes a tokBad, and the
// diagnostic waits in diags until the parser comes upon that token.

type mode uint8

const (
	modeNone mode = iota
	modeStart
	modeWords
	modeExpr
)

// frame is an open block or bracket; the lowest one is the file.
type frame struct {
	kind  byte // 0 < ( [ {
	mode  mode
	key   bool  // in a record: a key comes next
	whole bool  // in a block: participle parses the statement, at one go
	words bool  // in a block: the statement is an `in`, so far of words alone
	elses int16 // in a block: how many `else` the statement has
	open  Pos
}

const (
	// maxDepth is how deep blocks and brackets may nest, maxInterp how deep
	// interpolations and braces may: the parser and all that walks the tree
	// recurse as deep. maxElse is how many arms an if may have, which nest too.
	maxDepth  = 256
	maxInterp = 16
	maxElse   = 256
	// chunkTokens is how many tokens a scanner yields, at least, before it ends
	// a chunk; see scanner.next.
	chunkTokens = 240
)

type scanner struct {
	src       string
	off       int
	shift     int // what to add to off for an Offset: a part of a file has its own src
	line      int32
	lineStart int // where the line starts, as an off; below 0 in a part of a file
	adj       int // bytes of the line before off that are not a rune's first
	ascii     bool

	frames   []frame
	last     lexer.TokenType // of the token before, or 0
	lastDot  bool            // the token before is a `.`
	tokens   int             // of this chunk
	chunk    int             // how many it has at least
	broken   bool            // the rest is not looked at
	diags    []*Diagnostic
	comments []Comment
}

func newScanner(src string) *scanner {
	s := &scanner{src: src, line: 1, frames: make([]frame, 1, 8), chunk: chunkTokens}
	s.frames[0].mode = modeStart
	if strings.HasPrefix(src, bom) {
		s.off, s.lineStart = len(bom), len(bom)
	}
	return s
}

// bom is the byte order mark, which some editors put at the start of a file.
const bom = "\uFEFF"

// newExprScanner reads src, a part of a file that starts at pos, as the inside
// of a bracket.
func newExprScanner(src string, pos Pos) *scanner {
	return &scanner{
		src: src, shift: int(pos.Offset), line: pos.Line, lineStart: 1 - int(pos.Col),
		frames: append(make([]frame, 0, 4), frame{kind: '$', mode: modeExpr, open: pos}),
	}
}

// pos is where off is.
func (s *scanner) pos() Pos {
	return Pos{Offset: int32(s.off + s.shift), Line: s.line, Col: int32(s.off - s.lineStart - s.adj + 1)}
}

func (s *scanner) top() *frame { return &s.frames[len(s.frames)-1] }

// peek is the byte n after off, or 0 at the end.
func (s *scanner) peek(n int) byte {
	if s.off+n < len(s.src) {
		return s.src[s.off+n]
	}
	return 0
}

// take moves to end, over text that may hold anything.
func (s *scanner) take(end int) {
	for i := s.off; i < end; i++ {
		switch c := s.src[i]; {
		case c == '\n':
			s.line++
			s.lineStart, s.adj = i+1, 0
		case c&0xC0 == 0x80:
			s.adj++
		}
	}
	s.off = end
}

// token yields the text up to end.
func (s *scanner) token(typ lexer.TokenType, end int) lexer.Token {
	t := lexer.Token{Type: typ, Value: s.src[s.off:end]}
	p := s.pos()
	t.Pos.Offset, t.Pos.Line, t.Pos.Column = int(p.Offset), int(p.Line), int(p.Col)
	if s.ascii && typ != tokWord && typ != tokString && typ != tokNewline {
		s.off = end
	} else {
		s.take(end)
	}
	s.last, s.lastDot = typ, false
	s.tokens++
	return t
}

// bad yields the text up to end as what can't be a token, and says why.
func (s *scanner) bad(end int, message string, help ...string) lexer.Token {
	p := s.pos()
	s.diags = append(s.diags, &Diagnostic{Start: p, End: p.after(s.src[s.off:end]), Message: message, Help: help, scanned: p.Offset})
	return s.token(tokBad, end)
}

// Next implements lexer.Lexer.
func (s *scanner) Next() (lexer.Token, error) { return s.next(), nil }

// next returns EOF at the end of the source, and also between two statements once
// the chunk is long enough, after which it goes on: participle wants all tokens
// up to EOF before it parses, and so never needs to hold more than a chunk, or
// than a statement of those that participle parses.
func (s *scanner) next() lexer.Token {
	if s.last == tokNewline && s.tokens >= s.chunk && s.between() {
		s.tokens, s.last = 0, 0
		return s.eof()
	}
	s.blanks()
	if s.off >= len(s.src) {
		return s.end()
	}
	f := s.top()
	switch {
	case s.src[s.off] == '\n' || s.src[s.off] == ';' && !f.bracket():
		return s.newline()
	case f.mode == modeExpr:
		return s.expr()
	case f.mode == modeStart:
		return s.start()
	}
	return s.word()
}

// between reports whether all that is open are blocks of statements that are
// parsed by hand, as they come.
func (s *scanner) between() bool {
	for i := range s.frames[1:] {
		if s.frames[i].whole || s.frames[i+1].kind != '<' {
			return false
		}
	}
	return true
}

func (f *frame) bracket() bool { return f.kind != 0 && f.kind != '<' }

// done reports whether all of the source has been read.
func (s *scanner) done() bool {
	return s.broken || s.off >= len(s.src) && s.last == 0 && len(s.frames) == 1
}

func (s *scanner) eof() lexer.Token {
	t := lexer.Token{Type: lexer.EOF}
	if s.frames[0].kind == '$' {
		t.Value = "}" // what ends the text there, for messages
	}
	p := s.pos()
	t.Pos.Offset, t.Pos.Line, t.Pos.Column = int(p.Offset), int(p.Line), int(p.Col)
	return t
}

// blanks skips blanks, comments, joined lines and, within brackets, newlines.
// It stops at a newline that ends a statement.
func (s *scanner) blanks() {
	for s.off < len(s.src) {
		switch c := s.src[s.off]; {
		case c == ' ' || c == '\t' || c == '\r':
			s.off++
		case c == '\n' && s.skipsNewline():
			s.take(s.off + 1)
		case c == '#':
			s.comment()
		case c == '\\' && joins(s.src[s.off:]) > 0:
			s.take(s.off + joins(s.src[s.off:]))
		default:
			return
		}
	}
}

// skipsNewline reports whether the newline at off ends nothing: within a
// bracket, after another one, and between a block and its `else` or `catch`.
func (s *scanner) skipsNewline() bool {
	if s.top().bracket() || s.last == tokNewline || s.last == tokOpen || s.last == 0 {
		return true
	}
	if s.last == tokClose && s.elseFollows() {
		s.last = tokOpen // so as not to look again at every newline
		return true
	}
	return false
}

// elseFollows looks past blank lines and comments for `else` or `catch`.
func (s *scanner) elseFollows() bool {
	rest := s.src[s.off:]
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if !strings.HasPrefix(rest, "#") {
			break
		}
		_, rest, _ = strings.Cut(rest, "\n")
	}
	for _, w := range [...]string{"else", "catch"} {
		if after, ok := strings.CutPrefix(rest, w); ok && (after == "" || !isWordByte(after[0])) {
			return true
		}
	}
	return false
}

func (s *scanner) comment() {
	end := strings.IndexByte(s.src[s.off:], '\n')
	if end < 0 {
		end = len(s.src)
	} else {
		end += s.off
	}
	text := strings.TrimRight(s.src[s.off:end], " \t\r")
	s.comments = append(s.comments, Comment{Pos: s.pos(), Text: text})
	s.take(end)
}

// joins is how long a `\` with the newline after it is, or 0.
func joins(s string) int {
	switch {
	case strings.HasPrefix(s, "\\\n"):
		return 2
	case strings.HasPrefix(s, "\\\r\n"):
		return 3
	}
	return 0
}

// newline ends a statement.
func (s *scanner) newline() lexer.Token {
	if f := s.top(); !f.bracket() {
		f.mode = modeStart
		f.elses = 0
	}
	return s.token(tokNewline, s.off+1)
}

// end yields what comes after the last byte: a newline if there was none, a
// tokBad if something is still open, EOF.
func (s *scanner) end() lexer.Token {
	f := s.top()
	switch {
	case s.broken || f.kind == '$':
	case f.kind != 0:
		open := f.open
		s.broken = true
		s.diags = append(s.diags, unclosed(f))
		t := lexer.Token{Type: tokBad, Value: string(f.kind)}
		t.Pos.Offset, t.Pos.Line, t.Pos.Column = int(open.Offset), int(open.Line), int(open.Col)
		return t
	case s.last != tokNewline && s.last != 0:
		f.mode = modeStart
		return s.token(tokNewline, s.off)
	}
	s.last = 0
	return s.eof()
}

func unclosed(f *frame) *Diagnostic {
	d := &Diagnostic{Start: f.open, End: f.open.after("<"), Incomplete: true, scanned: f.open.Offset}
	d.Message = "the bracket " + quoteByte(f.kind) + " is never closed"
	if f.kind == '<' {
		d.Message = `the block is never closed`
		d.Help = []string{`a block ends with ">"`}
	}
	return d
}

func quoteByte(c byte) string { return `"` + string(c) + `"` }

// push opens a block or a bracket of the kind of the byte at off.
func (s *scanner) push(typ lexer.TokenType, m mode) lexer.Token {
	if len(s.frames) >= maxDepth {
		t := s.bad(s.off+1, "blocks and brackets nest too deep here: at most 256")
		s.giveUp()
		return t
	}
	kind := s.src[s.off]
	if f := s.top(); f.words && kind != '<' {
		f.whole = true
	}
	s.frames = append(s.frames, frame{kind: kind, mode: m, key: kind == '{', open: s.pos()})
	return s.token(typ, s.off+1)
}

// giveUp leaves the rest of the source unread.
func (s *scanner) giveUp() {
	s.broken = true
	s.off = len(s.src)
}
