package lang

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// extent finds out how far a word, a string or an interpolation goes, without
// reading what is in it: the parser does that. i moves over s; depth is how
// many interpolations and braces are open.
type extent struct {
	s       string
	i       int
	depth   int
	complex bool // something in the word is more than its text
}

// extentError says what is wrong from at to i.
type extentError struct {
	at, end    int
	message    string
	help       string
	incomplete bool
	tooDeep    bool
}

func (w *extent) fail(at int, message, help string) *extentError {
	return &extentError{at: at, end: max(w.i, at+1), message: message, help: help}
}

// word moves to the end of a word of a command.
func (w *extent) word() *extentError {
	for w.i < len(w.s) && !wordEnds(w.s, w.i) {
		if err := w.piece(); err != nil {
			return err
		}
	}
	return nil
}

// piece moves over one piece of a word: a string, an interpolation, a brace or
// a byte of text.
func (w *extent) piece() *extentError {
	c := w.s[w.i]
	switch c {
	case '"', '\'', '`':
		w.complex = true
		return w.quoted()
	case '$':
		w.complex = true
		return w.dollar()
	case '{':
		w.complex = true
		return w.brace()
	case '}':
		return w.fail(w.i, `a "}" without its "{"`, `quote a literal one: '}'`)
	}
	w.i++
	return nil
}

// quoted moves over a string.
func (w *extent) quoted() *extentError {
	quote := w.s[w.i]
	if quote == '"' {
		return w.double()
	}
	start := w.i
	n := strings.IndexByte(w.s[start+1:], quote)
	if quote == '`' && n < 0 {
		w.i = len(w.s)
		return &extentError{at: start, end: start + 1, message: "the string is never closed", incomplete: true}
	}
	if quote == '\'' && (n < 0 || strings.IndexByte(w.s[start+1:start+1+n], '\n') >= 0) {
		return w.openString(start)
	}
	w.i = start + 1 + n + 1
	return nil
}

// openString is the error of a string that its line does not close.
func (w *extent) openString(start int) *extentError {
	w.i = start + 1 + len(lineOf(w.s[start+1:]))
	return &extentError{at: start, end: w.i, message: "the string is not closed on its line",
		help: "a string in backquotes may hold newlines", incomplete: strings.Trim(w.s[w.i:], "\r\n") == ""}
}

func lineOf(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r")
}

// double moves over a string in double quotes.
func (w *extent) double() *extentError {
	start := w.i
	for w.i++; w.i < len(w.s); {
		switch c := w.s[w.i]; {
		case c == '"':
			w.i++
			return nil
		case c == '\n':
			return w.openString(start)
		case c == '\\' && w.i+1 < len(w.s) && w.s[w.i+1] != '\n':
			w.i += 2
		case c == '$':
			if err := w.dollar(); err != nil {
				return err
			}
		default:
			w.i++
		}
	}
	return w.openString(start)
}

// dollar moves over `$name` or `${…}`.
func (w *extent) dollar() *extentError {
	start := w.i
	if w.i++; w.i < len(w.s) && w.s[w.i] == '{' {
		w.i++
		return w.interp(start)
	}
	end := identEnd(w.s, w.i)
	if end == w.i {
		return w.fail(start, `a "$" without a name after it`, `write $name or ${…}; quote a literal one: '$'`)
	}
	w.i = end
	return nil
}

// deeper counts an interpolation or a brace in.
func (w *extent) deeper(start int) *extentError {
	if w.depth++; w.depth > maxInterp {
		err := w.fail(start, "interpolations and braces nest too deep here: at most 16", "")
		err.tooDeep = true
		return err
	}
	return nil
}

// interp moves past the `}` of the `${` at start.
func (w *extent) interp(start int) *extentError {
	if err := w.deeper(start); err != nil {
		return err
	}
	defer func() { w.depth-- }()
	open := 1
	for w.i < len(w.s) {
		switch w.s[w.i] {
		case '"', '\'', '`':
			if err := w.quoted(); err != nil {
				return w.openInterp(start, err)
			}
			continue
		case '#':
			w.i += len(lineOf(w.s[w.i:]))
			continue
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				w.i++
				return nil
			}
		}
		w.i++
	}
	return w.openInterp(start, &extentError{incomplete: true})
}

// openInterp is the error of the `${` at start that nothing closes; inner is
// what went wrong in it, as a string that runs on because the quote meant to
// end the outer one began it.
func (w *extent) openInterp(start int, inner *extentError) *extentError {
	if inner.tooDeep {
		return inner
	}
	return &extentError{at: start, end: start + 2, message: `the "${" is never closed`, incomplete: inner.incomplete}
}

// brace moves over `{a,b}` or `{1..3}`.
func (w *extent) brace() *extentError {
	start := w.i
	if err := w.deeper(start); err != nil {
		return err
	}
	defer func() { w.depth-- }()
	parts := false
	for w.i++; w.i < len(w.s) && !wordEnds(w.s, w.i); {
		switch c := w.s[w.i]; {
		case c == '}':
			if w.i++; !parts {
				return w.fail(start, "a brace needs a comma or .. in it: {a,b} or {1..3}", `quote a literal one: '`+w.s[start:w.i]+`'`)
			}
			return nil
		case c == ',' || c == '.' && strings.HasPrefix(w.s[w.i:], ".."):
			parts = true
			w.i++
		default:
			if err := w.piece(); err != nil {
				return err
			}
		}
	}
	w.i = start + 1
	return w.fail(start, `a "{" without its "}"`, `braces hold no blanks; quote a literal one: '{'`)
}

// failed yields what w went over as a tokBad.
func (s *scanner) failed(w extent, err *extentError) lexer.Token {
	end := max(w.i, err.end)
	for end < len(s.src) && !wordEnds(s.src, end) {
		end++
	}
	start := s.pos()
	at := start.after(s.src[s.off:err.at])
	d := &Diagnostic{Start: at, End: at.after(s.src[err.at:err.end]), Message: err.message, Incomplete: err.incomplete}
	if err.help != "" {
		d.Help = []string{err.help}
	}
	d.scanned = start.Offset
	s.diags = append(s.diags, d)
	t := s.token(tokBad, end)
	if err.tooDeep {
		s.giveUp()
	}
	return t
}
