//go:build linux

package journal_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

// roleEnv has the test binary be another program; dirEnv is for its journals.
const (
	roleEnv = "JOURNAL_TEST_ROLE"
	dirEnv  = "JOURNAL_TEST_DIR"
)

var roles = map[string]func(journal.Dir) error{
	"append": appendForever,
	"fight":  fight,
}

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleEnv)]; ok && nsexec.InSandbox() {
		if err := role(journal.Dir(os.Getenv(dirEnv))); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	nstest.Main(m)
}

// asRole is this test binary in a role.
func asRole(t testing.TB, role string, dir journal.Dir) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+string(dir))
	cmd.Stderr = os.Stderr
	return cmd
}

var head = journal.Head{Script: "/home/ann/star.nes", PID: os.Getpid(), Started: time.Unix(1795550400, 0).UTC()}

func newDir(t testing.TB) journal.Dir { return journal.Dir(filepath.Join(t.TempDir(), "labs")) }

// create makes a journal that is closed when the test ends.
func create(t testing.TB, dir journal.Dir, name string) *journal.Journal {
	t.Helper()
	j, err := dir.Create(name, head)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func open(t testing.TB, dir journal.Dir, name string) *journal.Journal {
	t.Helper()
	j, err := dir.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func note(t testing.TB, j *journal.Journal, lines ...string) (entries []journal.Entry) {
	t.Helper()
	for _, line := range lines {
		e, err := j.Append(line)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// lines are the statements that a journal has.
func lines(entries []journal.Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Line)
	}
	return out
}

func entriesOf(t testing.TB, j *journal.Journal) []string {
	t.Helper()
	entries, err := j.Entries()
	if err != nil {
		t.Fatal(err)
	}
	return lines(entries)
}

// read is what stands in a journal's file.
func read(t testing.TB, dir journal.Dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(string(dir), name, "journal.nes"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write puts a journal there that this package has not written.
func write(t testing.TB, dir journal.Dir, name, text string) {
	t.Helper()
	folder := filepath.Join(string(dir), name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "journal.nes"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// list is what state each journal is in.
func list(t testing.TB, dir journal.Dir) map[string]journal.State {
	t.Helper()
	infos, err := dir.List()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]journal.State{}
	for _, info := range infos {
		out[info.Name] = info.State
	}
	return out
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantNoLab(t testing.TB, err error, name string) {
	t.Helper()
	var none *journal.NoLabError
	if !errors.As(err, &none) || none.Name != name || !errors.Is(err, unix.ENOENT) {
		t.Errorf("got %v, want a NoLabError of %s", err, name)
	}
}

// tmpfs mounts a small disk of its own.
func tmpfs(t testing.TB, options string) string {
	t.Helper()
	path := t.TempDir()
	noError(t, unix.Mount("tmpfs", path, "tmpfs", 0, options))
	t.Cleanup(func() { noError(t, unix.Unmount(path, unix.MNT_DETACH)) })
	return path
}
