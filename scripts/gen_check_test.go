//go:build linux

package scripts_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/nescript/nescript/interp"
)

// TestGenerate_checks: what is drawn passes the check, so that it is the kernel
// that has the last word.
func TestGenerate_checks(t *testing.T) {
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rapid.Check(t, func(rt *rapid.T) {
		body := rapid.Custom(randomBody).Draw(rt, "body")
		if err := in.CheckString("drawn", "try <\n"+body+"\nfail 'at the end'\n> catch < >\n"); err != nil {
			rt.Fatalf("%s\n%v", body, err)
		}
	})
}
