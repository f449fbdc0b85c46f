//go:build linux

package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
)

// historyLimit is how many lines are kept.
const historyLimit = 1000

// history is the file of what was typed at the prompt. It can't fail: where
// there is no place for it, nothing is kept.
type history struct {
	lines []string // from earlier runs, the oldest first
	file  *os.File // nil: none
}

// historyPath is where the history is, or "": the state folder of the XDG base
// directory specification.
func historyPath() string {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification has others ignored
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "nescript", "history")
}

// openHistory reads the history and opens it for more. Only its owner may read
// it, since what is typed may hold keys.
func openHistory() *history {
	h := &history{}
	path := historyPath()
	if path == "" || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return h
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return h
	}
	h.file = f
	f.Chmod(0o600)
	read := bufio.NewScanner(f)
	for read.Scan() {
		h.lines = append(h.lines, read.Text())
	}
	// Twice the limit before the file is cut, so that it is not at every start.
	if n := len(h.lines); n > 2*historyLimit {
		h.cut()
	}
	if n := len(h.lines); n > historyLimit {
		h.lines = h.lines[n-historyLimit:]
	}
	return h
}

// cut leaves the last lines only. Another prompt that has the file open goes on
// writing to the same one.
func (h *history) cut() {
	h.lines = h.lines[len(h.lines)-historyLimit:]
	if h.file.Truncate(0) != nil {
		return
	}
	w := bufio.NewWriter(h.file)
	for _, line := range h.lines {
		w.WriteString(line + "\n")
	}
	w.Flush()
}

// add keeps a line.
func (h *history) add(line string) {
	if h.file != nil {
		io.WriteString(h.file, line+"\n")
	}
}

func (h *history) close() {
	if h.file != nil {
		h.file.Close()
	}
}
