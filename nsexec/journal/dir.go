//go:build linux

package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Dir is the folder of all journals.
type Dir string

// Default is where journals are kept.
const Default Dir = "/run/nescript"

const fileName = "journal.nes"

// CheckName returns an error unless name can be that of a journal: 1 to 64
// letters, digits, dots, dashes and underscores, of which the first is a letter
// or a digit.
func CheckName(name string) error {
	const first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	switch {
	case name == "":
		return errors.New("a lab's name must not be empty")
	case len(name) > 64:
		return fmt.Errorf("a lab's name has 64 bytes at most, this has %d", len(name))
	case !strings.Contains(first, name[:1]), strings.Trim(name, first+"._-") != "":
		return fmt.Errorf("%q is no name for a lab: it takes letters, digits, dots, dashes and underscores, and starts with a letter or a digit", name)
	}
	return nil
}

// open opens the folder, made if need be, and sees to it that nobody else can
// write to it. The caller closes it.
func (d Dir) open(create bool) (int, error) {
	if create {
		if err := unix.Mkdir(string(d), 0o700); err != nil && err != unix.EEXIST {
			return -1, &os.PathError{Op: "mkdir", Path: string(d), Err: err}
		}
	}
	fd, err := unix.Open(string(d), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		if err == unix.ELOOP || err == unix.ENOTDIR {
			err = fmt.Errorf("it is no folder, and what it leads to may be somebody else's: %w", err)
		}
		return -1, &os.PathError{Op: "open", Path: string(d), Err: err}
	}
	if err := private(fd); err != nil {
		unix.Close(fd)
		return -1, &os.PathError{Op: "open", Path: string(d), Err: err}
	}
	return fd, nil
}

// private refuses a folder of somebody else's, who could have us run what they
// like, and closes one of our own to others.
func private(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, who could have anything undone here: %w", st.Uid, unix.EPERM)
	}
	if st.Mode&0o777 != 0o700 {
		return unix.Fchmod(fd, 0o700)
	}
	return nil
}

// names are the folders of journals, sorted.
func (d Dir) names() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if CheckName(e.Name()) == nil && e.IsDir() {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

func (d Dir) path(name string) string { return filepath.Join(string(d), name, fileName) }

// ExistsError says that there is a journal of that name. It is a unix.EEXIST.
type ExistsError struct {
	Name  string
	State State
}

func (e *ExistsError) Error() string {
	switch e.State {
	case Up:
		return fmt.Sprintf("%q is up already", e.Name)
	case Interrupted:
		return fmt.Sprintf("%q was interrupted, and what it has made is still there", e.Name)
	case Damaged:
		return fmt.Sprintf("there is a journal of %q, which can't be read", e.Name)
	}
	return fmt.Sprintf("%q is %s", e.Name, e.State)
}

// Unwrap returns unix.EEXIST.
func (e *ExistsError) Unwrap() error { return unix.EEXIST }

// NoLabError says that there is no journal of that name. It is a unix.ENOENT.
type NoLabError struct {
	Name string
	Have []string // the names that there are
}

func (e *NoLabError) Error() string { return fmt.Sprintf("no lab %q", e.Name) }

// Unwrap returns unix.ENOENT.
func (e *NoLabError) Unwrap() error { return unix.ENOENT }

// BusyError says that somebody else has the journal open. It is a unix.EBUSY.
type BusyError struct {
	Name string
	PID  int // who made it
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%q is in use: its run (process %d) or another that takes it down has not ended", e.Name, e.PID)
}

// Unwrap returns unix.EBUSY.
func (e *BusyError) Unwrap() error { return unix.EBUSY }
