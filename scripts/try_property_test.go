//go:build linux

package scripts_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nescript/nescript/nsexec/nstest"
)

// ownWorld makes, within a run, some of what older.sh makes before one.
const ownWorld = `
sysctl net.ipv6.conf.default.accept_dad 0
ns old1 old2
for ns in ["old1", "old2"] < in ns $ns < sysctl net.ipv6.conf.default.accept_dad 0; sysctl net.ipv4.ip_forward 1 > >
bridge hbr hw 02:00:00:00:01:06
veth hv0 hw 02:00:00:00:01:00 10.0.0.1/24 hv1 hw 02:00:00:00:01:01 master hbr up
in ns old1 < bridge br0 hw 02:00:00:00:02:06 ageing_time 1000; ifb ifb0 hw 02:00:00:00:02:0a >
veth hx hw 02:00:00:00:01:02 10.0.1.1/24 old1:x0 hw 02:00:00:00:01:03 10.0.1.2/24 up
veth old1:e0 hw 02:00:00:00:02:00 10.1.0.1/24 10.1.0.2/24 2001:db8:1::1/64 old1:e1 hw 02:00:00:00:02:01 master br0 up
veth old1:y0 hw 02:00:00:00:02:04 10.12.0.1/24 old2:y0 hw 02:00:00:00:02:05 10.12.0.2/24 up
veth old2:d0 hw 02:00:00:00:03:00 10.2.0.1/24 old2:d1 hw 02:00:00:00:03:01 up
in ns old1 <
    up br0
    altname e0 first-of-old1
    alias e0 'the first'
    route 10.20.0.0/16 via 10.1.0.9
    route blackhole 10.24.0.0/16
    route 2001:db8:20::/48 via 2001:db8:1::9 metric 77
    rule from 10.1.0.0/24 table 100 priority 500
    neigh e0 10.1.0.9 02:00:00:00:09:09
    port e1 cost 50 hairpin on
>
settle
`

// TestTry_random: a try that fails leaves no trace of what it did to things that
// its own run has made before.
func TestTry_random(t *testing.T) {
	nstest.NoLeaks(t)
	drawn(t, nstest.Sample(400, 40, 40)) // of which rapid does a fifth in short mode
	w := newWorld(t, "")
	dump := func(src string) (string, error) {
		w.remake(t)
		err := attemptBy(t, "try", ownWorld+src, nil)
		return nstest.Dump(t), err
	}
	before, err := dump("")
	if err != nil {
		t.Fatal(err)
	}
	before = anyNumbers(before)
	var c chances
	rapid.Check(t, func(rt *rapid.T) {
		body := rapid.Custom(randomBody).Draw(rt, "body")
		diff := c.differs(t, func() string {
			after, err := dump("try <\n" + body + "\nfail 'at the end'\n> catch < >\n")
			if err != nil {
				rt.Fatalf("%s\nfailed with %v", body, err)
			}
			return nstest.DumpDiff(before, anyNumbers(after))
		})
		if diff != "" {
			rt.Fatalf("%s\nleft\n%s", body, head(diff, 40))
		}
	})
	c.check(t)
}

// randomBody draws 1 to 6 statements, each in a namespace, of which those that
// fail do not end the rest.
func randomBody(t *rapid.T) string {
	d := draws{t}
	lines := make([]string, d.number(1, 6))
	for i := range lines {
		space := d.one(spaces[:3]...)
		lines[i] = "try < " + d.statement(space) + " > catch < >"
		if space != "host" {
			lines[i] = "in " + space + " < " + lines[i] + " >"
		}
	}
	return strings.Join(lines, "\n")
}
