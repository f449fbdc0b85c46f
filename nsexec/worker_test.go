//go:build linux

package nsexec

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// netns is the namespace of whichever thread this runs on.
func netns(t testing.TB) string {
	t.Helper()
	link, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// sampleThreads looks from 400 goroutines at once, and fails for each that is
// not at home.
func sampleThreads(t *testing.T, home string) {
	t.Helper()
	var wrong sync.Map
	var wait sync.WaitGroup
	for i := range 400 {
		wait.Go(func() {
			if i%4 == 0 {
				time.Sleep(time.Millisecond) // lets more threads be in use at once
			}
			if ns := netns(t); ns != home {
				wrong.Store(i, ns)
			}
		})
	}
	wait.Wait()
	wrong.Range(func(i, ns any) bool {
		t.Errorf("goroutine %d ran in %s, want %s", i, ns, home)
		return true
	})
	if self, err := os.Readlink("/proc/self/ns/net"); err != nil || self != home {
		t.Errorf("the startup thread is in %s, want %s (%v)", self, home, err)
	}
}

// TestDo_manyEndings does 2,000 Do calls that end in every way there is, and
// then looks for what they left.
func TestDo_manyEndings(t *testing.T) {
	home := netns(t)
	fd, err := newNamespace(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	there := NPPath(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd))
	fail := errors.New("on purpose")

	round := func(calls int) {
		var wait sync.WaitGroup
		limit := make(chan struct{}, 16)
		for i := range calls {
			limit <- struct{}{}
			wait.Go(func() {
				defer func() { <-limit }()
				endSomehow(t, i, home, there, fail)
			})
		}
		wait.Wait()
	}
	round(200) // threads that the runtime keeps anyway
	fds, routines, threads := countDir(t, "/proc/self/fd"), runtime.NumGoroutine(), countDir(t, "/proc/self/task")
	var meanwhile sync.WaitGroup
	meanwhile.Go(func() { sampleThreads(t, home) })
	round(2000)
	meanwhile.Wait()
	sampleThreads(t, home)
	if now := countDir(t, "/proc/self/fd"); now != fds {
		t.Errorf("%d descriptors before, %d after", fds, now)
	}
	for range 100 { // the last ones may be on their way out
		if runtime.NumGoroutine() <= routines {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > routines {
		t.Errorf("%d goroutines before, %d after", routines, now)
	}
	// The runtime keeps a thread for each goroutine that was in a system call
	// at a time; 16 were at work. What must not happen is a thread per call.
	if now := countDir(t, "/proc/self/task"); now > threads+32 {
		t.Errorf("%d threads before, %d after", threads, now)
	}
}

// endSomehow does one Do; of ten, one fails and one panics.
func endSomehow(t *testing.T, i int, home string, there NsProvider, fail error) {
	defer func() {
		if r := recover(); (r == any(fail)) != (i%20 == 1) {
			t.Errorf("call %d: recovered %v", i, r)
		}
	}()
	err := Do(there, NAGeneric("look", func() error {
		switch {
		case netns(t) == home:
			t.Errorf("call %d: the action ran at home", i)
		case i%20 == 0:
			return fail
		case i%20 == 1:
			panic(fail)
		}
		return nil
	}))
	if errors.Is(err, fail) != (i%20 == 0) {
		t.Errorf("call %d: got %v", i, err)
	}
}

func countDir(t testing.TB, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestOnWorker_dirty: a thread that can't go home is never let go.
func TestOnWorker_dirty(t *testing.T) {
	home := netns(t)
	for i := range 200 {
		err := onWorker(func(th *thread) error {
			if err := th.unshare(); err != nil {
				return err
			}
			unix.Close(th.home)
			th.home = 1 << 20
			return nil
		})
		if !errors.Is(err, ErrDirtyThread) || !errors.Is(err, unix.EBADF) {
			t.Fatalf("call %d: got %v", i, err)
		}
	}
	sampleThreads(t, home)
	for range 100 {
		if countDir(t, "/proc/self/task") < 60 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("there are %d threads", countDir(t, "/proc/self/task"))
}

// TestOnWorker_goexit: a test's FailNow within an action ends the caller, not
// only the worker.
func TestOnWorker_goexit(t *testing.T) {
	var after bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = onWorker(func(th *thread) error {
			if err := th.unshare(); err != nil {
				t.Error(err)
			}
			runtime.Goexit()
			return nil
		})
		after = true
	}()
	<-done
	if after {
		t.Error("the caller went on")
	}
	sampleThreads(t, netns(t))
}

// TestDo_concurrent: 200 at once, each in its own namespace.
func TestDo_concurrent(t *testing.T) {
	home := netns(t)
	var wait sync.WaitGroup
	var seen sync.Map
	for i := range 200 {
		wait.Go(func() {
			fd, err := newNamespace(nil)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { unix.Close(fd) }) // keeps the inode from being used again
			id, _ := idOf(fd)
			err = Do(NPPath(fmt.Sprintf("/proc/self/fd/%d", fd)), NAGeneric("compare", func() error {
				for range 10 {
					runtime.Gosched()
					if now, err := idAt("/proc/thread-self/ns/net"); err != nil || now != id {
						return fmt.Errorf("in %v, want %v: %w", now, id, err)
					}
				}
				return nil
			}))
			if err != nil {
				t.Error(err)
			}
			if other, twice := seen.LoadOrStore(id, i); twice {
				t.Errorf("%d and %d had the same namespace", i, other)
			}
		})
	}
	wait.Wait()
	sampleThreads(t, home)
}
