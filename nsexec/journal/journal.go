//go:build linux

package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// create makes the folder and the file. Whoever opens or removes one of that
// name takes away a folder that has no journal, so it may take more than one go.
func (j *Journal) create() (err error) {
	const most = 100
	for range most {
		if err = j.tryCreate(); !errors.Is(err, unix.ENOENT) {
			break
		}
		j.closeOwn()
	}
	return err
}

// tryCreate has the file be written and locked before it has its name, so that
// nobody takes its run for one that has ended.
func (j *Journal) tryCreate() error {
	if err := unix.Mkdirat(j.root, j.name, 0o700); err != nil && err != unix.EEXIST {
		return &os.PathError{Op: "mkdir", Path: j.folder(), Err: err}
	}
	if err := j.openOwn(); err != nil {
		return &os.PathError{Op: "open", Path: j.folder(), Err: err}
	}
	err := j.publish()
	if err != nil {
		_ = unix.Unlinkat(j.root, j.name, unix.AT_REMOVEDIR) // it is empty, or another's
	}
	if errors.Is(err, unix.EEXIST) {
		info, err := j.dir.info(j.name)
		switch {
		case errors.Is(err, unix.ENOENT): // it has gone meanwhile
			return err
		case err != nil:
			info.State = Damaged
		}
		return &ExistsError{Name: j.name, State: info.State}
	}
	return err
}

// publish makes the file without a name and gives it one, so that a process
// that is killed leaves all of it or nothing.
func (j *Journal) publish() error {
	temporary := ""
	fd, err := unix.Openat(j.own, ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == unix.EOPNOTSUPP || err == unix.EISDIR { // the file system has no such files
		temporary = fmt.Sprintf(".new-%d", os.Getpid())
		fd, err = unix.Openat(j.own, temporary, unix.O_RDWR|unix.O_CREAT|unix.O_TRUNC|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	}
	if there, _ := named(j.own); err != nil && !there {
		err = unix.ENOENT // ext4 says EPERM of a folder that has gone
	}
	if err != nil {
		return j.failed("open", err)
	}
	j.file = os.NewFile(uintptr(fd), j.dir.path(j.name))
	if temporary != "" {
		defer unix.Unlinkat(j.own, temporary, 0)
	}
	if err := lock(fd); err != nil {
		return j.failed("lock", err)
	}
	if err := j.write(j.head.text(j.name)); err != nil {
		return err
	}
	from := fmt.Sprintf("/proc/self/fd/%d", fd)
	if err := unix.Linkat(unix.AT_FDCWD, from, j.own, fileName, unix.AT_SYMLINK_FOLLOW); err != nil {
		return j.failed("make", err)
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
		return j.noLab()
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
	switch err := lock(int(j.file.Fd())); {
	case errors.Is(err, unix.EAGAIN):
		return &BusyError{Name: j.name, PID: j.head.PID}
	case err != nil:
		return j.failed("lock", err)
	}
	// Whoever had the lock may have removed it: then it is one without a name.
	switch there, err := named(int(j.file.Fd())); {
	case err != nil:
		return j.failed("stat", err)
	case !there:
		return j.noLab()
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

// noLab says that there is no journal. A folder without one is what a process
// leaves that was killed when it was about to begin, or had all but ended.
func (j *Journal) noLab() error {
	_ = unix.Unlinkat(j.root, j.name, unix.AT_REMOVEDIR)
	have, _ := j.dir.names()
	return &NoLabError{Name: j.name, Have: have}
}

func (j *Journal) folder() string { return filepath.Join(string(j.dir), j.name) }

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
	if line == "" || strings.ContainsRune(line, '\n') {
		return Entry{}, fmt.Errorf("a statement of a journal is one line: %q", line)
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
		_ = j.file.Truncate(j.end) // n does not tell what was written before the error
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

// MarkDown notes that what the run made is being taken away. On a full disk it
// does without the note: taking things away may be what makes room.
func (j *Journal) MarkDown() error {
	err := j.write(fmt.Sprintf("# down %s by process %d\n", time.Now().UTC().Format(time.RFC3339), os.Getpid()))
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return nil
	}
	return err
}

// Close lets go of the journal and leaves it.
func (j *Journal) Close() error {
	j.close()
	return nil
}

func (j *Journal) close() {
	j.closeOwn()
	if j.root >= 0 {
		unix.Close(j.root)
	}
	j.root = -1
}

// closeOwn closes the journal's own folder and file.
func (j *Journal) closeOwn() {
	if j.file != nil {
		j.file.Close()
	}
	if j.own >= 0 {
		unix.Close(j.own)
	}
	j.file, j.own, j.end = nil, -1, 0
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
