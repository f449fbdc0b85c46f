//go:build linux

package main

import (
	"slices"
	"testing"

	"github.com/nescript/nescript/lang"
)

// TestStatements holds the table of statements against the language.
func TestStatements(t *testing.T) {
	var names []string
	for _, s := range statements {
		names = append(names, s.name)
		if _, err := lang.Parse(s.name, []byte(s.example)); err != nil {
			t.Errorf("%s: the example: %v", s.name, err)
		}
	}
	var want []string
	for _, k := range lang.Keywords() {
		if k != "catch" && k != "else" { // they are parts of try and if
			want = append(want, k)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("there is help for\n%v, the language has\n%v", names, want)
	}
}
