package lang

import "iter"

// Walk calls f for n and then, if f returned true, for all that n holds, in
// the order of the source.
func Walk(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	for c := range children(n) {
		Walk(c, f)
	}
}

// Preorder yields n and all that it holds, each node before what it holds, in
// the order of the source.
func Preorder(n Node) iter.Seq[Node] {
	return func(yield func(Node) bool) { preorder(n, yield) }
}

func preorder(n Node, yield func(Node) bool) bool {
	if !yield(n) {
		return false
	}
	for c := range children(n) {
		if !preorder(c, yield) {
			return false
		}
	}
	return true
}

// children yields the nodes that n holds itself.
func children(n Node) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		switch n := n.(type) {
		case Expr:
			exprChildren(n, yield)
		case Stmt:
			stmtChildren(n, yield)
		case *File:
			yield(n.Body)
		case *Block:
			each(n.Stmts, yield)
		case *DefParam:
			_ = one(n.Name, yield) && (n.Default == nil || yield(n.Default))
		case *Word:
			each(n.Parts, yield)
		case *Quoted:
			yield(n.Str)
		case *Interp:
			yield(n.X)
		case *Brace:
			for _, alt := range n.Alts {
				if !each(alt, yield) {
					return
				}
			}
		}
	}
}

// one yields p unless it is nil, and reports whether to go on.
func one[T any, P interface {
	*T
	Node
}](p P, yield func(Node) bool) bool {
	return p == nil || yield(p)
}

// some yields n unless it is nil, and reports whether to go on.
func some(n Node, yield func(Node) bool) bool { return n == nil || yield(n) }

// each yields all of list, and reports whether to go on.
func each[N Node](list []N, yield func(Node) bool) bool {
	for _, n := range list {
		if !yield(n) {
			return false
		}
	}
	return true
}

func stmtChildren(s Stmt, yield func(Node) bool) {
	switch s := s.(type) {
	case *Let:
		_ = one(s.Name, yield) && some(s.Value, yield)
	case *Assign:
		_ = one(s.Name, yield) && some(s.Value, yield)
	case *Param:
		_ = one(s.Name, yield) && some(s.Default, yield) && one(s.Doc, yield)
	case *If:
		_ = some(s.Cond, yield) && one(s.Then, yield) && some(s.Else, yield)
	case *For:
		_ = one(s.Key, yield) && one(s.Var, yield) && some(s.In, yield) && one(s.Body, yield)
	case *Def:
		_ = one(s.Name, yield) && each(s.Params, yield) && one(s.Body, yield)
	case *Return:
		some(s.Value, yield)
	case *Include:
		some(s.Path, yield)
	case *In:
		_ = each(s.Refs, yield) && one(s.Body, yield)
	case *Parallel:
		_ = one(s.Body, yield) && one(s.For, yield)
	case *Atomic:
		one(s.Body, yield)
	case *Try:
		_ = one(s.Body, yield) && one(s.Name, yield) && one(s.Catch, yield)
	case *Defer:
		some(s.Stmt, yield)
	case *Undo:
		one(s.Body, yield)
	case *Retry:
		_ = some(s.Within, yield) && some(s.Every, yield) && one(s.Body, yield)
	case *Expect:
		_ = some(s.Within, yield) && one(s.Cond, yield) && one(s.Fails, yield) && one(s.Check, yield)
	case *Command:
		_ = one(s.Modifier, yield) && one(s.Verb, yield) && each(s.Args, yield) && one(s.Body, yield)
	}
}

func exprChildren(x Expr, yield func(Node) bool) {
	switch x := x.(type) {
	case *StrLit:
		each(x.Parts, yield)
	case *ListExpr:
		each(x.Items, yield)
	case *RecordExpr:
		for i, k := range x.Keys {
			if !yield(k) || !some(x.Values[i], yield) {
				return
			}
		}
	case *Unary:
		some(x.X, yield)
	case *Binary:
		_ = some(x.X, yield) && some(x.Y, yield)
	case *Call:
		_ = one(x.Fun, yield) && each(x.Args, yield)
	case *Index:
		_ = some(x.X, yield) && some(x.I, yield)
	case *Field:
		_ = some(x.X, yield) && one(x.Name, yield)
	case *Paren:
		some(x.X, yield)
	}
}
