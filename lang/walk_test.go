package lang

import (
	"reflect"
	"testing"
)

// allNodes are one of each type of node.
var allNodes = []Node{
	&File{}, &Block{}, &Let{}, &Assign{}, &Param{}, &If{}, &For{}, &Def{}, &DefParam{}, &Return{}, &Include{}, &In{},
	&Parallel{}, &Atomic{}, &Try{}, &Defer{}, &Undo{}, &Retry{}, &Expect{}, &Command{}, &Bad{}, &Word{}, &Text{},
	&Quoted{}, &Var{}, &Interp{}, &Brace{}, &Ident{}, &Lit{}, &StrLit{}, &ListExpr{}, &RecordExpr{}, &Unary{},
	&Binary{}, &Call{}, &Index{}, &Field{}, &Paren{},
}

// Every field that holds nodes is filled, and Walk must come upon each.
func TestWalk_reachesEveryField(t *testing.T) {
	node := reflect.TypeFor[Node]()
	for _, n := range allNodes {
		v := reflect.ValueOf(n).Elem()
		want := map[Node]string{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(v.Field(i), f.Name, node, want)
			}
		}
		for c := range children(n) {
			delete(want, c)
		}
		for _, field := range want {
			t.Errorf("Walk does not reach %T.%s", n, field)
		}
	}
}

// fill puts a new node into f, or into each of two elements, if nodes are what
// it holds.
func fill(f reflect.Value, field string, node reflect.Type, want map[Node]string) {
	switch {
	case f.Kind() == reflect.Slice && f.Type().Elem().Kind() != reflect.Uint8:
		f.Set(reflect.MakeSlice(f.Type(), 2, 2))
		for i := range 2 {
			fill(f.Index(i), field, node, want)
		}
	case f.Type().Implements(node):
		for _, c := range allNodes {
			if reflect.TypeOf(c).AssignableTo(f.Type()) {
				c := reflect.New(reflect.TypeOf(c).Elem())
				f.Set(c)
				want[c.Interface().(Node)] = field
				return
			}
		}
	}
}

func TestPreorder_stops(t *testing.T) {
	f := mustParse(t, "in ns a < up (1 + 2) >\nif x < up lo >")
	for stop := range 12 {
		n := 0
		for range Preorder(f) {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("went on for %d after %d", n, stop)
		}
	}
}

func TestWalk_skips(t *testing.T) {
	f := mustParse(t, "in ns a < up lo >\nup eth0")
	n := 0
	Walk(f, func(n2 Node) bool {
		if _, ok := n2.(*Command); ok {
			n++
		}
		_, in := n2.(*In)
		return !in
	})
	if n != 1 {
		t.Errorf("came upon %d commands, want 1", n)
	}
}

// checkSpans reports what is wrong with the places in f.
func checkSpans(t *testing.T, f *File) {
	t.Helper()
	places := make([]Pos, len(f.Source)+1) // of every offset
	p := Pos{0, 1, 1}
	for i := range places {
		places[i] = p
		if i < len(f.Source) {
			p = p.after(string(f.Source[i : i+1]))
		}
	}
	checkSpan(t, f, f, places)
}

func checkSpan(t *testing.T, f *File, n Node, places []Pos) {
	t.Helper()
	start, end := n.Span()
	for _, p := range []Pos{start, end} {
		if want := places[p.Offset]; p != want && !hasBOM(f) {
			t.Fatalf("%T: place %v, want %v, in %q", n, p, want, f.Source)
		}
	}
	if end.Offset < start.Offset {
		t.Fatalf("%T ends before it starts: %v, %v, in %q", n, start, end, f.Source)
	}
	text := string(f.Source[start.Offset:end.Offset])
	want := text
	switch n := n.(type) {
	case *Word:
		want = n.Raw
	case *Lit:
		want = n.Raw
	case *StrLit:
		want = n.Raw
	case *Var:
		want = "$" + n.Name
	}
	if text != want {
		t.Fatalf("%T: its place holds %q, want %q", n, text, want)
	}
	last := start.Offset
	for c := range children(n) {
		cs, ce := c.Span()
		if cs.Offset < last || ce.Offset > end.Offset {
			t.Fatalf("%T at %v–%v is not in order within %T at %v–%v of %q", c, cs, ce, n, start, end, f.Source)
		}
		last = ce.Offset
		checkSpan(t, f, c, places)
	}
}

func hasBOM(f *File) bool { return len(f.Source) >= 3 && string(f.Source[:3]) == bom }

func TestSpans(t *testing.T) {
	for _, src := range corpus(t) {
		if f, err := Parse("test.nes", []byte(src)); err == nil && len(f.Body.Stmts) > 0 {
			checkSpans(t, f)
		}
	}
}
