//go:build linux

package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// State is what became of a journal's run.
type State string

// The states.
const (
	Running     State = "running"     // the run is under way
	Up          State = "up"          // it has succeeded, and stays
	Interrupted State = "interrupted" // it ended without an end
	GoingDown   State = "going down"  // somebody takes it down
	Damaged     State = "damaged"     // it can't be read
)

// Info is what a journal says.
type Info struct {
	Name    string
	State   State
	Head    Head
	UpSince time.Time // zero unless it is up
	Path    string
	Entries []Entry // those that have not been struck
	Err     error   // why it can't be read, where it is damaged

	down bool
}

// List returns all journals, sorted by name, those that can't be read among
// them.
func (d Dir) List() ([]Info, error) {
	root, err := d.open(false)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	unix.Close(root)
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, name := range names {
		info, err := d.info(name)
		if errors.Is(err, os.ErrNotExist) { // it is about to come, or to go
			continue
		}
		if err != nil {
			info = Info{Name: name, State: Damaged, Path: d.path(name), Err: err}
		}
		out = append(out, info)
	}
	return out, nil
}

// info reads a journal without locking it.
func (d Dir) info(name string) (Info, error) {
	path := d.path(name)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return Info{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	text, locked, err := look(f)
	if err != nil {
		return Info{}, err
	}
	info, err := parse(path, text)
	info.Name, info.Path = name, path
	info.State = info.state(locked)
	return info, err
}

// look reads a file, and whether it was locked all the while: what its owner
// writes last stands there before the lock ends.
func look(f *os.File) (text string, locked bool, err error) {
	for {
		before, err := isLocked(int(f.Fd()))
		if err != nil {
			return "", false, &os.PathError{Op: "ask for the lock of", Path: f.Name(), Err: err}
		}
		if text, err = readAll(f); err != nil {
			return "", false, err
		}
		after, err := isLocked(int(f.Fd()))
		if err == nil && before != after {
			continue
		}
		if err != nil {
			return "", false, err
		}
		there, err := named(int(f.Fd()))
		if err == nil && !there {
			err = &os.PathError{Op: "open", Path: f.Name(), Err: os.ErrNotExist}
		}
		return text, after, err
	}
}

func (info *Info) state(locked bool) State {
	switch {
	case locked && info.down:
		return GoingDown
	case !info.UpSince.IsZero() && !info.down:
		return Up
	case locked:
		return Running
	}
	return Interrupted
}

func readAll(f *os.File) (string, error) {
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, st.Size()))
	return string(b), err
}

const title = "# NEScript journal "

// version is that of the format.
const version = "1"

// text is the journal's first lines.
func (h Head) text(name string) string {
	return fmt.Sprintf(title+version+": how to undo %q. nescript down does it; so does running this file as a script.\n"+
		"# script %q\n# started %s by process %d\n", name, h.Script, h.Started.UTC().Format(time.RFC3339), h.PID)
}

// parse reads a journal. A last line without an end is one that was about to be
// written, and stands for nothing that was done.
func parse(path, text string) (Info, error) {
	var info Info
	first, _, whole := strings.Cut(text, "\n")
	is, ok := strings.CutPrefix(first, title)
	if v, _, _ := strings.Cut(is, ":"); !ok || !whole || v != version {
		return info, fmt.Errorf("%s: it is no journal of version %s", path, version)
	}
	offset := int64(0)
	for n := 1; ; n++ {
		line, rest, whole := strings.Cut(text, "\n")
		if !whole {
			return info, nil
		}
		if err := info.line(line, offset); err != nil {
			return info, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		offset += int64(len(line)) + 1
		text = rest
	}
}

func (info *Info) line(line string, offset int64) (err error) {
	word, rest, _ := strings.Cut(strings.TrimPrefix(line, "# "), " ")
	switch statement, ok := strings.CutPrefix(line, deferred); {
	case ok:
		info.Entries = append(info.Entries, Entry{Line: statement, Offset: offset})
	case !strings.HasPrefix(line, "#"):
		return fmt.Errorf("%q is neither a statement nor a comment", line)
	case word == "script":
		info.Head.Script, err = strconv.Unquote(rest)
	case word == "started":
		var at string
		if _, err = fmt.Sscanf(rest, "%s by process %d", &at, &info.Head.PID); err == nil {
			info.Head.Started, err = time.Parse(time.RFC3339, at)
		}
	case word == "up":
		info.UpSince, err = time.Parse(time.RFC3339, rest)
	case word == "down":
		info.down = true
	}
	return err
}
