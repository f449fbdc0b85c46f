//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// StartError says that a program could not be started.
type StartError struct {
	Program string
	Err     error
}

func (e *StartError) Error() string { return fmt.Sprintf("can't run %q: %v", e.Program, e.Err) }

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }

// Become replaces the process by a program in a namespace, so that the program
// has its exit code, its signals and its terminal. As under `ip netns exec`, it
// gets mounts of its own, in which /sys is that of the namespace, and the files
// in /etc/netns/NAME lie over those in /etc.
//
// The program is a path; argv starts with its name. Become returns only where it
// fails: with a *StartError if the program is the cause. Nothing else of the
// process may be relied on to run any more when it succeeds, deferred functions
// and other goroutines included.
func (e *Engine) Become(ctx context.Context, ns Ref, program string, argv, env []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	pc, err := e.pool.get(ctx, ns, e.newRun())
	if err != nil {
		return err
	}
	defer e.pool.put(pc)
	// The kernel has the process go on with the thread that calls execve, and
	// so in that thread's namespaces.
	return onWorker(func(t *thread) error {
		if err := t.enter(pc.nsfd); err != nil {
			return err
		}
		if ns.Kind != RefHost {
			if err := t.unshareMounts(); err != nil {
				return err
			}
			if err := furnishMounts(ns); err != nil {
				return err
			}
		}
		return &StartError{program, syscall.Exec(program, argv, env)}
	})
}

// furnishMounts makes /sys and /etc those of a namespace, on a thread that is in
// it and has mounts of its own.
func furnishMounts(ns Ref) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	// The kernel refuses a new sysfs where parts of the present one are hidden,
	// as in many containers. Then /sys goes on showing other links.
	_ = unix.Mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if ns.Kind != RefName {
		return nil
	}
	return bindEtc(filepath.Join("/etc/netns", ns.Name))
}

// bindEtc lays the files of a folder over those of the same names in /etc. Files
// that /etc has not are left out: there is nothing to lay them over.
func bindEtc(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		to := filepath.Join("/etc", e.Name())
		err := unix.Mount(filepath.Join(dir, e.Name()), to, "", unix.MS_BIND, "")
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return &os.PathError{Op: "mount", Path: to, Err: err}
		}
	}
	return nil
}
