//go:build linux

package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const holdName = "hold-"

// Hold keeps a network namespace, given as an open descriptor, alive: it is
// bound to a file in the journal's folder, whose path is returned. It needs
// CAP_SYS_ADMIN over the mounts.
func (j *Journal) Hold(nsfd int) (path string, err error) {
	j.mu.Lock()
	j.holds++
	name := holdName + strconv.Itoa(j.holds)
	j.mu.Unlock()
	path = filepath.Join(string(j.dir), j.name, name)
	fd, err := unix.Openat(j.own, name, unix.O_RDONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", &os.PathError{Op: "make", Path: path, Err: err}
	}
	unix.Close(fd)
	if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", nsfd), path, "none", unix.MS_BIND, ""); err != nil {
		_ = unix.Unlinkat(j.own, name, 0)
		return "", &os.PathError{Op: "mount", Path: path, Err: err}
	}
	return path, nil
}

// Release ends a Hold. One that has ended already is no error.
func (j *Journal) Release(path string) error {
	dir, name := filepath.Split(path)
	if filepath.Clean(dir) != filepath.Join(string(j.dir), j.name) || holdNumber(name) == 0 {
		return fmt.Errorf("%q is no hold of %q", path, j.name)
	}
	err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && err != unix.EINVAL && err != unix.ENOENT { // it is no mount, or not there
		return &os.PathError{Op: "umount", Path: path, Err: err}
	}
	if err := unix.Unlinkat(j.own, name, 0); err != nil && err != unix.ENOENT {
		return &os.PathError{Op: "remove", Path: path, Err: err}
	}
	return nil
}

// held are the paths of all holds.
func (j *Journal) held() []string {
	entries, _ := os.ReadDir(filepath.Join(string(j.dir), j.name))
	var out []string
	for _, e := range entries {
		if holdNumber(e.Name()) > 0 {
			out = append(out, filepath.Join(string(j.dir), j.name, e.Name()))
		}
	}
	return out
}

// lastHold is the highest number of a hold.
func (j *Journal) lastHold() int {
	last := 0
	for _, path := range j.held() {
		last = max(last, holdNumber(filepath.Base(path)))
	}
	return last
}

// holdNumber is the number of a hold's file; 0 for any other.
func holdNumber(name string) int {
	text, ok := strings.CutPrefix(name, holdName)
	n, err := strconv.Atoi(text)
	if !ok || err != nil || text != strconv.Itoa(n) {
		return 0
	}
	return n
}
