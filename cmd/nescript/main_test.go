//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// TestMain is two programs: called nescript, as the scripts of testdata/cli and
// the sandbox call it, the one under test; otherwise the tests, in a private
// user, mount and network namespace.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "nescript" {
		main()
	}
	if os.Getenv("GORACE") == "" { // a second at the end of each of many programs
		os.Setenv("GORACE", "atexit_sleep_ms=10")
	}
	nstest.Main(m)
}

// programDir makes a folder with this binary in it under the name nescript.
func programDir(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "nescript")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// outsideEnv is the environment without what tells a program that it is in a
// sandbox, as the tests are: for it the test's namespaces are the host.
func outsideEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "NESCRIPT_") })
}
