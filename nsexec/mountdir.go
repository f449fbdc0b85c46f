//go:build linux

package nsexec

import (
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// makeMountDir makes the folder of named namespaces what `ip netns add` makes
// it: a shared mount, so that a namespace that is deleted goes away in all
// mount namespaces, and not only in that of whoever deleted it. Other folders
// are left alone.
func makeMountDir(dir string) error {
	if dir == DefaultMountPath && isSharedMount(dir) {
		return nil
	}
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
	if err == unix.EINVAL { // which says that it is no mount yet
		if err := unix.Mount(dir, dir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return mountError(dir, err)
		}
		err = unix.Mount("", dir, "none", unix.MS_SHARED|unix.MS_REC, "")
	}
	if err == nil {
		id, _ := mountOf(dir)
		madeShared.Store(id)
	}
	return mountError(dir, err)
}

// madeShared is the number of the mount that was made shared last, or 0. To make
// it so again takes the longer the more namespaces there are.
var madeShared atomic.Uint64

func isSharedMount(dir string) bool {
	id, isRoot := mountOf(dir)
	return isRoot && id == madeShared.Load()
}

// mountOf is the number of the mount that a folder is in, 0 where a kernel before
// 5.8 does not tell, and whether it is the mount's root.
func mountOf(dir string) (id uint64, isRoot bool) {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, dir, unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &st)
	if err != nil || st.Mask&unix.STATX_MNT_ID == 0 {
		return 0, false
	}
	return st.Mnt_id, st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}

func mountError(path string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: "mount", Path: path, Err: err}
}
