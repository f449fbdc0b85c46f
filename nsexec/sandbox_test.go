//go:build linux

package nsexec_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// sandboxRole is a program that runs in a sandbox and there does what its
// environment says.
func sandboxRole() int {
	code, inside, err := nsexec.Sandbox()
	if err != nil || !inside {
		complain(err)
		return code
	}
	if code, inside, err := nsexec.Sandbox(); code != 0 || !inside || err != nil {
		fmt.Println("the second call:", code, inside, err)
	}
	switch os.Getenv("NSEXEC_TEST_DO") {
	case "look":
		return lookAround()
	case "exit":
		return 7
	case "die":
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	case "copy":
		_, err := io.Copy(os.Stdout, os.Stdin)
		return complain(err)
	case "count":
		signals := make(chan os.Signal, 8)
		signal.Notify(signals, unix.SIGINT)
		fmt.Println("ready")
		<-signals
		time.Sleep(300 * time.Millisecond)
		fmt.Println(1+len(signals), "signals")
		return 0
	case "signal":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, unix.SIGINT, unix.SIGTERM)
		fmt.Println(os.Getpid())
		fmt.Println((<-signals).String())
		return 5
	}
	time.Sleep(time.Minute)
	return 1
}

// lookAround prints what is not as it should be in a sandbox.
func lookAround() int {
	ctx := context.Background()
	failed := 0
	check := func(what string, ok bool, got any) {
		if !ok {
			fmt.Printf("%s: %v\n", what, got)
			failed++
		}
	}
	check("user", os.Geteuid() == 0, os.Geteuid())
	check("InSandbox", nsexec.InSandbox(), false)
	names, err := nsexec.Namespaces()
	check("namespaces", err == nil && len(names) == 0, fmt.Sprint(names, err))
	dirs, err := os.ReadDir("/run")
	check("/run", err == nil && len(dirs) == 1, fmt.Sprint(dirs, err))
	var links []nsexec.LinkRecord
	e, err := nsexec.NewEngine()
	check("engine", err == nil, err)
	err = e.Look(ctx, nsexec.Host(), func(c *nsexec.Conn) (err error) { links, err = nsexec.Links(c); return err })
	check("links", err == nil && links[0].Name == "lo" && slices.Contains(links[0].Flags, "UP"), fmt.Sprint(links, err))
	err = e.Run(ctx, nsexec.Step{Action: nsexec.NewNS("mine", true)}, nsexec.Step{NS: nsexec.Named("mine"), Action: bridge("br0")})
	check("make", err == nil, err)
	out, err := exec.Command("ip", "-n", "mine", "link", "show", "br0").CombinedOutput()
	check("ip", err == nil, fmt.Sprint(err, string(out)))
	out, err = exec.Command("ping", "-c1", "-W2", "127.0.0.1").CombinedOutput()
	check("ping", err == nil, fmt.Sprint(err, string(out)))
	raw, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	check("raw socket", err == nil, err)
	unix.Close(raw)
	err = nsexec.Do(nsexec.NPProcess(os.Getppid()))
	check("the host", errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES), err)
	return failed
}

// sandboxed is the program of sandboxRole, started from outside of any sandbox.
func sandboxed(do string) *exec.Cmd {
	cmd := again("sandbox", "")
	cmd.Env = append(slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "NESCRIPT_SANDBOX=") }), "NSEXEC_TEST_DO="+do)
	return cmd
}

// asNobody runs a command as an ordinary user, where there is another one.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		t.Fatal(err)
	}
	if fields := strings.Fields(string(ids)); fields[2] == "1" {
		return // the tests themselves run without root
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

func TestSandbox(t *testing.T) {
	for _, user := range []string{"root", "nobody"} {
		t.Run(user, func(t *testing.T) {
			cmd := sandboxed("look")
			if user == "nobody" {
				asNobody(t, cmd)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestSandbox_exitCodes(t *testing.T) {
	for do, want := range map[string]int{"exit": 7, "die": 128 + 9} {
		cmd := sandboxed(do)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: exit code %d, want %d\n%s", do, got, want, out)
		}
	}
}

// TestSandbox_refused: where no user namespace may be made, the error says why.
func TestSandbox_refused(t *testing.T) {
	cmd := sandboxed("exit")
	cmd.Args[2] = "echo 0 >/proc/sys/user/max_user_namespaces; " + cmd.Args[2]
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{Size: 1}},
	}
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != 1 || !strings.Contains(string(out), "does not let you make a user namespace") {
		t.Errorf("exit code %d\n%s", got, out)
	}
}

func TestSandbox_stdin(t *testing.T) {
	cmd := sandboxed("copy")
	cmd.Stdin = strings.NewReader("hello")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "hello" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestSandbox_signals(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGINT} {
		cmd := sandboxed("signal")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal of ours
		lines, pid := startAndRead(t, cmd)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() || lines.Text() != sig.String() {
			t.Errorf("process %d got %q, want %s", pid, lines.Text(), sig)
		}
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 5 {
			t.Errorf("exit code %d", got)
		}
	}
}

// TestSandbox_terminal: Ctrl-C reaches the program inside, and once: the
// terminal itself sends it.
func TestSandbox_terminal(t *testing.T) {
	cmd := sandboxed("count")
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	lines := bufio.NewScanner(tty)
	for _, want := range []string{"ready", "1 signals"} {
		if !lines.Scan() || !strings.HasSuffix(lines.Text(), want) { // "^C" comes before
			t.Fatalf("got %q, want %q", lines.Text(), want)
		}
		if want == "ready" {
			if _, err := tty.Write([]byte{3}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSandbox_killed: if what waits outside is killed, what runs inside ends.
func TestSandbox_killed(t *testing.T) {
	cmd := sandboxed("signal")
	lines, pid := startAndRead(t, cmd)
	time.Sleep(50 * time.Millisecond) // not at once, whichever thread started it
	if unix.Kill(pid, 0) != nil {
		t.Fatal("it has ended by itself")
	}
	_ = cmd.Process.Kill()
	if lines.Scan() {
		t.Errorf("it wrote %q", lines.Text())
	}
	_ = cmd.Wait()
	for range 200 {
		if unix.Kill(pid, 0) != nil || state(pid) == "Z" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

func state(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "Z"
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return after[:1]
}

// startAndRead starts a program that first prints its number.
func startAndRead(t *testing.T, cmd *exec.Cmd) (*bufio.Scanner, int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("it printed nothing")
	}
	pid, err := strconv.Atoi(lines.Text())
	if err != nil {
		t.Fatal(err)
	}
	return lines, pid
}

// TestInSandbox: the variable alone makes no sandbox.
func TestInSandbox(t *testing.T) {
	if !nsexec.InSandbox() {
		t.Error("the tests run in one")
	}
	was := os.Getenv("NESCRIPT_SANDBOX")
	var here []string
	for _, kind := range []string{"user", "mnt", "net"} {
		link, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		here = append(here, link)
	}
	for _, env := range []string{"", "1", "ready", strings.Join(here, " ") + " ready", strings.Join(here[:2], " ") + " ready"} {
		t.Setenv("NESCRIPT_SANDBOX", env)
		if nsexec.InSandbox() {
			t.Errorf("%q makes it one", env)
		}
	}
	t.Setenv("NESCRIPT_SANDBOX", was)
	nstest.NS(t)
}
