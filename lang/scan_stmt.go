package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// start yields the first token of a statement and sets the mode of the rest.
func (s *scanner) start() lexer.Token {
	f := s.top()
	f.mode = modeWords
	if s.last != tokKeyword { // as `defer`, whose statement is a part of it
		f.whole, f.words = false, false
	}
	if name := identEnd(s.src, s.off); name > s.off {
		word := s.src[s.off:name]
		if m := keywordMode(word); m != modeNone && (name == len(s.src) || !isWordByte(s.src[name]) || wordEnds(s.src, name)) {
			return s.keyword(f, word, m)
		}
		if s.assigns(name) {
			f.mode, f.whole = modeExpr, true
			return s.token(tokIdent, name)
		}
	}
	return s.word()
}

func (s *scanner) keyword(f *frame, word string, m mode) lexer.Token {
	f.mode, f.words = m, word == "in" && s.last != tokKeyword
	f.whole = !f.words
	if word == "else" {
		if f.elses++; f.elses > maxElse {
			t := s.bad(s.off+len(word), "an if has at most 256 arms")
			s.giveUp()
			return t
		}
	}
	return s.token(tokKeyword, s.off+len(word))
}

// assigns reports whether a single `=` comes after the name that ends at end.
func (s *scanner) assigns(end int) bool {
	for end < len(s.src) {
		if n := joins(s.src[end:]); n > 0 {
			end += n
		} else if s.src[end] == ' ' || s.src[end] == '\t' {
			end++
		} else {
			break
		}
	}
	return end < len(s.src) && s.src[end] == '=' && (end+1 == len(s.src) || s.src[end+1] != '=')
}

// word yields an argument of a verb, or what delimits them.
func (s *scanner) word() lexer.Token {
	switch c := s.src[s.off]; c {
	case '<':
		return s.openBlock()
	case '>':
		return s.closeBlock()
	case '(', '[':
		return s.push(tokOp, modeExpr)
	case ')', ']':
		return s.bad(s.off+1, `nothing is open that "`+string(c)+`" could close`)
	}
	end := s.off
	for end < len(s.src) && plainBytes[s.src[end]] {
		end++
	}
	if end > s.off && (end == len(s.src) || wordEnds(s.src, end)) {
		return s.token(tokPlain, end)
	}
	w := extent{s: s.src, i: end}
	if err := w.word(); err != nil {
		return s.failed(w, err)
	}
	if w.i == s.off || s.src[w.i-1] == '\\' {
		return s.backslash(max(w.i, s.off+1))
	}
	typ := tokWord
	if !w.complex {
		typ = tokPlain
	}
	return s.token(typ, w.i)
}

// backslash yields what ends at end, in a `\` that joins no lines.
func (s *scanner) backslash(end int) lexer.Token {
	rest := s.src[end:]
	if rest == "" {
		t := s.bad(end, `nothing comes after the "\"`)
		s.diags[len(s.diags)-1].Incomplete = true
		return t
	}
	if n := trailing(rest); n > 0 {
		return s.bad(end+n, `blanks after a "\" at the end of a line`, `the "\" joins two lines only where the line ends with it`)
	}
	return s.bad(end, `a "\" at the end of a word`, `quote a literal one: '\'`)
}

// trailing is the length of the blanks that fill the rest of the line, or 0.
func trailing(rest string) int {
	line, _, _ := strings.Cut(rest, "\n")
	if strings.Trim(line, " \t\r") == "" && strings.Trim(line, "\r") != "" {
		return len(strings.TrimRight(line, "\r"))
	}
	return 0
}

// openBlock yields `<` outside brackets.
func (s *scanner) openBlock() lexer.Token {
	if s.peek(1) == '=' {
		return s.bad(s.off+2, `"<=" compares only within brackets`, "write (a <= b)")
	}
	return s.push(tokOpen, modeStart)
}

// closeBlock yields `>` outside brackets.
func (s *scanner) closeBlock() lexer.Token {
	if s.peek(1) == '=' {
		return s.bad(s.off+2, `">=" compares only within brackets`, "write (a >= b)")
	}
	if s.top().kind != '<' {
		return s.bad(s.off+1, `nothing is open that ">" could close`)
	}
	s.frames = s.frames[:len(s.frames)-1]
	// What can follow is what follows a statement, and `else` and `catch`.
	s.top().mode = modeStart
	return s.token(tokClose, s.off+1)
}

// plainBytes are the bytes of a word that need no second look.
var plainBytes = func() (t [256]bool) {
	for c := '!'; c < 0x7f; c++ {
		t[c] = !strings.ContainsRune("\"'`$;<>()[]{}\\#", c)
	}
	t['#'] = true // within a word it is text
	return t
}()

// wordEnds reports whether the word that goes up to i ends there.
func wordEnds(s string, i int) bool {
	switch s[i] {
	case ' ', '\t', '\r', '\n', ';', '<', '>', '(', ')', '[', ']':
		return true
	case '\\':
		return joins(s[i:]) > 0 || i+1 == len(s)
	}
	return false
}

// isWordByte reports whether c can stand in a word.
func isWordByte(c byte) bool {
	return plainBytes[c] || c >= utf8.RuneSelf || strings.IndexByte("\"'`$\\{}", c) >= 0
}

// identEnd is where the name at i ends: a letter or `_`, then also digits. It
// is i where there is none.
func identEnd(s string, i int) int {
	start := i
	for i < len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || '0' <= c && c <= '9' && i > start:
			i++
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if !unicode.IsLetter(r) && (i == start || !unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd)) {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}
