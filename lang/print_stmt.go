package lang

// stmt writes a statement, without what ends it.
func (p *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Let:
		p.write("let ", s.Name.Name, " = ")
		p.expr(s.Value)
	case *Assign:
		p.write(s.Name.Name, " = ")
		p.expr(s.Value)
	case *Param:
		p.param(s)
	case *If:
		p.ifStmt(s)
	case *For:
		p.forStmt(s)
	case *Def:
		p.def(s)
	case *Return:
		p.write("return")
		if s.Value != nil {
			p.write(" ")
			p.expr(s.Value)
		}
	case *Include:
		p.write("include ")
		p.arg(s.Path)
	case *Defer:
		p.write("defer ")
		p.stmt(s.Stmt)
	case *Expect:
		p.expect(s)
	case *Command:
		p.command(s)
	case *Bad:
		p.write("# a statement that can't be read")
	default:
		p.blockStmt(s)
	}
}

// blockStmt writes a statement that is a keyword, arguments and blocks.
func (p *printer) blockStmt(s Stmt) {
	switch s := s.(type) {
	case *In:
		p.write("in")
		p.args(s.Refs)
		if s.Body != nil {
			p.write(" ")
			p.block(s.Body)
		}
	case *Parallel:
		p.write("parallel ")
		if s.For != nil {
			p.forStmt(s.For)
		} else {
			p.block(s.Body)
		}
	case *Atomic:
		p.write("atomic ")
		p.block(s.Body)
	case *Undo:
		p.write("undo ")
		p.block(s.Body)
	case *Try:
		p.write("try ")
		p.block(s.Body)
		p.branch(s.Body, "catch", s.Catch.Open.Offset)
		if s.Name != nil {
			p.write(s.Name.Name, " ")
		}
		p.block(s.Catch)
	case *Retry:
		p.write("retry ")
		p.keyed("within ", s.Within)
		p.keyed("every ", s.Every)
		p.block(s.Body)
	}
}

func (p *printer) param(s *Param) {
	p.write("param ", s.Name.Name)
	if s.Default != nil {
		p.write(" = ")
		p.expr(s.Default)
	}
	if s.Doc != nil {
		p.write(" ", s.Doc.Raw)
	}
}

func (p *printer) ifStmt(s *If) {
	p.write("if ")
	p.expr(s.Cond)
	p.write(" ")
	p.block(s.Then)
	if s.Else == nil {
		return
	}
	next, _ := s.Else.Span()
	p.branch(s.Then, "else", next.Offset)
	switch e := s.Else.(type) {
	case *If:
		p.ifStmt(e)
	case *Block:
		p.block(e)
	}
}

func (p *printer) forStmt(s *For) {
	p.write("for ")
	if s.Key != nil {
		p.write(s.Key.Name, ", ")
	}
	p.write(s.Var.Name, " in ")
	p.expr(s.In)
	p.write(" ")
	p.block(s.Body)
}

func (p *printer) def(s *Def) {
	p.write("def ", s.Name.Name, "(")
	for i, d := range s.Params {
		if i > 0 {
			p.write(", ")
		}
		p.write(d.Name.Name)
		if d.Default != nil {
			p.write(" = ")
			p.expr(d.Default)
		}
	}
	p.write(") ")
	p.block(s.Body)
}

// keyed writes a word and its argument, if there is one, and a blank.
func (p *printer) keyed(word string, a Arg) {
	if a != nil {
		p.write(word)
		p.arg(a)
		p.write(" ")
	}
}

func (p *printer) expect(s *Expect) {
	p.write("expect ")
	p.keyed("within ", s.Within)
	if s.Not {
		p.write("not ")
	}
	switch {
	case s.Cond != nil:
		p.expr(s.Cond)
	case s.Fails != nil:
		p.write("fails ")
		p.block(s.Fails)
	default:
		p.command(s.Check)
	}
}

func (p *printer) command(c *Command) {
	if c.Modifier != nil {
		p.write(c.Modifier.Raw, " ")
	}
	p.write(c.Verb.Raw)
	p.indent++
	_, end := c.Verb.Span()
	for _, a := range c.Args {
		start, stop := a.Span()
		if !p.flat && start.Line > end.Line {
			p.write(" \\\n")
			p.margin()
		} else {
			p.write(" ")
		}
		p.arg(a)
		end = stop
	}
	p.indent--
	if c.Body != nil {
		p.write(" ")
		p.block(c.Body)
	}
}

func (p *printer) args(args []Arg) {
	for _, a := range args {
		p.write(" ")
		p.arg(a)
	}
}

func (p *printer) arg(a Arg) {
	switch a := a.(type) {
	case *Word:
		p.write(a.Raw)
	case Expr:
		p.expr(a)
	}
}
