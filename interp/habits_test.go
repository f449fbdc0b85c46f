//go:build linux

package interp_test

import (
	"slices"
	"testing"

	"github.com/nescript/nescript/interp"
)

// Who writes what a shell or ip would take is told what to write here.
func TestHabits(t *testing.T) {
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for src, want := range map[string]string{
		"sleep 1":                                "exec sleep … runs the program of that name; nescript help lists the verbs",
		"def sleepy() < up lo >; sleep":          `did you mean "sleepy"?`,
		"addr add 10.0.0.1/24 dev eth0":          `addr takes no "add": addr LINK PREFIX… [OPTION…]`,
		"route add default via 10.0.0.1":         `route takes no "add": route [TYPE] PREFIX [OPTION…]`,
		"route del default":                      "del stands before the verb: del route [TYPE] PREFIX [OPTION…]",
		"neigh replace 10.0.0.1 dev eth0":        "replace stands before the verb: replace neigh [KIND] LINK IP [MAC] [OPTION…]",
		"expect ping 10.0.0.1 count 2 within 3s": "within stands before the check: expect within … ping …",
		"expect ping 10.0.0.1 not":               "not stands before the check: expect not … ping …",
		"del addr eth0 up":                       "",
	} {
		diags := interp.Diagnose(in.CheckString("t.nes", src))
		if len(diags) != 1 || want == "" && len(diags[0].Help) > 0 || want != "" && !slices.Contains(diags[0].Help, want) {
			t.Errorf("%s: the help is not %q:", src, want)
			for _, d := range diags {
				t.Errorf("%s %q", d.Message, d.Help)
			}
		}
	}
	// The words may be names, too.
	for _, src := range []string{"bridge add", "up set", "ns add del"} {
		if err := in.CheckString("t.nes", src); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}
