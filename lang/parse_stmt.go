package lang

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Parse implements participle.Parseable: `< … >`. It never fails once it has
// seen the `<`: a statement that can't be parsed becomes a *Bad.
func (b *Block) Parse(lex *lexer.PeekingLexer) error {
	if lex.Peek().Type != tokOpen {
		return participle.NextMatch
	}
	b.parse(lex, &feed{})
	return nil
}

// parse parses a block, at its `<`.
func (b *Block) parse(lex *lexer.PeekingLexer, from *feed) {
	b.Open = tokenPos(lex.Next())
	b.statementsIn(lex, from)
	if lex.Peek().Type == tokClose { // where it is missing, the scanner has said so
		b.Close = tokenPos(lex.Next())
	}
}

// statementsIn adds the statements up to a `>` or the end of the tokens.
func (b *Block) statementsIn(lex *lexer.PeekingLexer, from *feed) {
	for {
		switch t := lex.Peek(); t.Type {
		case tokNewline:
			lex.Next()
			continue
		case lexer.EOF:
			if from.refill(lex) {
				continue
			}
			return
		case tokClose:
			return
		}
		start, fills := lex.MakeCheckpoint(), from.fills
		stmt, err := parseStmt(lex, from)
		if err != nil {
			if fills == from.fills {
				lex.LoadCheckpoint(start)
			}
			b.Stmts = append(b.Stmts, skipBad(lex, from, err))
			continue
		}
		b.Stmts = append(b.Stmts, stmt)
		if t := lex.Peek(); t.Type != tokNewline && t.Type != tokClose && t.Type != lexer.EOF {
			b.Stmts = append(b.Stmts, skipBad(lex, from, noEnd(stmt, lastToken(lex), t)))
		}
	}
}

// parseStmt parses a statement up to what ends it: a command by hand, any
// other by its grammar.
func parseStmt(lex *lexer.PeekingLexer, from *feed) (Stmt, error) {
	switch t := lex.Peek(); t.Type {
	case tokPlain, tokWord:
		return parseCommand(lex, from)
	case tokIdent:
		return structured["="](lex)
	case tokKeyword:
		if in := parseIn(lex, from); in != nil {
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
func parseIn(lex *lexer.PeekingLexer, from *feed) *In {
	start := lex.MakeCheckpoint()
	word := *lex.Next()
	if word.Value != "in" {
		lex.LoadCheckpoint(start)
		return nil
	}
	in := &In{}
	from.scratch = from.scratch[:0]
	for t := lex.Peek(); t.Type == tokPlain || t.Type == tokWord; t = lex.Peek() {
		ref, err := parseArg(lex, from)
		if err != nil {
			lex.LoadCheckpoint(start)
			return nil
		}
		from.scratch = append(from.scratch, ref)
	}
	if len(from.scratch) == 0 || lex.Peek().Type != tokOpen {
		lex.LoadCheckpoint(start)
		return nil
	}
	in.Refs = from.keep()
	in.Body = &Block{}
	in.Body.parse(lex, from)
	in.setSpan(tokenPos(&word), tokenEnd(lastToken(lex)))
	return in
}

// skipBad moves to the end of the statement, over the blocks in it, and
// returns what stands for it.
func skipBad(lex *lexer.PeekingLexer, from *feed, err error) *Bad {
	b := &Bad{Err: diagnosticOf(err, lex.Peek())}
	b.start = tokenPos(lex.Peek())
	b.end = b.start
	depth := 0
	for {
		t := lex.Peek()
		switch t.Type {
		case lexer.EOF:
			if !from.refill(lex) {
				return b
			}
			continue
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
	cmd, err := parseCommand(lex, &feed{})
	if err != nil {
		return beyond(lex, err)
	}
	*c = *cmd
	return nil
}

// parseCommand parses a command, at a word.
func parseCommand(lex *lexer.PeekingLexer, from *feed) (*Command, error) {
	c := from.command()
	t := lex.Next()
	verb, err := parseWord(t, from.word())
	if err != nil {
		return nil, err
	}
	if next := lex.Peek(); IsModifier(t.Value) && (next.Type == tokPlain || next.Type == tokWord) {
		c.Modifier = verb
		if verb, err = parseWord(lex.Next(), from.word()); err != nil {
			return nil, err
		}
	}
	c.Verb = verb
	from.scratch = from.scratch[:0]
	for {
		arg, err := parseArg(lex, from)
		if err == participle.NextMatch {
			break
		} else if err != nil {
			return nil, err
		}
		from.scratch = append(from.scratch, arg)
	}
	c.Args = from.keep()
	if lex.Peek().Type == tokOpen {
		c.Body = &Block{}
		c.Body.parse(lex, from)
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
func parseArg(lex *lexer.PeekingLexer, from *feed) (Arg, error) {
	t := lex.Peek()
	switch {
	case t.Type == tokPlain || t.Type == tokWord:
		if err := glued(lex, t); err != nil {
			return nil, err
		}
		return parseWord(lex.Next(), from.word())
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
