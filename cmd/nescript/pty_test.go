//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// terminal is a program on a pseudo-terminal.
type terminal struct {
	t    *testing.T
	file *os.File
	cmd  *exec.Cmd
	done chan struct{} // closed when all of its output has been read

	mu   sync.Mutex
	text []byte // what it has written
	seen int    // how much of that expect has gone past
}

// startTerminal starts nescript on a pseudo-terminal.
func startTerminal(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Args[0] = "nescript"
	cmd.Env = append(outsideEnv(), "TERM=xterm", "HOME="+t.TempDir(), "XDG_STATE_HOME=")
	cmd.Env = append(cmd.Env, env...)
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, file: file, cmd: cmd, done: make(chan struct{})}
	go term.readAll()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-term.done
		file.Close()
		if t.Failed() {
			t.Logf("the terminal has\n%s", term.all())
		}
	})
	return term
}

func (term *terminal) readAll() {
	defer close(term.done)
	buf := make([]byte, 4096)
	for {
		n, err := term.file.Read(buf)
		term.mu.Lock()
		term.text = append(term.text, buf[:n]...)
		term.mu.Unlock()
		if err != nil { // EIO, once the program has ended
			return
		}
	}
}

func (term *terminal) all() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return string(term.text)
}

// escapes are the sequences that move the cursor or set a colour.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// expect waits until the terminal has shown text after what was expected last.
func (term *terminal) expect(text string) {
	term.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if term.find(text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.t.Fatalf("%q did not come", text)
}

func (term *terminal) find(text string) bool {
	term.mu.Lock()
	defer term.mu.Unlock()
	plain := escapes.ReplaceAll(term.text, nil)
	i := bytes.Index(plain[min(term.seen, len(plain)):], []byte(text))
	if i < 0 {
		return false
	}
	term.seen += i + len(text)
	return true
}

// prompt waits until the last line on the terminal is an empty prompt, newer
// than what was expected last.
func (term *terminal) prompt(prompt string) {
	term.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if term.atPrompt(prompt) {
			return
		}
	}
	term.t.Fatalf("the prompt %q did not come", prompt)
}

func (term *terminal) atPrompt(prompt string) bool {
	term.mu.Lock()
	defer term.mu.Unlock()
	plain := escapes.ReplaceAll(term.text, nil)
	i := bytes.LastIndexAny(plain, "\r\n") + 1
	if string(bytes.TrimRight(plain[i:], " \b")) != prompt || i < term.seen {
		return false
	}
	term.seen = len(plain)
	return true
}

func (term *terminal) typed(keys string) {
	term.t.Helper()
	if _, err := term.file.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// exit waits for the end of the program and returns its exit code.
func (term *terminal) exit() int {
	term.t.Helper()
	timer := time.AfterFunc(patience, func() { term.cmd.Process.Signal(syscall.SIGQUIT) })
	defer timer.Stop()
	term.cmd.Wait()
	<-term.done
	return term.cmd.ProcessState.ExitCode()
}

// lines is what was shown, without escapes and the ends of lines.
func (term *terminal) lines() []string {
	plain := escapes.ReplaceAllString(term.all(), "")
	return strings.Split(strings.ReplaceAll(plain, "\r\n", "\n"), "\n")
}
