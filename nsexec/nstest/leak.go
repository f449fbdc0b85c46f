//go:build linux

package nstest

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// CountFDs returns how many descriptors the process has open.
func CountFDs(t testing.TB) int {
	t.Helper()
	return count(t, "/proc/self/fd") - 1 // the folder's own
}

// CountThreads returns how many threads the process has.
func CountThreads(t testing.TB) int {
	t.Helper()
	return count(t, "/proc/self/task")
}

func count(t testing.TB, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// NoLeaks fails the test if, when it ends, more goroutines or descriptors are
// there than now. Those on their way out get a moment.
func NoLeaks(t testing.TB) {
	t.Helper()
	fds, routines := CountFDs(t), runtime.NumGoroutine()
	t.Cleanup(func() {
		var fdsNow, routinesNow int
		for range 50 {
			fdsNow, routinesNow = CountFDs(t), runtime.NumGoroutine()
			if fdsNow <= fds && routinesNow <= routines {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("descriptors: %d before, %d after; goroutines: %d before, %d after", fds, fdsNow, routines, routinesNow)
	})
}
