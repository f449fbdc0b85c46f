//go:build linux

package lab_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// roleEnv has the test binary be another program, for tests that kill one.
const roleEnv = "LAB_TEST_ROLE"

var roles = map[string]func() error{
	"run":  runStar,
	"down": downStar,
}

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleEnv)]; ok && nsexec.InSandbox() {
		if err := role(); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	nstest.Main(m)
}

// asRole is this test binary in a role.
func asRole(role string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// shell runs commands of a shell that are to succeed.
func shell(t testing.TB, commands string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", commands)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.TrimSpace(commands), err, out)
	}
}

// newEngine is an engine that lasts as long as the test.
func newEngine(t testing.TB) *nsexec.Engine {
	t.Helper()
	e, err := nsexec.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
