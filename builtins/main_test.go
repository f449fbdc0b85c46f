//go:build linux

package builtins_test

import (
	"os"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// TestMain closes the account of witnessed options once the tests have run. It
// decides only where all of them have.
func TestMain(m *testing.M) {
	nstest.Main(m, func(code int) int {
		if !wholeRun() && os.Getenv("NESCRIPT_ACCOUNT") == "" {
			return code
		}
		ok := closeAccount(os.Stdout, kernelRelease())
		if !nstest.InVM() && wholeRun() && code == 0 {
			ok = checkElsewhere(os.Stdout) && ok
		}
		if !ok && code == 0 && wholeRun() {
			return 1
		}
		return code
	})
}
