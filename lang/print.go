package lang

import (
	"io"
	"slices"
	"strings"
)

// Fprint writes the file in the one canonical layout: a statement a line,
// blocks indented by four blanks (or on one line, where they are so in the
// source), one blank line at most between statements, and every comment where
// it was. The layout of the layout is the layout. A file with a *Bad can't be
// written: the error is its diagnostic.
func Fprint(w io.Writer, f *File) error {
	for n := range Preorder(f) {
		if bad, ok := n.(*Bad); ok {
			return bad.Err
		}
	}
	p := &printer{comments: slices.Clone(f.Comments)}
	p.statements(f.Body, 1<<31-1)
	_, err := io.WriteString(w, align(p.out.String()))
	return err
}

// StmtString is the statement in one line, without comments; a string in it
// may hold newlines.
func StmtString(s Stmt) string {
	p := &printer{flat: true}
	p.stmt(s)
	return p.out.String()
}

// ExprString is the expression in one line.
func ExprString(x Expr) string {
	p := &printer{flat: true}
	p.expr(x)
	return p.out.String()
}

// printer writes a tree. Blanks and newlines go out only through it, so that
// comments can be put in: each one that has not been written yet comes at the
// first chance after its place in the source.
type printer struct {
	out      strings.Builder
	indent   int
	flat     bool // all on one line
	comments []Comment
}

func (p *printer) write(text ...string) {
	for _, t := range text {
		p.out.WriteString(t)
	}
}

// margin writes the blanks that a line starts with.
func (p *printer) margin() { p.write(strings.Repeat("    ", p.indent)) }

// statements writes the statements of a block that takes several lines, and
// all comments before the offset end. The place before is the start of a line;
// so is the place after.
func (p *printer) statements(b *Block, end int32) {
	last := int32(-1) // the line where what is written ends in the source
	for i, s := range b.Stmts {
		start, stop := s.Span()
		p.hoist(s)
		last = p.ownLines(start.Offset, last)
		p.gap(last, start.Line)
		p.margin()
		p.stmt(s)
		next := end
		if i+1 < len(b.Stmts) {
			after, _ := b.Stmts[i+1].Span()
			next = after.Offset
		}
		p.trailing(stop.Line, next)
		p.write("\n")
		last = stop.Line
	}
	p.ownLines(end, last)
}

// gap keeps the blank line between two things in the source; last is below 0
// where nothing comes before.
func (p *printer) gap(last, line int32) {
	if last >= 0 && line > last+1 {
		p.write("\n")
	}
}

// block writes `< … >`.
func (p *printer) block(b *Block) {
	if p.flat || b.Open.Line == b.Close.Line {
		p.oneLine(b)
		return
	}
	p.write("<")
	p.trailing(b.Open.Line, b.Close.Offset)
	p.write("\n")
	p.indent++
	p.statements(b, b.Close.Offset)
	p.indent--
	p.margin()
	p.write(">")
}

func (p *printer) oneLine(b *Block) {
	p.write("< ")
	for i, s := range b.Stmts {
		if i > 0 {
			p.write("; ")
		}
		p.stmt(s)
	}
	if len(b.Stmts) > 0 {
		p.write(" ")
	}
	p.write(">")
}

// branch writes `else` or `catch` after a block, on a line of its own if
// comments come between, which end before the offset next.
func (p *printer) branch(b *Block, word string, next int32) {
	if !p.before(next) {
		p.write(" ", word, " ")
		return
	}
	p.trailing(b.Close.Line, next)
	p.write("\n")
	p.ownLines(next, b.Close.Line)
	p.margin()
	p.write(word, " ")
}

// commentMark stands before a comment that follows something on its line, for
// align; no source holds it.
const commentMark = "\x00"

// before reports whether a comment comes before the offset.
func (p *printer) before(offset int32) bool {
	return len(p.comments) > 0 && p.comments[0].Pos.Offset < offset
}

// trailing writes the next comment if it is on the given line of the source
// and before the offset end.
func (p *printer) trailing(line, end int32) {
	if p.before(end) && p.comments[0].Pos.Line == line {
		p.write(commentMark, p.comments[0].Text)
		p.comments = p.comments[1:]
	}
}

// ownLines writes the comments before the offset end, each on a line of its
// own, and returns the line of the source where the last one is.
func (p *printer) ownLines(end, last int32) int32 {
	for p.before(end) {
		c := p.comments[0]
		p.comments = p.comments[1:]
		p.gap(last, c.Pos.Line)
		p.margin()
		p.write(c.Text, "\n")
		last = c.Pos.Line
	}
	return last
}

// hoist moves the comments within s for which s has no place to before it:
// those in an expression that will be written on one line.
func (p *printer) hoist(s Stmt) {
	start, stop := s.Span()
	i := 0
	for i < len(p.comments) && p.comments[i].Pos.Offset < start.Offset {
		i++
	}
	var out, in []Comment
	for ; i < len(p.comments) && p.comments[i].Pos.Offset < stop.Offset; i++ {
		c := p.comments[i]
		if hasPlace(s, c.Pos.Offset) {
			in = append(in, c)
			continue
		}
		// As if each were on a line right above the statement.
		c.Pos = start
		c.Pos.Offset--
		out = append(out, c)
	}
	moved := p.comments[i-len(in)-len(out) : i]
	copy(moved[copy(moved, out):], in)
}

// hasPlace reports whether a comment at the offset within s is in a block, a
// bracket that takes several lines, or before an `else` or a `catch`.
func hasPlace(s Stmt, at int32) bool {
	place := false
	Walk(s, func(n Node) bool {
		if place {
			return false
		}
		start, end := n.Span()
		inside := start.Offset < at && at < end.Offset
		switch n := n.(type) {
		case *Block:
			place = inside
		case *If:
			place = n.Else != nil && between(n.Then, at, n.Else)
		case *Try:
			place = between(n.Body, at, n.Catch)
		case *ListExpr:
			place = inside && broken(n)
		case *RecordExpr:
			place = inside && broken(n)
		}
		return inside && !place
	})
	return place
}

func between(b *Block, at int32, next Node) bool {
	start, _ := next.Span()
	return b.Close.Offset < at && at < start.Offset
}

// align puts the comments that follow something two columns after it, and
// those on neighbouring lines under one another.
func align(text string) string {
	if !strings.Contains(text, commentMark) {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); {
		j, width := i, 0
		for ; j < len(lines) && strings.Contains(lines[j], commentMark); j++ {
			before, _, _ := strings.Cut(lines[j], commentMark)
			width = max(width, columns([]rune(before)))
		}
		for ; i < j; i++ {
			before, comment, _ := strings.Cut(lines[i], commentMark)
			lines[i] = before + strings.Repeat(" ", width-columns([]rune(before))+2) + comment
		}
		i++
	}
	return strings.Join(lines, "")
}
