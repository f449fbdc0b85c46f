//go:build linux

package nsexec_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
)

// TestNamespacesFirst: n is a namespace, l a link, a an address; - puts
// something back, and nothing passes it.
func TestNamespacesFirst(t *testing.T) {
	makes := func(what string) string {
		return map[byte]string{'n': "namespace", 'l': "link", 'a': "addr", '-': ""}[what[0]]
	}
	for in, want := range map[string]string{
		"":                     "",
		"-":                    "-",
		"l1 n1 l2 n2":          "n2 n1 l1 l2",
		"l1 a1 n1 - l2 n2":     "n1 l1 a1 - n2 l2",
		"- - l1 n1 -":          "- - n1 l1 -",
		"n1 n2 l1 l2":          "n2 n1 l1 l2",
		"l1 - n1 - a1 l2 - n2": "l1 - n1 - a1 l2 - n2",
	} {
		got := strings.Fields(in)
		nsexec.NamespacesFirst(got, makes)
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
