//go:build linux

package nsexec

import (
	"os"

	"golang.org/x/sys/unix"
)

// makeMountDir makes the folder of named namespaces what `ip netns add` makes
// it: a shared mount, so that a namespace that is deleted goes away in all
// mount namespaces, and not only in that of whoever deleted it. Other folders
// are left alone.
func makeMountDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if dir != DefaultMountPath {
		return nil
	}
	// Two programs must not both bind the folder to itself.
	lock, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	_, err = retry(func() (int, error) { return 0, unix.Flock(int(lock.Fd()), unix.LOCK_EX) })
	if err != nil {
		return &os.PathError{Op: "lock", Path: dir, Err: err}
	}
	err = unix.Mount("", dir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if err != unix.EINVAL { // which says that it is no mount yet
		return mountError(dir, err)
	}
	if err := unix.Mount(dir, dir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return mountError(dir, err)
	}
	return mountError(dir, unix.Mount("", dir, "none", unix.MS_SHARED|unix.MS_REC, ""))
}

func mountError(path string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: "mount", Path: path, Err: err}
}
