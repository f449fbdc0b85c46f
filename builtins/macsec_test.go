//go:build linux

package builtins_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

const (
	macsecLink = "hw eth0 02:00:00:00:00:01; macsec ms0 link eth0;"
	macsecKey1 = "key 01 000102030405060708090a0b0c0d0e0f"
	macsecKey2 = "key 0a0b 101112131415161718191a1b1c1d1e1f"
	macsecPeer = "macsec rx ms0 port 1 address 02:00:00:00:00:02"
)

// macsecSame are statements and what ip says for the same; `link` is the link of
// ciphers with long numbers where it is another.
var macsecSame = []struct{ link, script, lines string }{
	{"", "macsec tx ms0 sa 0 pn 7 on " + macsecKey1 + "; macsec tx ms0 sa 2 pn 9 off " + macsecKey2,
		"add ms0 tx sa 0 pn 7 on " + macsecKey1 + "\nadd ms0 tx sa 2 pn 9 off " + macsecKey2},
	{"", macsecPeer + "; " + macsecPeer + " sa 1 pn 3 on " + macsecKey2,
		"add ms0 rx port 1 address 02:00:00:00:00:02\nadd ms0 rx port 1 address 02:00:00:00:00:02 sa 1 pn 3 on " + macsecKey2},
	{"", "macsec rx ms0 sci 0200000000030005 off; macsec rx ms0 sci 0200000000030005 sa 0 pn 1 " + macsecKey1,
		"add ms0 rx sci 0200000000030005 off\nadd ms0 rx sci 0200000000030005 sa 0 pn 1 " + macsecKey1},
	{"", "macsec tx ms0 sa 0 pn 7 on " + macsecKey1 + "; ensure macsec tx ms0 sa 0 pn 20 off; " + macsecPeer + "; ensure " + macsecPeer + " off; ensure " + macsecPeer + " sa 3 pn 4 on " + macsecKey1,
		"add ms0 tx sa 0 pn 20 off " + macsecKey1 + "\nadd ms0 rx port 1 address 02:00:00:00:00:02 off\nadd ms0 rx port 1 address 02:00:00:00:00:02 sa 3 pn 4 on " + macsecKey1},
	{"", "macsec tx ms0 sa 0 pn 7 " + macsecKey1 + "; macsec tx ms0 sa 1 pn 7 on " + macsecKey1 + "; del macsec tx ms0 sa 1; " + macsecPeer + "; " + macsecPeer + " sa 0 pn 1 on " + macsecKey1 + "; del " + macsecPeer + " sa 0; del " + macsecPeer,
		"add ms0 tx sa 0 pn 7 " + macsecKey1},
	{"cipher gcm-aes-xpn-128 ", "macsec tx ms0 sa 0 xpn 0x100000005 salt 000102030405060708090a0b ssci 5 on " + macsecKey1 + "; " + macsecPeer + "; " + macsecPeer + " sa 1 xpn 0x200000007 salt 0b0a09080706050403020100 ssci 6 on " + macsecKey2,
		"add ms0 tx sa 0 xpn 4294967301 salt 000102030405060708090a0b ssci 5 on " + macsecKey1 + "\nadd ms0 rx port 1 address 02:00:00:00:00:02\nadd ms0 rx port 1 address 02:00:00:00:00:02 sa 1 xpn 8589934599 salt 0b0a09080706050403020100 ssci 6 on " + macsecKey2},
}

func macsecShown(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	out, err := nstest.Output(ns, "", "ip", "macsec", "show")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^\d+: `).ReplaceAllString(out, "")
}

func Test_macsec(t *testing.T) {
	nstest.NeedKind(t, "macsec")
	for _, test := range macsecSame {
		before := strings.Replace(macsecLink, "link eth0", "link eth0 "+test.link, 1)
		ours, err := runIn(t, before+test.script)
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		theirs, err := runIn(t, before)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, line := range strings.Split(test.lines, "\n") {
			lines = append(lines, "macsec "+line)
		}
		if _, err := nstest.Output(theirs, strings.Join(lines, "\n"), "ip", "-batch", "-"); err != nil {
			t.Fatal(err)
		}
		want := macsecShown(t, theirs)
		if diff := cmp.Diff(want, macsecShown(t, ours)); diff != "" || !strings.Contains(want, ": PN ") {
			t.Errorf("%s differs from what ip makes:\n%s", test.script, diff)
		}
		claimSame(t, before, test.script, func(ns nsexec.Ref) bool { return macsecShown(t, ns) == want })
	}
}

// Test_macsecUndo: a run that fails leaves an older link's associations as they were.
func Test_macsecUndo(t *testing.T) {
	nstest.NeedKind(t, "macsec")
	for i, script := range []string{
		macsecPeer + " sa 1 on pn 8 " + macsecKey2 + "; macsec rx ms0 sci 0200000000030005; macsec tx ms0 sa 3 pn 1 " + macsecKey1 + "; macsec rx ms0 sci 0200000000030005 sa 0 " + macsecKey1,
		"ensure macsec tx ms0 sa 0 pn 99 off; ensure " + macsecPeer + " off; ensure " + macsecPeer + " sa 0 pn 50 on; del macsec rx ms0 sci 0200000000040001",
		"del link ms0",
	} {
		for j, how := range undoers {
			if nstest.InVM() && i%2 != j%2 {
				continue
			}
			ns, err := runIn(t, macsecLink+"macsec tx ms0 sa 0 pn 7 on "+macsecKey1+"; "+macsecPeer+"; "+macsecPeer+" sa 0 pn 5 "+macsecKey2+"; macsec rx ms0 sci 0200000000040001 off")
			if err != nil {
				t.Fatal(err)
			}
			before := macsecShown(t, ns)
			how.undo(t, fmt.Sprintf("in %s < %s >", ns, script))
			if diff := cmp.Diff(before, macsecShown(t, ns)); diff != "" {
				t.Errorf("%s, %s:\n%s", script, how.name, diff)
			}
		}
	}
	ns, err := runIn(t, macsecLink+"macsec tx ms0 sa 0 pn 7 on "+macsecKey1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, "atomic < in "+ns.String()+" < del macsec tx ms0 sa 0 > >"); !errors.Is(err, unix.EOPNOTSUPP) || !strings.Contains(err.Error(), "does not tell its keys") {
		t.Errorf("an older key was deleted: %v", err)
	}
}

func TestMacsec_refused(t *testing.T) {
	for script, want := range map[string]string{
		"macsec tx ms0 pn 1":                     `"macsec tx" needs "sa"`,
		"macsec tx ms0 sa 0 " + macsecKey1:       `"macsec tx" needs "pn"`,
		"macsec tx ms0 sa 4 pn 1 " + macsecKey1:  "4 is not in 0..3",
		"macsec tx ms0 sa 0 pn 1":                `an association needs "key"`,
		"macsec tx ms0 sa 0 pn 1 key 01":         `"key"`,
		"macsec tx ms0 sa 0 pn 1 key 1 00":       `is no identifier`,
		"macsec tx ms0 sa 0 pn 1 key 01 00ff":    `a key has 32 or 64 hexadecimal digits`,
		"macsec tx ms0 sa 0 pn 1 on off key 1 0": `it is "on" or "off"`,
		"macsec tx ms0 sa 0 pn 1 xpn 2":          `"pn" or "xpn"`,
		"macsec tx ms0 sa 0 xpn 2 salt 00":       `is not 24 hexadecimal digits`,
		"macsec rx ms0 port 1":                   `needs the other's channel`,
		"macsec rx ms0 sci 5 port 1":             `not both`,
		"macsec rx ms0 sci 5 pn 1":               `is of an association`,
	} {
		if err := check(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
	// A link may be called so still.
	if err := check(t, "macsec 'rx' link eth0"); err != nil {
		t.Error(err)
	}
}
