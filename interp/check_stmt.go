//go:build linux

package interp

import (
	"fmt"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// stmt checks one statement; top is set at the top level of a file.
func (c *checker) stmt(s lang.Stmt, top bool) {
	switch s := s.(type) {
	case *lang.Command:
		c.command(s)
	case *lang.Let:
		c.let(s.Name, c.expr(s.Value))
	case *lang.Assign:
		c.assign(s)
	case *lang.If:
		c.ifStmt(s)
	case *lang.For:
		c.forStmt(s)
	case *lang.In:
		c.inStmt(s, top)
	case *lang.Return:
		c.returnStmt(s)
	case *lang.Expect:
		c.expect(s)
	case *lang.Retry:
		c.durationArg(s.Within)
		c.durationArg(s.Every)
		c.meantToFail(s.Body)
	case *lang.Parallel:
		c.parallel(s)
	case *lang.Defer:
		c.deferStmt(s)
	case *lang.Atomic:
		c.block(s.Body)
	case *lang.Undo:
		c.possibly(s.Body)
	case *lang.Try:
		c.try(s)
	case *lang.Param:
		c.topOnly(s, "param", top)
		c.param(s)
	case *lang.Include:
		c.topOnly(s, "include", top)
		if f := c.prog.includes[s]; f != nil {
			c.script(f)
		}
	case *lang.Def:
		c.topOnly(s, "def", top)
	case *lang.Bad:
		c.diags = append(c.diags, s.Err)
	}
}

func (c *checker) topOnly(s lang.Stmt, word string, top bool) {
	if !top {
		c.bad(s, "%s stands at the top level of a file only", word)
	}
}

// meantToFail checks a block that may fail and be run again.
func (c *checker) meantToFail(b *lang.Block) {
	c.blind++
	c.possibly(b)
	c.blind--
}

// let declares a variable in this block.
func (c *checker) let(name *lang.Ident, val static) {
	if old, ok := c.scope.vars[name.Name]; ok && !old.missing {
		d := c.bad(name, "variable %q is declared in this block already", name.Name)
		if old.node != nil {
			d.Notes = append(d.Notes, "it was declared at "+placeOf(old.file, old.node))
		}
		d.Help = append(d.Help, fmt.Sprintf("%s = … gives it another value", name.Name))
		return
	}
	val.folded = true
	c.scope.declare(name.Name, &staticVar{node: name, file: c.file, val: val})
}

func placeOf(f *lang.File, n lang.Node) string {
	start, _ := n.Span()
	return fmt.Sprintf("%s:%d:%d", f.Name, start.Line, start.Col)
}

func (c *checker) assign(s *lang.Assign) {
	c.expr(s.Value)
	if c.scope.find(s.Name.Name) == nil && !c.mayBeLost(s.Name.Name) {
		d := c.undeclared(s.Name.Name, s.Name)
		d.Help = append(d.Help, fmt.Sprintf("let %s = … declares it", s.Name.Name))
	}
	c.guarded(s)
}

func (c *checker) ifStmt(s *lang.If) {
	c.truth(s.Cond, c.expr(s.Cond), "if")
	c.possibly(s.Then)
	switch other := s.Else.(type) {
	case *lang.If:
		c.maybe++
		c.ifStmt(other)
		c.maybe--
	case *lang.Block:
		c.possibly(other)
	}
}

// truth demands a bool where the value is known.
func (c *checker) truth(n lang.Node, s static, what string) {
	if s = c.use(s); s.v == nil {
		return
	}
	if _, err := truth(n, s.v, what); err != nil {
		c.wrong(n, err)
	}
}

func (c *checker) forStmt(s *lang.For) {
	over := c.expr(s.In)
	_, overRange := over.v.(value.Range)
	overRange = overRange || isRange(s.In)
	if use := c.use(over); use.v != nil {
		switch use.v.(type) {
		case value.List, value.Range, *value.Record:
		default:
			c.bad(s.In, "for goes over a list, a range or a record, this is %s", describe(use.v))
		}
	}
	c.scope = &staticScope{up: c.scope}
	if s.Key != nil {
		c.let(s.Key, static{single: true})
	}
	c.let(s.Var, static{single: overRange})
	c.maybe++
	c.inScope(s.Body)
	c.maybe--
	c.scope = c.scope.up
}

func isRange(x lang.Expr) bool {
	for {
		p, ok := x.(*lang.Paren)
		if !ok {
			break
		}
		x = p.X
	}
	b, ok := x.(*lang.Binary)
	return ok && b.Op == ".."
}

func (c *checker) inStmt(s *lang.In, top bool) {
	args := c.args(s.Refs)
	var err error
	if c.places, err = appendRefs(c.places[:0], args); err != nil {
		c.placed(s, err)
	} else if len(args.vals) == 0 {
		c.bad(s, "in needs one of %s", listOf(refNames))
	}
	if s.Body != nil {
		c.block(s.Body)
		return
	}
	if !top {
		c.bad(s, "in needs a block here")
	}
	c.entered++
}

// placed reports an error that may know its own place and help.
func (c *checker) placed(n lang.Node, err error) {
	d := diagnostic(c.file, n, err.Error(), "")
	if p, ok := err.(*placed); ok {
		d = diagnostic(c.file, p.node, p.err.Error(), p.help)
		d.Label = p.label
	}
	c.diags = append(c.diags, d)
}

func (c *checker) returnStmt(s *lang.Return) {
	if c.def == nil {
		c.bad(s, "return stands in a def only")
	} else if c.deferred {
		c.bad(s, "return can't be deferred")
	} else if c.beside > 0 {
		c.bad(s, "return can't leave a parallel block")
	}
	if s.Value != nil {
		c.expr(s.Value)
	}
}

// expect checks a check: its time, and what it looks at.
func (c *checker) expect(s *lang.Expect) {
	c.durationArg(s.Within)
	switch {
	case s.Cond != nil:
		c.truth(s.Cond, c.expr(s.Cond), "expect")
	case s.Fails != nil:
		c.meantToFail(s.Fails)
	case s.Check != nil:
		c.checkVerb(s.Check)
	}
}

func (c *checker) durationArg(a lang.Arg) {
	if a == nil {
		return
	}
	args := c.args([]lang.Arg{a})
	if len(args.vals) == 1 && args.vals[0].Value != nil {
		if _, err := durationOf(args.vals[0].Value); err != nil {
			c.wrong(a, err)
		}
	}
}

func (c *checker) deferStmt(s *lang.Defer) {
	switch s.Stmt.(type) {
	case *lang.Defer:
		c.bad(s.Stmt, "defer can't be deferred")
		return
	case *lang.Let:
		c.bad(s.Stmt, "a variable that is declared at the end of its block is of no use")
		return
	}
	deferred := c.deferred
	c.deferred = true
	c.stmt(s.Stmt, false)
	c.deferred = deferred
}

func (c *checker) try(s *lang.Try) {
	c.meantToFail(s.Body)
	if s.Catch == nil {
		return
	}
	c.scope = &staticScope{up: c.scope}
	if s.Name != nil {
		c.let(s.Name, static{single: true})
	}
	c.maybe++
	c.inScope(s.Catch)
	c.maybe--
	c.scope = c.scope.up
}
