//go:build linux

package scripts_test

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// TestUndo_addressAgain: an older link is given an address that it has or has not.
// What is noted is no more than what changes, but all of that.
func TestUndo_addressAgain(t *testing.T) {
	const older = `ip link add p index 1001 address 02:00:00:00:10:01 type ifb; ip link set p up
		ip addr add 10.1.0.1/24 dev p; ip addr add 10.1.0.2/24 dev p
		ip addr add 10.2.0.1/24 dev p metric 7; ip addr add 10.3.0.1/24 dev p valid_lft 5000 preferred_lft 4000
		ip addr add 10.4.0.1/24 broadcast 10.4.0.255 dev p; ip addr add 10.5.0.1 peer 10.5.0.2/32 dev p
		ip addr add 10.6.0.1/24 scope link dev p
		ip addr add 2001:db8:1::1/64 dev p; ip addr add 2001:db8:2::1/64 dev p nodad valid_lft 5000 preferred_lft 4000
		ip addr add 2001:db8:3::1/64 dev p; ip addr add 2001:db8:4::1/128 dev p
		sleep 2; ip route del 2001:db8:3::/64 dev p`
	w := newWorld(t, "")
	if out, err := exec.Command("sh", "-ec", older).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := nstest.Dump(t)
	defer w.remake(t)
	for _, addr := range []string{
		"10.1.0.1/24", "10.1.0.2/24", "10.1.0.1/16", "10.1.0.3/24", "10.2.0.1/24", "10.3.0.1/24", "10.4.0.1/24",
		"10.5.0.1/32", "10.6.0.1/24", "10.1.0.1/24 metric 5", "10.1.0.1/24 valid_lft 100s", "10.1.0.1/24 broadcast 10.1.0.255",
		"10.7.0.1/24 valid_lft 100s",
		"2001:db8:1::1/64", "2001:db8:2::1/64", "2001:db8:3::1/64", "2001:db8:4::1/128", "2001:db8:4::1/64", "2001:db8:4::1/64 valid_lft 100s",
		"2001:db8:1::2/64", "2001:db8:1::1/64 valid_lft 100s", "2001:db8:5::1/64", "2001:db8:5::1/128 nodad",
	} {
		for _, how := range []string{"ensure", "replace"} {
			src := fmt.Sprintf(`try < %s addr p %s; fail "x" > catch < >`, how, addr)
			if err := attemptBy(t, "again.nes", src, nil); err != nil {
				t.Error(err)
			}
			if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
				t.Errorf("%s: %s", src, diff)
			}
		}
	}
}
