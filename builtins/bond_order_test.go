//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// TestBond_order: a link that is down when it comes to a bond, and up a statement
// later, is taken, though kernels differ in which comes first in one message.
func TestBond_order(t *testing.T) {
	nstest.NeedKind(t, "bond")
	ns, err := runIn(t, "bond b1; down eth0; master eth0 b1; up eth0")
	if err != nil {
		t.Fatal(err)
	}
	if got := nstest.Link(t, ns, "eth0")["master"]; got != "b1" {
		t.Errorf("its master is %v", got)
	}
}
