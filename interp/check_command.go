//go:build linux

package interp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// command checks a verb with its arguments, and the block after them.
func (c *checker) command(cmd *lang.Command) {
	if spec, kinds := c.ahead.found(cmd); spec != nil {
		c.last, c.lastSpec = cmd, spec
		c.needs(spec, cmd, kinds)
		return
	}
	name := verbName(cmd.Verb)
	if d := c.prog.def(name); d != nil {
		c.commandDef(cmd, d)
		return
	}
	if c.leaves(cmd) {
		return
	}
	spec, words := c.in.verb(cmd)
	c.last, c.lastSpec = cmd, spec
	if spec == nil || isCheck(spec) {
		c.unknownVerb(cmd, name)
		return
	}
	mod := c.modifier(cmd, spec)
	c.bind(spec, mod, cmd, c.args(words))
	if cmd.Body == nil {
		return
	}
	if spec.Enter == nil {
		c.bad(cmd.Body, "%s takes no block", name)
	}
	c.block(cmd.Body)
}

// verbOf is the verb of a command, which mostly is the one just checked.
func (c *checker) verbOf(cmd *lang.Command) *builtins.Spec {
	if cmd == c.last {
		return c.lastSpec
	}
	spec, _ := c.in.verb(cmd)
	return spec
}

func isCheck(s *builtins.Spec) bool { return strings.HasPrefix(s.Name, "expect ") }

// leaves recognises `out` at a prompt that has entered a namespace.
func (c *checker) leaves(cmd *lang.Command) bool {
	if cmd.Verb.Raw != "out" || c.entered == 0 || cmd.Modifier != nil || cmd.Body != nil || len(cmd.Args) > 0 {
		return false
	}
	c.entered--
	return true
}

// unknownVerb reports it, and still checks the arguments.
func (c *checker) unknownVerb(cmd *lang.Command, name string) {
	if !c.mayBeLost(name) {
		c.suggestVerb(c.bad(cmd.Verb, "unknown verb %q", name), name)
	}
	c.args(cmd.Args)
	c.block(cmd.Body)
}

func (c *checker) suggestVerb(d *lang.Diagnostic, name string) {
	if c.in.verbs.Lookup("expect "+name) != nil {
		d.Help = append(d.Help, fmt.Sprintf("did you mean %q?", "expect "+name))
		return
	}
	if c.scope.find(name) != nil {
		d.Help = append(d.Help, fmt.Sprintf("%s = … gives the variable another value", name))
		return
	}
	names := slices.DeleteFunc(c.in.verbs.Names(), func(s string) bool { return strings.Contains(s, " ") })
	for _, defs := range []map[string]*defn{c.prog.defs, c.prog.old} {
		names = slices.AppendSeq(names, maps.Keys(defs))
	}
	near(d, name, append(names, lang.Keywords()...))
	addHelp(d, programHelp(name))
}

// modifier checks the word before a verb.
func (c *checker) modifier(cmd *lang.Command, spec *builtins.Spec) builtins.Modifiers {
	if cmd.Modifier == nil {
		if spec.ModOnly {
			d := c.bad(cmd.Verb, "%q needs %s before it", spec.Name, listOf(modifiersIn(spec.Modifiers)))
			d.Help = append(d.Help, "for example: "+spec.Example)
		}
		return 0
	}
	mod := modifiers[cmd.Modifier.Raw]
	if mod&spec.Modifiers == 0 {
		d := c.bad(cmd.Modifier, "%q can't stand before %q", cmd.Modifier.Raw, spec.Name)
		if names := modifiersIn(spec.Modifiers); len(names) > 0 {
			d.Help = append(d.Help, fmt.Sprintf("%s can", listOf(names)))
		}
		return 0
	}
	return mod
}

func modifiersIn(m builtins.Modifiers) []string {
	var names []string
	for _, name := range []string{"del", "replace", "ensure", "flush"} {
		if m&modifiers[name] != 0 {
			names = append(names, name)
		}
	}
	return names
}

// listOf is `"a", "b" or "c"`.
func listOf(names []string) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(name)
	}
	return b.String()
}

// bind checks the arguments of a verb by its table entry.
func (c *checker) bind(spec *builtins.Spec, mod builtins.Modifiers, cmd *lang.Command, args arguments) {
	if spec.ModOnly && mod == 0 {
		return // said already
	}
	if c.envFile != c.file {
		c.envFile, c.env.Files = c.file, scriptFiles{c.in, c.file}
	}
	c.env.Unread = c.changed
	kinds, wrong := spec.Check(&c.env, mod, args.vals)
	c.needs(spec, cmd, kinds)
	if wrong == nil {
		return
	}
	n := lang.Node(cmd.Verb)
	if wrong.Arg >= 0 && wrong.Arg < len(args.nodes) {
		n = args.nodes[wrong.Arg]
	}
	d := c.bad(n, "%s", wrong.Msg)
	help := orderHelp(spec, cmd)
	if help == "" && isCheck(spec) {
		help = conditionHelp(cmd, wrong.Arg)
	}
	if help == "" {
		help = wrong.Help
	}
	addHelp(d, help)
}

// checkVerb checks the command of an `expect`.
func (c *checker) checkVerb(cmd *lang.Command) {
	name := verbName(cmd.Verb)
	args := c.args(cmd.Args)
	spec := c.in.verbs.Lookup("expect " + name)
	if spec == nil {
		d := c.bad(cmd.Verb, "unknown check %q", name)
		near(d, name, c.checkNames())
		d.Help = append(d.Help, "expect (E) checks an expression")
		return
	}
	c.bind(spec, 0, cmd, args)
}

func (c *checker) checkNames() []string {
	names := slices.Clone(conditions)
	for _, name := range c.in.verbs.Names() {
		if check, ok := strings.CutPrefix(name, "expect "); ok {
			names = append(names, check)
		}
	}
	return names
}

// commandDef checks the use of a def as a verb.
func (c *checker) commandDef(cmd *lang.Command, d *defn) {
	c.changed = true // by what it may run
	if cmd.Modifier != nil {
		c.bad(cmd.Modifier, "%q can't stand before %q, which is a def", cmd.Modifier.Raw, d.Name.Name)
	}
	if cmd.Body != nil {
		c.bad(cmd.Body, "%s takes no block", d.Name.Name)
		c.block(cmd.Body)
	}
	args := c.args(cmd.Args)
	if slices.ContainsFunc(args.vals, func(a builtins.Arg) bool { return a.Spread }) {
		return // how many there are is known when it runs
	}
	_, wrong := matchDef(d, args.vals)
	if wrong == nil {
		return
	}
	n := lang.Node(cmd.Verb)
	if wrong.Arg >= 0 {
		n = args.nodes[wrong.Arg]
	}
	diag := c.bad(n, "%s", wrong.Msg)
	if wrong.Help != "" {
		diag.Help = append(diag.Help, wrong.Help)
	}
}

// args checks a command's arguments, and reads what is known of them. The
// result is good until the next call.
func (c *checker) args(in []lang.Arg) arguments {
	out := arguments{vals: c.calls[:0], nodes: c.nodes[:0]}
	for _, a := range in {
		if lit, ok := c.words.literal(a); ok {
			out.add(lit, a)
			continue
		}
		switch a := a.(type) {
		case *lang.Paren:
			out.add(builtins.Arg{Value: c.use(c.expr(a.X)).v}, a)
		case *lang.ListExpr:
			for _, item := range c.exprs(a.Items) {
				out.add(builtins.Arg{Value: c.use(item).v}, a)
			}
		case *lang.Word:
			c.word(&out, a)
		}
	}
	c.calls, c.nodes = out.vals, out.nodes
	return out
}

// wordValues holds the values of words that came up lately, by what is quickly
// told of them: a script says the same few over and over.
type wordValues [64]value.Value

func (w *wordValues) value(text string) value.Value {
	if text == "" {
		return value.String("")
	}
	at := &w[(uint(len(text))+5*uint(text[0])+9*uint(text[len(text)-1]))%uint(len(w))]
	if old, ok := (*at).(value.String); !ok || string(old) != text {
		*at = value.String(text)
	}
	return *at
}

// literal is the function of that name, with a bare word's value from w.
func (w *wordValues) literal(a lang.Arg) (builtins.Arg, bool) {
	if text, ok := bareText(a); ok {
		return builtins.Arg{Value: w.value(text), Bare: true}, true
	}
	return literal(a)
}

func (c *checker) word(out *arguments, w *lang.Word) {
	if len(w.Parts) == 1 {
		switch p := w.Parts[0].(type) {
		case *lang.Var, *lang.Interp:
			s := c.use(c.part(p))
			if s.v == nil {
				out.add(builtins.Arg{Spread: !s.single}, w)
			} else {
				out.spread(s.v, w)
			}
			return
		}
	}
	words, known, err := expand(w.Parts, c.partText)
	switch {
	case err != nil:
		c.placed(w, err)
		out.add(builtins.Arg{Spread: true}, w)
	case words == nil:
		out.add(builtins.Arg{Spread: true}, w)
	default:
		for _, s := range words {
			arg := builtins.Arg{}
			if known {
				arg.Value = value.String(s)
			}
			out.add(arg, w)
		}
	}
}

// partText is the text of a piece of a word, as far as it is known.
func (c *checker) partText(p lang.WordPart) (string, bool, error) {
	s := c.use(c.part(p))
	if s.v == nil {
		return "", false, nil
	}
	return s.v.String(), true, nil
}
