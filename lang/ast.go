package lang

import "github.com/nescript/nescript/lang/value"

// Pos is a place in a source file. Offset is in bytes from 0, Line from 1,
// Col from 1 in runes. The zero Pos is "nowhere".
type Pos struct{ Offset, Line, Col int32 }

// Node is any node of the tree: a *File, *Block, Stmt, Arg, WordPart or Expr.
// The set is closed: only this package can add to it.
type Node interface {
	// Span returns where the node starts and where it ends (exclusive).
	Span() (start, end Pos)
	node()
}

// Stmt is a statement.
type Stmt interface {
	Node
	stmt()
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Arg is one argument of a command: a *Word, a *Paren or a *ListExpr.
type Arg interface {
	Node
	arg()
}

// WordPart is a piece of a Word: *Text, *Quoted, *Var, *Interp or *Brace.
type WordPart interface {
	Node
	part()
}

// File is a parsed script.
type File struct {
	Name     string
	Source   []byte
	Body     *Block // the whole file; its Open and Close are zero
	Comments []Comment
}

// Comment is one `# …` comment, without its line's end.
type Comment struct {
	Pos  Pos
	Text string // from the # on
}

// Block is `< … >`, or the whole of a file.
type Block struct {
	Open, Close Pos // of `<` and `>`
	Stmts       []Stmt
}

// Statements. Body is never nil unless its field says so. The tags are the
// grammar, in participle's notation.
type (
	// Let is `let x = E`.
	Let struct {
		span
		Name  *Ident `parser:"'let' @@"`
		Value Expr   `parser:"'=' @@"`
	}
	// Assign is `x = E`.
	Assign struct {
		span
		Name  *Ident `parser:"@@"`
		Value Expr   `parser:"'=' @@"`
	}
	// Param is `param x [= E] ["doc"]`.
	Param struct {
		span
		Name    *Ident  `parser:"'param' @@"`
		Default Expr    `parser:"('=' @@)?"` // nil: the parameter is required
		Doc     *StrLit `parser:"@@?"`       // nil: none
	}
	// If is `if E < … > else …`. Else is nil, an *If or a *Block.
	If struct {
		span
		Cond Expr   `parser:"'if' @@"`
		Then *Block `parser:"@@"`
		Else Node   `parser:"('else' @@)?"`
	}
	// For is `for x in E < … >` or `for k, x in E < … >`.
	For struct {
		span
		Key  *Ident `parser:"'for' (@@ ',')?"` // nil: one variable
		Var  *Ident `parser:"@@"`
		In   Expr   `parser:"'in' @@"`
		Body *Block `parser:"@@"`
	}
	// Def is `def v(a, b, mtu = 1500) < … >`.
	Def struct {
		span
		Name   *Ident      `parser:"'def' @@"`
		Params []*DefParam `parser:"'(' (@@ (',' @@)* ','?)? ')'"`
		Body   *Block      `parser:"@@"`
	}
	// DefParam is one parameter of a Def; Default is nil for a positional one.
	DefParam struct {
		Name    *Ident `parser:"@@"`
		Default Expr   `parser:"('=' @@)?"`
	}
	// Return is `return [E]`.
	Return struct {
		span
		Value Expr `parser:"'return' @@?"` // nil: none
	}
	// Include is `include "lib.nes"`.
	Include struct {
		span
		Path Arg `parser:"'include' @@"`
	}
	// In is `in REF… < … >`. Body is nil only at the prompt (`in ns x`).
	In struct {
		span
		Refs []Arg  `parser:"'in' @@+"`
		Body *Block `parser:"@@?"`
	}
	// Parallel is `parallel < … >` or `parallel for … < … >`: one of the two
	// is set.
	Parallel struct {
		span
		Body *Block `parser:"'parallel' ( @@"`
		For  *For   `parser:"| @@ )"`
	}
	// Atomic is `atomic < … >`.
	Atomic struct {
		span
		Body *Block `parser:"'atomic' @@"`
	}
	// Try is `try < … > catch e < … >`.
	Try struct {
		span
		Body  *Block `parser:"'try' @@"`
		Name  *Ident `parser:"'catch' @@?"` // nil: `catch < … >`
		Catch *Block `parser:"@@"`
	}
	// Defer is `defer STATEMENT`.
	Defer struct {
		span
		Stmt Stmt `parser:"'defer' @@"`
	}
	// Undo is `undo < … >`.
	Undo struct {
		span
		Body *Block `parser:"'undo' @@"`
	}
	// Retry is `retry [within D] [every D] < … >`.
	Retry struct {
		span
		Within Arg    `parser:"'retry' ('within' @@)?"` // nil: the default
		Every  Arg    `parser:"('every' @@)?"`          // nil: the default
		Body   *Block `parser:"@@"`
	}
	// Expect is `expect [within D] [not] …`. Exactly one of Cond
	// (`expect (E)`), Fails (`expect fails < … >`) and Check (`expect ping …`:
	// a command whose verb is the check's name) is set.
	Expect struct {
		span
		Within Arg      `parser:"'expect' ('within' @@)?"` // nil: once
		Not    bool     `parser:"@'not'?"`
		Cond   *Paren   `parser:"( @@"`
		Fails  *Block   `parser:"| 'fails' @@"`
		Check  *Command `parser:"| (?! 'fails') @@ )"`
	}
	// Command is a verb with its arguments: a built-in or a def.
	Command struct {
		Modifier *Word // nil, or one of del replace ensure flush
		Verb     *Word
		Args     []Arg
		Body     *Block // nil: none, as `ns h1 < … >` has
	}
	// Bad stands where a statement could not be parsed; Err says why. A file
	// with a Bad never runs.
	Bad struct {
		span
		Err *Diagnostic
	}
)

// Words and their parts.
type (
	// Word is an argument in command mode. Raw is its source text.
	Word struct {
		start Pos
		Raw   string
		Parts []WordPart // nil: the literal text Raw, unquoted
	}
	// Text is literal text in a word or a string. Value has escapes resolved.
	Text struct {
		span
		Value string
	}
	// Quoted is a string standing in a word: `"…"`, `'…'` or a raw one.
	Quoted struct {
		span
		Str *StrLit
	}
	// Var is `$name`.
	Var struct {
		span
		Name string
	}
	// Interp is `${expr}`.
	Interp struct {
		span
		X Expr
	}
	// Brace is `{a,b}` or `{1..3}`. Each alternative is a run of parts; for a
	// range, Alts has two (first and last) and Range is set.
	Brace struct {
		span
		Range bool
		Alts  [][]WordPart
	}
)

// Expressions.
type (
	// Ident is a name.
	Ident struct {
		span
		Name string
	}
	// Lit is a literal other than a string, as written and as read.
	Lit struct {
		span
		Raw   string
		Value value.Value
	}
	// StrLit is a string literal. Parts holds *Text, *Var and *Interp; a raw
	// string has at most one *Text.
	StrLit struct {
		span
		Raw   string // with its quotes
		Parts []WordPart
	}
	// ListExpr is `[a, b]`. It may stand as an argument too.
	ListExpr struct {
		span
		Items []Expr
	}
	// RecordExpr is `{name: "x", n: 1}`.
	RecordExpr struct {
		span
		Keys   []*Ident // a string key is an Ident too
		Values []Expr
	}
	// Unary is `not X` or `-X`.
	Unary struct {
		span
		Op string
		X  Expr
	}
	// Binary is `X op Y`; Op is as in the source: or and == != < <= > >= in ..
	// + - * / %. OpPos is where it stands.
	Binary struct {
		span
		Op    string
		OpPos Pos
		X, Y  Expr
	}
	// Call is `f(a, b)`.
	Call struct {
		span
		Fun  *Ident
		Args []Expr
	}
	// Index is `X[I]`.
	Index struct {
		span
		X, I Expr
	}
	// Field is `X.name`.
	Field struct {
		span
		X    Expr
		Name *Ident
	}
	// Paren is `(X)`. As an argument it is one argument with its type kept.
	Paren struct {
		span
		X Expr
	}
)
