package lang

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Parse implements participle.Parseable: `< … >`. It never fails once it has
// seen the `<`: a statement that can't be parsed becomes a *Bad.
func (b *Block) Parse(lex *lexer.PeekingLexer) error {
	open := lex.Peek()
	if open.Type != tokOpen {
		return participle.NextMatch
	}
	b.Open = tokenPos(lex.Next())
	b.statements(lex)
	if t := lex.Peek(); t.Type == tokClose {
		b.Close = tokenPos(lex.Next())
	}
	return nil
}

// statements adds the statements up to a `>` or the end of the tokens.
func (b *Block) statements(lex *lexer.PeekingLexer) {
	b.statementsIn(lex, &nodeSlab{})
}

func (b *Block) statementsIn(lex *lexer.PeekingLexer, nodes *nodeSlab) {
	for {
		switch t := lex.Peek(); t.Type {
		case tokNewline:
			lex.Next()
			continue
		case tokClose, lexer.EOF:
			return
		}
		start := lex.MakeCheckpoint()
		stmt, err := parseStmt(lex, nodes)
		if err != nil {
			lex.LoadCheckpoint(start)
			b.Stmts = append(b.Stmts, skipBad(lex, err))
			continue
		}
		b.Stmts = append(b.Stmts, stmt)
		if t := lex.Peek(); t.Type != tokNewline && t.Type != tokClose && t.Type != lexer.EOF {
			b.Stmts = append(b.Stmts, skipBad(lex, noEnd(stmt, lastToken(lex), t)))
		}
	}
}

// parseStmt parses a statement up to what ends it: a command by hand, any
// other by its grammar.
func parseStmt(lex *lexer.PeekingLexer, nodes *nodeSlab) (Stmt, error) {
	switch t := lex.Peek(); t.Type {
	case tokPlain, tokWord:
		return parseCommand(lex, nodes)
	case tokIdent:
		return structured["="](lex)
	case tokKeyword:
		if in := parseIn(lex, nodes); in != nil {
			return in, nil
		}
		if parse := structured[t.Value]; parse != nil {
			return parse(lex)
		}
		return nil, strayKeyword(t)
	default:
		return nil, noStatement(t)
	}
}

// parseIn parses an `in` of words and a block, as most are, at a fraction of the
// cost of its grammar. For any other, and for what is wrong, it returns nil and
// leaves all to that.
func parseIn(lex *lexer.PeekingLexer, nodes *nodeSlab) *In {
	start := lex.MakeCheckpoint()
	word := lex.Next()
	if word.Value != "in" {
		lex.LoadCheckpoint(start)
		return nil
	}
	in := &In{}
	nodes.scratch = nodes.scratch[:0]
	for t := lex.Peek(); t.Type == tokPlain || t.Type == tokWord; t = lex.Peek() {
		ref, err := parseArg(lex, nodes)
		if err != nil {
			lex.LoadCheckpoint(start)
			return nil
		}
		nodes.scratch = append(nodes.scratch, ref)
	}
	if len(nodes.scratch) == 0 || lex.Peek().Type != tokOpen {
		lex.LoadCheckpoint(start)
		return nil
	}
	in.Refs = nodes.keep()
	in.Body = &Block{Open: tokenPos(lex.Next())}
	in.Body.statementsIn(lex, nodes)
	if lex.Peek().Type == tokClose { // where it is missing, the scanner has said so
		in.Body.Close = tokenPos(lex.Next())
	}
	in.setSpan(tokenPos(word), tokenEnd(lastToken(lex)))
	return in
}

// skipBad moves to the end of the statement, over the blocks in it, and
// returns what stands for it.
func skipBad(lex *lexer.PeekingLexer, err error) *Bad {
	b := &Bad{Err: diagnosticOf(err, lex.Peek())}
	b.start = tokenPos(lex.Peek())
	b.end = b.start
	depth := 0
	for {
		t := lex.Peek()
		switch t.Type {
		case lexer.EOF:
			return b
		case tokNewline:
			if depth == 0 {
				return b
			}
		case tokOpen:
			depth++
		case tokClose:
			if depth == 0 {
				return b
			}
			depth--
		}
		if t.Type != tokBad { // the one of what is never closed stands before b.start
			b.end = tokenEnd(t)
		}
		lex.Next()
	}
}

// lastToken is the token before the next one; there must be one.
func lastToken(lex *lexer.PeekingLexer) *lexer.Token {
	c := lex.RawCursor()
	return &lex.Range(c-1, c)[0]
}

// Parse implements participle.Parseable: a verb with its arguments.
func (c *Command) Parse(lex *lexer.PeekingLexer) error {
	if t := lex.Peek(); t.Type != tokPlain && t.Type != tokWord {
		return participle.NextMatch
	}
	cmd, err := parseCommand(lex, &nodeSlab{})
	if err != nil {
		return beyond(lex, err)
	}
	*c = *cmd
	return nil
}

// parseCommand parses a command, at a word.
func parseCommand(lex *lexer.PeekingLexer, nodes *nodeSlab) (*Command, error) {
	c := nodes.command()
	t := lex.Next()
	verb, err := parseWord(t, nodes.word())
	if err != nil {
		return nil, err
	}
	if next := lex.Peek(); IsModifier(t.Value) && (next.Type == tokPlain || next.Type == tokWord) {
		c.Modifier = verb
		if verb, err = parseWord(lex.Next(), nodes.word()); err != nil {
			return nil, err
		}
	}
	c.Verb = verb
	nodes.scratch = nodes.scratch[:0]
	for {
		arg, err := parseArg(lex, nodes)
		if err == participle.NextMatch {
			break
		} else if err != nil {
			return nil, err
		}
		nodes.scratch = append(nodes.scratch, arg)
	}
	c.Args = nodes.keep()
	if lex.Peek().Type == tokOpen {
		c.Body = &Block{}
		if err := c.Body.Parse(lex); err != nil {
			return nil, err
		}
	}
	if t := lex.Peek(); t.Type == tokBad {
		return nil, standIn(t)
	}
	return c, nil
}

// IsModifier reports whether word may stand before a verb: del, replace,
// ensure or flush.
func IsModifier(word string) bool {
	switch word {
	case "del", "replace", "ensure", "flush":
		return true
	}
	return false
}

// parseArg parses one argument of a command: a word, `( … )` or `[ … ]`.
func parseArg(lex *lexer.PeekingLexer, nodes *nodeSlab) (Arg, error) {
	t := lex.Peek()
	switch {
	case t.Type == tokPlain || t.Type == tokWord:
		if err := glued(lex, t); err != nil {
			return nil, err
		}
		return parseWord(lex.Next(), nodes.word())
	case t.Type != tokOp:
		return nil, participle.NextMatch
	}
	if err := glued(lex, t); err != nil {
		return nil, err
	}
	switch t.Value {
	case "(":
		return parseParen(lex)
	case "[":
		return parseList(lex)
	}
	return nil, participle.NextMatch
}

// glued is the error of an argument that starts right where the one before it
// ends, of which one is in brackets.
func glued(lex *lexer.PeekingLexer, t *lexer.Token) error {
	last := lastToken(lex)
	if last.Pos.Offset+len(last.Value) != t.Pos.Offset || last.Type == tokOpen || last.Type == tokClose || last.Type == tokNewline {
		return nil
	}
	return errorAt(t, describe(t)+" right after "+describe(last),
		"leave a blank between two arguments, or write ${…} to put a value into a word")
}
