package lang

import (
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// structured are the parsers of the statements that have a grammar, by their
// keyword; an assignment's is "=".
var structured map[string]func(*lexer.PeekingLexer) (Stmt, error)

func init() {
	structured = map[string]func(*lexer.PeekingLexer) (Stmt, error){
		"=":        byGrammar[Assign](),
		"let":      byGrammar[Let](),
		"param":    byGrammar[Param](),
		"if":       byGrammar[If](),
		"for":      byGrammar[For](),
		"def":      byGrammar[Def](),
		"return":   byGrammar[Return](),
		"include":  byGrammar[Include](),
		"in":       byGrammar[In](),
		"parallel": parseParallel(byGrammar[Parallel]()),
		"atomic":   byGrammar[Atomic](),
		"try":      byGrammar[Try](),
		"defer":    byGrammar[Defer](),
		"undo":     byGrammar[Undo](),
		"retry":    byGrammar[Retry](),
		"expect":   byGrammar[Expect](),
	}
}

// options are those of every grammar: what an interface's field holds is
// parsed by hand.
func options() []participle.Option {
	return []participle.Option{
		participle.Lexer(definition{}),
		participle.UseLookahead(1),
		participle.ParseTypeWith(exprNode),
		participle.ParseTypeWith(argNode),
		participle.ParseTypeWith(stmtNode),
		participle.ParseTypeWith(elseNode),
	}
}

// build builds a grammar when it is first needed: a script needs few of them.
func build[T any]() func() *participle.Parser[T] {
	return sync.OnceValue(func() *participle.Parser[T] { return participle.MustBuild[T](options()...) })
}

// byGrammar returns the parser of a statement by the tags of its struct.
func byGrammar[T any, P interface {
	*T
	Stmt
	setSpan(start, end Pos)
}]() func(*lexer.PeekingLexer) (Stmt, error) {
	parser := build[T]()
	return func(lex *lexer.PeekingLexer) (Stmt, error) {
		from := lex.RawCursor()
		start := tokenPos(lex.Peek())
		v, err := parser().ParseFromLexer(lex, participle.AllowTrailing(true))
		if err != nil {
			return nil, grammarError(err, tokensFrom(lex, from))
		}
		P(v).setSpan(start, tokenEnd(lastToken(lex)))
		return P(v), nil
	}
}

// tokensFrom are the tokens from the start of a statement to its end or, in a
// block of it, a line's end that the parser has come to.
func tokensFrom(lex *lexer.PeekingLexer, from lexer.RawCursor) []lexer.Token {
	for lex.Peek().Type != lexer.EOF && lex.Peek().Type != tokNewline {
		lex.Next()
	}
	return lex.Range(from, lex.RawCursor()+1)
}

// parseParallel gives the `for` of a `parallel for` its span.
func parseParallel(parse func(*lexer.PeekingLexer) (Stmt, error)) func(*lexer.PeekingLexer) (Stmt, error) {
	return func(lex *lexer.PeekingLexer) (Stmt, error) {
		start := lex.RawCursor() + 1
		stmt, err := parse(lex)
		if p, ok := stmt.(*Parallel); ok && p.For != nil {
			p.For.setSpan(tokenPos(&lex.Range(start, start+1)[0]), p.end)
		}
		return stmt, err
	}
}

// What an interface's field holds.

func exprNode(lex *lexer.PeekingLexer) (Expr, error) {
	x, err := parseExpr(lex)
	if last := lastToken(lex); err == participle.NextMatch && last.Type == tokOp && last.Value == "=" {
		err = noValue(lex.Peek(), last) // a grammar's `("=" Expr)?` would leave the "=" out
	}
	return x, beyond(lex, err)
}

func argNode(lex *lexer.PeekingLexer) (Arg, error) {
	a, err := parseArg(lex, &feed{})
	if err == participle.NextMatch && afterWithin(lex) { // as above
		err = unexpected(lex.Peek(), "a duration after "+describe(lastToken(lex)))
	}
	return a, beyond(lex, err)
}

// afterWithin reports whether the token before is the `within` or the `every`
// of an expect or a retry.
func afterWithin(lex *lexer.PeekingLexer) bool {
	before := func(n lexer.RawCursor) *lexer.Token {
		if c := lex.RawCursor(); c >= n {
			return &lex.Range(c-n, c)[0]
		}
		return &lexer.Token{}
	}
	keyword := func(t *lexer.Token) bool {
		return t.Type == tokKeyword && (t.Value == "retry" || t.Value == "expect")
	}
	switch before(1).Value {
	case "within":
		return keyword(before(2))
	case "every":
		return keyword(before(2)) || keyword(before(4)) && before(3).Value == "within"
	}
	return false
}

// stmtNode parses the statement after `defer`.
func stmtNode(lex *lexer.PeekingLexer) (Stmt, error) {
	t := lex.Peek()
	if t.Type == tokNewline || t.Type == tokClose || t.Type == lexer.EOF {
		return nil, unexpected(t, `a statement after "defer"`)
	}
	if t.Type == tokKeyword && t.Value == "defer" {
		return nil, beyond(lex, errorAt(t, "a `defer` of a `defer`"))
	}
	s, err := parseStmt(lex, &feed{})
	return s, beyond(lex, err)
}

// elseNode parses what follows `else`: a block or another `if`.
func elseNode(lex *lexer.PeekingLexer) (Node, error) {
	if t := lex.Peek(); t.Type == tokKeyword && t.Value == "if" {
		s, err := structured["if"](lex)
		return s, beyond(lex, err)
	}
	b := &Block{}
	err := b.Parse(lex)
	if err == participle.NextMatch {
		err = unexpected(lex.Peek(), `a block or "if" after "else"`)
	}
	return b, beyond(lex, err)
}
