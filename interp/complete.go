//go:build linux

package interp

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
)

// Complete returns what may stand at the end of src, which is the text of a
// prompt up to its cursor: candidates, sorted, that replace src from start on.
// They come from the verb table, from the variables and defs that there are,
// and from the links and namespaces that are there now; where the system can't
// be asked, those are left out.
func (in *Interp) Complete(ctx context.Context, src string) (start int, candidates []string) {
	cur := findCursor(src, in.Namespace())
	if cur.closed {
		return len(src), nil
	}
	c := &completion{in: in, ctx: ctx, cursor: cur, word: src[cur.start:]}
	start = cur.start
	if at, kind := c.expression(); kind == noExpression {
		c.statement(c.words)
	} else {
		start += at
		c.word = c.word[at:]
		c.value(kind == wholeExpression)
	}
	return start, c.sorted()
}

// completion gathers candidates for one word.
type completion struct {
	cursor
	in   *Interp
	ctx  context.Context
	word string
	out  []string
}

func (c *completion) add(names ...string) {
	for _, n := range names {
		if strings.HasPrefix(n, c.word) {
			c.out = append(c.out, n)
		}
	}
}

func (c *completion) sorted() []string {
	slices.Sort(c.out)
	return slices.Compact(c.out)
}

// expressionKind says what of an expression the cursor is in.
type expressionKind uint8

const (
	noExpression    expressionKind = iota
	variableOnly                   // `$name`: no call fits there
	wholeExpression                // any
)

// expression returns where in the word a name begins that an expression may
// have there, if it may.
func (c *completion) expression() (at int, kind expressionKind) {
	at = len(strings.TrimRightFunc(c.word, isNameRune))
	switch {
	case c.depth > 0:
		return at, wholeExpression
	case at > 0 && c.word[at-1] == '$':
		return at, variableOnly
	case len(c.words) == 0:
		return at, noExpression
	case c.words[0] == "if", c.words[0] == "return", slices.Contains(c.words, "="),
		c.words[0] == "for" && slices.Contains(c.words, "in"):
		return at, wholeExpression
	}
	return at, noExpression
}

func isNameRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// value adds the variables, and with calls the functions.
func (c *completion) value(calls bool) {
	vars, defs := c.in.Names()
	c.add(vars...)
	if !calls {
		return
	}
	for _, f := range functions {
		c.add(f.Name + "(")
	}
	for _, name := range defs {
		if c.in.defs[name].gives {
			c.add(name + "(")
		}
	}
}

// statement adds what may follow the words of a statement.
func (c *completion) statement(words []string) {
	if len(words) == 0 {
		c.head()
		return
	}
	rest := words[1:]
	switch words[0] {
	case "defer", "parallel", "else":
		c.statement(rest)
		return
	case "in":
		c.ref(rest)
		return
	case "expect":
		c.check(rest)
		return
	}
	if lang.IsKeyword(words[0]) {
		return
	}
	mod, ok := modifiers[words[0]]
	switch {
	case ok && len(rest) == 0:
		c.modified(mod)
	case ok:
		c.arguments(rest[0], mod, rest[1:])
	default:
		c.arguments(words[0], 0, rest)
	}
}

// head adds what a statement may start with.
func (c *completion) head() {
	for _, name := range c.in.verbs.Names() {
		if spec := c.in.verbs.Lookup(name); !spec.ModOnly && !strings.Contains(name, " ") {
			c.add(name)
		}
	}
	for _, name := range lang.Keywords() {
		if name != "else" && name != "catch" {
			c.add(name)
		}
	}
	c.add(slices.Collect(maps.Keys(modifiers))...)
	_, defs := c.in.Names()
	c.add(defs...)
	if len(c.in.entered) > 0 {
		c.add("out")
	}
}

// modified adds the verbs that a modifier may stand before.
func (c *completion) modified(mod builtins.Modifiers) {
	for _, name := range c.in.verbs.Names() {
		if c.in.verbs.Lookup(name).Modifiers&mod != 0 {
			first, _, _ := strings.Cut(name, " ")
			c.add(first)
		}
	}
}

// check adds what may follow `expect`.
func (c *completion) check(words []string) {
	if len(words) == 1 && words[0] == "within" {
		return
	}
	if len(words) >= 2 && words[0] == "within" {
		words = words[2:]
	} else if len(words) == 0 {
		c.add("within")
	}
	if len(words) > 0 && words[0] == "not" {
		words = words[1:]
	} else if len(words) == 0 {
		c.add("not")
	}
	if len(words) > 0 {
		c.arguments("expect "+words[0], 0, words[1:])
		return
	}
	c.add("fails")
	for _, name := range c.in.verbs.Names() {
		if check, ok := strings.CutPrefix(name, "expect "); ok {
			c.add(check)
		}
	}
}

// ref adds what may follow `in` and the words after it.
func (c *completion) ref(words []string) {
	kind := ""
	for i := 0; i < len(words); i++ {
		takes, ok := refWords[words[i]]
		switch {
		case ok && i+takes >= len(words) && takes > 0: // the cursor is at what it takes
			kind = words[i]
			i = len(words)
		case ok && words[i] == "ns":
			kind = "ns" // any number of names
		case ok:
			kind = ""
			i += takes
		}
	}
	switch kind {
	case "ns":
		c.namespaces("")
		if words[len(words)-1] != "ns" {
			c.add(refNames...)
		}
	case "":
		c.add(refNames...)
	}
}
