package lang

import "github.com/nescript/nescript/lang/value"

// expr writes an expression.
func (p *printer) expr(x Expr) {
	switch x := x.(type) {
	case *Ident:
		p.write(x.Name)
	case *Lit:
		p.write(x.Raw)
	case *StrLit:
		p.write(x.Raw)
	case *Paren:
		p.write("(")
		p.expr(x.X)
		p.write(")")
	case *Unary:
		p.write(x.Op)
		if x.Op == "not" {
			p.write(" ")
		}
		p.expr(x.X)
	case *Binary:
		p.expr(x.X)
		if x.Op == ".." {
			p.write(x.Op)
		} else {
			p.write(" ", x.Op, " ")
		}
		p.expr(x.Y)
	case *Field:
		p.expr(x.X)
		p.write(".", x.Name.Name)
	case *Index:
		p.expr(x.X)
		p.write("[")
		p.expr(x.I)
		p.write("]")
	case *Call:
		p.write(x.Fun.Name, "(")
		p.inline(len(x.Args), func(i int) { p.expr(x.Args[i]) })
		p.write(")")
	case *ListExpr:
		p.list(x)
	case *RecordExpr:
		p.record(x)
	}
}

// inline writes n items with commas between.
func (p *printer) inline(n int, item func(i int)) {
	for i := range n {
		if i > 0 {
			p.write(", ")
		}
		item(i)
	}
}

func (p *printer) list(x *ListExpr) {
	p.write("[")
	item := func(i int) { p.expr(x.Items[i]) }
	if p.flat || !broken(x) {
		p.inline(len(x.Items), item)
	} else {
		p.lines(x, len(x.Items), func(i int) Node { return x.Items[i] }, func(i int) Node { return x.Items[i] }, item)
	}
	p.write("]")
}

func (p *printer) record(x *RecordExpr) {
	p.write("{")
	item := func(i int) {
		p.write(key(x.Keys[i].Name), ": ")
		p.expr(x.Values[i])
	}
	if p.flat || !broken(x) {
		p.inline(len(x.Keys), item)
	} else {
		p.lines(x, len(x.Keys), func(i int) Node { return x.Keys[i] }, func(i int) Node { return x.Values[i] }, item)
	}
	p.write("}")
}

// key is a record's key as it is written.
func key(name string) string {
	if name != "" && identEnd(name, 0) == len(name) {
		return name
	}
	return value.Quote(name)
}

// broken reports whether the items of a list or a record stand on lines of
// their own: where there is a newline right after the bracket that opens it.
func broken(x Expr) bool {
	from, to := x.Span()
	var first Node
	switch x := x.(type) {
	case *ListExpr:
		if len(x.Items) > 0 {
			first = x.Items[0]
		}
	case *RecordExpr:
		if len(x.Keys) > 0 {
			first = x.Keys[0]
		}
	}
	if first != nil {
		to, _ = first.Span()
	}
	return to.Line > from.Line
}

// lines writes n items between brackets over several lines, with the newlines
// where they are in the source. head and tail are where an item starts and
// ends.
func (p *printer) lines(x Expr, n int, head, tail func(i int) Node, item func(i int)) {
	open, end := x.Span()
	p.trailing(open.Line, end.Offset)
	p.write("\n")
	p.indent++
	last := int32(-1)
	for i := range n {
		start, _ := head(i).Span()
		if i == 0 || start.Line > last || p.before(start.Offset) {
			if i > 0 {
				p.trailing(last, start.Offset)
				p.write("\n")
			}
			last = p.ownLines(start.Offset, last)
			p.gap(last, start.Line)
			p.margin()
		} else {
			p.write(" ")
		}
		item(i)
		p.write(",")
		_, stop := tail(i).Span()
		last = stop.Line
	}
	if n > 0 {
		p.trailing(last, end.Offset)
		p.write("\n")
	}
	p.ownLines(end.Offset, last)
	p.indent--
	p.margin()
}
