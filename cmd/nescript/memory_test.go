//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// TestGrowHeap has a heap grow where it was in use before: it may not touch what it
// gets, which is far more than a script needs at first.
func TestGrowHeap(t *testing.T) {
	used := make([]byte, 32<<20)
	for i := 0; i < len(used); i += 4096 {
		used[i] = 1
	}
	runtime.KeepAlive(used)
	runtime.GC()
	const size = 256 << 20
	before := resident(t)
	growHeap(size)
	if grown := resident(t) - before; grown > size/4 {
		t.Errorf("a heap that grows by %d MiB has touched %d", size>>20, grown>>20)
	}
}

// resident is how much memory of the process there is, in bytes (proc_pid_statm(5)).
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
