package lang

// span is where a node starts and ends; every node embeds one but a few that
// take theirs from their children or their text, as commands and words do: of
// them there are so many that it counts how large they are.
type span struct{ start, end Pos }

// Span returns where the node starts and where it ends (exclusive).
func (s *span) Span() (start, end Pos) { return s.start, s.end }

func (s *span) setSpan(start, end Pos) { s.start, s.end = start, end }

// IsValid reports whether p is a place at all.
func (p Pos) IsValid() bool { return p.Line > 0 }

// after is the place after text, which starts at p.
func (p Pos) after(text string) Pos {
	p.Offset += int32(len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\n':
			p.Line++
			p.Col = 1
		case c&0xC0 != 0x80:
			p.Col++
		}
	}
	return p
}

// Span returns the whole of the file.
func (f *File) Span() (start, end Pos) {
	return Pos{0, 1, 1}, Pos{0, 1, 1}.after(string(f.Source))
}

// Span returns where the block's `<` starts and its `>` ends; for the whole of
// a file, where its first statement starts and its last one ends.
func (b *Block) Span() (start, end Pos) {
	if b.Open.IsValid() {
		end = b.Close
		if end.IsValid() {
			end = end.after(">")
		}
		return b.Open, end
	}
	if len(b.Stmts) > 0 {
		start, _ = b.Stmts[0].Span()
		_, end = b.Stmts[len(b.Stmts)-1].Span()
	}
	return start, end
}

// Span returns where the parameter starts and ends.
func (p *DefParam) Span() (start, end Pos) {
	start, end = p.Name.Span()
	if p.Default != nil {
		_, end = p.Default.Span()
	}
	return start, end
}

// Span returns where the command's first word starts, and where its last
// argument or its block ends.
func (c *Command) Span() (start, end Pos) {
	if c.Verb == nil {
		return start, end
	}
	start, end = c.Verb.Span()
	if c.Modifier != nil {
		start = c.Modifier.start
	}
	switch {
	case c.Body != nil:
		_, end = c.Body.Span()
	case len(c.Args) > 0:
		_, end = c.Args[len(c.Args)-1].Span()
	}
	return start, end
}

// Span returns where the word starts and ends.
func (w *Word) Span() (start, end Pos) {
	if !w.start.IsValid() {
		return start, end
	}
	return w.start, w.start.after(w.Raw)
}

// The closed sets.

func (*File) node()       {}
func (*Block) node()      {}
func (*Let) node()        {}
func (*Assign) node()     {}
func (*Param) node()      {}
func (*If) node()         {}
func (*For) node()        {}
func (*Def) node()        {}
func (*DefParam) node()   {}
func (*Return) node()     {}
func (*Include) node()    {}
func (*In) node()         {}
func (*Parallel) node()   {}
func (*Atomic) node()     {}
func (*Try) node()        {}
func (*Defer) node()      {}
func (*Undo) node()       {}
func (*Retry) node()      {}
func (*Expect) node()     {}
func (*Command) node()    {}
func (*Bad) node()        {}
func (*Word) node()       {}
func (*Text) node()       {}
func (*Quoted) node()     {}
func (*Var) node()        {}
func (*Interp) node()     {}
func (*Brace) node()      {}
func (*Ident) node()      {}
func (*Lit) node()        {}
func (*StrLit) node()     {}
func (*ListExpr) node()   {}
func (*RecordExpr) node() {}
func (*Unary) node()      {}
func (*Binary) node()     {}
func (*Call) node()       {}
func (*Index) node()      {}
func (*Field) node()      {}
func (*Paren) node()      {}

func (*Let) stmt()      {}
func (*Assign) stmt()   {}
func (*Param) stmt()    {}
func (*If) stmt()       {}
func (*For) stmt()      {}
func (*Def) stmt()      {}
func (*Return) stmt()   {}
func (*Include) stmt()  {}
func (*In) stmt()       {}
func (*Parallel) stmt() {}
func (*Atomic) stmt()   {}
func (*Try) stmt()      {}
func (*Defer) stmt()    {}
func (*Undo) stmt()     {}
func (*Retry) stmt()    {}
func (*Expect) stmt()   {}
func (*Command) stmt()  {}
func (*Bad) stmt()      {}

func (*Word) arg()     {}
func (*Paren) arg()    {}
func (*ListExpr) arg() {}

func (*Text) part()   {}
func (*Quoted) part() {}
func (*Var) part()    {}
func (*Interp) part() {}
func (*Brace) part()  {}

func (*Ident) expr()      {}
func (*Lit) expr()        {}
func (*StrLit) expr()     {}
func (*ListExpr) expr()   {}
func (*RecordExpr) expr() {}
func (*Unary) expr()      {}
func (*Binary) expr()     {}
func (*Call) expr()       {}
func (*Index) expr()      {}
func (*Field) expr()      {}
func (*Paren) expr()      {}
