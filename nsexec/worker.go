//go:build linux

package nsexec

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// This is the only file that moves threads between namespaces.
//
// A network namespace belongs to a thread, and the Go runtime moves goroutines
// between threads as it likes. So whoever enters a namespace must hold the
// thread (LockOSThread), and must not let go of it anywhere but home: a thread
// that went back into the pool in a foreign namespace would run other
// goroutines there. Three rules follow.
//
//  1. The work runs on a fresh goroutine that holds its thread. The thread is
//     let go only once it is back home. One that can't go back is kept by its
//     goroutine until that returns, upon which the runtime ends the thread.
//  2. The startup thread is different: the runtime parks it instead of ending
//     it, and /proc/self is this thread. It must never leave. A worker that
//     finds itself on it holds it, so that nobody else gets it, and has another
//     worker do the job.
//  3. Whatever f does, rule 1 holds: f may return, panic, or call Goexit (as
//     testing.T.FailNow does). What it did is passed on to the caller.

// thread is an OS thread that its goroutine holds. It is at home until enter
// or unshare has moved it. It must not be handed to another goroutine.
type thread struct {
	home    int  // descriptor of the namespace it came from; -1 while at home
	spoiled bool // it can't be made again what it was
}

// outcome is how f ended.
type outcome struct {
	err      error
	panicked any
	returned bool // neither panic nor Goexit
}

// onWorker runs f on a thread of its own, which f may move between namespaces.
// A panic or Goexit of f happens in the caller. The error wraps ErrDirtyThread
// where the thread could not be brought home.
func onWorker(f func(t *thread) error) error {
	out := spawn(f)
	if out.panicked != nil {
		panic(out.panicked)
	}
	if !out.returned {
		runtime.Goexit()
	}
	return out.err
}

// OnThread runs f on an OS thread of its own, from where f may go on to one new
// namespace after the other: each call of unshare makes one and moves the thread
// there. In the end the thread goes home. It needs CAP_SYS_ADMIN.
func OnThread(f func(unshare func() error) error) error {
	return onWorker(func(t *thread) error { return f(t.unshare) })
}

func spawn(f func(t *thread) error) outcome {
	done := make(chan outcome, 1)
	go work(f, done)
	return <-done
}

func work(f func(t *thread) error, done chan<- outcome) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() { // rule 2
		out := spawn(f)
		runtime.UnlockOSThread()
		done <- out
		return
	}
	t := &thread{home: -1}
	var out outcome
	defer func() {
		if !out.returned {
			out.panicked = recover()
		}
		err := t.goHome()
		if err == nil && !t.spoiled {
			runtime.UnlockOSThread()
		}
		out.err = join(out.err, err)
		done <- out
	}()
	err := f(t)
	out.err, out.returned = err, true
}

// enter moves the thread into the namespace of an open descriptor. If it is in
// that one it stays, for which it needs no privilege.
func (t *thread) enter(fd int) error {
	if there, err := isHere(fd); err != nil || there {
		return err
	}
	return t.move(func() error { return setThread(fd) })
}

// unshare moves the thread into a new namespace.
func (t *thread) unshare() error {
	return t.move(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a namespace: %w", err)
		}
		return nil
	})
}

// unshareMounts gives the thread mounts, a root and a working directory of its
// own, for good: it ends with its worker.
func (t *thread) unshareMounts() error {
	t.spoiled = true
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil { // implies CLONE_FS
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	return nil
}

// move notes where home is and moves the thread by f. Where f fails the thread
// is where it was.
func (t *thread) move(f func() error) error {
	if t.home >= 0 {
		return f()
	}
	home, err := openSelf()
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		unix.Close(home)
		return err
	}
	t.home = home
	return nil
}

// isHere reports whether a descriptor is of the calling thread's namespace.
func isHere(fd int) (bool, error) {
	want, err := idOf(fd)
	if err != nil {
		return false, err
	}
	here, err := idAt("/proc/thread-self/ns/net")
	return here == want, err
}

// goHome brings the thread back. If it can't, the thread must not be let go.
func (t *thread) goHome() error {
	if t.home < 0 {
		return nil
	}
	err := unix.Setns(t.home, unix.CLONE_NEWNET)
	unix.Close(t.home)
	t.home = -1
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDirtyThread, err)
	}
	return nil
}

// onThisThread runs f on one thread from its start to its end, wherever that is:
// what f says of the calling thread then holds for as long as it runs.
func onThisThread(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return f()
}

// inNamespace runs f on a thread in the namespace of an open descriptor.
func inNamespace(fd int, f func(t *thread) error) error {
	return onWorker(func(t *thread) error {
		if err := t.enter(fd); err != nil {
			return err
		}
		return f(t)
	})
}

// newNamespace makes a namespace and returns a descriptor of it, which keeps it
// alive and which the caller closes. The function set, which may be nil, runs
// on a thread in it first.
func newNamespace(set func() error) (fd int, err error) {
	err = onWorker(func(t *thread) error {
		if err := t.unshare(); err != nil {
			return err
		}
		if fd, err = openSelf(); err != nil {
			return err
		}
		if set == nil {
			return nil
		}
		if err := set(); err != nil {
			unix.Close(fd)
			return err
		}
		return nil
	})
	if err != nil {
		return -1, err
	}
	return fd, nil
}

// openSelf opens the calling thread's own namespace.
func openSelf() (int, error) {
	return openNetns("/proc/thread-self/ns/net")
}

// setThread moves the calling thread, which the caller must hold.
func setThread(fd int) error {
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the namespace: %w", err)
	}
	return nil
}
