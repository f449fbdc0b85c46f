//go:build linux

package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

// held makes a namespace that the journal alone keeps, and returns its inode.
func held(t *testing.T, j *journal.Journal) (path string, inode uint64) {
	t.Helper()
	name := nstest.NS(t).Name
	fd, err := unix.Open("/run/netns/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	noError(t, err)
	defer unix.Close(fd)
	path, err = j.Hold(fd)
	noError(t, err)
	inode = inodeOf(t, "/run/netns/"+name)
	noError(t, nsexec.DeleteNamedNS(name))
	return path, inode
}

func inodeOf(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	noError(t, unix.Stat(path, &st))
	return st.Ino
}

func TestHold(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	first, was := held(t, j)
	second, _ := held(t, j)
	if got := inodeOf(t, first); got != was || first == second {
		t.Errorf("%s is inode %d, want %d; the other is %s", first, got, was, second)
	}
	noError(t, j.Close())
	j = open(t, dir, "a")
	third, _ := held(t, j)
	if third == first || third == second {
		t.Errorf("%s has been held already", third)
	}
	noError(t, j.Release(second))
	noError(t, j.Release(second))
	if got := inodeOf(t, first); got != was {
		t.Errorf("the other is inode %d, want %d", got, was)
	}
	noError(t, j.Remove())
	if left, _ := filepath.Glob(string(dir) + "/*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestHold_interrupted: the file of a hold that has not come to pass goes too.
func TestHold_interrupted(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	noError(t, j.Close())
	noError(t, os.WriteFile(string(dir)+"/a/hold-1", nil, 0o400))
	j = open(t, dir, "a")
	if path, _ := held(t, j); filepath.Base(path) != "hold-2" {
		t.Errorf("got %s, want hold-2", path)
	}
	noError(t, j.Remove())
	if left, _ := filepath.Glob(string(dir) + "/*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestRelease_other: only holds are released.
func TestRelease_other(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	other := create(t, dir, "b")
	path, was := held(t, other)
	for _, path := range []string{path, j.Path(), "/run/netns/x", string(dir) + "/a/hold-0", string(dir) + "/a/hold-x", ""} {
		if err := j.Release(path); err == nil {
			t.Errorf("%q is released", path)
		}
	}
	if got := inodeOf(t, path); got != was {
		t.Errorf("inode %d, want %d", got, was)
	}
	noError(t, other.Remove())
}

func TestHold_noNamespace(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	if _, err := j.Hold(-1); !errors.Is(err, unix.ENOENT) {
		t.Errorf("got %v, want ENOENT", err)
	}
	noError(t, j.Remove())
	if left, _ := filepath.Glob(string(dir) + "/*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
