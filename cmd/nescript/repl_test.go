//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	tab   = "\t"
	enter = "\r"
)

// addNamespace makes a named namespace with a bridge in it.
func addNamespace(t *testing.T, name, bridge string) {
	t.Helper()
	t.Cleanup(func() { removeNamespaces(t) })
	for _, args := range [][]string{{"netns", "add", name}, {"-n", name, "link", "add", bridge, "type", "bridge"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
}

func TestREPL_namespaces(t *testing.T) {
	addNamespace(t, "example", "br0")
	term := startTerminal(t, nil, "repl")
	term.prompt("nes>")
	term.typed("in ns example" + enter)
	term.prompt("example>")
	term.typed("(link(\"br0\").ifname + \"!\")" + enter)
	term.expect("br0!")
	term.prompt("example>")
	self := fmt.Sprintf("pid %d", os.Getpid())
	term.typed("in " + self + enter)
	term.prompt(self + ">")
	term.typed("out" + enter)
	term.prompt("example>")
	term.typed("out" + enter)
	term.prompt("nes>")
	term.typed("in ns exampel" + enter)
	term.expect(`no namespace "exampel"`)
	term.expect(`did you mean "example"?`)
	term.prompt("nes>")
	term.typed(ctrlD)
	if code := term.exit(); code != 0 {
		t.Errorf("it exited with %d", code)
	}
}

func TestREPL_errorsDoNotEndIt(t *testing.T) {
	term := startTerminal(t, nil, "repl")
	term.prompt("nes>")
	term.typed("let x = 20" + enter)
	term.prompt("nes>")
	term.typed("upp lo" + enter)
	term.expect(`unknown verb "upp"`)
	term.expect("--> repl:1:1")
	term.prompt("nes>")
	term.typed("up nosuch" + enter)
	term.expect(`no link "nosuch"`)
	term.prompt("nes>")
	term.typed("fail boom" + enter)
	term.expect("error: boom")
	term.prompt("nes>")
	term.typed(":nosuch" + enter)
	term.expect("no command")
	term.prompt("nes>")
	term.typed("(x + 3)" + enter)
	term.expect("23")
	term.prompt("nes>")
	term.typed(":quit" + enter)
	if code := term.exit(); code != 0 {
		t.Errorf("it exited with %d", code)
	}
}

func TestREPL_blocks(t *testing.T) {
	term := startTerminal(t, nil, "repl")
	term.prompt("nes>")
	term.typed("for i in 1..3 <" + enter)
	term.prompt("...")
	term.typed("    print line$i" + enter)
	term.prompt("...")
	term.typed(">" + enter)
	term.expect("line1")
	term.expect("line3")
	term.prompt("nes>")
	term.typed(`print a \` + enter)
	term.prompt("...")
	term.typed("b" + enter)
	term.expect("a b")
	term.prompt("nes>")

	// Ctrl-C and Ctrl-D give up a statement that has begun.
	term.typed("for i in 1..3 <" + enter)
	term.prompt("...")
	term.typed("print never" + ctrlC)
	term.prompt("nes>")
	term.typed("print again" + enter)
	term.expect("again\r\n")
	term.prompt("nes>")
	term.typed("ns h1 <" + enter)
	term.prompt("...")
	term.typed(ctrlD)
	term.expect("error: ")
	term.prompt("nes>")
	term.typed(ctrlD)
	term.exit()
}

func TestREPL_ctrlC(t *testing.T) {
	term := startTerminal(t, nil, "repl")
	term.prompt("nes>")
	term.typed("print half" + ctrlC)
	term.expect("^C")
	term.prompt("nes>")
	term.typed("print whole" + enter)
	term.expect("whole\r\n")
	term.prompt("nes>")

	// It interrupts what runs, not the prompt.
	term.typed("exec sleep 600" + enter)
	term.expect("sleep 600\r\n")
	waitForChild(t, term.cmd.Process.Pid, "sleep")
	term.typed(ctrlC)
	term.prompt("nes>")
	term.typed("retry within 1h every 10m < exec false >" + enter)
	term.expect("false >\r\n")
	time.Sleep(300 * time.Millisecond) // let it begin to wait
	term.typed(ctrlC)
	term.expect("interrupted")
	term.prompt("nes>")
	term.typed("print alive" + enter)
	term.expect("alive\r\n")
	term.prompt("nes>")
	term.typed(ctrlD)
	if code := term.exit(); code != 0 {
		t.Errorf("it exited with %d", code)
	}
}

func TestREPL_completion(t *testing.T) {
	addNamespace(t, "zebra", "quagga0")
	term := startTerminal(t, nil, "repl")
	term.prompt("nes>")
	for _, test := range []struct{ typed, want string }{
		{"bri" + tab, "bridge "},                              // a verb
		{"del bri" + tab, "del bridge "},                      // after a modifier
		{"bridge br9 age" + tab, "bridge br9 ageing_time "},   // an option
		{"in ns zeb" + tab, "in ns zebra "},                   // a live namespace
		{"up zebra:qua" + tab, "up zebra:quagga0 "},           // a live link there
		{"up zeb" + tab, "up zebra:"},                         // the namespace of a link
		{"in ns zebra < up qua" + tab, "zebra < up quagga0 "}, // in a block
		{"print (subn" + tab, "print (subnet("},               // a function
		{"print $arg" + tab, "print $args "},                  // a variable
		{"expect pi" + tab, "expect ping "},                   // a check
		{"flu" + tab, "flush "},                               // a modifier
		{":he" + tab, ":help "},                               // the prompt's own
	} {
		term.typed(test.typed)
		term.expect(test.want)
		term.typed(ctrlC)
		term.prompt("nes>")
	}
	term.typed("in ns zebra" + enter)
	term.prompt("zebra>")
	term.typed("up qua" + tab)
	term.expect("up quagga0 ")
	term.typed(ctrlC)
	term.prompt("zebra>")
	term.typed("in ns zebra <" + enter)
	term.prompt("...")
	term.typed("hw qua" + tab)
	term.expect("hw quagga0 ")
	term.typed(ctrlC + ctrlD)
	term.exit()
}

func TestREPL_help(t *testing.T) {
	term := startTerminal(t, nil, "repl")
	term.prompt("nes>")
	term.typed(":help veth" + enter)
	term.expect("veth ")
	term.expect("mtu")
	term.prompt("nes>")
	term.typed(":help" + enter)
	term.expect("at the prompt:")
	term.prompt("nes>")
	term.typed(ctrlD)
	term.exit()
}

func TestREPL_history(t *testing.T) {
	state := t.TempDir()
	env := []string{"XDG_STATE_HOME=" + state}
	term := startTerminal(t, env, "repl")
	term.prompt("nes>")
	term.typed("print remembered" + enter)
	term.expect("remembered\r\n")
	term.prompt("nes>")
	term.typed(ctrlD)
	term.exit()

	file := filepath.Join(state, "nescript", "history")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the history's mode is %v", info.Mode())
	}
	term = startTerminal(t, env, "repl")
	term.prompt("nes>")
	term.typed("\x1b[A") // up
	term.expect("print remembered")
	term.typed(enter)
	term.expect("remembered\r\n")
	term.typed(ctrlD)
	term.exit()
}

func TestREPL_withoutHome(t *testing.T) {
	term := startTerminal(t, []string{"HOME="}, "repl")
	term.prompt("nes>")
	term.typed("print works" + enter)
	term.expect("works\r\n")
	term.prompt("nes>")
	term.typed(ctrlD)
	if code := term.exit(); code != 0 {
		t.Errorf("it exited with %d", code)
	}
}

// TestREPL_terminated demands that the terminal is left as it was found.
func TestREPL_terminated(t *testing.T) {
	term := startTerminal(t, nil, "repl")
	before := sttyOf(t, term)
	term.prompt("nes>")
	term.cmd.Process.Signal(syscall.SIGTERM)
	term.exit()
	if after := sttyOf(t, term); after != before {
		t.Errorf("the terminal was\n%sand is\n%s", before, after)
	}
}

func sttyOf(t *testing.T, term *terminal) string {
	t.Helper()
	cmd := exec.Command("stty", "-a")
	cmd.Stdin = term.file
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestREPL_sandbox(t *testing.T) {
	addNamespace(t, "outside", "br0")
	term := startTerminal(t, nil, "repl", "--sandbox")
	term.prompt("nes>")
	term.typed("ns inside" + enter)
	term.prompt("nes>")
	term.typed("(len(namespaces()))" + enter)
	term.expect("\n1\r\n")
	term.prompt("nes>")
	term.typed("exec sh -c 'echo started; sleep 600'" + enter)
	term.expect("started\r\n")
	term.typed(ctrlC)
	term.prompt("nes>")
	term.typed(ctrlD)
	if code := term.exit(); code != 0 {
		t.Errorf("it exited with %d", code)
	}
}
