package lang

import (
	"fmt"
	"strings"
)

// What is parsed by hand, in the notation that participle prints the rest in.
const (
	grammarHead = `File = (Stmt? end)* .
Block = "<" (Stmt? end)* Stmt? ">" .
Stmt = Let | Assign | Param | If | For | Def | Return | Include | In | Parallel | Atomic | Try | Defer | Undo | Retry | Expect | Command .
`
	grammarTail = `Else = If | Block .
Command = Modifier? Word Arg* Block? .
Modifier = "del" | "replace" | "ensure" | "flush" .
Arg = Word | Paren | ListExpr .
Word = (text | StrLit | Var | Interp | Brace)+ .
Var = "$" Ident .
Interp = "${" Expr "}" .
Brace = "{" (Item ("," Item)+ | Item ".." Item) "}" .
Item = (text | StrLit | Var | Interp | Brace)* .
StrLit = '"' (char | escape | Var | Interp)* '"' | "'" char* "'" | "` + "`" + `" (char | newline)* "` + "`" + `" .
Expr = And ("or" And)* .
And = Not ("and" Not)* .
Not = "not"* Compare .
Compare = Range (("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") Range)? .
Range = Sum (".." Sum)? .
Sum = Product (("+" | "-") Product)* .
Product = Minus (("*" | "/" | "%") Minus)* .
Minus = "-"* Postfix .
Postfix = (Operand | Call) ("[" Expr "]" | "." Ident)* .
Call = Ident "(" Items? ")" .
Items = Expr ("," Expr)* ","? .
Operand = Ident | Lit | StrLit | Paren | ListExpr | RecordExpr .
Paren = "(" Expr ")" .
ListExpr = "[" Items? "]" .
RecordExpr = "{" (Pair ("," Pair)* ","?)? "}" .
Pair = (Ident | StrLit) ":" Expr .
end = newline | ";" .`
)

// Grammar is the language's grammar in EBNF, read from the tags of the tree
// where a statement is parsed by them. Lower-case names are lexical: text is
// what of a word has no meaning of its own, Ident and Lit are tokens.
func Grammar() string {
	var b strings.Builder
	b.WriteString(grammarHead)
	for _, p := range []fmt.Stringer{
		build[Let]()(), build[Assign]()(), build[Param]()(), build[If]()(), build[For]()(), build[Def]()(),
		build[Return]()(), build[Include]()(), build[In]()(), build[Parallel]()(), build[Atomic]()(), build[Try]()(),
		build[Defer]()(), build[Undo]()(), build[Retry]()(), build[Expect]()(),
	} {
		for line := range strings.Lines(p.String() + "\n") {
			if !strings.Contains(b.String(), "\n"+line) { // For is in Parallel too
				b.WriteString(line)
			}
		}
	}
	b.WriteString(grammarTail)
	return strings.NewReplacer("Node", "Else", `((?! "fails") Command)`, "Command").Replace(b.String()) + "\n"
}
