//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ExecConfig is a program to run. Nothing of it goes through a shell.
type ExecConfig struct {
	Args           []string // the program, looked up in PATH, and its arguments
	Dir            string
	Env            []string // as os.Environ; nil is that
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Exec runs a program in the namespace and waits for it. Ending with anything
// but 0 is an *ExitError. When ctx ends, the program is killed with all of its
// process group; one that shares our terminal gets the terminal's own signals
// and is killed alone. The mount namespace stays ours: /etc/netns and a /sys of
// the namespace, which `ip netns exec` provides, are not there.
func Exec(cfg ExecConfig) NsAction { return threadAction("exec", execOp{cfg}) }

type execOp struct{ cfg ExecConfig }

func (o execOp) String() string { return "exec " + strings.Join(o.cfg.Args, " ") }

// killDelay is how long a killed program's children may hold its output open.
const killDelay = 2 * time.Second

func (o execOp) act(ctx context.Context, _ *Conn) error {
	cfg := o.cfg
	if len(cfg.Args) == 0 {
		return errors.New("no program is named")
	}
	cmd := exec.CommandContext(ctx, cfg.Args[0], cfg.Args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout = cfg.Dir, cfg.Env, cfg.Stdin, cfg.Stdout
	if _, file := cfg.Stdout.(*os.File); !file && cfg.Stdout != nil {
		// The two may be one writer, and are written to at once.
		mu := new(sync.Mutex)
		cmd.Stdout = &shared{mu, cfg.Stdout}
		if cfg.Stderr != nil {
			cfg.Stderr = &shared{mu, cfg.Stderr}
		}
	}
	last := &stderrTail{to: cfg.Stderr}
	cmd.Stderr = last
	if f, ok := cfg.Stderr.(*os.File); ok && isTerminal(f) {
		cmd.Stderr = f // a program may draw on it
	}
	cmd.WaitDelay = killDelay
	if f, ok := cfg.Stdin.(*os.File); !ok || !isTerminal(f) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return programError(cfg.Args, err, last.String())
}

// programError says how a program ended, or why it did not start.
func programError(args []string, err error, stderr string) error {
	var exit *exec.ExitError
	var missing *exec.Error
	switch {
	case errors.As(err, &exit):
		out := &ExitError{Cmd: strings.Join(args, " "), Code: exit.ExitCode(), Stderr: stderr}
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			out.Code = 128 + int(ws.Signal())
		}
		return out
	case errors.As(err, &missing):
		return fmt.Errorf("no program %q: %w", missing.Name, missing.Err)
	}
	return err
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// shared writes one at a time with others of the same mutex.
type shared struct {
	mu *sync.Mutex
	w  io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// stderrTail passes on what is written to it and keeps the end.
type stderrTail struct {
	to   io.Writer
	kept []byte
}

const tailSize = 1024

func (t *stderrTail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	if t.to == nil {
		return len(p), nil
	}
	return t.to.Write(p)
}

func (t *stderrTail) String() string { return strings.TrimSpace(string(t.kept)) }
