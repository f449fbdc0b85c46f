package lang

import (
	"io"

	"github.com/alecthomas/participle/v2/lexer"
)

// The kinds of token. Every token's Value is its source text, so that the
// grammar's literals match by it.
const (
	tokNewline lexer.TokenType = iota + 1 // the end of a statement: a newline or `;`
	tokOpen                               // `<` opening a block
	tokClose                              // `>` closing one
	tokKeyword                            // a word that starts a statement of its own form
	tokPlain                              // a word with nothing in it to expand
	tokWord                               // any other word, whole
	tokIdent                              // a name in an expression
	tokLit                                // a literal other than a string
	tokString                             // a string in an expression, whole
	tokOp                                 // an operator or a bracket in an expression, or a bracket around one
	tokBad                                // what can't be a token; the scanner holds the diagnostic
)

var symbols = map[string]lexer.TokenType{
	"EOF":     lexer.EOF,
	"Newline": tokNewline,
	"Open":    tokOpen,
	"Close":   tokClose,
	"Keyword": tokKeyword,
	"Plain":   tokPlain,
	"Word":    tokWord,
	"Ident":   tokIdent,
	"Lit":     tokLit,
	"String":  tokString,
	"Op":      tokOp,
	"Bad":     tokBad,
}

// definition is the language's lexer as participle takes it.
type definition struct{}

// Symbols implements lexer.Definition.
func (definition) Symbols() map[string]lexer.TokenType { return symbols }

// Lex implements lexer.Definition.
func (d definition) Lex(name string, r io.Reader) (lexer.Lexer, error) {
	src, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return d.LexString(name, string(src))
}

// LexString implements lexer.StringDefinition. Tokens do not carry the name:
// the file's node does.
func (definition) LexString(_, src string) (lexer.Lexer, error) { return newScanner(src), nil }

// keywordMode is the mode that a keyword at the start of a statement leaves
// the rest of the statement to; modeNone says that the word is no keyword.
func keywordMode(word string) mode {
	switch word {
	case "let", "param", "if", "for", "def", "return", "catch":
		return modeExpr
	case "in", "include", "expect", "retry", "atomic", "try", "undo":
		return modeWords
	case "parallel", "defer", "else":
		return modeStart
	}
	return modeNone
}

// IsKeyword reports whether word starts a statement of its own form, so that
// it can't be a verb.
func IsKeyword(word string) bool { return keywordMode(word) != modeNone }

// Keywords are the words for which IsKeyword holds, sorted.
func Keywords() []string {
	return []string{"atomic", "catch", "def", "defer", "else", "expect", "for", "if", "in", "include",
		"let", "parallel", "param", "retry", "return", "try", "undo"}
}

// tokenPos is where t starts.
func tokenPos(t *lexer.Token) Pos {
	return Pos{Offset: int32(t.Pos.Offset), Line: int32(t.Pos.Line), Col: int32(t.Pos.Column)}
}

// tokenEnd is where t ends.
func tokenEnd(t *lexer.Token) Pos { return tokenPos(t).after(t.Value) }
