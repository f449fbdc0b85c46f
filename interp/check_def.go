//go:build linux

package interp

import (
	"fmt"
	"strings"

	"github.com/nescript/nescript/lang"
)

// declareDef takes note of a def and checks its head.
func (c *checker) declareDef(d *lang.Def) {
	name := d.Name.Name
	if old, ok := c.prog.defs[name]; ok {
		diag := c.bad(d.Name, "def %q stands twice", name)
		diag.Notes = append(diag.Notes, "it was defined at "+placeOf(old.file, old.Name))
		return
	}
	def := &defn{Def: d, file: c.file, gives: givesValue(d.Body)}
	c.prog.defs[name] = def
	switch {
	case c.in.verbs.Lookup(name) != nil:
		c.bad(d.Name, "%q is a built-in verb", name)
	case name == "out":
		c.bad(d.Name, "%q leaves a namespace at the prompt", name)
	case def.gives && functionByName[name] != nil:
		c.bad(d.Name, "%q is a built-in function, so a def of that name can't return a value", name)
	}
	c.defParams(d)
}

func (c *checker) defParams(d *lang.Def) {
	seen := map[string]bool{}
	defaults := false
	for _, p := range d.Params {
		if seen[p.Name.Name] {
			c.bad(p.Name, "parameter %q stands twice", p.Name.Name)
		}
		seen[p.Name.Name] = true
		if defaults && p.Default == nil {
			c.bad(p.Name, "parameter %q has no default, so it comes before those that have one", p.Name.Name)
		}
		defaults = defaults || p.Default != nil
	}
}

// givesValue reports whether some return in a def's body has a value.
func givesValue(b *lang.Block) bool {
	gives := false
	lang.Walk(b, func(n lang.Node) bool {
		switch n := n.(type) {
		case *lang.Return:
			gives = gives || n.Value != nil
		case lang.Arg, lang.Expr:
			return false
		}
		return !gives
	})
	return gives
}

// bodies checks the bodies of a file's defs, once all global variables are
// known.
func (c *checker) bodies(f *lang.File) {
	c.file = f
	for _, s := range f.Body.Stmts {
		d, ok := s.(*lang.Def)
		if !ok || c.prog.defs[d.Name.Name].Def != d {
			continue
		}
		c.def = c.prog.defs[d.Name.Name]
		c.scope = &staticScope{up: c.scope}
		for _, p := range d.Params {
			if p.Default != nil {
				c.expr(p.Default)
			}
			if c.scope.vars[p.Name.Name] == nil { // else it was reported
				c.let(p.Name, static{})
			}
		}
		c.inScope(d.Body)
		c.scope = c.scope.up
		c.def = nil
	}
}

// recursion reports defs that call each other whatever happens: no run of them
// ends. Those that do so under a condition are bounded when they run.
func (c *checker) recursion() {
	sure := map[*defn][]*defn{}
	for _, d := range c.prog.defs {
		sure[d] = c.sureCalls(d.Body.Stmts, nil)
	}
	reported := map[*defn]bool{}
	for _, f := range c.prog.files {
		for _, s := range f.Body.Stmts {
			if d, ok := s.(*lang.Def); ok {
				c.circle(c.prog.defs[d.Name.Name], sure, reported)
			}
		}
	}
}

// circle reports d if its sure calls lead back to it.
func (c *checker) circle(d *defn, sure map[*defn][]*defn, reported map[*defn]bool) {
	way := pathTo(d, d, sure, map[*defn]bool{})
	if way == nil || reported[d] {
		return
	}
	names := make([]string, len(way))
	for i, w := range way {
		reported[w] = true
		names[i] = w.Name.Name
	}
	c.file = d.file
	if len(way) == 1 {
		c.bad(d.Name, "%q calls itself without end", d.Name.Name)
		return
	}
	diag := c.bad(d.Name, "%q calls itself without end", d.Name.Name)
	diag.Notes = append(diag.Notes, fmt.Sprintf("the circle is %s → %s", strings.Join(names, " → "), names[0]))
}

// pathTo finds the defs on a way of sure calls from one def to another.
func pathTo(from, to *defn, sure map[*defn][]*defn, seen map[*defn]bool) []*defn {
	for _, next := range sure[from] {
		if next == to {
			return []*defn{from}
		}
		if seen[next] {
			continue
		}
		seen[next] = true
		if rest := pathTo(next, to, sure, seen); rest != nil {
			return append([]*defn{from}, rest...)
		}
	}
	return nil
}

// sureCalls adds the defs that statements call whatever happens.
func (c *checker) sureCalls(list []lang.Stmt, out []*defn) []*defn {
	for _, s := range list {
		lang.Walk(s, func(n lang.Node) bool {
			switch n := n.(type) {
			case *lang.Command:
				if d := c.prog.defs[verbName(n.Verb)]; d != nil {
					out = append(out, d)
				}
			case *lang.Call:
				if d := c.prog.defs[n.Fun.Name]; d != nil && functionByName[n.Fun.Name] == nil {
					out = append(out, d)
				}
			case *lang.If:
				out = c.sureCalls([]lang.Stmt{&lang.Let{Name: &lang.Ident{}, Value: n.Cond}}, out)
				return false
			case *lang.For, *lang.Try, *lang.Undo, *lang.Expect, *lang.Retry, *lang.Parallel, *lang.Defer, *lang.Def:
				return false
			case *lang.Binary:
				return n.Op != "and" && n.Op != "or"
			}
			return true
		})
		if _, ends := s.(*lang.Return); ends || mayLeave(s) {
			break
		}
	}
	return out
}
