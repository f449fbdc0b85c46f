//go:build linux

package nsexec

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// sandboxEnv tells a process that it was started into a sandbox. It holds the
// inodes of the namespaces outside, so that it means nothing to a process that
// is in one of those, and the word ready once the sandbox has been furnished.
const sandboxEnv = "NESCRIPT_SANDBOX"

// sandboxKinds are the namespaces that a sandbox has of its own.
var sandboxKinds = []string{"user", "mnt", "net"}

// Sandbox runs the program again, with the same arguments, in a user, a mount
// and a network namespace of its own, and waits for it. It needs no privilege,
// and the network and the named namespaces of the host are out of its reach.
// All that it makes is gone when it ends. Within, it is user 0, with a loopback
// that is up and a /run that is empty but for /run/netns.
//
// In the process that was started like this, inside is true, and it goes on. In
// the one that called first inside is false, and the other one has ended: code
// is its exit code, or 128 and the number of the signal that ended it. So a
// program calls it early in main:
//
//	code, inside, err := nsexec.Sandbox()
//	if err != nil || !inside {
//		// print err
//		os.Exit(code)
//	}
//
// SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on while it waits; if the
// waiting process is killed, so is the one inside. In a sandbox, a call does
// nothing: sandboxes don't nest.
//
// Where ordinary users may not make user namespaces the error is a unix.EPERM
// or a unix.ENOSPC.
func Sandbox() (code int, inside bool, err error) {
	started, ready := sandboxState()
	switch {
	case ready:
		return 0, true, nil
	case started:
		if err := furnish(); err != nil {
			return 1, false, fmt.Errorf("sandbox: %w", err)
		}
		return 0, true, os.Setenv(sandboxEnv, os.Getenv(sandboxEnv)+" ready")
	}
	code, err = runSandboxed()
	if err != nil {
		return 1, false, fmt.Errorf("sandbox: %w", err)
	}
	return code, false, nil
}

// InSandbox reports whether this process is in a sandbox that Sandbox has made,
// which may have been another program's.
func InSandbox() bool {
	_, ready := sandboxState()
	return ready
}

func sandboxState() (started, ready bool) {
	outside, done := strings.CutSuffix(os.Getenv(sandboxEnv), " ready")
	was := strings.Fields(outside)
	if len(was) != len(sandboxKinds) {
		return false, false
	}
	for i, kind := range sandboxKinds {
		link, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil || link == was[i] {
			return false, false
		}
	}
	return !done, done
}

// runSandboxed starts the program again and waits for it.
func runSandboxed() (code int, err error) {
	outside := make([]string, len(sandboxKinds))
	for i, kind := range sandboxKinds {
		if outside[i], err = os.Readlink("/proc/self/ns/" + kind); err != nil {
			return 0, err
		}
	}
	attrs, err := sandboxAttrs()
	if err != nil {
		return 0, err
	}
	env := append(os.Environ(), sandboxEnv+"="+strings.Join(outside, " "))

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	defer func() { signal.Stop(signals); close(signals) }()

	// Pdeathsig is about the thread that started the process, so a thread is
	// held until the process has ended.
	err = onWorker(func(*thread) error {
		cmd, err := startSelf(env, attrs)
		if err != nil {
			return explainSandbox(err)
		}
		go passOn(signals, cmd.Process)
		return cmd.Wait()
	})
	return exitCode(err)
}

// startSelf starts the program again, in the first way that is allowed.
func startSelf(env []string, attrs []*syscall.SysProcAttr) (cmd *exec.Cmd, err error) {
	for _, attr := range attrs {
		cmd = exec.Command("/proc/self/exe")
		cmd.Args, cmd.Env, cmd.SysProcAttr = os.Args, env, attr
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err = cmd.Start(); !errors.Is(err, unix.EPERM) {
			break
		}
	}
	return cmd, err
}

// passOn hands signals to the process inside. Those of a terminal's keys have
// reached it already if the terminal is ours: it is in our process group.
func passOn(signals <-chan os.Signal, p *os.Process) {
	for sig := range signals {
		if (sig == unix.SIGINT || sig == unix.SIGQUIT) && inForeground() {
			continue
		}
		_ = p.Signal(sig) // it may have ended by now
	}
}

// inForeground reports whether our process group has the terminal.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// exitCode makes a shell's exit code of what waiting for a process returned.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}

func explainSandbox(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("this system does not let you make a user namespace "+
			"(see the sysctls user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns): %w", err)
	}
	return err
}
