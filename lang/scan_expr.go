package lang

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// expr yields a token of an expression.
func (s *scanner) expr() lexer.Token {
	f := s.top()
	key := f.key
	f.key = false
	c := s.src[s.off]
	switch {
	case isDigit(c) || c == ':' && s.peek(1) == ':':
		return s.literal()
	case c == '"' || c == '\'' || c == '`':
		return s.str()
	case c == '$':
		return s.dollarInExpr()
	}
	if end := identEnd(s.src, s.off); end > s.off {
		return s.name(end, key || s.lastDot)
	}
	return s.operator()
}

// name yields the name that ends at end, or what looks like one: an operator,
// a literal, or an address that starts with letters. A plain name is a
// record's key or a field.
func (s *scanner) name(end int, plain bool) lexer.Token {
	if plain {
		return s.token(tokIdent, end)
	}
	switch s.src[s.off:end] {
	case "true", "false", "null":
		return s.token(tokLit, end)
	case "and", "or", "not", "in":
		return s.token(tokOp, end)
	}
	if end < len(s.src) && s.src[end] == ':' {
		if a := addressEnd(s.src, s.off); a > 0 {
			return s.token(tokLit, a)
		}
	}
	return s.token(tokIdent, end)
}

// str yields a string.
func (s *scanner) str() lexer.Token {
	w := extent{s: s.src, i: s.off}
	if err := w.quoted(); err != nil {
		return s.failed(w, err)
	}
	return s.token(tokString, w.i)
}

func (s *scanner) dollarInExpr() lexer.Token {
	w := extent{s: s.src, i: s.off}
	if err := w.dollar(); err != nil {
		return s.failed(w, err)
	}
	text := s.src[s.off:w.i]
	name := strings.TrimSuffix(strings.TrimPrefix(text[1:], "{"), "}")
	return s.bad(w.i, "an expression names a variable without \"$\"", "write "+strings.TrimSpace(name))
}

// operator yields an operator or a bracket.
func (s *scanner) operator() lexer.Token {
	c, next := s.src[s.off], s.peek(1)
	bracket := s.top().bracket()
	switch c {
	case '(', '[', '{':
		return s.push(tokOp, modeExpr)
	case ')', ']', '}':
		return s.closeBracket(c)
	case '<', '>':
		switch {
		case bracket && next == '=':
			return s.token(tokOp, s.off+2)
		case bracket:
			return s.token(tokOp, s.off+1)
		case c == '<':
			return s.openBlock()
		}
		return s.closeBlock()
	case '=', '!':
		if next == '=' {
			return s.token(tokOp, s.off+2)
		}
		if c == '=' {
			return s.token(tokOp, s.off+1)
		}
	case '.':
		if next == '.' {
			return s.token(tokOp, s.off+2)
		}
		t := s.token(tokOp, s.off+1)
		s.lastDot = true
		return t
	case ',':
		t := s.token(tokOp, s.off+1)
		s.top().key = s.top().kind == '{'
		return t
	case '+', '-', '*', '/', '%', ':':
		return s.token(tokOp, s.off+1)
	}
	return s.noOperator()
}

// noOperator yields what stands where an operator could, and says what was
// meant where that is known.
func (s *scanner) noOperator() lexer.Token {
	rest := s.src[s.off:]
	for _, w := range [...]struct{ text, instead string }{
		{"&&", "and"}, {"||", "or"}, {"&", "and"}, {"|", "or"}, {"!", "not"},
	} {
		if strings.HasPrefix(rest, w.text) {
			return s.bad(s.off+len(w.text), `no operator "`+w.text+`"`, `write "`+w.instead+`"`)
		}
	}
	if rest[0] == '\\' {
		return s.backslash(s.off + 1)
	}
	_, n := utf8.DecodeRuneInString(rest)
	return s.bad(s.off+n, `"`+rest[:n]+`" has no meaning in an expression`)
}

var opener = map[byte]byte{')': '(', ']': '[', '}': '{'}

// closeBracket yields a closing bracket. One of the wrong kind is an error,
// but closes too, so that the rest is not misread.
func (s *scanner) closeBracket(c byte) lexer.Token {
	f := s.top()
	if !f.bracket() || f.kind == '$' {
		return s.bad(s.off+1, `nothing is open that "`+string(c)+`" could close`)
	}
	kind, open := f.kind, f.open
	s.frames = s.frames[:len(s.frames)-1]
	if kind != opener[c] {
		t := s.bad(s.off+1, `"`+string(c)+`" does not close "`+string(kind)+`"`)
		d := s.diags[len(s.diags)-1]
		d.Notes = []string{fmt.Sprintf("the \"%c\" is at line %d, column %d", kind, open.Line, open.Col)}
		return t
	}
	return s.token(tokOp, s.off+1)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// literal yields a literal that starts with a digit or a colon. It takes all
// that looks like part of it: whether it is well formed is for the parser.
func (s *scanner) literal() lexer.Token {
	if end := addressEnd(s.src, s.off); end > 0 {
		return s.token(tokLit, end)
	}
	return s.token(tokLit, numberEnd(s.src, s.off))
}

// addressEnd is where the IPv6 address, IPv6 prefix or MAC at i ends, or 0
// where there is none: a run of hex digits and colons, with two colons at
// least, and dots before digits.
func addressEnd(src string, i int) int {
	start, colons := i, 0
	for ; i < len(src); i++ {
		c := src[i]
		if c == ':' {
			colons++
		} else if !isHex(c) && (c != '.' || i == start || !isDigit(src[i-1]) || i+1 == len(src) || !isDigit(src[i+1])) {
			break
		}
		if colons == 0 && i-start > 4 {
			return 0
		}
	}
	if colons < 2 {
		return 0
	}
	for i < len(src) && isAlnum(src[i]) {
		i++
	}
	return lengthEnd(src, i)
}

// lengthEnd is where the prefix length at i ends, or i.
func lengthEnd(src string, i int) int {
	if i+1 < len(src) && src[i] == '/' && isDigit(src[i+1]) {
		for i++; i < len(src) && isAlnum(src[i]); i++ {
		}
	}
	return i
}

// numberEnd is where the literal at i that starts with digits ends: a number
// with its unit, an IPv4 address or an IPv4 prefix.
func numberEnd(src string, i int) int {
	start := i
	digits := func() {
		for i < len(src) && isDigit(src[i]) {
			i++
		}
	}
	digits()
	dots := 0
	for i+1 < len(src) && src[i] == '.' && isDigit(src[i+1]) {
		dots++
		i++
		digits()
	}
	plain := i
	for i < len(src) && (isAlnum(src[i]) || strings.HasPrefix(src[i:], "µ") || src[i] == '\xb5') {
		// The dot of a later part, as in 1h1.5s.
		if i++; i+1 < len(src) && src[i] == '.' && isDigit(src[i+1]) && isDigit(src[i-1]) && dots < 2 {
			i++
		}
	}
	switch {
	case dots > 1:
		return lengthEnd(src, i)
	case i == plain && i < len(src) && src[i] == '%' && !operandAt(src, i+1):
		return i + 1
	case i == plain+1 && src[plain]|0x20 == 'e' && i+1 < len(src) && (src[i] == '+' || src[i] == '-') && isDigit(src[i+1]):
		i++
		digits()
	case i == start:
		return i + 1
	}
	return i
}

// operandAt reports whether an operand starts right at i, so that a `%` before
// it is the operator and not a unit.
func operandAt(src string, i int) bool {
	return i < len(src) && (isAlnum(src[i]) || src[i] >= utf8.RuneSelf || strings.IndexByte("(\"'`$", src[i]) >= 0)
}
