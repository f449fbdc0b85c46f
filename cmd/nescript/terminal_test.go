//go:build linux

package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProgress runs for longer than progressAfter, on a terminal.
func TestProgress(t *testing.T) {
	script := scriptFile(t, "ns a\nin ns a < bridge br0 >\nretry within 900ms < fail no >\n")
	t.Cleanup(func() { removeNamespaces(t) })
	term := startTerminal(t, nil, "run", script)
	term.expect("2 statements in 2 namespaces, ")
	if code := term.exit(); code != 1 {
		t.Errorf("it exited with %d", code)
	}
	// The line is gone: each drawing is followed by an erasure.
	last := term.all()[strings.LastIndex(term.all(), "namespaces, "):]
	if !strings.Contains(last, "\r\x1b[K") || strings.Index(last, "\r\x1b[K") > strings.Index(last, "error") {
		t.Errorf("the end is %q", last)
	}
}

// TestProgress_print demands that what a script prints has lines of its own.
func TestProgress_print(t *testing.T) {
	script := scriptFile(t, "expect fails < retry within 700ms < fail no > >\nin ns warned < bridge br0 >\nfor i in 1..4 <\n    exec sleep 0.3\n    print line$i\n>\n")
	t.Cleanup(func() { removeNamespaces(t) })
	term := startTerminal(t, nil, "run", script)
	if code := term.exit(); code != 0 {
		t.Errorf("it exited with %d", code)
	}
	for _, want := range []string{"line1", "line4", `warning: there was no namespace "warned"; made it`} {
		if !slices.ContainsFunc(term.lines(), func(l string) bool { return l[strings.LastIndexByte(l, '\r')+1:] == want }) {
			t.Errorf("no line %q in %q", want, term.all())
		}
	}
}

func TestProgress_none(t *testing.T) {
	script := scriptFile(t, "retry within 900ms < fail no >\n")
	for _, args := range [][]string{{"run", "-q", script}, {"run", "-v", script}} {
		term := startTerminal(t, nil, args...)
		term.exit()
		if strings.Contains(term.all(), "statements in") {
			t.Errorf("%v shows %q", args, term.all())
		}
	}
}

func TestColor(t *testing.T) {
	script := scriptFile(t, "upp lo\n")
	for _, test := range []struct {
		env  []string
		want bool
	}{{nil, true}, {[]string{"NO_COLOR=1"}, false}, {[]string{"TERM=dumb"}, false}, {[]string{"NO_COLOR="}, true}} {
		term := startTerminal(t, test.env, "check", script)
		term.exit()
		if got := strings.Contains(term.all(), "\x1b["); got != test.want {
			t.Errorf("%v: colour is %v in %q", test.env, got, term.all())
		}
	}
}

// TestTerminal_program demands that a program that a script starts has the
// terminal, and Ctrl-C ends it and the run.
func TestTerminal_program(t *testing.T) {
	term := startTerminal(t, nil, "run", scriptFile(t, "exec sh -c 'test -t 0 && test -t 1 && echo yes; sleep 600'\n"))
	term.expect("yes")
	term.typed(ctrlC)
	if code := term.exit(); code != exitInterrupted {
		t.Errorf("it exited with %d", code)
	}
}

// TestTerminal_sandbox is the same through the process that waits outside: one
// Ctrl-C is one interrupt inside.
func TestTerminal_sandbox(t *testing.T) {
	term := startTerminal(t, nil, "run", "--sandbox", scriptFile(t, "defer exec sh -c 'sleep 1; echo put away'\nexec sh -c 'echo started; sleep 600'\n"))
	term.expect("started")
	term.typed(ctrlC)
	term.expect("put away")
	if code := term.exit(); code != exitInterrupted {
		t.Errorf("it exited with %d", code)
	}
}

func TestShell_terminal(t *testing.T) {
	addNamespace(t, "h1", "br0")
	term := startTerminal(t, []string{"SHELL=/bin/sh", "PS1=prompt> "}, "shell", "h1")
	term.prompt("prompt>")
	term.typed("ip -br link\n")
	term.expect("br0 ")
	term.typed("sleep 600\n")
	time.Sleep(200 * time.Millisecond)
	term.typed(ctrlC)
	term.prompt("prompt>")
	term.typed("exit 5\n")
	if code := term.exit(); code != 5 {
		t.Errorf("it exited with %d", code)
	}
}

// TestExec_signals demands that the program has taken nescript's place.
func TestExec_signals(t *testing.T) {
	addNamespace(t, "h1", "br0")
	cmd, _, _ := program(t, "exec", "h1", "--", "sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForName(t, cmd.Process.Pid, "sleep")
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}
