package lang

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestParse_trees(t *testing.T) {
	goldenChunks(t, "testdata/tree/*.txt", func(src string) string {
		f, err := Parse("test.nes", []byte(src))
		if err != nil {
			return err.Error() + "\n"
		}
		var b strings.Builder
		for _, s := range f.Body.Stmts {
			b.WriteString(dump(s) + "\n")
		}
		return b.String()
	})
}

func TestParse_errors(t *testing.T) {
	goldenChunks(t, "testdata/errors/*.txt", func(src string) string {
		_, err := Parse("test.nes", []byte(src))
		var ds Diagnostics
		if !errors.As(err, &ds) {
			return fmt.Sprintf("no error: %v\n", err)
		}
		var b strings.Builder
		for _, d := range ds {
			if err := d.Render(&b, false); err != nil {
				t.Fatal(err)
			}
			if d.Incomplete {
				b.WriteString("   = incomplete\n")
			}
		}
		return b.String()
	})
}

func TestParse_text(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nul", "up lo\nup \x00lo", `test.nes:2:4: a NUL byte`},
		{"bad UTF-8", "up é\xff", `test.nes:1:5: the byte 0xff is not UTF-8`},
		{"truncated UTF-8", "up \xc3", `test.nes:1:4: the byte 0xc3 is not UTF-8`},
		{"surrogate", "up \xed\xa0\x80", `test.nes:1:4: the byte 0xed is not UTF-8`},
		{"escape", "print '\x1b[1m'", `test.nes:1:8: the control character U+001B`},
		{"bare CR", "up lo\rup x", `test.nes:1:6: the control character U+000D`},
		{"DEL", "up \x7f", `test.nes:1:4: the control character U+007F`},
		{"CRLF", "up lo\r\nlet x = (1 +\r\n 2)\r\nup \\\r\n x\r\n", ""},
		{"BOM", "\ufeffup lo\n", ""},
		{"BOM and a place", "\ufeffup $\n", `test.nes:1:4: a "$" without a name after it`},
		{"empty", "", ""},
		{"only a comment", "# hello", ""},
		{"only blanks", " \t\r\n\n ; ;\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if _, err := Parse("test.nes", []byte(tt.in)); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%q:\n got %s\nwant %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestParse_crlfInStrings(t *testing.T) {
	f := mustParse(t, "sh `a\r\nb`\r\n")
	str := f.Body.Stmts[0].(*Command).Args[0].(*Word).Parts[0].(*Quoted).Str
	if got := str.Parts[0].(*Text).Value; got != "a\nb" {
		t.Errorf("got %q", got)
	}
}

// Whatever nests without end must be an error, soon, and not a stack that
// overflows.
func TestParse_deep(t *testing.T) {
	const n = 100_000
	for _, unit := range []string{
		"(", "[", "{a:", "<", "not ", "-", "- ", "${", "\"${", "x${", "in a <", "if x <", "f(", "x[", "x.y", "1+", "x or ", "{a,",
		"if x < > else ", "if x < >\nelse ", "defer ", "parallel ", "print (", "try <", "x=", "1..", "a == ", "'", "`", "> ", ") ",
	} {
		for _, start := range []string{"", "let x = ", "print ", "print \"${", "if "} {
			src := start + strings.Repeat(unit, n)
			f, err := Parse("deep.nes", []byte(src))
			if err == nil {
				// A long word or a long list of arguments is all right.
				if _, ok := f.Body.Stmts[0].(*Command); !ok {
					t.Errorf("%q, %d times: no error", start+unit, n)
				}
			}
			for range Preorder(f) {
			}
		}
	}
}

func TestParse_manyErrors(t *testing.T) {
	_, err := Parse("t.nes", []byte(strings.Repeat("let 5\n", 100)))
	var ds Diagnostics
	if !errors.As(err, &ds) || len(ds) != maxErrors {
		t.Fatalf("got %d errors", len(ds))
	}
	last := ds[len(ds)-1]
	if want := "80 more errors are not shown"; len(last.Notes) != 1 || last.Notes[0] != want {
		t.Errorf("got notes %q, want %q", last.Notes, want)
	}
}

func TestParse_recovers(t *testing.T) {
	f, err := Parse("t.nes", []byte("up a\nlet 5\nin ns x <\n  let 6\n  up b\n>\nup c\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Fatalf("want two errors, got: %v", err)
	}
	var verbs []string
	for n := range Preorder(f) {
		if c, ok := n.(*Command); ok {
			verbs = append(verbs, StmtString(c))
		}
	}
	if got, want := strings.Join(verbs, "; "), "up a; up b; up c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseREPL(t *testing.T) {
	for _, src := range []string{"in ns x", "in ns x\n", "out", "in host", "in ns a b"} {
		if _, err := ParseREPL("-", []byte(src)); err != nil {
			t.Errorf("%q: %v", src, err)
		}
	}
	if _, err := Parse("-", []byte("in ns x")); err == nil {
		t.Error("a script may leave the block of `in` out")
	}
}

func TestIsIncomplete(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"in ns x <", true},
		{"in ns x <\n up lo\n", true},
		{"let x = (1 +", true},
		{"let x = [1,\n", true},
		{"let x = {a: 1,\n", true},
		{"print `abc", true},
		{"print \"${a +", true},
		{"print \"abc", true},
		{"up lo \\", true},
		{"let x = 1 + \\", true},
		{"try <\n up lo\n", true},
		{"if x < up lo > else <", true},
		{"for x in [1, 2", true},
		{"def v(a,", true},
		{"up lo", false},
		{"let 5", false},
		{"let x = )", false},
		{"print {a", false},
		{"up lo >", false},
		{"let 5\nin ns x <", true},
		{"print \"abc\nup lo", false},
		{"try < up lo >", true},
		{"try <\n up lo\n>\n", true},
		{"try < up lo >\nup lo", false},
		{"if x < up lo >", false},
	}
	for _, tt := range tests {
		_, err := ParseREPL("-", []byte(tt.in))
		if got := IsIncomplete(err); got != tt.want {
			t.Errorf("%q: got %v, want %v (%v)", tt.in, got, tt.want, err)
		}
	}
	if IsIncomplete(nil) || IsIncomplete(errors.New("x")) {
		t.Error("other errors are not incomplete")
	}
	if !IsIncomplete(fmt.Errorf("wrapped: %w", &Diagnostic{Incomplete: true})) {
		t.Error("a wrapped diagnostic is")
	}
}

func TestParse_concurrently(t *testing.T) {
	var wg sync.WaitGroup
	scripts := corpus(t)
	for range 4 {
		wg.Go(func() {
			for _, src := range scripts {
				_, _ = Parse("test.nes", []byte(src)) // the race detector looks on
			}
		})
	}
	wg.Wait()
}

// lang is the language alone: text in, tree out.
func TestDeps(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const ours = "github.com/nescript/nescript"
	for dep := range strings.FieldsSeq(string(out)) {
		switch {
		case dep == ours+"/lang", dep == ours+"/lang/slab", dep == ours+"/lang/value":
		case strings.HasPrefix(dep, ours), dep == "net", dep == "os/exec", strings.Contains(dep, "netlink"):
			t.Errorf("lang depends on %s", dep)
		}
	}
}

const (
	grammarFrom = "<!-- grammar: kept by TestGrammar -->\n```ebnf\n"
	grammarTo   = "```\n<!-- end of grammar -->"
)

func TestGrammar(t *testing.T) {
	data, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), grammarFrom)
	have, tail, ok2 := strings.Cut(rest, grammarTo)
	if !ok || !ok2 {
		t.Fatal("SPEC.md has no place for the grammar")
	}
	if have == Grammar() {
		return
	}
	if !*update {
		t.Fatalf("the grammar in SPEC.md is not the code's; run go test ./lang -update\ngot:\n%s\nwant:\n%s", have, Grammar())
	}
	text := head + grammarFrom + Grammar() + grammarTo + tail
	if err := os.WriteFile("SPEC.md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The examples in SPEC.md are programs, in the layout that it describes.
func TestSpec_examples(t *testing.T) {
	data, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(data), "```nes\n")[1:]
	if len(examples) == 0 {
		t.Fatal("no examples")
	}
	for _, e := range examples {
		src, _, _ := strings.Cut(e, "```\n")
		if got := checkFormat(t, mustParse(t, src)); got != src {
			t.Errorf("formatted:\n%s", got)
		}
	}
}

func TestKeywords(t *testing.T) {
	words := Keywords()
	if !slices.IsSorted(words) {
		t.Error("not sorted")
	}
	for _, w := range words {
		if !IsKeyword(w) {
			t.Errorf("%q is in the list only", w)
		}
		if w != "else" && w != "catch" && structured[w] == nil {
			t.Errorf("%q starts no statement", w)
		}
	}
	for w := range structured {
		if w != "=" && !slices.Contains(words, w) {
			t.Errorf("%q is not in the list", w)
		}
	}
}

// Every name that the grammar uses is one that it explains, or a token.
func TestGrammar_closed(t *testing.T) {
	known := map[string]bool{"Ident": true, "Lit": true, "text": true, "char": true, "escape": true, "newline": true}
	var used []string
	for line := range strings.Lines(Grammar()) {
		name, rule, ok := strings.Cut(line, " = ")
		if !ok {
			t.Fatalf("not a rule: %q", line)
		}
		if known[name] {
			t.Errorf("%s is explained twice", name)
		}
		known[name] = true
		inQuotes := strings.Split(rule, `"`)
		for i := 0; i < len(inQuotes); i += 2 {
			used = append(used, strings.FieldsFunc(inQuotes[i], func(r rune) bool {
				return r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
			})...)
		}
	}
	for _, name := range used {
		if !known[name] {
			t.Errorf("%q is used and not explained", name)
		}
	}
}
