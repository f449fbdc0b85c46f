//go:build linux

package interp

import (
	"errors"
	"slices"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// use is what is known of a value at the statement at hand: what is known
// through a variable is of no use in code that may not run.
func (c *checker) use(s static) static {
	if s.folded && !c.certain() {
		return static{single: s.single}
	}
	return s
}

// expr checks an expression and computes it as far as it is known. Errors of
// the computing count only where the code is sure to run, or depends on nothing.
func (c *checker) expr(x lang.Expr) static {
	switch x := x.(type) {
	case *lang.Lit:
		return static{v: x.Value, single: true}
	case *lang.StrLit:
		return c.strLit(x)
	case *lang.Ident:
		return c.variable(x.Name, x)
	case *lang.Paren:
		return c.expr(x.X)
	case *lang.Unary:
		s := c.expr(x.X)
		return c.compute(x, []static{s}, func(v []value.Value) (value.Value, error) { return unary(x.Op, v[0]) })
	case *lang.Binary:
		return c.binary(x)
	case *lang.Index:
		s := []static{c.expr(x.X), c.expr(x.I)}
		return c.compute(x.I, s, func(v []value.Value) (value.Value, error) { return index(v[0], v[1]) })
	case *lang.Field:
		s := c.expr(x.X)
		return c.compute(x.Name, []static{s}, func(v []value.Value) (value.Value, error) { return field(v[0], x.Name.Name) })
	case *lang.Call:
		return c.call(x)
	case *lang.ListExpr:
		return c.compute(x, c.exprs(x.Items), func(v []value.Value) (value.Value, error) { return value.List(v), nil })
	case *lang.RecordExpr:
		return c.record(x)
	}
	return static{}
}

func (c *checker) exprs(xs []lang.Expr) []static {
	out := make([]static, len(xs))
	for i, x := range xs {
		out[i] = c.expr(x)
	}
	return out
}

// compute applies an operation if all its operands are known.
func (c *checker) compute(n lang.Node, operands []static, op func([]value.Value) (value.Value, error)) static {
	vals := make([]value.Value, len(operands))
	folded := false
	for i, s := range operands {
		if s = c.use(s); s.v == nil {
			return static{}
		}
		vals[i] = s.v
		folded = folded || s.folded
	}
	v, err := op(vals)
	if err != nil {
		c.wrong(n, err)
		return static{}
	}
	return static{v: v, folded: folded}
}

func (c *checker) variable(name string, n lang.Node) static {
	if v := c.scope.find(name); v != nil {
		if c.assigned[name] {
			return static{}
		}
		return v.val
	}
	if !c.mayBeLost(name) {
		c.undeclared(name, n)
	}
	return static{}
}

// undeclared reports a variable that is not declared, once for each name and
// block.
func (c *checker) undeclared(name string, n lang.Node) *lang.Diagnostic {
	var d *lang.Diagnostic
	if c.declaredLater(name) {
		d = c.bad(n, "variable %q is used before its declaration", name)
	} else {
		d = c.bad(n, "variable %q is not declared", name)
		near(d, name, c.scope.names())
	}
	c.scope.declare(name, &staticVar{node: n, file: c.file, missing: true})
	return d
}

func (c *checker) declaredLater(name string) bool {
	for _, b := range c.blocks {
		for _, s := range b.Stmts {
			switch s := s.(type) {
			case *lang.Let:
				if s.Name.Name == name {
					return true
				}
			case *lang.Param:
				if s.Name.Name == name {
					return true
				}
			}
		}
	}
	return false
}

func (c *checker) binary(x *lang.Binary) static {
	a := c.expr(x.X)
	if x.Op != "and" && x.Op != "or" {
		s := []static{a, c.expr(x.Y)}
		return c.compute(x, s, func(v []value.Value) (value.Value, error) { return binary(x.Op, v[0], v[1]) })
	}
	c.truth(x.X, a, x.Op)
	c.maybe++ // the right side may not count
	b := c.expr(x.Y)
	c.truth(x.Y, b, x.Op)
	c.maybe--
	return static{single: true}
}

func (c *checker) record(x *lang.RecordExpr) static {
	seen := map[string]bool{}
	for _, k := range x.Keys {
		if seen[k.Name] {
			c.bad(k, "key %q is given twice", k.Name)
		}
		seen[k.Name] = true
	}
	return c.compute(x, c.exprs(x.Values), func(v []value.Value) (value.Value, error) {
		rec := value.NewRecord()
		for i, k := range x.Keys {
			rec.Set(k.Name, v[i])
		}
		return rec, nil
	})
}

// strLit checks what is put into a string.
func (c *checker) strLit(s *lang.StrLit) static {
	if text, ok := plainText(s); ok {
		return static{v: value.String(text), single: true}
	}
	parts := make([]static, len(s.Parts))
	for i, p := range s.Parts {
		parts[i] = c.part(p)
	}
	out := c.compute(s, parts, func(v []value.Value) (value.Value, error) {
		text := ""
		for _, v := range v {
			text += v.String()
		}
		return value.String(text), nil
	})
	out.single = true
	return out
}

// part checks a piece of a word other than a brace.
func (c *checker) part(p lang.WordPart) static {
	switch p := p.(type) {
	case *lang.Text:
		return static{v: value.String(p.Value)}
	case *lang.Quoted:
		return c.strLit(p.Str)
	case *lang.Var:
		return c.variable(p.Name, p)
	case *lang.Interp:
		return c.expr(p.X)
	}
	return static{}
}

// call checks a call of a function or of a def.
func (c *checker) call(x *lang.Call) static {
	args := c.exprs(x.Args)
	fn, ok := functionByName[x.Fun.Name]
	if !ok {
		c.callDef(x)
		return static{}
	}
	if err := fn.checkArity(len(args)); err != nil {
		d := c.bad(x, "%v", err)
		d.Help = append(d.Help, "for example: "+fn.Example)
		return static{}
	}
	if fn.Asks {
		c.changed = c.changed || fn.Name == "capture"
		return static{}
	}
	return c.computeCall(x, fn, args)
}

func (c *checker) computeCall(x *lang.Call, fn *Function, args []static) static {
	var failed error
	out := c.compute(x, args, func(v []value.Value) (value.Value, error) {
		r, err := fn.call(v)
		if err != nil {
			failed, r = err, value.Null{}
		}
		return r, nil
	})
	if failed == nil {
		return out
	}
	n := lang.Node(x)
	var wrong *argError
	if errors.As(failed, &wrong) && wrong.arg < len(x.Args) {
		n = x.Args[wrong.arg]
	}
	c.wrong(n, failed)
	return static{}
}

func (c *checker) callDef(x *lang.Call) {
	c.changed = true // by what it may run
	name := x.Fun.Name
	d := c.prog.def(name)
	if d == nil && c.mayBeLost(name) {
		return
	}
	if d == nil {
		diag := c.bad(x.Fun, "unknown function %q", name)
		near(diag, name, c.functionNames())
		return
	}
	if !d.gives {
		c.bad(x.Fun, "%q has no return with a value, so it is no function", name)
	}
	if err := d.checkArity(len(x.Args)); err != nil {
		c.bad(x, "%v", err)
	}
}

// functionNames are the functions of the table and the defs that give a value.
func (c *checker) functionNames() []string {
	var names []string
	for _, f := range functions {
		names = append(names, f.Name)
	}
	for _, defs := range []map[string]*defn{c.prog.defs, c.prog.old} {
		for name, d := range defs {
			if d.gives {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
