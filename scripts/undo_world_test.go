//go:build linux

package scripts_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// The scripts of testdata/undo that make what is older.
const (
	manyOlder = "older.sh"    // on any kernel
	vmOlder   = "vm-older.sh" // in the VM of scripts/vmtest
)

// world is what is there before a run, and must be there after one that failed.
type world struct {
	older  string // the script of testdata/undo that makes what is older, if there is any
	before string // its dump
}

// newWorld makes the world, which ends with the test.
func newWorld(t *testing.T, older string) *world {
	t.Helper()
	if older == manyOlder { // it has a TUN, which an ordinary user may not be allowed to open
		f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
		if errors.Is(err, os.ErrPermission) {
			t.Skip("this user may not open /dev/net/tun; these tests run as root")
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	// The first namespace of a machine has its folder become a mount, which it
	// stays; ip does the same.
	const first = "first"
	if err := nsexec.NewNamedNS(first, false); err != nil {
		t.Fatal(err)
	}
	if err := nsexec.DeleteNamedNS(first); err != nil {
		t.Fatal(err)
	}
	w := &world{older: older}
	w.remake(t)
	t.Cleanup(func() { script(t, "clear.sh") })
	return w
}

// remake makes the world anew, after a run that passed or left something.
func (w *world) remake(t testing.TB) {
	t.Helper()
	script(t, "clear.sh")
	if w.older != "" {
		script(t, w.older)
	}
	w.before = nstest.Dump(t)
}

// left is what a failed run changed, as the difference of two dumps.
func (w *world) left(t testing.TB) string {
	t.Helper()
	return nstest.DumpDiff(w.before, nstest.Dump(t))
}

// script runs a shell script of testdata/undo.
func script(t testing.TB, name string) {
	t.Helper()
	out, err := exec.Command("sh", filepath.Join("testdata", "undo", name)).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// head is the start of a long text.
func head(text string, lines int) string {
	all := strings.SplitN(text, "\n", lines+1)
	if len(all) > lines {
		all[lines] = fmt.Sprintf("… %d lines more", strings.Count(all[lines], "\n"))
	}
	return strings.Join(all, "\n")
}

// tally counts the runs that were made to fail, and those that left nothing.
type tally struct {
	failed, restored int
	second           int // of those restored, at the second try only
}

func (n tally) String() string {
	text := fmt.Sprintf("%d of %d fault points restored", n.restored, n.failed)
	if n.second > 0 {
		text += fmt.Sprintf(", %d of them at the second try", n.second)
	}
	return text
}

func (n *tally) add(m tally) {
	n.failed += m.failed
	n.restored += m.restored
	n.second += m.second
}

// hunt makes a script fail in every way that there is, in a world.
type hunt struct {
	world  *world
	name   string // the script's file
	src    string
	params map[string]string
	step   int // every how many ways are tried
	told   map[string]bool
	tally
}

func newHunt(t *testing.T, w *world, path string, params map[string]string) *hunt {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	step := nstest.Sample(1, 3, 11)
	if nstest.InVM() {
		step = nstest.Sample(1, 19, 37)
	}
	return &hunt{world: w, name: filepath.Base(path), src: string(src), params: params, step: step, told: map[string]bool{}}
}

// failed is called after a run that was made to fail. A run that passed all the
// same, because the script caught the failure or never came to it, counts as
// none, and the world is made anew. What differs is tried again, since the kernel
// does some things in its own time; that is told, and counted.
func (h *hunt) failed(t *testing.T, how string, err error, again func() error) {
	t.Helper()
	if err == nil {
		h.world.remake(t)
		return
	}
	h.tally.failed++
	diff := h.world.left(t)
	if diff != "" {
		t.Logf("%s, %s: the run failed (%v) and changed\n%s\nIt is tried again.", h.name, how, err, head(diff, 10))
		h.world.remake(t)
		err, h.tally.second = again(), h.tally.second+1
		diff = h.world.left(t)
	}
	switch {
	case diff != "":
		h.tally.second--
		t.Errorf("%s, %s: the run failed (%v) and changed\n%s", h.name, how, err, head(h.news(diff), 40))
		h.world.remake(t)
	case isLeft(err):
		t.Errorf("%s, %s: the run says that something is left, but nothing is: %v", h.name, how, err)
	default:
		h.restored++
	}
}

// news are the lines of a difference that were not told yet: what one statement
// leaves is left wherever the script fails after it.
func (h *hunt) news(diff string) string {
	var out strings.Builder
	known := 0
	for line := range strings.Lines(diff) {
		if h.told[line] {
			known++
			continue
		}
		h.told[line] = true
		out.WriteString(line)
	}
	if known > 0 {
		fmt.Fprintf(&out, "and %d lines that were told above\n", known)
	}
	return out.String()
}

// faultPoints runs the script with a fault at the first point at which an
// action can fail, at the second and so on, until a run does not come that far.
func (h *hunt) faultPoints(t *testing.T) {
	t.Helper()
	for k := 0; ; k += h.step {
		f := &faults{at: k}
		run := func() error { return attempt(t, h.name, h.src, h.params, &faults{at: k}) }
		err := attempt(t, h.name, h.src, h.params, f)
		if f.seen <= k {
			if err != nil {
				t.Errorf("%s: without a fault: %v", h.name, err)
			}
			h.world.remake(t)
			return
		}
		h.failed(t, fmt.Sprintf("a fault at point %d, %q", k, f.name), err, run)
	}
}

// afterStatements runs the script with `fail` after each statement that reached
// does not have yet, and adds to it those that a run came to.
func (h *hunt) afterStatements(t *testing.T, reached map[int32]bool) {
	t.Helper()
	for i, end := range statementEnds(t, h.name, h.src) {
		if i%h.step != 0 || reached[end.Offset] {
			continue
		}
		src := h.src[:end.Offset] + "; fail 'here'" + h.src[end.Offset:]
		run := func() error { return attempt(t, h.name, src, h.params, &faults{at: -1}) }
		err := run()
		h.failed(t, fmt.Sprintf("fail at %d:%d", end.Line, end.Col), err, run)
		if err == nil {
			continue
		}
		if !strings.Contains(err.Error(), "here") {
			t.Errorf("%s, fail at %d:%d: the error is %v", h.name, end.Line, end.Col, err)
		}
		reached[end.Offset] = true
	}
}

// allReached fails the test for statements that no run came to.
func (h *hunt) allReached(t *testing.T, reached map[int32]bool) {
	t.Helper()
	for i, end := range statementEnds(t, h.name, h.src) {
		if i%h.step == 0 && !reached[end.Offset] {
			t.Errorf("%s: no run failed after the statement that ends at %d:%d", h.name, end.Line, end.Col)
		}
	}
}

// statementEnds are where the statements of all blocks end, but those after
// which nothing runs.
func statementEnds(t *testing.T, name, src string) []lang.Pos {
	t.Helper()
	file, err := lang.Parse(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var ends []lang.Pos
	for n := range lang.Preorder(file) {
		block, ok := n.(*lang.Block)
		if !ok {
			continue
		}
		for _, s := range block.Stmts {
			if !isLast(s) {
				_, end := s.Span()
				ends = append(ends, end)
			}
		}
	}
	return ends
}

func isLast(s lang.Stmt) bool {
	switch s := s.(type) {
	case *lang.Return:
		return true
	case *lang.Command:
		return s.Verb.Raw == "fail"
	}
	return false
}
