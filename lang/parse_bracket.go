package lang

import (
	"fmt"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Parse implements participle.Parseable: `(E)`.
func (p *Paren) Parse(lex *lexer.PeekingLexer) error {
	if t := lex.Peek(); t.Type != tokOp || t.Value != "(" {
		return participle.NextMatch
	}
	q, err := parseParen(lex)
	if err != nil {
		return beyond(lex, err)
	}
	*p = *q
	return nil
}

// closing takes the bracket that must come next, which closes open.
func closing(lex *lexer.PeekingLexer, bracket string, open *lexer.Token) error {
	if t := lex.Peek(); t.Type != tokOp || t.Value != bracket {
		return notClosed(unexpected(t, `"`+bracket+`"`), open)
	}
	lex.Next()
	return nil
}

// notClosed adds where the bracket is that d says should be closed, if that is
// on another line.
func notClosed(d *Diagnostic, open *lexer.Token) error {
	if int(d.Start.Line) != open.Pos.Line {
		d.Notes = append(d.Notes, fmt.Sprintf("the %s is at line %d, column %d", describe(open), open.Pos.Line, open.Pos.Column))
	}
	return d
}

func parseParen(lex *lexer.PeekingLexer) (*Paren, error) {
	p := &Paren{}
	open := lex.Next()
	p.start = tokenPos(open)
	var err error
	if p.X, err = need(lex, bindOr); err != nil {
		return nil, err
	}
	if err := closing(lex, ")", open); err != nil {
		return nil, err
	}
	p.end = tokenEnd(lastToken(lex))
	return p, nil
}

func parseList(lex *lexer.PeekingLexer) (*ListExpr, error) {
	l := &ListExpr{}
	l.start = tokenPos(lex.Next())
	var err error
	l.Items, err = parseItems(lex, "]")
	l.end = tokenEnd(lastToken(lex))
	return l, err
}

// parseItems parses expressions with commas between, and maybe one at the end,
// up to the bracket that closes them.
func parseItems(lex *lexer.PeekingLexer, end string) ([]Expr, error) {
	var items []Expr
	open := lastToken(lex)
	for {
		if t := lex.Peek(); t.Type == tokOp && t.Value == end {
			lex.Next()
			return items, nil
		}
		x, err := need(lex, bindOr)
		if err != nil {
			return nil, err
		}
		items = append(items, x)
		if err := comma(lex, end, open); err != nil {
			return nil, err
		}
	}
}

// comma takes a comma, which must be there unless the end comes next, which
// closes open.
func comma(lex *lexer.PeekingLexer, end string, open *lexer.Token) error {
	t := lex.Peek()
	switch {
	case t.Type == tokOp && t.Value == ",":
		lex.Next()
	case t.Type != tokOp || t.Value != end:
		return notClosed(unexpected(t, `"," or "`+end+`"`), open)
	}
	return nil
}

func parseRecord(lex *lexer.PeekingLexer) (*RecordExpr, error) {
	r := &RecordExpr{}
	open := lex.Next()
	r.start = tokenPos(open)
	for {
		t := lex.Peek()
		if t.Type == tokOp && t.Value == "}" {
			r.end = tokenEnd(lex.Next())
			return r, nil
		}
		key, err := parseKey(lex)
		if err != nil {
			return nil, err
		}
		if t := lex.Peek(); t.Type != tokOp || t.Value != ":" {
			return nil, unexpected(t, `":" after the key `+describe(lastToken(lex)))
		}
		lex.Next()
		v, err := need(lex, bindOr)
		if err != nil {
			return nil, err
		}
		r.Keys, r.Values = append(r.Keys, key), append(r.Values, v)
		if err := comma(lex, "}", open); err != nil {
			return nil, err
		}
	}
}

// parseKey parses a record's key: a name, or a string without interpolation.
func parseKey(lex *lexer.PeekingLexer) (*Ident, error) {
	t := lex.Next()
	switch t.Type {
	case tokIdent:
		return &Ident{span{tokenPos(t), tokenEnd(t)}, t.Value}, nil
	case tokString:
		s, err := parseString(t.Value, tokenPos(t))
		if err != nil {
			return nil, err
		}
		key := &Ident{span: s.span}
		for _, p := range s.Parts {
			text, ok := p.(*Text)
			if !ok {
				return nil, errorAt(t, "a record's key can't be interpolated")
			}
			key.Name += text.Value
		}
		return key, nil
	}
	return nil, unexpected(t, `a key or "}"`, `a record is {name: "x", n: 1}`)
}
