//go:build linux

package interp_test

import (
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

// TestFunctions_all has every function that the language promises.
func TestFunctions_all(t *testing.T) {
	want := strings.Fields(`addrs capture contains env exists file format glob host int join json keys len link links
		lower mac max min namespaces neighs ping range route_to routes sort split stats str subnet sysctl upper`)
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
