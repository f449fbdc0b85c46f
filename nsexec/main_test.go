//go:build linux

package nsexec_test

import (
	"os"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// roleEnv has the test binary be another program, for tests that need one.
const roleEnv = "NSEXEC_TEST_ROLE"

var roles = map[string]func() int{
	"sandbox":      sandboxRole,
	"unprivileged": unprivilegedRole,
	"many":         manyRole,
}

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleEnv)]; ok {
		os.Exit(role())
	}
	nstest.Main(m)
}
