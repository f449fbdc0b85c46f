//go:build linux

// Package nstest helps to test what works on network namespaces. [Main] has a
// test binary run in private namespaces, so that tests need no root and leave
// nothing behind; [IP] asks iproute2, as an independent witness, what was made.
package nstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// Main is the TestMain of a package that touches the kernel: it runs the tests
// in a user, a mount and a network namespace of their own, with and without
// root. It does not return. Each of after is called there once the tests have
// run, with the code that the binary is to end with, and returns it or another.
func Main(m *testing.M, after ...func(code int) int) {
	if runsAsRoot() {
		if err := furnishRoot(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	err := serveRoot()
	code, inside := 1, false
	if err == nil {
		code, inside, err = nsexec.Sandbox()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if inside {
		if fd := rootSocket(); fd >= 0 {
			unix.CloseOnExec(fd)
		}
		code = m.Run()
		for _, f := range after {
			code = f(code)
		}
	}
	os.Exit(code)
}

var names atomic.Int64

// NS makes a named namespace, its loopback up, that lasts until the test ends.
func NS(t testing.TB) nsexec.Ref {
	t.Helper()
	if !nsexec.InSandbox() && !runsAsRoot() {
		t.Fatal("nstest.NS is for tests that nstest.Main runs")
	}
	name := fmt.Sprintf("t%d", names.Add(1))
	if err := nsexec.NewNamedNS(name, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nsexec.DeleteNamedNs(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	return nsexec.Named(name)
}

// IP is what `ip -j -d ARGS…` prints, decoded: one map for each object.
func IP(t testing.TB, args ...string) []map[string]any {
	t.Helper()
	objects, err := ip(args...)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func ip(args ...string) ([]map[string]any, error) {
	ns := nsexec.NPNow()
	for len(args) > 1 && args[0] == "-n" {
		ns, args = nsexec.NPName(args[1]), args[2:]
	}
	text, err := output(ns, "", append([]string{"ip", "-j", "-d"}, args...)...)
	if err != nil {
		return nil, err
	}
	out := []byte(text)
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, nil
	}
	var objects []map[string]any
	if err := json.Unmarshal(out, &objects); err != nil {
		return nil, fmt.Errorf("ip %q: %w in %q", args, err, out)
	}
	return objects, nil
}

// Link is what `ip -j -d link show NAME` prints in a named namespace.
func Link(t testing.TB, ns nsexec.Ref, name string) map[string]any {
	t.Helper()
	links := IP(t, "-n", ns.Name, "link", "show", "dev", name)
	if len(links) != 1 {
		t.Fatalf("ip shows %d links %q in %s", len(links), name, ns)
	}
	return links[0]
}
