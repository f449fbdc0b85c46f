//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHistory(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	h := openHistory()
	h.add("print one")
	h.add("print two")
	h.close()
	h = openHistory()
	defer h.close()
	if got := strings.Join(h.lines, ","); got != "print one,print two" {
		t.Errorf("it has %q", got)
	}
	info, err := os.Stat(filepath.Join(state, "nescript"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info, err)
	}
}

// TestHistory_limit demands that the file does not grow for ever, and that one
// which others could read no longer is.
func TestHistory_limit(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	file := filepath.Join(state, "nescript", "history")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range 3 * historyLimit {
		fmt.Fprintf(&b, "print %d\n", i)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	h := openHistory()
	h.add("print last")
	h.close()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != historyLimit+1 || lines[0] != "print 2000" || lines[historyLimit] != "print last" {
		t.Errorf("%d lines, from %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
}

func TestHistory_nowhere(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	h := openHistory()
	h.add("print one")
	h.close()
	t.Setenv("XDG_STATE_HOME", "/dev/null")
	h = openHistory()
	h.add("print one")
	h.close()
}
