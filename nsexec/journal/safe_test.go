//go:build linux

package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

// refused has all that takes a folder or a name be refused.
func refused(t *testing.T, dir journal.Dir, name, want string) {
	t.Helper()
	_, created := dir.Create(name, head)
	_, opened := dir.Open(name)
	for what, err := range map[string]error{"Create": created, "Open": opened} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", what, err, want)
		}
	}
}

func TestDir_symlink(t *testing.T) {
	real := newDir(t)
	noError(t, create(t, real, "a").Close())
	link := journal.Dir(string(real) + "-link")
	noError(t, os.Symlink(string(real), string(link)))
	refused(t, link, "a", "it is no folder")
	if _, err := link.List(); err == nil {
		t.Error("List follows a link")
	}

	noError(t, os.Symlink("a", string(real)+"/b"))
	refused(t, real, "b", "not a directory")
	if got := list(t, real); len(got) != 1 {
		t.Errorf("List has %v", got)
	}

	noError(t, os.Mkdir(string(real)+"/c", 0o700))
	noError(t, os.Symlink("../a/journal.nes", string(real)+"/c/journal.nes"))
	if _, err := real.Open("c"); !errors.Is(err, unix.ELOOP) {
		t.Errorf("got %v, want ELOOP", err)
	}
	var there *journal.ExistsError
	if _, err := real.Create("c", head); !errors.As(err, &there) {
		t.Errorf("got %v, want an ExistsError", err)
	}
}

func TestDir_file(t *testing.T) {
	dir := newDir(t)
	noError(t, os.WriteFile(string(dir), nil, 0o600))
	refused(t, dir, "a", "it is no folder")
}

// TestDir_owner: what belongs to somebody else is refused. Where the sandbox
// knows no other user to give a folder to, the host's root is one.
func TestDir_owner(t *testing.T) {
	others := t.TempDir()
	if err := os.Chown(others, 1, -1); err != nil {
		others = "/proc/sys"
	}
	refused(t, journal.Dir(others), "a", "it belongs to user")
	if _, err := journal.Dir(others).List(); !errors.Is(err, unix.EPERM) {
		t.Errorf("List: got %v, want EPERM", err)
	}
}

// TestDir_modes: folders that others could write to, or look into, are closed.
func TestDir_modes(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	dir := newDir(t)
	j := create(t, dir, "a")
	modes := func() string {
		var out []string
		for _, path := range []string{string(dir), filepath.Dir(j.Path()), j.Path()} {
			info, err := os.Stat(path)
			noError(t, err)
			out = append(out, info.Mode().String())
		}
		return strings.Join(out, " ")
	}
	const want = "drwx------ drwx------ -rw-------"
	if got := modes(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	noError(t, j.Close())
	noError(t, os.Chmod(string(dir), 0o777))
	noError(t, os.Chmod(filepath.Dir(j.Path()), 0o755))
	open(t, dir, "a")
	if got := modes(); got != want {
		t.Errorf("after Open: got %s, want %s", got, want)
	}
	noError(t, os.Chmod(string(dir), 0o777))
	list(t, dir)
	if got := modes(); got != want {
		t.Errorf("after List: got %s, want %s", got, want)
	}
}

// TestFull: what does not fit is refused, and nothing of it stays.
func TestFull(t *testing.T) {
	nstest.NoLeaks(t)
	disk := tmpfs(t, "size=64k")
	dir := journal.Dir(disk + "/labs")
	j := create(t, dir, "a")
	line := strings.Repeat("x", 777)
	n := 0
	for ; n < 1000; n++ {
		if _, err := j.Append(line); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Errorf("got %v, want ENOSPC", err)
			}
			break
		}
	}
	if got := len(entriesOf(t, j)); got != n || n == 1000 {
		t.Errorf("%d lines are there, of %d", got, n)
	}
	if text := read(t, dir, "a"); !strings.HasSuffix(text, line+"\n") {
		t.Errorf("it ends with %q", text[len(text)-20:])
	}
	fill(t, disk)
	if _, err := dir.Create("b", head); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Create: got %v, want ENOSPC", err)
	}
	if entries, err := os.ReadDir(string(dir)); err != nil || len(entries) != 1 {
		t.Errorf("Create has left something: %v, %v", entries, err)
	}

	// What is there can be taken down all the same.
	noError(t, j.Close())
	j = open(t, dir, "a")
	noError(t, j.MarkDown())
	entries, err := j.Entries()
	noError(t, err)
	noError(t, j.Strike(entries[0]))
	noError(t, j.Remove())
}

// fill takes what room there is on a disk.
func fill(t *testing.T, disk string) {
	t.Helper()
	f, err := os.Create(disk + "/filling")
	noError(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func TestReadOnly(t *testing.T) {
	disk := tmpfs(t, "size=64k")
	dir := journal.Dir(disk + "/labs")
	noError(t, create(t, dir, "a").Close())
	noError(t, unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	_, created := dir.Create("b", head)
	_, opened := dir.Open("a")
	_, made := journal.Dir(disk+"/more").Create("b", head)
	for what, err := range map[string]error{"Create": created, "Open": opened, "Create in a new folder": made} {
		if !errors.Is(err, unix.EROFS) {
			t.Errorf("%s: got %v, want EROFS", what, err)
		}
	}
	if got := list(t, dir); got["a"] != journal.Interrupted {
		t.Errorf("List has %v", got)
	}
}
