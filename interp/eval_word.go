//go:build linux

package interp

import (
	"slices"
	"strconv"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// arguments are evaluated arguments and the nodes that they came from.
type arguments struct {
	vals  []builtins.Arg
	nodes []lang.Node
	many  bool // one of the statement's came to none or to several
}

func (a *arguments) add(v builtins.Arg, n lang.Node) {
	a.vals = append(a.vals, v)
	a.nodes = append(a.nodes, n)
}

// spread adds a value that stands alone: a list as its items.
func (a *arguments) spread(v value.Value, n lang.Node) {
	list, ok := v.(value.List)
	if !ok {
		a.add(builtins.Arg{Value: v}, n)
		return
	}
	a.many = true
	for _, item := range list {
		a.add(builtins.Arg{Value: item}, n)
	}
}

// literal is the argument that a word is whatever the variables hold. ok is
// false where it depends on them, or is any number of arguments.
func literal(a lang.Arg) (arg builtins.Arg, ok bool) {
	w, isWord := a.(*lang.Word)
	if !isWord {
		return arg, false
	}
	if w.Parts == nil {
		return builtins.Arg{Value: value.String(w.Raw), Bare: true}, true
	}
	if len(w.Parts) != 1 {
		return arg, false
	}
	switch p := w.Parts[0].(type) {
	case *lang.Text:
		return builtins.Arg{Value: value.String(p.Value), Bare: true}, true
	case *lang.Quoted:
		if s, ok := plainText(p.Str); ok {
			return builtins.Arg{Value: value.String(s)}, true
		}
	}
	return arg, false
}

// bareText is the text of a word that is literal and bare.
func bareText(a lang.Arg) (string, bool) {
	w, ok := a.(*lang.Word)
	switch {
	case !ok:
		return "", false
	case w.Parts == nil:
		return w.Raw, true
	case len(w.Parts) != 1:
		return "", false
	}
	text, ok := w.Parts[0].(*lang.Text)
	if !ok {
		return "", false
	}
	return text.Value, true
}

// plainText is a string literal's text if nothing is put into it.
func plainText(s *lang.StrLit) (string, bool) {
	text := ""
	for _, p := range s.Parts {
		t, ok := p.(*lang.Text)
		if !ok {
			return "", false
		}
		text += t.Value
	}
	return text, true
}

// words are the arguments of a statement, and what is known of them before it
// runs.
type words struct {
	args  []lang.Arg
	nodes []lang.Node    // the same
	lits  []builtins.Arg // the literal ones; the others have a nil Value
	open  int            // how many are not literal
}

func wordsOf(args []lang.Arg) words {
	w := words{args: args, nodes: make([]lang.Node, len(args)), lits: make([]builtins.Arg, len(args))}
	for i, a := range args {
		w.nodes[i] = a
		var known bool
		if w.lits[i], known = literal(a); !known {
			w.open++
		}
	}
	return w
}

// literal reports whether an argument is.
func (w *words) literal(i int) bool { return w.lits[i].Value != nil }

// args evaluates a statement's arguments. Whoever is done with them may give them
// to reuse.
func (e *env) args(w *words) (arguments, error) {
	out := e.m.takeSpare()
	for i, a := range w.args {
		if w.literal(i) {
			out.add(w.lits[i], w.nodes[i])
			continue
		}
		if err := e.arg(&out, a); err != nil {
			return out, err
		}
	}
	return out, nil
}

// takeSpare returns what arguments are gathered in.
func (m *machine) takeSpare() arguments {
	n := len(m.spare)
	if n == 0 {
		return arguments{}
	}
	out := m.spare[n-1]
	m.spare = m.spare[:n-1]
	return out
}

// reuse has what args are in used for others.
func (m *machine) reuse(args arguments) {
	m.spare = append(m.spare, arguments{vals: args.vals[:0], nodes: args.nodes[:0]})
}

func (e *env) arg(out *arguments, a lang.Arg) error {
	switch a := a.(type) {
	case *lang.Paren:
		v, err := e.expr(a.X)
		if err != nil {
			return err
		}
		out.add(builtins.Arg{Value: v}, a)
	case *lang.ListExpr:
		list, err := e.exprs(a.Items)
		if err != nil {
			return err
		}
		out.spread(value.List(list), a)
	case *lang.Word:
		return e.word(out, a)
	}
	return nil
}

// word evaluates a word that is more than literal text: alone, what is put in
// keeps its type; joined with text, all becomes text.
func (e *env) word(out *arguments, w *lang.Word) error {
	if len(w.Parts) == 1 {
		switch p := w.Parts[0].(type) {
		case *lang.Var, *lang.Interp:
			v, err := e.part(p)
			if err != nil {
				return err
			}
			out.spread(v, w)
			return nil
		}
	}
	if !slices.ContainsFunc(w.Parts, isBrace) {
		text, err := e.joined(w.Parts)
		if err != nil {
			return err
		}
		out.add(builtins.Arg{Value: text}, w)
		return nil
	}
	words, _, err := expand(w.Parts, e.partText)
	if err != nil {
		return err
	}
	out.many = out.many || len(words) != 1
	for _, s := range words {
		out.add(builtins.Arg{Value: value.String(s)}, w)
	}
	return nil
}

func isBrace(p lang.WordPart) bool {
	_, ok := p.(*lang.Brace)
	return ok
}

// joined is the text of the pieces of a word or a string that has no brace.
func (e *env) joined(parts []lang.WordPart) (value.String, error) {
	text := e.m.text[:0]
	e.m.text = nil // a piece may be a string itself
	for _, p := range parts {
		if t, ok := p.(*lang.Text); ok {
			text = append(text, t.Value...)
			continue
		}
		v, err := e.part(p)
		if err != nil {
			return "", err
		}
		if n, ok := v.(value.Int); ok { // as of most names in a loop
			text = strconv.AppendInt(text, int64(n), 10)
			continue
		}
		text = append(text, v.String()...)
	}
	e.m.text = text
	return value.String(text), nil
}

func (e *env) partText(p lang.WordPart) (string, bool, error) {
	if t, ok := p.(*lang.Text); ok {
		return t.Value, true, nil
	}
	v, err := e.part(p)
	if err != nil {
		return "", false, err
	}
	return v.String(), true, nil
}
