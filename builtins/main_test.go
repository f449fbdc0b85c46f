//go:build linux

package builtins_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// TestMain closes the account of witnessed options once the tests have run. It
// decides only where all of them have.
func TestMain(m *testing.M) {
	nstest.MainAlsoAsRoot(m, leaveShareIn, addShare, func(code int) int {
		whole := wholeRun()
		if meet := os.Getenv(sharesEnv); meet != "" {
			last, err := joinShares(meet)
			if err != nil {
				fmt.Println(err)
				return 1
			}
			whole = last
		}
		if !whole && os.Getenv("NESCRIPT_ACCOUNT") == "" {
			return code
		}
		// The ip of the machine does not show what newer kernels have besides.
		stock, _ := parseRelease("6.2")
		ok := closeAccount(os.Stdout, kernelRelease(), whole && nstest.InVM() && kernelRelease() < stock)
		if !nstest.InVM() && whole && code == 0 {
			ok = checkElsewhere(os.Stdout) && ok
		}
		if !ok && code == 0 && whole {
			return 1
		}
		return code
	})
}
