//go:build linux

package interp_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestKernel_partly has an error of a run that is kept say that its statement
// is half done.
func TestKernel_partly(t *testing.T) {
	ns := nstest.NS(t)
	for script, want := range map[string]bool{"veth a b master nosuch": true, "veth a b; up nosuch": false} {
		in, err := interp.New(interp.Keep())
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		err = in.RunString(t.Context(), "t.nes", "in "+ns.String()+" < "+script+"; >")
		var failed *interp.Error
		if !errors.As(err, &failed) || failed.Partly != want {
			t.Fatalf("%s: %v, partly %v", script, err, failed.Partly)
		}
		var text bytes.Buffer
		interp.Diagnose(err)[0].Render(&text, false)
		if strings.Contains(text.String(), "a part of this statement") != want {
			t.Errorf("%s: %s", script, text.String())
		}
		if err := in.RunString(t.Context(), "t.nes", "in "+ns.String()+" < del link a >"); err != nil {
			t.Fatal(err)
		}
	}
}
