//go:build linux

package journal

import "golang.org/x/sys/unix"

// Locks are those of an open file (F_OFD_SETLK), which end with the process
// however that ends. Unlike flock(2) they can be asked for without being taken:
// somebody who looks must not keep out somebody who opens.

// lock locks a file, or says EAGAIN where somebody else has.
func lock(fd int) error {
	return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
}

// isLocked reports whether somebody else has locked a file.
func isLocked(fd int) (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK}
	err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &l)
	return l.Type != unix.F_UNLCK, err
}

// named reports whether a file or folder still has its name.
func named(fd int) (bool, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return st.Nlink > 0, err
}
