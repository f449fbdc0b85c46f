//go:build linux

package interp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
)

func TestComplete(t *testing.T) {
	mustKernel(t, `ns zebra zoo; in ns zebra < bridge quagga0; bridge quagga1 >`)
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.RunString(t.Context(), "t.nes", "let zone = 1\ndef zap(a, speed = 3) < print $a >\ndef zip(a) < return a >\n"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ src, want string }{ // want: what starts with the last word
		{"bri", "bridge"},
		{"ns a; bri", "bridge"},
		{"ns a <\n  bri", "bridge"},
		{"za", "zap"},
		{"retr", "retry"},
		{"defer bri", "bridge"},
		{"ens", "ensure"},
		{"ensure bri", "bridge"},
		{"flush add", "addr addrlabel"},
		{"expect pin", "ping"},
		{"expect within 3s not pin", "ping"},
		{"expect fail", "fails"},
		{"up qua", ""},
		{"up z", "zebra: zoo:"},
		{"up zebra:", "zebra:lo zebra:quagga0 zebra:quagga1"},
		{"up lo zebra:q", "zebra:quagga0 zebra:quagga1"},
		{"in ns zebra < up q", "quagga0 quagga1"},
		{"in ns zebra < up lo; down q", "quagga0 quagga1"},
		{"in ns zebra < up lo >; down q", ""},
		{"ns zebra < up q", "quagga0 quagga1"},
		{"for i in 1..3 < in ns zebra < up q", "quagga0 quagga1"},
		{"veth z", "zebra: zoo:"},
		{"bridge br0 age", "ageing_time"},
		{"flush xf", "xfrm"},
		{"xfrm st", "state"},
		{"del xfrm pol", "policy"},
		{"xfrm state replay-w", "replay-window"},
		{"xfrm policy dir f", "fwd"},
		{"xfrm xfrm0 if", "if_id"},
		{"bridge br0 up age", "ageing_time"},
		{"bridge age", ""}, // the name of the bridge
		{"bridge br0 ageing_time age", ""},
		{"bridge br0 stp_state o", "off on"},
		{"zap x sp", "speed"},
		{"in ", "docker host new ns path pid podman thread"},
		{"in ns z", "zebra zoo"},
		{"in ns zebra z", "zebra zoo"},
		{"in pid ", ""},
		{"in pid 3 n", "new ns"},
		{"del ns z", "zebra zoo"},
		{"move eth0 ns z", "zebra zoo"},
		{"expect ping from z", "zebra zoo"},
		{"print $zo", "zone"},
		{"print a$zo", "zone"},
		{"print ${zo", "zone"},
		{"print (zo", "zone"},
		{"print (zone + subn", "subnet("},
		{"let x = zo", "zone"},
		{"let x = zi", "zip("},
		{"if exi", "exists("},
		{"for x in ran", "range("},
		{"let zo", ""},
		{`print "zo`, ""},
		{`print "a" # zo`, ""},
		{"print `a\nup z", ""},
		{"print (\n zo", "zone"},
		{"up \\\n z", "zebra: zoo:"},
	} {
		start, got := in.Complete(t.Context(), test.src)
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q: %s", test.src, diff)
		}
		for _, c := range got {
			if !strings.HasPrefix(c, test.src[start:]) {
				t.Errorf("%q: %q does not go on from %q", test.src, c, test.src[start:])
			}
		}
	}
	in.Enter(nsexec.Named("zebra"))
	for src, want := range map[string]string{"up q": "quagga0 quagga1", "ou": "out", "in host < up q": "", "in host < up lo >; up q": "quagga0 quagga1"} {
		if _, got := in.Complete(t.Context(), src); strings.Join(got, " ") != want {
			t.Errorf("in zebra, %q: %q", src, got)
		}
	}
}

// TestComplete_anywhere has no text make it fail.
func TestComplete_anywhere(t *testing.T) {
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	const src = "param n = 3 \"doc\"\nns r < bridge br0 up; addr br0 (net[254]) >\nfor i in 1..n < veth h$i:eth0 ${net[i]} r:p{1..3} master br0 >\nexpect within 3s not ping from h1 '10.0.0.1' \\\n  count 3 # x\n>>> ]}) \xff\x00"
	for i := range len(src) + 1 {
		start, _ := in.Complete(t.Context(), src[:i])
		if start < 0 || start > i {
			t.Errorf("%q: start is %d", src[:i], start)
		}
	}
}
