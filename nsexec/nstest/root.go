//go:build linux

package nstest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// Some of what the kernel has it lets only the root of the machine itself change,
// not that of a user namespace (GENL_ADMIN_PERM of linux/genetlink.h). Tests of
// that are called Test_…, and run as root only, in a mount and a network namespace.

// rootTests and otherTests are patterns of the tests' names.
const (
	RootTests  = "^Test_"
	otherTests = "^(Test[^_]|Example|Fuzz)"
)

// rootEnv tells a process that MainAlsoAsRoot has started what it is to do: "root
// FILE" to run the tests that need root, "rest CODE FILE" that those have run.
const rootEnv = "NESCRIPT_TEST_ROOT"

// AsRoot reports whether this process runs the tests that need root.
func AsRoot() bool { return strings.HasPrefix(os.Getenv(rootEnv), "root ") }

// MainAlsoAsRoot is Main for a package that has tests that need root. As root, these
// run first, in a process of their own. In the end leave is called there with the
// name of a file for what the other process is to know, and join in the other one,
// before after.
func MainAlsoAsRoot(m *testing.M, leave, join func(file string) error, after ...func(code int) int) {
	flag.Parse()
	if flag.Lookup("test.list").Value.String() != "" {
		os.Exit(m.Run()) // nothing runs that after could be about
	}
	if file, ok := strings.CutPrefix(os.Getenv(rootEnv), "root "); ok {
		os.Exit(runAsRoot(m, func() error { return leave(file) }))
	}
	skip := flag.Lookup("test.skip")
	if skip.Value.String() == "" {
		if os.Getenv(rootEnv) == "" {
			if err := startAsRoot(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		_ = skip.Value.Set(RootTests)
	}
	joined := func(code int) int {
		var rootCode int
		var file string
		if _, err := fmt.Sscanf(os.Getenv(rootEnv), "rest %d %s", &rootCode, &file); err != nil {
			return code
		}
		err := errors.Join(join(file), os.RemoveAll(filepath.Dir(file)))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return max(code, rootCode)
	}
	Main(m, append([]func(int) int{joined}, after...)...)
}

// startAsRoot runs those of the tests that need root and match, if there are any.
// Without privileges it does nothing.
func startAsRoot() error {
	all, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || strings.Join(strings.Fields(string(all)), " ") != "0 0 4294967295" || os.Geteuid() != 0 || !rootTestsMatch() {
		return err
	}
	dir, err := os.MkdirTemp("", "nescript-root")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "left")
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), rootEnv+"=root "+file)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, unix.EPERM): // root of a container
		return os.RemoveAll(dir)
	case err != nil && !errors.As(err, &exit):
		return err
	}
	return os.Setenv(rootEnv, fmt.Sprintf("rest %d %s", cmd.ProcessState.ExitCode(), file))
}

// rootTestsMatch reports whether -test.run has any of them run.
func rootTestsMatch() bool {
	pattern, _, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	matches, err := regexp.Compile(pattern)
	if err != nil {
		return false
	}
	names, err := exec.Command("/proc/self/exe", "-test.list", RootTests).Output()
	if err != nil {
		return false
	}
	for name := range strings.Lines(string(names)) {
		if name = strings.TrimSpace(name); strings.HasPrefix(name, "Test_") && matches.MatchString(name) {
			return true
		}
	}
	return false
}

// runAsRoot runs them here.
func runAsRoot(m *testing.M, leave func() error) int {
	if err := furnish(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = flag.Lookup("test.skip").Value.Set(otherTests)
	code := m.Run()
	if err := leave(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// furnish gives the process a /run of its own, a /sys of its network namespace, a
// place where BPF programs are pinned, and a loopback that is up.
func furnish() error {
	err := errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"),
		os.MkdirAll(nsexec.DefaultMountPath, 0o755),
		unix.Mount("sysfs", "/sys", "sysfs", 0, ""),
		nsexec.Do(nsexec.NPNow(), nsexec.SetUp(nsexec.ByName("lo"))))
	if bpf := unix.Mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=700"); !errors.Is(bpf, unix.ENOENT) { // a kernel without it
		err = errors.Join(err, bpf)
	}
	return err
}
