//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Package early is of use only before those that fill the memory.
func TestEarly(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	at := func(pkg string) int {
		i := strings.Index(string(out), "init "+pkg+" ")
		if i < 0 {
			t.Fatalf("%s is not in\n%s", pkg, out)
		}
		return i
	}
	first := at("github.com/nescript/nescript/cmd/nescript/early")
	for _, pkg := range []string{"github.com/distribution/reference", "github.com/nescript/nescript/builtins"} {
		if at(pkg) < first {
			t.Errorf("%s initializes before package early", pkg)
		}
	}
}
