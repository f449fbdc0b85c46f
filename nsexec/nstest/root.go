//go:build linux

package nstest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// Some of what the kernel does it does only for root of the machine's first user
// namespace, such as to load BPF programs. A test of that is run by the process
// outside of the sandbox, where that one is root, in another mount and network
// namespace. The one inside asks for it over a socket.

const (
	rootSocketEnv = "NESCRIPT_TEST_ROOT_SOCKET" // the descriptor to ask by
	asRootEnv     = "NESCRIPT_TEST_AS_ROOT"     // set where a test runs for another
)

// runsAsRoot reports whether this process runs a test for one in a sandbox.
func runsAsRoot() bool { return os.Getenv(asRootEnv) != "" }

// AsRoot has the test run as root in the machine's first user namespace. There it
// returns true. Where it is called first it returns false, and the test has the
// outcome of the other one: nothing is left to do. Without root it is skipped.
func AsRoot(t testing.TB) bool {
	t.Helper()
	if runsAsRoot() {
		return true
	}
	NeedThat(t, "root outside of user namespaces", rootSocket() >= 0)
	code, out, err := askRoot(t.Name())
	switch {
	case err != nil:
		t.Fatal(err)
	case code != 0:
		t.Fatalf("as root it failed:\n%s", out)
	case strings.Contains(out, "--- SKIP"):
		t.Skipf("as root it was skipped:\n%s", out)
	case !strings.Contains(out, "--- PASS"):
		t.Fatalf("as root it did not run:\n%s", out)
	}
	return false
}

// rootSocket is the socket to ask by, or -1.
var rootSocket = sync.OnceValue(func() int {
	fd, err := strconv.Atoi(os.Getenv(rootSocketEnv))
	if err != nil {
		return -1
	}
	return fd
})

var asking sync.Mutex

// askRoot has a test run outside.
func askRoot(test string) (code int, out string, err error) {
	asking.Lock()
	defer asking.Unlock()
	fd := rootSocket()
	if err := unix.Send(fd, []byte(test), 0); err != nil {
		return 0, "", err
	}
	answer := make([]byte, rootAnswer)
	n, err := unix.Read(fd, answer)
	if err != nil {
		return 0, "", err
	}
	first, out, ok := strings.Cut(string(answer[:n]), "\n")
	if code, err = strconv.Atoi(first); err != nil || !ok {
		return 0, "", fmt.Errorf("who runs tests as root is gone: %q", answer[:n])
	}
	return code, out, nil
}

const rootAnswer = 64 << 10 // the most of a test's output that is told

// serveRoot answers those who ask, where this process is root outside of sandboxes.
func serveRoot() error {
	const first = "user:[4026531837]" // PROC_USER_INIT_INO of linux/proc_ns.h
	if in, err := os.Readlink("/proc/self/ns/user"); err != nil || in != first || os.Geteuid() != 0 || os.Getenv(rootSocketEnv) != "" {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	theirs, err := unix.FcntlInt(uintptr(pair[1]), unix.F_DUPFD, 0) // which stays open in the process inside
	if err != nil {
		return err
	}
	unix.Close(pair[1])
	go func() {
		for test := make([]byte, 1<<10); ; {
			n, err := unix.Read(pair[0], test)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err != nil || n == 0 {
				return
			}
			if unix.Send(pair[0], runAsRoot(string(test[:n])), 0) != nil {
				return
			}
		}
	}()
	return os.Setenv(rootSocketEnv, strconv.Itoa(theirs))
}

// runAsRoot runs a test and returns its exit code and its output, the end of it.
func runAsRoot(test string) []byte {
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.timeout=2m", "-test.run=^"+strings.ReplaceAll(test, "/", "$/^")+"$")
	cmd.Env = append(os.Environ(), asRootEnv+"=1", rootSocketEnv+"=-1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	code := 0
	if err != nil {
		code = max(cmd.ProcessState.ExitCode(), 1)
		out = append(out, err.Error()...)
	}
	return append(strconv.AppendInt(nil, int64(code), 10), "\n"+string(out[max(0, len(out)-rootAnswer+100):])...)
}

// furnishRoot makes of a process's new namespaces what a sandbox has.
func furnishRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	if err := os.MkdirAll(nsexec.DefaultMountPath, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return err
	}
	// Programs such as tc keep BPF programs there.
	if err := unix.Mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=700"); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nsexec.Do(nsexec.NPNow(), nsexec.SetUp(nsexec.ByName("lo")))
}
