package lang

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// errorAt is a diagnostic about a token.
func errorAt(t *lexer.Token, message string, help ...string) *Diagnostic {
	return &Diagnostic{Start: tokenPos(t), End: tokenEnd(t), Message: message, Help: help}
}

// standIn stands for the scanner's diagnostic about the tokBad t.
func standIn(t *lexer.Token) *Diagnostic {
	d := errorAt(t, "a token that can't be read")
	d.standIn = true
	return d
}

// unexpected is the error of finding t where what is wanted.
func unexpected(t *lexer.Token, want string, help ...string) *Diagnostic {
	if t.Type == tokBad {
		return standIn(t)
	}
	return errorAt(t, "expected "+want+", found "+describe(t), help...)
}

// describe names a token in a message.
func describe(t *lexer.Token) string {
	switch {
	case t.Type == lexer.EOF && t.Value == "":
		return "the end of the text"
	case t.Type == tokNewline && t.Value != ";":
		return "the end of the line"
	}
	text, _, cut := strings.Cut(t.Value, "\n")
	if utf8.RuneCountInString(text) > 30 {
		text, cut = string([]rune(text)[:30]), true
	}
	if cut {
		text += "…"
	}
	if strings.Contains(text, `"`) {
		return "`" + text + "`"
	}
	return `"` + text + `"`
}

// beyond makes sure that participle takes err for an error: it takes one
// within its lookahead, which is one token, for a node that does not match.
func beyond(lex *lexer.PeekingLexer, err error) error {
	if err != nil && err != participle.NextMatch {
		lex.Next()
		lex.Next()
	}
	return err
}

// diagnosticOf turns what a parse returned into a diagnostic; t is where it
// was. participle's own wording never gets out.
func diagnosticOf(err error, t *lexer.Token) *Diagnostic {
	var d *Diagnostic
	if errors.As(err, &d) {
		return d
	}
	if t.Type == tokBad {
		return standIn(t)
	}
	return errorAt(t, "unexpected "+describe(t))
}

// grammarError turns the error of the grammar of the statement that starts at
// tokens[0] into a diagnostic: which token was unexpected says, with the one
// before it, what was expected.
func grammarError(err error, tokens []lexer.Token) *Diagnostic {
	var d *Diagnostic
	if errors.As(err, &d) {
		return d
	}
	var u *participle.UnexpectedTokenError
	at := len(tokens) - 1
	if errors.As(err, &u) {
		for i := range tokens {
			if tokens[i].Pos == u.Unexpected.Pos && tokens[i].Type == u.Unexpected.Type {
				at = i
			}
		}
	}
	t := &tokens[at]
	for i := at; i >= 0 && (t.Type == lexer.EOF || i == at); i-- {
		// Nothing is missing at the end but what closes the thing left open.
		if tokens[i].Type == tokBad {
			return standIn(&tokens[i])
		}
	}
	want, help := expected(tokens[:at])
	d = unexpected(t, want, help...)
	d.mayGoOn = t.Type == tokNewline && at > 0 && tokens[at-1].Type == tokClose
	return d
}

// expected says what could have come after the tokens of a statement.
func expected(tokens []lexer.Token) (want string, help []string) {
	if len(tokens) == 0 {
		return "a statement", nil
	}
	keyword, last := tokens[0].Value, &tokens[len(tokens)-1]
	after := func(what string) (string, []string) { return what + " after " + describe(last), nil }
	switch {
	case last.Type == tokKeyword:
		switch last.Value {
		case "let", "param", "for", "def":
			return after("a name")
		case "if":
			return after("a condition")
		case "in":
			return "a namespace after \"in\"", []string{"as `in ns h1 < … >`, or host, new, pid, thread, path, docker, podman"}
		case "include":
			return after("a file")
		case "expect":
			return after("a condition in brackets or a check")
		case "parallel":
			return `a block or "for" after "parallel"`, nil
		case "catch":
			return `a name or a block after "catch"`, nil
		}
		return after("a block")
	case last.Type == tokOp && last.Value == "in":
		return after("what to go over")
	case last.Type == tokOp && last.Value == "=":
		return after("a value")
	case last.Type == tokClose && keyword == "try":
		return `"catch" after the block of "try"`, nil
	case keyword == "expect" && last.Value != "fails":
		return after("a condition in brackets or a check")
	}
	return expectedIn(keyword, last, tokens)
}

// expectedIn is expected by the statement's keyword and last, the last token.
func expectedIn(keyword string, last *lexer.Token, tokens []lexer.Token) (want string, help []string) {
	n := len(tokens)
	switch {
	case keyword == "let" && n == 2:
		return `"=" after ` + describe(last), nil
	case keyword == "for" && n == 2:
		return `"in" after ` + describe(last), []string{"as `for x in 1..3 < … >`"}
	case keyword == "for" && last.Value == ",":
		return `a name after ","`, nil
	case keyword == "for" && n == 4 && tokens[2].Value == ",":
		return `"in" after ` + describe(last), nil
	case keyword == "def" && last.Value != ")":
		if n == 2 {
			return `"(" after ` + describe(last), []string{"as `def v(a, b, mtu = 1500) < … >`"}
		}
		if last.Value == "(" || last.Value == "," {
			return `a parameter's name after ` + describe(last), nil
		}
		return `"," or ")" after ` + describe(last), nil
	}
	return "a block after " + describe(last), []string{"a block is < … >"}
}

// strayKeyword is the error of a keyword that starts no statement.
func strayKeyword(t *lexer.Token) *Diagnostic {
	opener := "if"
	if t.Value == "catch" {
		opener = "try"
	}
	return errorAt(t, `"`+t.Value+`" without "`+opener+`"`,
		`it stands after the ">" of the block, on the same line or the next`)
}

// noStatement is the error of a token that starts no statement.
func noStatement(t *lexer.Token) *Diagnostic {
	if t.Type == tokOpen {
		return errorAt(t, `a block without a statement before it`, "as `in ns h1 < … >` or `parallel < … >`")
	}
	return unexpected(t, "a verb or a keyword")
}

// noEnd is the error of a statement that is complete at last but goes on with
// t.
func noEnd(s Stmt, last, t *lexer.Token) *Diagnostic {
	switch {
	case t.Type == tokBad:
		return standIn(t)
	case t.Type == tokKeyword && (t.Value == "else" || t.Value == "catch"):
		return strayKeyword(t)
	case last.Type == tokClose:
		return unexpected(t, `a newline or ";" after ">"`)
	case t.Type == tokOpen:
		if _, ok := s.(*Command); !ok {
			return errorAt(t, `a block can't stand here`, `"<" compares only within brackets: (a < b)`)
		}
	case t.Value == "=" && t.Type == tokOp:
		return unexpected(t, "the end of the statement", `"==" compares, "=" assigns at the start of a statement`)
	}
	return unexpected(t, "the end of the statement")
}
