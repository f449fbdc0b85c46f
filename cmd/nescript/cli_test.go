//go:build linux

package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nescript/nescript/nsexec"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/cli")

// TestCLI runs the scripts of testdata/cli, one after the other: they share the
// named namespaces of the test's private mount namespace.
func TestCLI(t *testing.T) {
	bin := programDir(t)
	testscript.RunT(inOrder{t}, testscript.Params{
		Dir:                 "../../testdata/cli",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+env.Getenv("PATH")+":/usr/sbin:/sbin")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NO_COLOR", "")
			env.Defer(func() { removeNamespaces(t) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  func(ts *testscript.TestScript, _ bool, args []string) { exits(ts, args, nil) },
			"user":   func(ts *testscript.TestScript, _ bool, args []string) { exits(ts, args, ordinaryUser()) },
			"printf": printf,
		},
	})
}

// inOrder runs scripts one after the other.
type inOrder struct{ *testing.T }

func (inOrder) Parallel()     {}
func (inOrder) Verbose() bool { return testing.Verbose() }
func (t inOrder) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(inOrder{t}) })
}

// exits is `exits CODE [<FILE] CMD ARG…`: the command ends with that code. Its
// output is then there for stdout, stderr and cmp.
func exits(ts *testscript.TestScript, args []string, as *syscall.SysProcAttr) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE [<FILE] CMD ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	input, redirected := strings.CutPrefix(args[0], "<")
	if redirected {
		args = args[1:]
	}
	cmd := exec.Command(findProgram(ts, args[0]), args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = environ(ts)
	cmd.SysProcAttr = as
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	if redirected {
		f, err := os.Open(ts.MkAbs(input))
		ts.Check(err)
		defer f.Close()
		cmd.Stdin = f
	}
	err = cmd.Run()
	if cmd.ProcessState == nil {
		ts.Fatalf("%v", err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%v: %v, want exit code %d", args, cmd.ProcessState, want)
	}
}

// findProgram is what a shell in the script's folder would run.
func findProgram(ts *testscript.TestScript, name string) string {
	if strings.Contains(name, "/") {
		return ts.MkAbs(name)
	}
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	ts.Fatalf("no program %q", name)
	return ""
}

// environ is the script's environment.
func environ(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "WORK", "TMPDIR", "NO_COLOR", "SHELL", "XDG_STATE_HOME", "GOCOVERDIR", "GORACE"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// ordinaryUser is a user without any privilege, who is nobody: in a user
// namespace where that is who the tests run as. It needs none to get there.
func ordinaryUser() *syscall.SysProcAttr {
	const nobody = 65534
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}},
	}
}

// printf is `printf FILE TEXT`: writes what a script in an archive can't hold.
// TEXT has Go's escapes.
func printf(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: printf FILE TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

// removeNamespaces deletes what a script has left.
func removeNamespaces(t testing.TB) {
	names, err := nsexec.Namespaces()
	if err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if err := nsexec.DeleteNamedNs(name); err != nil {
			t.Error(err)
		}
	}
}
