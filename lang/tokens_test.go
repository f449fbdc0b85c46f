package lang

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// A chunk of tokens has to grow for what is longer than usual, and be written
// over by what comes then.
func TestTokens(t *testing.T) {
	for _, n := range []int{1, 10, 100, 1000, 10_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			short := strings.Repeat("ns x\n", n)
			f := mustParse(t, short+"in ns a <\n"+strings.Repeat("up lo\n", n)+">\n"+short)
			if got := len(f.Body.Stmts); got != 2*n+1 {
				t.Fatalf("%d statements, want %d", got, 2*n+1)
			}
			for i, s := range f.Body.Stmts {
				if i == n {
					continue
				}
				if cmd := s.(*Command); cmd.Verb.Raw != "ns" || cmd.Args[0].(*Word).Raw != "x" {
					t.Fatalf("statement %d is %v", i, s)
				}
			}
			if got := len(f.Body.Stmts[n].(*In).Body.Stmts); got != n {
				t.Errorf("%d statements in the block, want %d", got, n)
			}
			checkSpans(t, f)
		})
	}
}

// TestChunks_ahead: a long file is the same whether it is read ahead or not.
func TestChunks_ahead(t *testing.T) {
	long := strings.Repeat("ns x # why\nlet a = [1, {k: \"v$b\"}]\nin ns a < up lo; if a < b $a > >\n", aheadLeast/64)
	for name, src := range map[string]string{
		"right":     long,
		"wrong":     long + "let = 7\nup )\n" + long,
		"not ended": long + "in ns b <\n" + long + "\"",
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := parseOn(1, src)
			got, gotErr := parseOn(2, src)
			if want != got {
				t.Error("it is read as another tree")
			}
			if fmt.Sprint(wantErr) != fmt.Sprint(gotErr) || (gotErr == nil) != (name == "right") {
				t.Errorf("%v\nand ahead\n%v", wantErr, gotErr)
			}
		})
	}
}

// TestChunks_cut: a script is the same wherever its tokens are cut, if it is right;
// of a wrong one the first error is.
func TestChunks_cut(t *testing.T) {
	sources := append(corpus(t), []string{
		"ns a <\nup lo\nin ns b <\ndown lo\n>; up eth0\n>\nns c\n",
		"ns a <\nup lo\nif (x) <\nup a\nns b <\nup b\n>\n> else <\nup c\n>\nup d\n>\n",
		"in ns (a) <\nup lo\nup eth0\n>\nin ns a b <\nup lo\n>\n",
		"ns a <\nup lo\n\n# why\n>\n",
		"ns a <\nup lo\n> more\nup b\n",
		"ns a <\nup lo\n",
		"ns a <\nns b <\nup lo\n>\nup x",
		"ns a)b <\nup lo\nup x\n>\nup y\n",
		"in a)b <\nup lo\nup x\n>\nup y\n",
		"in ns a <\nup )\nup x\n> \"\nup y\n",
		"let a = [\n1,\n2\n]\nns b <\nlet c = {\nk: 1\n}\n>\n",
	}...)
	for _, src := range sources {
		want, wantErr := cutEvery(1<<30, src)
		for _, n := range []int{1, 2, 7, chunkTokens} {
			got, err := cutEvery(n, src)
			if wantErr == nil && got != want {
				t.Fatalf("cut after %d tokens, %q is read as\n%s\nnot\n%s", n, src, got, want)
			}
			if fmt.Sprint(first(err)) != fmt.Sprint(first(wantErr)) {
				t.Fatalf("cut after %d tokens, %q has the error\n%v\nnot\n%v", n, src, err, wantErr)
			}
		}
	}
}

func first(d Diagnostics) any {
	if len(d) == 0 {
		return nil
	}
	return *d[0]
}

func cutEvery(n int, src string) (tree string, err Diagnostics) {
	ascii, err := checkText([]byte(src))
	if err != nil {
		return "", err
	}
	f := &File{Source: []byte(src), Body: &Block{}}
	s := newScanner(src)
	s.ascii, s.chunk = ascii, n
	err = f.parse(s, false)
	return fmt.Sprint(dump(f), f.Comments), err
}

// parseOn parses on so many processors.
func parseOn(n int, src string) (tree string, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	f, err := ParseString("test.nes", src)
	return fmt.Sprint(dump(f), f.Comments), err
}

func TestParseString(t *testing.T) {
	for _, src := range []string{"", "\n", "ns a\n", "up \"$x\"", "ns <"} {
		got, gotErr := ParseString("test.nes", src)
		want, wantErr := Parse("test.nes", []byte(src))
		if a, b := dump(got), dump(want); a != b || string(got.Source) != src {
			t.Errorf("%q is read as\n%s\nand as bytes as\n%s", src, a, b)
		}
		if (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%q: %v, and as bytes: %v", src, gotErr, wantErr)
		}
	}
}
