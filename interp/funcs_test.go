//go:build linux

package interp_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/interp"
)

func TestFunctions_table(t *testing.T) {
	fns := interp.Functions()
	if !slices.IsSortedFunc(fns, func(a, b *interp.Function) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table is not sorted")
	}
	for i, f := range fns {
		if i > 0 && fns[i-1].Name == f.Name {
			t.Errorf("%s stands twice", f.Name)
		}
		if f.Doc == "" || strings.HasSuffix(f.Doc, ".") || !strings.Contains(f.Example, f.Name+"(") {
			t.Errorf("%s: doc %q, example %q", f, f.Doc, f.Example)
		}
		in, _ := newTest(t)
		if err := in.CheckString("t.nes", "say ("+f.Example+")"); err != nil {
			t.Errorf("the example of %s: %v", f.Name, err)
		}
	}
}

var update = flag.Bool("update", false, "write the reference anew")

// TestFunctions_spec keeps the reference's list equal to the table.
func TestFunctions_spec(t *testing.T) {
	const file, begin, end = "../lang/SPEC.md", "<!-- functions: kept by TestFunctions_spec -->\n", "<!-- end of functions -->\n"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(src), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks are gone")
	}
	var b strings.Builder
	b.WriteString("| function | gives |\n| --- | --- |\n")
	for _, f := range interp.Functions() {
		fmt.Fprintf(&b, "| `%s` | %s: `%s` |\n", f, f.Doc, f.Example)
	}
	if b.String() == old {
		return
	}
	if !*update {
		t.Fatal("it differs; go test ./interp -update writes it")
	}
	if err := os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFunctions_all has every function that the language promises.
func TestFunctions_all(t *testing.T) {
	want := strings.Fields(`addrs capture contains env exists file format glob host int join json keys len link links
		lower mac max min namespaces neighs ping range route_to routes sort split stats str subnet sysctl upper wg_key wg_public`)
	var got []string
	for _, f := range interp.Functions() {
		got = append(got, f.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestFunctions_errors calls functions with what they can't use.
func TestFunctions_errors(t *testing.T) {
	for src, want := range map[string]string{
		`int("x")`:              "x",
		`int([1])`:              "X must be text or a number, this is a list",
		`split(["a"])`:          "TEXT must be a string, this is a list",
		`join("a", ",")`:        "LIST must be a list, this is a string",
		`format("%d")`:          `nothing is left for "%d"`,
		`format("x", 1)`:        "has no place for this",
		`format("%d", "a")`:     "is for an int",
		`format("%z", 1)`:       "is unknown",
		`format("%", 1)`:        "ends in the middle",
		`format("%9999d", 1)`:   "wider",
		`json("{")`:             "json:",
		`json("1 2")`:           "something follows",
		`range(0, 1, 0)`:        "must not be 0",
		`range(0, 99999999999)`: "a list of more than",
		`range(-9223372036854775807, 9223372036854775807)`: "a list of more than",
		`keys([1])`:                 "must be a record",
		`sort([1, "a"])`:            "sort:",
		`min([])`:                   "the list is empty",
		`max(1, "a")`:               "max:",
		`mac(-1)`:                   "goes from 0",
		`host(10.0.0.0/30, 4)`:      "has no address 4",
		`subnet("x", 1, 1)`:         "PREFIX must be a prefix",
		`env("NESCRIPT_NOT_SET_1")`: "is not set",
		`file("no-such-file")`:      "can't read",
	} {
		in, _ := newTest(t)
		wantError(t, in.RunString(t.Context(), "t.nes", "say ("+src+")"), want)
	}
}
