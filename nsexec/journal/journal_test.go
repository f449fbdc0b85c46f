//go:build linux

package journal_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

func TestCheckName(t *testing.T) {
	for name, want := range map[string]bool{
		"star": true, "a": true, "0": true, "A.b_c-9": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, ".": false, "..": false, "-a": false, "_a": false,
		"a/b": false, "a b": false, "ä": false, "a\n": false, "a\x00": false, ".new-1": false,
	} {
		if err := journal.CheckName(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "../a"} {
		if _, err := newDir(t).Create(name, head); err == nil {
			t.Errorf("Create takes %q", name)
		}
		if _, err := newDir(t).Open(name); err == nil {
			t.Errorf("Open takes %q", name)
		}
	}
}

// TestJournal: what is written is there for another who opens it.
func TestJournal(t *testing.T) {
	nstest.NoLeaks(t)
	dir := newDir(t)
	j := create(t, dir, "star")
	if got, want := j.Name()+" "+j.Path(), "star "+string(dir)+"/star/journal.nes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	entries := note(t, j, "unmake ns h1 cookie 4242", `print "a # b"`, "unmake ns h2 cookie 4243")
	noError(t, j.Strike(entries[1]))
	noError(t, j.MarkUp(head.Started.Add(time.Minute)))
	noError(t, j.Close())

	again := open(t, dir, "star")
	want := []string{"unmake ns h1 cookie 4242", "unmake ns h2 cookie 4243"}
	if diff := cmp.Diff(want, entriesOf(t, again)); diff != "" {
		t.Error(diff)
	}
	note(t, again, "later")
	if diff := cmp.Diff(append(want, "later"), entriesOf(t, again)); diff != "" {
		t.Error(diff)
	}
	infos, err := dir.List()
	if err != nil || len(infos) != 1 {
		t.Fatalf("%v, %v", infos, err)
	}
	if infos[0].Head != head || !infos[0].UpSince.Equal(head.Started.Add(time.Minute)) || infos[0].Path != again.Path() {
		t.Errorf("got %+v", infos[0])
	}
	noError(t, again.Remove())
	if _, err := os.Lstat(string(dir) + "/star"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
	_, err = dir.Open("star")
	wantNoLab(t, err, "star")
}

// TestJournal_script: the file is a script that undoes everything.
func TestJournal_script(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "star")
	struck := note(t, j, "unmake ns h1 cookie 1", "unmake ns h2 cookie 2")[0]
	noError(t, j.Strike(struck))
	want := `# NEScript journal 1: how to undo "star". nescript down does it; so does running this file as a script.
# script "/home/ann/star.nes"
# started 2026-11-24T20:00:00Z by process ` + fmt.Sprint(head.PID) + `
#efer unmake ns h1 cookie 1
defer unmake ns h2 cookie 2
`
	if diff := cmp.Diff(want, read(t, dir, "star")); diff != "" {
		t.Error(diff)
	}
}

func TestJournal_oneLine(t *testing.T) {
	j := create(t, newDir(t), "a")
	if _, err := j.Append("one\ntwo"); err == nil || len(entriesOf(t, j)) != 0 {
		t.Errorf("two lines: %v, %q", err, entriesOf(t, j))
	}
}

// TestList_states goes through the life of a journal.
func TestList_states(t *testing.T) {
	dir := newDir(t)
	want := func(state journal.State) {
		t.Helper()
		if got := list(t, dir)["a"]; got != state {
			t.Errorf("got %q, want %q", got, state)
		}
	}
	want("")
	j := create(t, dir, "a")
	want(journal.Running)
	noError(t, j.Close())
	want(journal.Interrupted)
	j = open(t, dir, "a")
	noError(t, j.MarkUp(time.Now()))
	noError(t, j.Close())
	want(journal.Up)
	j = open(t, dir, "a")
	noError(t, j.MarkDown())
	want(journal.GoingDown)
	noError(t, j.Close())
	want(journal.Interrupted)
	noError(t, open(t, dir, "a").Remove())
	want("")
}

func TestList_sorted(t *testing.T) {
	dir := newDir(t)
	for _, name := range []string{"b", "c", "a"} {
		create(t, dir, name)
	}
	infos, err := dir.List()
	var got []string
	for _, info := range infos {
		got = append(got, info.Name)
	}
	if err != nil || strings.Join(got, " ") != "a b c" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCreate_exists(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	note(t, j, "something")
	for _, c := range []struct {
		change func() error
		state  journal.State
		want   string
	}{
		{func() error { return nil }, journal.Running, `"a" is running`},
		{j.Close, journal.Interrupted, `"a" was interrupted, and what it has made is still there`},
		{func() error { return errors.Join(open(t, dir, "a").MarkUp(time.Now())) }, journal.Up, `"a" is up already`},
	} {
		noError(t, c.change())
		_, err := dir.Create("a", head)
		var there *journal.ExistsError
		if !errors.As(err, &there) || there.State != c.state || err.Error() != c.want || !errors.Is(err, unix.EEXIST) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if !strings.Contains(read(t, dir, "a"), "defer something\n") {
		t.Error("Create has spoilt what was there")
	}
}

func TestOpen_busy(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	_, err := dir.Open("a")
	var busy *journal.BusyError
	if !errors.As(err, &busy) || busy.Name != "a" || busy.PID != head.PID || !errors.Is(err, unix.EBUSY) {
		t.Errorf("got %v", err)
	}
	noError(t, j.Close())
	open(t, dir, "a")
}

func TestOpen_noLab(t *testing.T) {
	dir := newDir(t)
	_, err := dir.Open("a")
	wantNoLab(t, err, "a")
	create(t, dir, "b")
	create(t, dir, "c")
	_, err = dir.Open("a")
	wantNoLab(t, err, "a")
	var none *journal.NoLabError
	if errors.As(err, &none) && strings.Join(none.Have, " ") != "b c" {
		t.Errorf("it has %q", none.Have)
	}
}

// TestOpen_empty: a folder without a journal is none, and goes.
func TestOpen_empty(t *testing.T) {
	dir := newDir(t)
	noError(t, os.MkdirAll(string(dir)+"/a", 0o700))
	if got := list(t, dir); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	_, err := dir.Open("a")
	wantNoLab(t, err, "a")
	if _, err := os.Lstat(string(dir) + "/a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
	noError(t, os.Mkdir(string(dir)+"/a", 0o700))
	create(t, dir, "a")
}

// TestOpen_halfALine: it stands for nothing, and what follows starts afresh.
func TestOpen_halfALine(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	note(t, j, "whole")
	noError(t, j.Close())
	write(t, dir, "a", read(t, dir, "a")+"defer unmake ns ha")
	infos, err := dir.List()
	if err != nil || len(infos) != 1 || strings.Join(lines(infos[0].Entries), ";") != "whole" {
		t.Errorf("got %+v, %v", infos, err)
	}
	j = open(t, dir, "a")
	if text := read(t, dir, "a"); !strings.HasSuffix(text, "\ndefer whole\n") {
		t.Errorf("Open leaves %q", text)
	}
	note(t, j, "next")
	if diff := cmp.Diff([]string{"whole", "next"}, entriesOf(t, j)); diff != "" {
		t.Error(diff)
	}
}

func TestOpen_damaged(t *testing.T) {
	const good = "# NEScript journal 1: x\n"
	for _, c := range []struct{ text, want string }{
		{"", "/a/journal.nes: it is no journal of version 1"},
		{"# NEScript journal 1: x", "/a/journal.nes: it is no journal of version 1"},
		{"# NEScript journal 2: x\n", "/a/journal.nes: it is no journal of version 1"},
		{"ns a\n", "/a/journal.nes: it is no journal of version 1"},
		{good + "ns a\n", `/a/journal.nes:2: "ns a" is neither a statement nor a comment`},
		{good + "# hello\n\n", `/a/journal.nes:3: "" is neither a statement nor a comment`},
		{good + "# script star\n", "/a/journal.nes:2: invalid syntax"},
		{good + "# up yesterday\n", `/a/journal.nes:2: parsing time "yesterday"`},
		{good + "defer x\n# started 2026-11-24T20:00:00Z by process me\n", "/a/journal.nes:3: expected integer"},
	} {
		dir := newDir(t)
		write(t, dir, "a", c.text)
		_, err := dir.Open("a")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open of %q: got %v, want %s", c.text, err, c.want)
		}
		infos, err := dir.List()
		if err != nil || len(infos) != 1 || infos[0].State != journal.Damaged || !strings.Contains(infos[0].Err.Error(), c.want) {
			t.Errorf("List of %q: got %v, %v, want %s", c.text, infos, err, c.want)
		}
		var there *journal.ExistsError
		if _, err = dir.Create("a", journal.Head{}); !errors.As(err, &there) || there.State != journal.Damaged {
			t.Errorf("Create over %q: got %v", c.text, err)
		}
		if got := read(t, dir, "a"); got != c.text {
			t.Errorf("%q has become %q", c.text, got)
		}
	}
}

// TestAppend_concurrent: lines don't mix, and each can be struck.
func TestAppend_concurrent(t *testing.T) {
	dir := newDir(t)
	j := create(t, dir, "a")
	const writers, each = 8, 100
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				e, err := j.Append(fmt.Sprintf("%s %d", strings.Repeat("x", 10*w), i))
				if err == nil && i%2 == 0 {
					err = j.Strike(e)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got := map[string]bool{}
	for _, line := range entriesOf(t, j) {
		got[line] = true
	}
	for w := range writers {
		for i := range each {
			line := fmt.Sprintf("%s %d", strings.Repeat("x", 10*w), i)
			if got[line] != (i%2 == 1) {
				t.Errorf("%q: there %v", line, got[line])
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	j := create(b, newDir(b), "a")
	for b.Loop() {
		if _, err := j.Append("in cookie 1 host < unmake link p117 index 16777333 >"); err != nil {
			b.Fatal(err)
		}
	}
}
