//go:build linux

package interp

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// planner writes calls down in place of doing them: one statement a line,
// neighbours of one namespace in one `in … < … >`.
type planner struct {
	w      *bufio.Writer
	levels []planLevel // the open blocks, outermost first; never empty
	news   int         // how many namespaces without a name there were
}

// planLevel is an open block: the namespace that a statement in it is in, and
// the one of the `in … <` that was opened last, if it is still open.
type planLevel struct {
	ns    nsexec.Ref
	group nsexec.Ref
	open  bool
}

func newPlanner(w io.Writer) *planner {
	return &planner{w: bufio.NewWriter(w), levels: []planLevel{{}}}
}

func (p *planner) top() *planLevel { return &p.levels[len(p.levels)-1] }

// call writes a call.
func (p *planner) call(e *env, call *builtins.Call) error {
	p.statement(e.ns, call.String())
	return nil
}

// statement writes a statement that belongs into a namespace.
func (p *planner) statement(ns nsexec.Ref, text string) {
	p.goTo(ns)
	p.line(text)
}

// goTo opens and closes groups so that the next line is in ns.
func (p *planner) goTo(ns nsexec.Ref) {
	at := p.top()
	if at.open && at.group == ns || !at.open && at.ns == ns {
		return
	}
	p.closeGroup()
	if at.ns != ns {
		p.line("in " + refText(ns) + " <")
		at.group, at.open = ns, true
	}
}

func (p *planner) closeGroup() {
	if at := p.top(); at.open {
		at.open = false
		p.line(">")
	}
}

func (p *planner) line(text string) {
	depth := len(p.levels) - 1
	for _, l := range p.levels {
		if l.open {
			depth++
		}
	}
	p.w.WriteString(strings.Repeat("    ", depth))
	p.w.WriteString(text)
	p.w.WriteByte('\n')
}

// block opens a block in the namespace ns, whose statements are in inner.
func (p *planner) block(ns nsexec.Ref, head string, inner nsexec.Ref) (end func()) {
	p.goTo(ns)
	p.line(head + " <")
	p.levels = append(p.levels, planLevel{ns: inner})
	return func() {
		p.closeGroup()
		p.levels = p.levels[:len(p.levels)-1]
		p.line(">")
	}
}

// fresh stands for a namespace without a name. Its number is none that an
// engine gives.
func (p *planner) fresh() nsexec.Ref {
	p.news++
	return nsexec.Ref{Kind: nsexec.RefAnonymous, TID: -p.news}
}

// enter is called where a block in a namespace starts; only one without a name
// has to stay a block of its own.
func (p *planner) enter(from, ref nsexec.Ref) (end func()) {
	if ref.Kind != nsexec.RefAnonymous || ref.TID >= 0 {
		return func() {}
	}
	return p.block(from, "in new", ref)
}

// catch ends the block that is open and begins the one that follows its
// failure.
func (p *planner) catch() {
	p.closeGroup()
	last := p.levels[len(p.levels)-1]
	p.levels = p.levels[:len(p.levels)-1]
	p.line("> catch <")
	p.levels = append(p.levels, planLevel{ns: last.ns})
}

// flat writes what a block would do, with all values put in, as one statement
// on one line; it is empty where that is nothing.
func (e *env) flat(b *lang.Block) (string, error) {
	var text strings.Builder
	p := newPlanner(&text)
	m := e.m.fork()
	m.plan, m.do, m.io, m.included, m.beside = p, m.enqueue, e.m.io, e.m.included, e.m.beside
	in := *e
	in.m = m
	if _, err := in.block(b); err != nil {
		return "", err
	}
	if err := p.end(); err != nil {
		return "", err
	}
	lines := strings.FieldsFunc(text.String(), func(r rune) bool { return r == '\n' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if len(lines) == 0 {
		return "", nil
	}
	return "in host < " + strings.Join(lines, "; ") + " >", nil
}

func (p *planner) end() error {
	p.closeGroup()
	return p.w.Flush()
}

// expect writes a check, with the values that its variables have.
func (p *planner) expect(e *env, s *lang.Expect, within time.Duration) error {
	head := "expect "
	if within > 0 {
		head += "within " + value.Duration(within).String() + " "
	}
	if s.Not {
		head += "not "
	}
	switch {
	case s.Cond != nil:
		x, err := e.reduce(s.Cond.X)
		if err == nil {
			p.statement(e.ns, head+"("+lang.ExprString(x)+")")
		}
		return err
	case s.Fails != nil:
		end := p.block(e.ns, head+"fails", e.ns)
		_, err := e.block(s.Fails)
		end()
		if lasting(err) {
			return err
		}
		return nil // that it fails is what is expected
	}
	spec := e.m.in.verbs.Lookup("expect " + verbName(s.Check.Verb))
	w := wordsOf(s.Check.Args)
	args, err := e.args(&w)
	if err != nil {
		return err
	}
	call, err := e.bind(spec, 0, s.Check, args)
	if err != nil {
		return err
	}
	p.statement(e.ns, head+strings.TrimPrefix(call.String(), "expect "))
	return nil
}

// reduce puts the values of variables into an expression, and leaves what asks
// the system as it stands.
func (e *env) reduce(x lang.Expr) (lang.Expr, error) {
	switch x := x.(type) {
	case *lang.Paren:
		in, err := e.reduce(x.X)
		return &lang.Paren{X: in}, err
	case *lang.Unary:
		in, err := e.reduce(x.X)
		return &lang.Unary{Op: x.Op, X: in}, err
	case *lang.Binary:
		a, err := e.reduce(x.X)
		if err != nil {
			return nil, err
		}
		b, err := e.reduce(x.Y)
		return &lang.Binary{Op: x.Op, X: a, Y: b}, err
	}
	if asks(x) {
		switch x := x.(type) {
		case *lang.Field:
			in, err := e.reduce(x.X)
			return &lang.Field{X: in, Name: x.Name}, err
		case *lang.Index:
			a, err := e.reduce(x.X)
			if err != nil {
				return nil, err
			}
			i, err := e.reduce(x.I)
			return &lang.Index{X: a, I: i}, err
		case *lang.Call:
			return e.reduceCall(x)
		}
	}
	v, err := e.expr(x)
	if err != nil {
		return nil, err
	}
	return &lang.Lit{Raw: value.Source(v), Value: v}, nil
}

func (e *env) reduceCall(x *lang.Call) (lang.Expr, error) {
	out := &lang.Call{Fun: x.Fun}
	for _, a := range x.Args {
		r, err := e.reduce(a)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, r)
	}
	return out, nil
}

// asks reports whether an expression asks the system something.
func asks(x lang.Expr) bool {
	found := false
	lang.Walk(x, func(n lang.Node) bool {
		if c, ok := n.(*lang.Call); ok {
			fn := functionByName[c.Fun.Name]
			found = found || fn != nil && fn.Asks
		}
		return !found
	})
	return found
}
