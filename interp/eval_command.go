//go:build linux

package interp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// planned is what is known of a command before it runs, so that a loop finds it
// out once.
type planned struct {
	spec  *builtins.Spec // nil where def is set
	def   *defn
	mod   builtins.Modifiers
	words words          // those after the verb's own
	form  *builtins.Form // of one in a loop; nil otherwise
}

// planOf finds out what a command is, or looks it up.
func (e *env) planOf(c *lang.Command) (*planned, error) {
	m := e.m
	if p, ok := m.plans[c]; ok {
		return p, nil
	}
	name := verbName(c.Verb)
	p := &planned{def: m.prog.def(name)}
	args := c.Args
	if p.def == nil {
		if p.spec, args = m.in.verb(c); p.spec == nil {
			return nil, at(c.Verb, fmt.Errorf("unknown verb %q", name))
		}
	}
	p.words = wordsOf(args)
	if c.Modifier != nil {
		p.mod = modifiers[c.Modifier.Raw]
	}
	if e.trace == nil {
		return p, nil // not in a loop, so it will hardly be asked for again
	}
	if p.spec != nil {
		p.form = builtins.NewForm(p.spec, p.mod, p.words.literal)
	}
	if m.plans == nil {
		m.plans = map[*lang.Command]*planned{}
	}
	m.plans[c] = p
	return p, nil
}

// modifiers are the words that stand before a verb.
var modifiers = map[string]builtins.Modifiers{
	"del":     builtins.Del,
	"replace": builtins.Replace,
	"ensure":  builtins.Ensure,
	"flush":   builtins.Flush,
}

// verbName is a command's verb as text.
func verbName(w *lang.Word) string {
	if w.Parts == nil {
		return w.Raw
	}
	if lit, ok := literal(w); ok {
		return lit.Value.String()
	}
	return w.Raw
}

// verb finds a command's verb, nil where there is none, and the arguments behind
// it. A verb of two words, as `xfrm state`, goes before one of the first alone.
func (in *Interp) verb(c *lang.Command) (*builtins.Spec, []lang.Arg) {
	name := verbName(c.Verb)
	if len(c.Args) > 0 {
		if word, ok := bareText(c.Args[0]); ok {
			if spec := in.verbs.LookupPair(name, word); spec != nil {
				return spec, c.Args[1:]
			}
		}
	}
	return in.verbs.Lookup(name), c.Args
}

func (e *env) command(c *lang.Command) error {
	if e.m.in.isOut(c) {
		return e.leave()
	}
	p, err := e.planOf(c)
	if err != nil {
		return err
	}
	args, err := e.args(&p.words)
	if err != nil {
		return err
	}
	if p.def != nil {
		return e.callDef(p.def, c, args)
	}
	call, err := e.bindAs(p, c, args)
	if err != nil {
		return err
	}
	e.m.site = e.siteOf(c, &p.words, args)
	if err := e.m.do(e.ctx, call); err != nil {
		return e.wrap(c, &args, err)
	}
	var enter []nsexec.Ref
	if c.Body != nil {
		enter = p.spec.Enter(call)
	}
	e.m.reuse(args)
	for _, ref := range enter {
		if _, err := e.enter(ref, c, c.Body); err != nil {
			return err
		}
	}
	return nil
}

// bind binds evaluated arguments to a verb, placing what is wrong with one.
func (e *env) bind(spec *builtins.Spec, mod builtins.Modifiers, c *lang.Command, args arguments) (*builtins.Call, error) {
	call, wrong := e.m.bind(spec, e.m.envOf(e.ns, e.file), mod, args.vals)
	return call, misbound(wrong, c, args)
}

// bindAs is bind of a statement that is known.
func (e *env) bindAs(p *planned, c *lang.Command, args arguments) (*builtins.Call, error) {
	if p.form == nil || args.many || e.m.keepsCalls() {
		return e.bind(p.spec, p.mod, c, args)
	}
	call, wrong := p.form.Bind(e.m.envOf(e.ns, e.file), args.vals)
	return call, misbound(wrong, c, args)
}

// misbound places what is wrong with an argument.
func misbound(wrong *builtins.ArgError, c *lang.Command, args arguments) error {
	if wrong == nil {
		return nil
	}
	p := &placed{node: c.Verb, err: errors.New(wrong.Msg), help: wrong.Help}
	if wrong.Arg >= 0 && wrong.Arg < len(args.nodes) {
		p.node = args.nodes[wrong.Arg]
	}
	return p
}

// bind is Spec.Bind. Where only the verb itself gets the call, it is good until
// the next.
func (m *machine) bind(spec *builtins.Spec, env *builtins.Env, mod builtins.Modifiers, args []builtins.Arg) (*builtins.Call, *builtins.ArgError) {
	if m.keepsCalls() {
		return spec.Bind(env, mod, slices.Clone(args))
	}
	return m.binder.Bind(spec, env, mod, args)
}

// keepsCalls reports whether others than the verb get calls, who may keep them.
func (m *machine) keepsCalls() bool { return m.in.eager() || m.plan != nil }

// enter runs a block in a namespace, which n named.
func (e *env) enter(ref nsexec.Ref, n lang.Node, b *lang.Block) (outcome, error) {
	in := e.inner()
	in.ns, in.nsNode, in.nsFile = ref, n, e.file
	if e.m.plan != nil {
		defer e.m.plan.enter(e.ns, ref)()
	}
	return in.stmts(b.Stmts)
}
