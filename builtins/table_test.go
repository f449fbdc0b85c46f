//go:build linux

package builtins_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTable(t *testing.T) {
	var names []string
	for _, s := range builtins.Table() {
		names = append(names, s.Name)
		if s.Doc == "" || strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: the doc is %q", s.Name, s.Doc)
		}
		if !slices.Contains(builtins.Groups, s.Group) {
			t.Errorf("%s: unknown group %q", s.Name, s.Group)
		}
		if s.Compile == nil {
			t.Errorf("%s does nothing", s.Name)
		}
		for _, o := range s.Options {
			if o.Doc == "" {
				t.Errorf("%s: option %s has no doc", s.Name, o.Name)
			}
		}
		for mod := range s.ModParams {
			if s.Modifiers&mod == 0 {
				t.Errorf("%s has parameters for a modifier that it does not take", s.Name)
			}
		}
	}
	if !slices.IsSorted(names) {
		t.Error("the table is not sorted")
	}
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("a verb is there twice")
	}
}

// TestExamples has every verb's example parse and check.
func TestExamples(t *testing.T) {
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for _, s := range builtins.Table() {
		if err := in.CheckString(s.Name, s.Example); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

// TestExamples_compile has every verb's example become steps.
func TestExamples_compile(t *testing.T) {
	for _, s := range builtins.Table() {
		if strings.HasPrefix(s.Name, "expect ") || s.Name == "fail" {
			continue // bound by interp after words of their own; always an error
		}
		if steps, err := compile(s.Example); err != nil || len(steps) == 0 {
			t.Errorf("%s: %d steps, %v", s.Example, len(steps), err)
		}
	}
}

func TestReference(t *testing.T) {
	var got bytes.Buffer
	if err := builtins.Reference(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("VERBS.md", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("VERBS.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("VERBS.md differs from the table: go test ./builtins -update")
	}
}

func TestHelp(t *testing.T) {
	for _, s := range builtins.Table() {
		var b bytes.Buffer
		if err := builtins.Help(&b, s); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{s.Name, s.Doc, s.Example} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("the help of %s lacks %q", s.Name, want)
			}
		}
		for _, o := range s.Options {
			if !strings.Contains(b.String(), o.Doc) {
				t.Errorf("the help of %s lacks its option %s", s.Name, o.Name)
			}
		}
	}
}

func TestLookupPair(t *testing.T) {
	set := builtins.NewSet()
	for _, test := range []struct {
		first, second string
		want          *builtins.Spec
	}{
		{"xfrm", "state", set.Lookup("xfrm state")},
		{"expect", "ping", set.Lookup("expect ping")},
		{"addr", "eth0", nil},
		{"", "", nil},
		{strings.Repeat("long", 100), "x", nil},
	} {
		if got := set.LookupPair(test.first, test.second); got != test.want {
			t.Errorf("%q %q is %v, want %v", test.first, test.second, got, test.want)
		}
	}
	if set.Lookup("xfrm state") == nil {
		t.Error("there is no xfrm state")
	}
}
