package lang

import (
	"os"
	"strings"
	"testing"
)

func TestFprint(t *testing.T) {
	for _, name := range glob(t, "testdata/fmt/*.nes") {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := checkFormat(t, mustParse(t, string(src)))
		golden := strings.TrimSuffix(name, ".nes") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestFprint_corpus(t *testing.T) {
	for _, src := range corpus(t) {
		if f, err := Parse("test.nes", []byte(src)); err == nil {
			checkFormat(t, f)
		}
	}
}

func TestFprint_bad(t *testing.T) {
	f, parseErr := Parse("test.nes", []byte("up lo\nin ns a < let 5 >\n"))
	var b strings.Builder
	if err := Fprint(&b, f); err == nil || err.Error() != parseErr.Error() || b.Len() > 0 {
		t.Errorf("got %v and %q, want %v and nothing", err, b.String(), parseErr)
	}
}

func TestStmtString(t *testing.T) {
	tests := []struct{ in, want string }{
		{"up   lo  eth0", "up lo eth0"},
		{"in ns a <\n  up lo # c\n  if (x<3) < down lo\n >\n else < >\n>", "in ns a < up lo; if (x < 3) < down lo > else < > >"},
		{"let x=[\n 1,\n 2,\n]", "let x = [1, 2]"},
		{"veth a:b \\\n  c:d", "veth a:b c:d"},
	}
	for _, tt := range tests {
		if got := StmtString(mustParse(t, tt.in).Body.Stmts[0]); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestQuoteWord(t *testing.T) {
	tests := []struct{ in, want string }{
		{"eth0", "eth0"},
		{"h1:eth0", "h1:eth0"},
		{"10.0.0.0/24", "10.0.0.0/24"},
		{"a=b,c", "a=b,c"},
		{"", "''"},
		{"a b", "'a b'"},
		{"$x", "'$x'"},
		{"it's", `"it's"`},
		{"it's $5", `"it's \$5"`},
		{"#x", "'#x'"},
		{"x#y", "x#y"},
		{"=", "'='"},
		{"a\nb", `"a\nb"`},
		{"{a,b}", "'{a,b}'"},
		{"\\", `'\'`},
		{"é", `"é"`},
		{"\x00", `"\x00"`},
		{"\xff", `"\xff"`},
		{"<", "'<'"},
	}
	for _, tt := range tests {
		got := QuoteWord(tt.in)
		if got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.in, got, tt.want)
		}
		w := mustParse(t, "print "+got).Body.Stmts[0].(*Command).Args[0].(*Word)
		text := w.Raw
		if w.Parts != nil {
			text = ""
			for _, p := range w.Parts[0].(*Quoted).Str.Parts {
				text += p.(*Text).Value
			}
		}
		if text != tt.in {
			t.Errorf("%q: reads back from %s as %q", tt.in, got, text)
		}
	}
}

func TestNearest(t *testing.T) {
	verbs := []string{"addr", "bridge", "route", "rule", "up", "down", "veth"}
	tests := []struct{ in, want string }{
		{"adr", "addr"}, {"birdge", "bridge"}, {"roue", "route"}, {"ruel", "rule"}, {"pu", "up"},
		{"bridg", "bridge"}, {"vteh", "veth"}, {"zzzz", ""}, {"up", ""}, {"x", ""}, {"", ""}, {"brigdes", "bridge"},
	}
	for _, tt := range tests {
		if got := Nearest(tt.in, verbs); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}
