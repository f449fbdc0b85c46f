package lang

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Parse implements participle.Parseable: a string.
func (s *StrLit) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	if t.Type != tokString {
		return participle.NextMatch
	}
	lex.Next()
	str, err := parseString(t.Value, tokenPos(t))
	if err != nil {
		return beyond(lex, err)
	}
	*s = *str
	return nil
}

// parseString reads a string, quotes and all, that starts at pos.
func parseString(raw string, pos Pos) (*StrLit, error) {
	s := &StrLit{Raw: raw}
	s.start, s.end = pos, pos.after(raw)
	inside := raw[1 : len(raw)-1]
	if raw[0] == '"' {
		r := reader{extent: extent{s: raw, i: 1}, at: pos}
		err := r.interpolated(s)
		return s, err
	}
	if inside != "" {
		from := pos.after(raw[:1])
		// As in Go, what an editor made of the newlines does not matter.
		s.Parts = []WordPart{&Text{span{from, from.after(inside)}, strings.ReplaceAll(inside, "\r\n", "\n")}}
	}
	return s, nil
}

// interpolated reads the inside of a string in double quotes, from i.
func (r *reader) interpolated(s *StrLit) error {
	var text strings.Builder // what of the Text that starts at start is not as in the source
	start, plain := r.i, r.i // plain is where what is as in the source starts
	flush := func() {
		if r.i > start {
			text.WriteString(r.s[plain:r.i])
			from := r.pos(start)
			s.Parts = append(s.Parts, &Text{span{from, r.pos(r.i)}, text.String()})
			text.Reset()
		}
	}
	for end := len(r.s) - 1; r.i < end; {
		switch r.s[r.i] {
		case '$':
			flush()
			part, err := r.expansion()
			if err != nil {
				return err
			}
			s.Parts = append(s.Parts, part)
			start, plain = r.i, r.i
		case '\\':
			text.WriteString(r.s[plain:r.i])
			if err := r.escape(&text, end); err != nil {
				return err
			}
			plain = r.i
		default:
			r.i++
		}
	}
	flush()
	return nil
}

// escape reads an escape: Go's, or `\$`.
func (r *reader) escape(to *strings.Builder, end int) error {
	rest := r.s[r.i:end]
	if strings.HasPrefix(rest, `\$`) {
		to.WriteByte('$')
		r.i += 2
		return nil
	}
	c, multibyte, tail, err := strconv.UnquoteChar(rest, '"')
	if err != nil {
		_, n := utf8.DecodeRuneInString(rest[1:])
		at := r.pos(r.i)
		text := rest[:1+n]
		return &Diagnostic{Start: at, End: at.after(text), Message: `"` + text + `" is not a whole escape`,
			Help: []string{`the escapes are \n \t \r \\ \" \$ \xHH \uHHHH and Go's others; \\ is a backslash`}}
	}
	if multibyte {
		to.WriteRune(c)
	} else {
		to.WriteByte(byte(c))
	}
	r.i = end - len(tail)
	return nil
}
