//go:build linux

package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// streams are what a command reads and writes. They are handed to programs that
// a script starts as they are, so that a terminal stays one for them.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// hasColor reports whether w is to be written to in colour: a terminal, unless
// it is a dumb one or the user wants none (https://no-color.org).
func hasColor(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}
