package lang

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/lexer"
)

func seed(f *testing.F) {
	for _, src := range corpus(f) {
		f.Add(src)
	}
}

// The scanner ends, and its tokens are the source's text in order.
func FuzzLex(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		s := newScanner(src)
		last := 0
		for n := 0; !s.done(); {
			tok, err := s.Next()
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > 3*len(src)+10 {
				t.Fatalf("no end of tokens: %q", src)
			}
			if tok.Type == lexer.EOF {
				continue
			}
			at := tok.Pos.Offset
			if src[at:at+len(tok.Value)] != tok.Value {
				t.Fatalf("token %q is not at %d of %q", tok.Value, at, src)
			}
			if tok.Type == tokBad {
				if replaceStandIn(standIn(&tok), s.diags).standIn {
					t.Fatalf("nothing is said about %q at %d of %q", tok.Value, at, src)
				}
				if s.broken {
					continue
				}
			}
			if at < last {
				t.Fatalf("token %q at %d comes after %d of %q", tok.Value, at, last, src)
			}
			last = at + len(tok.Value)
		}
	})
}

// Where the tokens are cut makes no difference to a script that is right.
func FuzzChunks(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		want, wantErr := cutEvery(1<<30, src)
		got, err := cutEvery(1, src)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Fatalf("cut, %q is\n%s\n%v\nnot\n%s\n%v", src, got, err, want, wantErr)
		}
	})
}

// The parser returns, its places are right, its errors can be shown.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse("fuzz.nes", []byte(src))
		if file == nil {
			t.Fatal("no file")
		}
		if err == nil {
			if len(file.Body.Stmts) > 0 {
				checkSpans(t, file)
			}
			return
		}
		var ds Diagnostics
		if !errors.As(err, &ds) || len(ds) == 0 {
			t.Fatalf("not diagnostics: %v", err)
		}
		last := int32(0)
		for _, d := range ds {
			if d.standIn || d.Message == "" {
				t.Fatalf("%q: a diagnostic that says nothing: %+v", src, d)
			}
			if d.Start.Offset < last || int(d.End.Offset) > len(src)+1 || d.End.Offset < d.Start.Offset {
				t.Fatalf("%q: %v: from %v to %v, after %d", src, d, d.Start, d.End, last)
			}
			last = d.Start.Offset
			if err := d.Render(io.Discard, true); err != nil {
				t.Fatal(err)
			}
		}
		for range Preorder(file) {
		}
	})
}

// What is formatted is the same program, with the same comments, and formatted
// again is the same text.
func FuzzFormat(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse("fuzz.nes", []byte(src))
		if err != nil {
			if Fprint(io.Discard, file) == nil && hasBad(file) {
				t.Fatalf("%q: formatted in spite of %v", src, err)
			}
			return
		}
		checkFormat(t, file)
		for _, s := range file.Body.Stmts {
			one := StmtString(s)
			again, err := Parse("one.nes", []byte(one))
			if err != nil {
				t.Fatalf("%q: its statement %q: %v", src, one, err)
			}
			if got, want := dump(again.Body), dump(&Block{Stmts: []Stmt{s}}); got != want {
				t.Fatalf("%q: its statement as %q is\n%s, not\n%s", src, one, got, want)
			}
		}
	})
}

func hasBad(f *File) bool {
	for n := range Preorder(f) {
		if _, ok := n.(*Bad); ok {
			return true
		}
	}
	return false
}

// checkFormat formats f twice and compares the trees and the comments.
func checkFormat(t *testing.T, f *File) string {
	t.Helper()
	var once, twice strings.Builder
	if err := Fprint(&once, f); err != nil {
		t.Fatalf("%q: %v", f.Source, err)
	}
	again, err := Parse("again.nes", []byte(once.String()))
	if err != nil {
		t.Fatalf("%q: formatted as %q: %v", f.Source, once.String(), err)
	}
	if got, want := dump(again), dump(f); got != want {
		t.Fatalf("%q: formatted as %q is\n%s, not\n%s", f.Source, once.String(), got, want)
	}
	if err := Fprint(&twice, again); err != nil {
		t.Fatal(err)
	}
	if twice.String() != once.String() {
		t.Fatalf("%q: formatted twice is\n%s, once\n%s", f.Source, twice.String(), once.String())
	}
	if len(again.Comments) != len(f.Comments) {
		t.Fatalf("%q: %d comments became %d", f.Source, len(f.Comments), len(again.Comments))
	}
	for i, c := range f.Comments {
		if again.Comments[i].Text != c.Text {
			t.Fatalf("%q: comment %d is %q, not %q", f.Source, i, again.Comments[i].Text, c.Text)
		}
	}
	return once.String()
}
