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
		stock, _ := parseRelease(stockKernel)
		strict := whole && nstest.InVM() && (kernelRelease() <= stock || nstest.OnlyRest())
		ok := closeAccount(os.Stdout, kernelRelease(), strict)
		if !nstest.InVM() && whole && code == 0 {
			ok = checkElsewhere(os.Stdout) && ok
		}
		if !ok && code == 0 && whole {
			return 1
		}
		return code
	})
}
