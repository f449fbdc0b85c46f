//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// staying is a program whose namespaces end with it.
type staying struct {
	cmd  *exec.Cmd
	stop io.Closer // its standard input
}

// startStaying runs a program until it says, in a line, that it is done: that is
// its time. In another, of JSON, it says in which process each namespace is;
// these then get names.
func startStaying(cmd *exec.Cmd) (took time.Duration, s *staying, err error) {
	s = &staying{cmd: cmd}
	if s.stop, err = cmd.StdinPipe(); err != nil {
		return 0, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	lines := bufio.NewReader(out)
	_, err = lines.ReadBytes('\n')
	took = time.Since(start)
	var line []byte
	if err == nil {
		line, err = lines.ReadBytes('\n')
	}
	if err != nil {
		return 0, nil, errors.Join(fmt.Errorf("it ended too early: %w", err), s.end())
	}
	if err := nameProcesses(line); err != nil {
		return 0, nil, errors.Join(err, s.end())
	}
	return took, s, nil
}

// end has it take down what it has built.
func (s *staying) end() error { return errors.Join(s.stop.Close(), s.cmd.Wait()) }

// nameProcesses gives the namespaces of processes names.
func nameProcesses(line []byte) error {
	var pids map[string]int
	if err := json.Unmarshal(line, &pids); err != nil {
		return fmt.Errorf("%w in %q", err, line)
	}
	if err := shareNames(); err != nil {
		return err
	}
	for name, pid := range pids {
		path := filepath.Join(netnsDir, name)
		if err := os.WriteFile(path, nil, 0o400); err != nil {
			return err
		}
		if err := unix.Mount(fmt.Sprintf("/proc/%d/ns/net", pid), path, "", unix.MS_BIND, ""); err != nil {
			return &os.PathError{Op: "mount", Path: path, Err: err}
		}
	}
	return nil
}
