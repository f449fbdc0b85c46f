//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program prepares nescript as a process of its own.
func program(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command("/proc/self/exe", args...)
	cmd.Args[0] = "nescript"
	cmd.Env = outsideEnv()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	t.Cleanup(func() { removeNamespaces(t) })
	return cmd, stdout, stderr
}

func scriptFile(t *testing.T, src string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script.nes")
	if err := os.WriteFile(name, []byte(src), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// waitForChild waits until a process has started another one of that name.
func waitForChild(t *testing.T, pid int, name string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, task := range tasks {
			children, _ := os.ReadFile(task)
			for _, child := range strings.Fields(string(children)) {
				comm, _ := os.ReadFile("/proc/" + child + "/comm")
				if strings.TrimSpace(string(comm)) == name {
					return
				}
			}
		}
	}
	t.Fatalf("process %d has started no %s", pid, name)
}

// waitForName waits until a process runs the program of that name.
func waitForName(t *testing.T, pid int, name string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if strings.TrimSpace(string(comm)) == name {
			return
		}
	}
	t.Fatalf("process %d does not run %s", pid, name)
}

func TestInterrupt(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd, stdout, stderr := program(t, "run", scriptFile(t, "ns a\ndefer print deferred\nexec sleep 600\nns b\n"))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitForChild(t, cmd.Process.Pid, "sleep")
			cmd.Process.Signal(sig)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("it exited with %v", cmd.ProcessState)
			}
			for _, want := range []string{"error: interrupted", "1 change was undone; nothing is left of this run"} {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("%q is missing in\n%s", want, stderr)
				}
			}
			if stdout.String() != "deferred\n" {
				t.Errorf("it wrote %q", stdout)
			}
			if _, err := os.Stat("/run/netns/b"); err == nil {
				t.Error("it went on")
			}
		})
	}
}

// TestInterrupt_twice has something to put away that takes long: the second
// signal ends that too.
func TestInterrupt_twice(t *testing.T) {
	cmd, _, _ := program(t, "run", scriptFile(t, "defer exec sleep 10\nexec sleep 11\n"))
	cmd.Stdout, cmd.Stderr = nil, nil // which what it leaves running would hold open
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForChild(t, cmd.Process.Pid, "sleep")
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	for start := time.Now(); ; {
		cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-ended:
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("it exited with %v", cmd.ProcessState)
			}
			return
		case <-time.After(200 * time.Millisecond):
		}
		if time.Since(start) > patience {
			cmd.Process.Kill()
			t.Fatal("it did not end")
		}
	}
}

// TestInterrupt_atOnce: a signal that comes to the process and to its group, as
// from timeout(1), is one.
func TestInterrupt_atOnce(t *testing.T) {
	cmd, _, stderr := program(t, "run", scriptFile(t, "for i in 1..50 < ns n$i; veth n$i:a b$i >\nexec sleep 600\n"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForChild(t, cmd.Process.Pid, "sleep")
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if want := "nothing is left of this run"; !strings.Contains(stderr.String(), want) {
		t.Errorf("%q is missing in\n%s", want, stderr)
	}
}

// TestInterrupt_ignored starts it as a shell starts what runs in the
// background: with SIGINT ignored.
func TestInterrupt_ignored(t *testing.T) {
	cmd, _, _ := program(t, "run", scriptFile(t, "exec sleep 1\nprint done\n"))
	shell := exec.Command("sh", "-c", `trap "" INT; exec "$0" "$@"`)
	shell.Args = append(shell.Args, "nescript")
	shell.Args = append(shell.Args, cmd.Args[1:]...)
	shell.Env = append(cmd.Env, "PATH="+programDir(t)+":"+os.Getenv("PATH"))
	var out bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &out
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	waitForChild(t, shell.Process.Pid, "sleep")
	shell.Process.Signal(syscall.SIGINT)
	if err := shell.Wait(); err != nil || out.String() != "done\n" {
		t.Errorf("%v: %s", err, &out)
	}
}

// TestBrokenPipe demands that nobody is told of a reader that has gone away,
// and that a run still puts away what it has to.
func TestBrokenPipe(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	for _, args := range [][]string{
		{"run", scriptFile(t, "defer exec touch "+mark+"\nfor i in 1..100000 < print $i >\n")},
		{"plan", scriptFile(t, "for i in 1..100000 < print $i >\n")},
		{"help"},
	} {
		cmd, _, stderr := program(t, args...)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = w
		r.Close()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		cmd.Wait()
		if stderr.Len() > 0 {
			t.Errorf("%s said %s", args[0], stderr)
		}
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error("what was deferred did not run")
	}
}
