//go:build linux

package scripts_test

import (
	"flag"
	"fmt"
	"strconv"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// What the tests of random scripts share.

// drawnFrom is where what is drawn starts from, so that a failure of a run that
// decides over a change is one that others see, too.
const drawnFrom = "20261126"

// drawn sets how many checks rapid makes, unless -rapid.checks does. They are the
// same ones each time, unless everything is tried or -rapid.seed says otherwise.
func drawn(t *testing.T, checks int) {
	t.Helper()
	setFlag(t, "rapid.checks", strconv.Itoa(checks))
	setFlag(t, "rapid.nofailfile", "true") // it prints the script, and how to run it again
	if !nstest.IsThorough() {
		setFlag(t, "rapid.seed", drawnFrom)
	}
}

// setFlag sets a flag for the test, unless it was given.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	set := flag.Lookup(name)
	if set == nil {
		t.Fatalf("rapid has no flag %s", name)
	}
	was := set.Value.String()
	if was != set.DefValue {
		return
	}
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set(name, was); err != nil {
			t.Error(err)
		}
	})
}

// chances counts the random runs after which something differed at the first try
// only, since the kernel does some things in its own time: who is asked whether
// an address is taken, and which notice of a carrier comes first.
type chances struct{ ran, second int }

// differs is what compare finds, twice: the first time is told and counted.
func (c *chances) differs(t testing.TB, compare func() string) string {
	t.Helper()
	c.ran++
	diff := compare()
	if diff == "" {
		return ""
	}
	if again := compare(); again != "" {
		return again
	}
	c.second++
	t.Logf("at the first try only:\n%s", diff)
	return ""
}

// check fails the test if that was more than chance.
func (c *chances) check(t testing.TB) {
	t.Helper()
	fmt.Printf("%d random scripts compared, %d of them twice\n", c.ran, c.second)
	if c.second > 1+c.ran/50 {
		t.Errorf("of %d random scripts %d differed at the first try only: that is not chance", c.ran, c.second)
	}
}
