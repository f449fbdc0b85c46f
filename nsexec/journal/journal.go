//go:build linux

package journal

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Journal is an open journal, which is locked. It is safe for concurrent use.
// Close or Remove it.
type Journal struct {
	dir  Dir
	name string
	head Head
	root int // descriptor of the folder of all journals
	own  int // of the journal's own folder

	mu    sync.Mutex
	file  *os.File
	end   int64 // of the file
	buf   []byte
	holds int
}

// Head is what a journal says about its run.
type Head struct {
	Script  string // its path; "-" for standard input
	PID     int    // of the process
	Started time.Time
}

// Entry is a statement of a journal.
type Entry struct {
	Line   string // without the defer before it
	Offset int64  // of its line in the file
}

const deferred = "defer "

// Create makes a journal. Where there is one of that name the error is an
// *ExistsError.
func (d Dir) Create(name string, head Head) (*Journal, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	root, err := d.open(true)
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: d, name: name, head: head, root: root, own: -1}
	if err := j.create(); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

// create makes the folder and the file. The file is locked before it has its
// name, so that nobody takes its run for one that has ended.
func (j *Journal) create() error {
	if err := unix.Mkdirat(j.root, j.name, 0o700); err != nil && err != unix.EEXIST {
		return &os.PathError{Op: "mkdir", Path: string(j.dir) + "/" + j.name, Err: err}
	}
	if err := j.openOwn(); err != nil {
		return err
	}
	temporary := fmt.Sprintf(".new-%d", os.Getpid())
	fd, err := unix.Openat(j.own, temporary, unix.O_RDWR|unix.O_CREAT|unix.O_TRUNC|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return j.failed("open", err)
	}
	j.file = os.NewFile(uintptr(fd), j.dir.path(j.name))
	if err := flock(fd); err != nil {
		return j.failed("lock", err)
	}
	if err := j.write(j.head.text(j.name)); err != nil {
		_ = unix.Unlinkat(j.own, temporary, 0)
		_ = unix.Unlinkat(j.root, j.name, unix.AT_REMOVEDIR) // it is empty, or another's
		return err
	}
	err = unix.Renameat2(j.own, temporary, j.own, fileName, unix.RENAME_NOREPLACE)
	if err != nil {
		_ = unix.Unlinkat(j.own, temporary, 0)
	}
	if err == unix.EEXIST {
		info, _ := j.dir.info(j.name)
		return &ExistsError{Name: j.name, State: info.State}
	}
	if err != nil {
		return j.failed("rename", err)
	}
	return nil
}

// Open opens a journal that is there. Errors are a *NoLabError or a *BusyError,
// or what is wrong with the file.
func (d Dir) Open(name string) (*Journal, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	root, err := d.open(false)
	if errors.Is(err, unix.ENOENT) {
		return nil, &NoLabError{Name: name}
	}
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: d, name: name, root: root, own: -1}
	if err := j.reopen(); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) reopen() error {
	err := j.openOwn()
	if err == nil {
		var fd int
		fd, err = unix.Openat(j.own, fileName, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == nil {
			j.file = os.NewFile(uintptr(fd), j.dir.path(j.name))
		}
	}
	if errors.Is(err, unix.ENOENT) {
		have, _ := j.dir.names()
		return &NoLabError{Name: j.name, Have: have}
	}
	if err != nil {
		return j.failed("open", err)
	}
	text, err := readAll(j.file)
	if err != nil {
		return err
	}
	info, err := parse(j.dir.path(j.name), text)
	if err != nil {
		return err
	}
	j.head = info.Head
	switch err := flock(int(j.file.Fd())); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return &BusyError{Name: j.name, PID: j.head.PID}
	case err != nil:
		return j.failed("lock", err)
	}
	if text, err = readAll(j.file); err != nil { // it may have grown before it was ours
		return err
	}
	j.end = int64(strings.LastIndexByte(text, '\n') + 1) // half a line is none
	j.holds = j.lastHold()
	return j.file.Truncate(j.end)
}

func (j *Journal) openOwn() (err error) {
	j.own, err = unix.Openat(j.root, j.name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		j.own = -1
		return err
	}
	return private(j.own)
}

func flock(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }

func (j *Journal) failed(op string, err error) error {
	return &os.PathError{Op: op, Path: j.dir.path(j.name), Err: err}
}

// Name is the journal's name.
func (j *Journal) Name() string { return j.name }

// Path is that of the journal's file.
func (j *Journal) Path() string { return j.dir.path(j.name) }

// Append writes down a statement, which is one line. When it returns, the
// statement is out of the process.
func (j *Journal) Append(line string) (Entry, error) {
	if strings.ContainsRune(line, '\n') {
		return Entry{}, fmt.Errorf("a statement of a journal is one line, this has more: %q", line)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e := Entry{Line: line, Offset: j.end}
	j.buf = append(append(append(j.buf[:0], deferred...), line...), '\n')
	return e, j.writeLocked(j.buf)
}

func (j *Journal) write(text string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.writeLocked([]byte(text))
}

// writeLocked appends; of what does not fit nothing stays.
func (j *Journal) writeLocked(text []byte) error {
	n, err := j.file.WriteAt(text, j.end)
	if err != nil {
		if n > 0 {
			_ = j.file.Truncate(j.end)
		}
		return err
	}
	j.end += int64(n)
	return nil
}

// Strike makes a comment of a statement, since it has been undone.
func (j *Journal) Strike(e Entry) error {
	_, err := j.file.WriteAt([]byte{'#'}, e.Offset)
	return err
}

// Entries are the statements that have not been struck, in the file's order.
func (j *Journal) Entries() ([]Entry, error) {
	text, err := readAll(j.file)
	if err != nil {
		return nil, err
	}
	info, err := parse(j.Path(), text)
	return info.Entries, err
}

// MarkUp notes that the run has succeeded and that what it made stays.
func (j *Journal) MarkUp(t time.Time) error {
	return j.write("# up " + t.UTC().Format(time.RFC3339) + "\n")
}

// MarkDown notes that what the run made is being taken away.
func (j *Journal) MarkDown() error {
	return j.write(fmt.Sprintf("# down %s by process %d\n", time.Now().UTC().Format(time.RFC3339), os.Getpid()))
}

// Close lets go of the journal and leaves it.
func (j *Journal) Close() error {
	j.close()
	return nil
}

func (j *Journal) close() {
	if j.file != nil {
		j.file.Close()
	}
	for _, fd := range []int{j.own, j.root} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	j.file, j.own, j.root = nil, -1, -1
}

// Remove ends all holds, deletes the journal and closes it.
func (j *Journal) Remove() error {
	defer j.close()
	for _, path := range j.held() {
		if err := j.Release(path); err != nil {
			return err
		}
	}
	if err := unix.Unlinkat(j.own, fileName, 0); err != nil && err != unix.ENOENT {
		return j.failed("remove", err)
	}
	err := unix.Unlinkat(j.root, j.name, unix.AT_REMOVEDIR)
	if err == unix.ENOENT || err == unix.ENOTEMPTY { // another run has the name by now
		return nil
	}
	if err != nil {
		return j.failed("remove", err)
	}
	return nil
}
