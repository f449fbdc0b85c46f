//go:build linux

package interp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
)

// checker looks for everything that is wrong with a program and can be told
// without running it. It never reports what could be right: a value that is not
// known before the run fits everywhere, and what is known only through a
// variable counts only in code that is certain to run.
type checker struct {
	in    *Interp
	prog  *program
	diags lang.Diagnostics

	file     *lang.File
	scope    *staticScope
	blocks   []*lang.Block   // those around the statement, outermost first
	assigned map[string]bool // names that some `x = E` gives another value
	def      *defn           // whose body is being checked
	maybe    int             // > 0 in code that may not run, or not run once
	blind    int             // > 0 in code that is meant to fail
	deferred bool            // in the statement of a defer
	beside   int             // > 0 in what runs at once
	entered  int             // how many namespaces the prompt is in
	params   map[string]*lang.Param
	visited  map[*lang.File]bool
	toRun    bool           // the program is about to run, so its params must be there
	changed  bool           // a program has run by then, which may change what the kernel has
	lost     []string       // the text of statements that could not be parsed
	calls    []builtins.Arg // reused for the arguments of one command
	nodes    []lang.Node
	words    wordValues
	places   []place // reused for the namespaces of one `in`
	env      builtins.Env
	envFile  *lang.File     // that env's files are of
	last     *lang.Command  // the command checked last
	lastSpec *builtins.Spec // its verb
	ahead    *ahead         // of the list of statements, where that is long
}

// check checks a program; toRun is set where it is about to run.
func (in *Interp) check(p *program, toRun bool) lang.Diagnostics {
	c := &checker{
		in: in, prog: p, toRun: toRun,
		scope:    in.staticGlobals(),
		assigned: map[string]bool{},
		params:   map[string]*lang.Param{},
		visited:  map[*lang.File]bool{},
		entered:  len(in.entered),
	}
	for _, f := range p.files {
		c.collect(f)
	}
	c.scope = &staticScope{up: c.scope}
	c.script(p.main)
	c.maybe++
	for _, f := range p.files {
		c.bodies(f)
	}
	c.recursion()
	c.givenParams()
	return c.diags
}

// collect takes note of a file's defs, which may be used before they stand,
// and of the variables that change.
func (c *checker) collect(f *lang.File) {
	c.file = f
	for _, s := range f.Body.Stmts {
		if d, ok := s.(*lang.Def); ok {
			c.declareDef(d)
		}
	}
	lang.Walk(f.Body, func(n lang.Node) bool {
		switch n := n.(type) {
		case *lang.Assign:
			c.assigned[n.Name.Name] = true
		case *lang.Command:
			return n.Body != nil
		case *lang.Bad:
			c.lost = append(c.lost, sourceOf(f, n))
		case lang.Arg, lang.Expr:
			return false // no statement is inside
		}
		return true
	})
}

// sourceOf is a node's text.
func sourceOf(f *lang.File, n lang.Node) string {
	start, end := n.Span()
	if start.Offset < 0 || end.Offset < start.Offset || int(end.Offset) > len(f.Source) {
		return ""
	}
	return string(f.Source[start.Offset:end.Offset])
}

// mayBeLost reports whether a name that is not there might have been declared
// by what could not be read: an include, or a statement that holds the name.
func (c *checker) mayBeLost(name string) bool {
	if c.prog.unread {
		return true
	}
	return slices.ContainsFunc(c.lost, func(text string) bool { return strings.Contains(text, name) })
}

// script checks the statements of a file, which share the global variables.
func (c *checker) script(f *lang.File) {
	if c.visited[f] {
		return
	}
	c.visited[f] = true
	file, blocks := c.file, c.blocks
	c.file, c.blocks = f, append(c.blocks, f.Body)
	c.stmts(f.Body.Stmts, true)
	c.file, c.blocks = file, blocks
}

// block checks a block, with a scope of its own.
func (c *checker) block(b *lang.Block) {
	if b == nil {
		return
	}
	c.scope = &staticScope{up: c.scope}
	c.inScope(b)
	c.scope = c.scope.up
}

// inScope checks a block in the scope that is already open.
func (c *checker) inScope(b *lang.Block) {
	entered := c.entered
	c.entered = 0
	c.blocks = append(c.blocks, b)
	c.stmts(b.Stmts, false)
	c.blocks = c.blocks[:len(c.blocks)-1]
	c.entered = entered
}

// possibly checks a block that may not run.
func (c *checker) possibly(b *lang.Block) {
	c.maybe++
	c.block(b)
	c.maybe--
}

func (c *checker) stmts(list []lang.Stmt, top bool) {
	var seen repeats
	maybe, outer := c.maybe, c.ahead
	c.ahead = c.lookAhead(list)
	for i, s := range list {
		c.ahead.goTo(i)
		c.stmt(s, top)
		if c.blind == 0 {
			c.repeated(&seen, s)
		}
		if mayLeave(s) {
			c.maybe++ // what follows may not run
		}
	}
	c.maybe, c.ahead = maybe, outer
}

// mayLeave reports whether a statement may end the block, as a conditional
// `return` or `fail` does.
func mayLeave(s lang.Stmt) bool {
	switch s.(type) {
	case *lang.If, *lang.For:
	default:
		return false
	}
	leaves := false
	lang.Walk(s, func(n lang.Node) bool {
		switch n := n.(type) {
		case *lang.Return:
			leaves = true
		case *lang.Command:
			leaves = leaves || n.Verb.Raw == "fail"
			return n.Body != nil
		case lang.Arg, lang.Expr:
			return false
		}
		return !leaves
	})
	return leaves
}

// certain reports whether the statement at hand is sure to run.
func (c *checker) certain() bool { return c.maybe == 0 }

func (c *checker) bad(n lang.Node, format string, args ...any) *lang.Diagnostic {
	d := diagnostic(c.file, n, fmt.Sprintf(format, args...), "")
	c.diags = append(c.diags, d)
	return d
}

// wrong reports an error that an operation on known values gave.
func (c *checker) wrong(n lang.Node, err error) {
	d := c.bad(n, "%v", err)
	if help := suggestField(err); help != "" {
		d.Help = append(d.Help, help)
	}
}

// near adds "did you mean" to d where a candidate is close enough.
func near(d *lang.Diagnostic, word string, candidates []string) {
	if s := lang.Nearest(word, candidates); s != "" {
		d.Help = append(d.Help, fmt.Sprintf("did you mean %q?", s))
	}
}
