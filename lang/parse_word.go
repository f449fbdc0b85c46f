package lang

import (
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// parseWord reads a word out of its token, into w.
func parseWord(t *lexer.Token, w *Word) (*Word, error) {
	w.Raw = t.Value
	w.start = tokenPos(t)
	if t.Type == tokPlain {
		return w, nil
	}
	r := reader{extent: extent{s: t.Value}, at: w.start}
	var err error
	w.Parts, err = r.parts(len(t.Value))
	return w, err
}

// reader reads the parts of a word or a string. The scanner has seen to it
// that every string, interpolation and brace is closed.
type reader struct {
	extent
	marked int // where at is
	at     Pos
}

// pos is where i is, which never goes back.
func (r *reader) pos(i int) Pos {
	r.at = r.at.after(r.s[r.marked:i])
	r.marked = i
	return r.at
}

// parts reads the pieces of a word up to end.
func (r *reader) parts(end int) ([]WordPart, error) {
	var parts []WordPart
	for r.i < end {
		p, err := r.part(end)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (r *reader) part(end int) (WordPart, error) {
	start := r.i
	from := r.pos(start)
	switch r.s[start] {
	case '"', '\'', '`':
		if err := r.quoted(); err != nil {
			return nil, r.never(from, err)
		}
		str, err := parseString(r.s[start:r.i], from)
		if err != nil {
			return nil, err
		}
		return &Quoted{span{str.start, str.end}, str}, nil
	case '$':
		return r.expansion()
	case '{':
		if err := r.brace(); err != nil {
			return nil, r.never(from, err)
		}
		return r.alternatives(start, from)
	}
	for r.i < end && strings.IndexByte("\"'`${", r.s[r.i]) < 0 {
		r.i++
	}
	return &Text{span{from, r.pos(r.i)}, r.s[start:r.i]}, nil
}

// never is the error of something that the scanner has let pass.
func (r *reader) never(at Pos, err *extentError) error {
	return &Diagnostic{Start: at, End: at.after(" "), Message: err.message}
}

// expansion reads `$name` or `${…}`.
func (r *reader) expansion() (WordPart, error) {
	start := r.i
	from := r.pos(start)
	if err := r.dollar(); err != nil {
		return nil, r.never(from, err)
	}
	text := r.s[start:r.i]
	if text[1] != '{' {
		return &Var{span{from, r.pos(r.i)}, text[1:]}, nil
	}
	x, err := parseInside(text[2:len(text)-1], from.after("${"))
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, &Diagnostic{Start: from, End: from.after(text), Message: "nothing in the \"${}\""}
	}
	return &Interp{span{from, r.pos(r.i)}, x}, nil
}

// parseInside parses the expression that all of src is; nil if src is blank.
func parseInside(src string, at Pos) (Expr, error) {
	s := newExprScanner(src, at)
	lex, err := lexer.Upgrade(s)
	if err != nil {
		return nil, err
	}
	x, err := parseExpr(lex)
	t := lex.Peek()
	switch {
	case err == participle.NextMatch && t.Type == lexer.EOF:
		return nil, nil
	case err == participle.NextMatch:
		err = unexpected(t, "a value")
	case err == nil && t.Type != lexer.EOF:
		err = unexpected(t, `"}"`)
	}
	if err != nil {
		return nil, replaceStandIn(diagnosticOf(err, t), s.diags)
	}
	return x, nil
}

// alternatives reads the brace from start, which r has just moved over.
func (r *reader) alternatives(start int, from Pos) (WordPart, error) {
	end := r.i
	cuts, width := r.cuts(start+1, end-1)
	b := &Brace{Range: width == 2}
	r.i = start + 1
	for _, cut := range append(cuts, end-1) {
		parts, err := r.parts(cut)
		if err != nil {
			return nil, err
		}
		if b.Range && len(parts) == 0 {
			return nil, &Diagnostic{Start: from, End: from.after(r.s[start:end]), Message: "a range needs both its ends, as {1..3}"}
		}
		b.Alts = append(b.Alts, parts)
		r.i = cut + width
	}
	r.i = end
	b.start, b.end = from, r.pos(end)
	if b.Range && len(b.Alts) != 2 {
		return nil, &Diagnostic{Start: from, End: b.end, Message: "a range has two ends, as {1..3}"}
	}
	return b, nil
}

// cuts is where the brace's inside from i to end is divided: at its commas, or
// where it has none, at its `..`; and how wide the divider is.
func (r *reader) cuts(i, end int) (cuts []int, width int) {
	var dots []int
	w := extent{s: r.s[:end], i: i}
	for w.i < end {
		switch {
		case w.s[w.i] == ',':
			cuts = append(cuts, w.i)
			w.i++
		case strings.HasPrefix(w.s[w.i:], ".."):
			dots = append(dots, w.i)
			w.i += 2
		default:
			if w.piece() != nil {
				return nil, 1
			}
		}
	}
	if cuts == nil {
		return dots, 2
	}
	return cuts, 1
}
