//go:build linux

package interp_test

import (
	"slices"
	"testing"

	"github.com/nescript/nescript/interp"
)

// TestSteps: each statement has its own steps, and if one is wrong none has any.
func TestSteps(t *testing.T) {
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	steps, err := in.Steps(t.Context(),
		"unmake ns h1 cookie 4711",
		"in cookie 4711 h1 < unmake link eth0 index 7 >",
		`print "a script's own"; unmake link eth1 index 8; unmake link eth2 index 9`,
		"del ns h2")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"unmake ns h1 cookie 4711"},
		{"unmake link eth0 index 7"},
		{"unmake link eth1 index 8", "unmake link eth2 index 9"},
		nil,
	}
	if len(steps) != len(want) {
		t.Fatalf("got the steps of %d statements, want %d", len(steps), len(want))
	}
	for i, of := range steps {
		var got []string
		for _, s := range of {
			got = append(got, s.Action.String())
		}
		if !slices.Equal(got, want[i]) {
			t.Errorf("statement %d: got %q, want %q", i, got, want[i])
		}
	}
	for _, wrong := range [][]string{
		{"unmake ns h1 cookie 4711", "unmake house x"},
		{"unmake ns h1 cookie 4711", "unmake link eth0"},
		{"in cookie 4711 h1 < unmake link eth0 index 7", "unmake link eth1 index 8 >"},
	} {
		if steps, err := in.Steps(t.Context(), wrong...); err == nil {
			t.Errorf("%q: got %v, want an error", wrong, steps)
		}
	}
}
