package lang

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/nescript/nescript/lang/value"
)

// How tightly the operators bind, loosest first.
const (
	bindOr = iota + 1
	bindAnd
	bindNot
	bindCompare
	bindRange
	bindAdd
	bindMul
)

// maxOperators is how many operators, indexes and fields one expression may
// join, which make the tree as deep.
const maxOperators = 10000

// binding is how tightly a token binds as a binary operator; 0 for none.
func binding(t *lexer.Token) int {
	if t.Type != tokOp {
		return 0
	}
	switch t.Value {
	case "or":
		return bindOr
	case "and":
		return bindAnd
	case "==", "!=", "<", "<=", ">", ">=", "in":
		return bindCompare
	case "..":
		return bindRange
	case "+", "-":
		return bindAdd
	case "*", "/", "%":
		return bindMul
	}
	return 0
}

// parseExpr parses an expression by precedence climbing. It returns
// participle.NextMatch where none starts.
func parseExpr(lex *lexer.PeekingLexer) (Expr, error) {
	if !startsExpr(lex.Peek()) {
		if t := lex.Peek(); t.Type == tokBad {
			return nil, standIn(t)
		}
		return nil, participle.NextMatch
	}
	return parseBinary(lex, bindOr)
}

func startsExpr(t *lexer.Token) bool {
	switch t.Type {
	case tokIdent, tokLit, tokString:
		return true
	case tokOp:
		switch t.Value {
		case "(", "[", "{", "-", "not":
			return true
		}
	}
	return false
}

// need parses an expression that must be there, after what has just been read.
func need(lex *lexer.PeekingLexer, bind int) (Expr, error) {
	if t := lex.Peek(); !startsExpr(t) {
		return nil, noValue(t, lastToken(lex))
	}
	return parseBinary(lex, bind)
}

// noValue is the error of a value that is missing after last.
func noValue(t, last *lexer.Token) error {
	var help []string
	if t.Type == tokNewline && t.Value != ";" {
		help = []string{"an expression in brackets may go on on the next line"}
	}
	return unexpected(t, "a value after "+describe(last), help...)
}

// parseBinary parses operators that bind as tightly as bind or tighter.
func parseBinary(lex *lexer.PeekingLexer, bind int) (Expr, error) {
	x, err := parseNot(lex, bind)
	if err != nil {
		return nil, err
	}
	compared := false
	for n := 0; ; n++ {
		op := lex.Peek()
		b := binding(op)
		if b == 0 || b < bind {
			return x, nil
		}
		if n == maxOperators {
			return nil, errorAt(op, "too many operators in one expression: at most 10000")
		}
		if b == bindCompare && compared || b == bindRange && isRange(x) {
			return nil, errorAt(op, describe(op)+" does not join on to another one of its kind", "put brackets around the first")
		}
		compared = b == bindCompare
		lex.Next()
		y, err := need(lex, b+1)
		if err != nil {
			return nil, err
		}
		bin := &Binary{Op: op.Value, OpPos: tokenPos(op), X: x, Y: y}
		bin.start, _ = x.Span()
		_, bin.end = y.Span()
		x = bin
	}
}

func isRange(x Expr) bool {
	b, ok := x.(*Binary)
	return ok && b.Op == ".."
}

// parseNot parses any number of `not` and what they negate.
func parseNot(lex *lexer.PeekingLexer, bind int) (Expr, error) {
	var ops []*lexer.Token
	for t := lex.Peek(); t.Type == tokOp && t.Value == "not"; t = lex.Peek() {
		if bind > bindNot {
			return nil, errorAt(t, `"not" here needs brackets`, "as (not x)")
		}
		ops = append(ops, lex.Next())
	}
	if len(ops) == 0 {
		return parseMinus(lex)
	}
	x, err := need(lex, bindCompare)
	return prefixed(ops, x, err)
}

// parseMinus parses any number of `-` and the operand after them.
func parseMinus(lex *lexer.PeekingLexer) (Expr, error) {
	var ops []*lexer.Token
	for t := lex.Peek(); t.Type == tokOp && t.Value == "-"; t = lex.Peek() {
		ops = append(ops, lex.Next())
	}
	if len(ops) > 0 && !startsExpr(lex.Peek()) {
		return nil, noValue(lex.Peek(), lastToken(lex))
	}
	x, err := parsePostfix(lex)
	return prefixed(ops, x, err)
}

// prefixed puts the operators before x.
func prefixed(ops []*lexer.Token, x Expr, err error) (Expr, error) {
	if err != nil {
		return nil, err
	}
	if len(ops) > maxDepth {
		return nil, errorAt(ops[maxDepth], describe(ops[0])+" too many times: at most 256")
	}
	_, end := x.Span()
	for i := len(ops) - 1; i >= 0; i-- {
		u := &Unary{Op: ops[i].Value, X: x}
		u.start, u.end = tokenPos(ops[i]), end
		x = u
	}
	return x, nil
}

// parsePostfix parses an operand with its calls, indexes and fields.
func parsePostfix(lex *lexer.PeekingLexer) (Expr, error) {
	x, err := parseOperand(lex)
	if err != nil {
		return nil, err
	}
	start, _ := x.Span()
	for n := 0; ; n++ {
		t := lex.Peek()
		if t.Type != tokOp || t.Value != "(" && t.Value != "[" && t.Value != "." {
			return x, nil
		}
		if n == maxOperators {
			return nil, errorAt(t, "too many indexes and fields in one expression: at most 10000")
		}
		switch t.Value {
		case "(":
			x, err = parseCall(lex, x, start)
		case "[":
			x, err = parseIndex(lex, x, start)
		case ".":
			x, err = parseField(lex, x, start)
		}
		if err != nil {
			return nil, err
		}
	}
}

func parseCall(lex *lexer.PeekingLexer, x Expr, start Pos) (Expr, error) {
	fun, ok := x.(*Ident)
	if !ok {
		return nil, errorAt(lex.Peek(), "only a function's name can be called")
	}
	c := &Call{Fun: fun}
	c.start = start
	lex.Next()
	var err error
	c.Args, err = parseItems(lex, ")")
	c.end = tokenEnd(lastToken(lex))
	return c, err
}

func parseIndex(lex *lexer.PeekingLexer, x Expr, start Pos) (Expr, error) {
	open := lex.Next()
	i, err := need(lex, bindOr)
	if err != nil {
		return nil, err
	}
	if err := closing(lex, "]", open); err != nil {
		return nil, err
	}
	return &Index{span{start, tokenEnd(lastToken(lex))}, x, i}, nil
}

func parseField(lex *lexer.PeekingLexer, x Expr, start Pos) (Expr, error) {
	lex.Next()
	t := lex.Peek()
	if t.Type != tokIdent {
		return nil, unexpected(t, `a field's name after "."`)
	}
	name := identOf(lex.Next())
	return &Field{span{start, name.end}, x, name}, nil
}

// Parse implements participle.Parseable: a name that a script gives.
func (i *Ident) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	switch {
	case t.Type != tokIdent:
		return participle.NextMatch
	case IsKeyword(t.Value):
		return beyond(lex, keywordName(t))
	}
	*i = *identOf(lex.Next())
	return nil
}

func identOf(t *lexer.Token) *Ident { return &Ident{span{tokenPos(t), tokenEnd(t)}, t.Value} }

func keywordName(t *lexer.Token) error {
	return errorAt(t, describe(t)+" is a keyword and can't be a name")
}

// parseOperand parses what needs no operator.
func parseOperand(lex *lexer.PeekingLexer) (Expr, error) {
	switch t := lex.Peek(); t.Type {
	case tokIdent:
		if IsKeyword(t.Value) {
			return nil, keywordName(t)
		}
		return identOf(lex.Next()), nil
	case tokString:
		lex.Next()
		return parseString(t.Value, tokenPos(t))
	case tokLit:
		lex.Next()
		v, err := value.Literal(t.Value)
		if err != nil {
			return nil, errorAt(t, err.Error())
		}
		return &Lit{span{tokenPos(t), tokenEnd(t)}, t.Value, v}, nil
	case tokOp:
		switch t.Value {
		case "(":
			return parseParen(lex)
		case "[":
			return parseList(lex)
		case "{":
			return parseRecord(lex)
		}
	}
	return nil, unexpected(lex.Peek(), "a value")
}
