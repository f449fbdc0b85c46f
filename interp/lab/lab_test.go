//go:build linux

package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

// run runs a script as a lab.
func run(ctx context.Context, t testing.TB, src string, cfg lab.Config) error {
	t.Helper()
	f, err := lang.Parse("lab.nes", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Options = append(cfg.Options, interp.Stdio(nil, io.Discard, io.Discard))
	return lab.Run(ctx, f, cfg)
}

// up runs a script as a lab that stays.
func up(t testing.TB, dir journal.Dir, name, src string) {
	t.Helper()
	if err := run(t.Context(), t, src, lab.Config{Dir: dir, Name: name, Stays: true}); err != nil {
		t.Fatal(err)
	}
}

func down(t testing.TB, dir journal.Dir, name string) (int, error) {
	t.Helper()
	return lab.Down(t.Context(), name, lab.DownConfig{Dir: dir, Engine: newEngine(t)})
}

func mustDown(t testing.TB, dir journal.Dir, name string) {
	t.Helper()
	if _, err := down(t, dir, name); err != nil {
		t.Fatal(err)
	}
}

func newDir(t testing.TB) journal.Dir { return journal.Dir(filepath.Join(t.TempDir(), "labs")) }

// list is what List says of the only lab.
func list(t testing.TB, dir journal.Dir) lab.Lab {
	t.Helper()
	labs, err := lab.List(t.Context(), dir, newEngine(t))
	if err != nil || len(labs) != 1 {
		t.Fatalf("got %+v, %v", labs, err)
	}
	return labs[0]
}

// dumpEmpty is all there is before a test. The first namespace makes /run/netns a
// mount, which stays.
func dumpEmpty(t testing.TB) string {
	t.Helper()
	shell(t, "ip netns add first; ip netns del first")
	return nstest.Dump(t)
}

// same fails the test unless everything is as it was.
func same(t *testing.T, before string) {
	t.Helper()
	if diff := differs(t, before); diff != "" {
		t.Errorf("this differs:\n%s", diff)
	}
}

func noJournals(t testing.TB, dir journal.Dir) {
	t.Helper()
	if left, _ := filepath.Glob(string(dir) + "/*"); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// TestDown brings back what a lab has changed and deleted, and once only.
func TestDown(t *testing.T) {
	nstest.NoLeaks(t)
	furnish(t)
	before := steady(t)
	dir := newDir(t)
	up(t, dir, "a", `
		ns h1 h2
		veth h1:e0 10.1.0.1/24 h2:e0 10.1.0.2/24
		bridge br up
		veth h1:e1 p1 master br up
		del link gone
		del ns older
		set old0 mtu 1300 alias x
		addr old0 10.45.0.9/24
		sysctl net.ipv4.conf.old0.rp_filter 2
		sysctl net.ipv4.ip_forward 1`)
	if nstest.DumpDiff(before, nstest.Dump(t)) == "" {
		t.Error("the lab has changed nothing")
	}
	n := list(t, dir).Changes
	if undone, err := down(t, dir, "a"); err != nil || undone != n || n == 0 {
		t.Errorf("%d changes were undone, of %d: %v", undone, n, err)
	}
	same(t, before)
	noJournals(t, dir)
	var none *journal.NoLabError
	if _, err := down(t, dir, "a"); !errors.As(err, &none) {
		t.Errorf("Down once more: got %v, want a NoLabError", err)
	}
}

// TestDown_strangers: what others have made by the same names stays, also in
// place of what was there.
func TestDown_strangers(t *testing.T) {
	dir := newDir(t)
	empty := dumpEmpty(t)
	up(t, dir, "a", "ns x; veth x:e p; addr p 10.1.0.1/24")
	shell(t, `
		ip netns del x
		ip link del p 2>/dev/null || true
		ip netns add x
		ip -n x link add e type ifb
		ip link add p type ifb
		ip addr add 10.1.0.1/24 dev p`)
	before := nstest.Dump(t)
	mustDown(t, dir, "a")
	same(t, before)
	shell(t, "ip netns del x; ip link del p")
	same(t, empty)
}

// TestDown_secondary: with the first address of a network the kernel takes away
// the others of it, which are somebody else's here.
func TestDown_secondary(t *testing.T) {
	dir := newDir(t)
	empty := dumpEmpty(t)
	shell(t, "ip link add p type ifb; ip link set p up; echo 0 >/proc/sys/net/ipv4/conf/p/promote_secondaries")
	up(t, dir, "a", "addr p 10.1.0.1/24; addr p 10.2.0.1/24")
	shell(t, "ip addr add 10.1.0.2/24 dev p; ip route add 10.9.0.0/16 via 10.1.0.9")
	mustDown(t, dir, "a")
	shell(t, `ip -o addr show dev p | grep -q 'inet 10\.1\.0\.2/24'
		ip route | grep -q '10\.9\.0\.0/16 via 10\.1\.0\.9'
		if ip -o addr show dev p | grep -E '10\.(1|2)\.0\.1/'; then exit 1; fi
		ip link del p`)
	same(t, empty)
}

// TestDown_another: two labs don't get in each other's way, in either order.
func TestDown_another(t *testing.T) {
	empty := dumpEmpty(t)
	for _, first := range []string{"a", "b"} {
		dir := newDir(t)
		up(t, dir, "a", "ns a; veth a:e pa up; addr pa 10.1.0.1/24")
		onlyA := nstest.Dump(t)
		up(t, dir, "b", "ns b; veth b:e pb up; addr pb 10.2.0.1/24")
		second := map[string]string{"a": "b", "b": "a"}[first]
		mustDown(t, dir, first)
		if first == "b" {
			same(t, onlyA)
		}
		if l := list(t, dir); l.Name != second || l.State != journal.Up || l.Namespaces != 1 {
			t.Errorf("the other is %+v", l)
		}
		mustDown(t, dir, second)
		same(t, empty)
	}
}

// TestDown_gone: what is gone already is no error.
func TestDown_gone(t *testing.T) {
	empty := dumpEmpty(t)
	dir := newDir(t)
	up(t, dir, "a", "ns x y; veth x:e p; ifb q; addr q 10.1.0.1/24; route blackhole 10.2.0.0/16; rule from 10.3.0.0/16 table 9")
	shell(t, "ip netns del x; ip link del q; ip route del blackhole 10.2.0.0/16; ip rule del from 10.3.0.0/16 table 9")
	mustDown(t, dir, "a")
	same(t, empty)
	noJournals(t, dir)
}

// TestDown_partly: what can't be undone is named, and stays for another Down.
func TestDown_partly(t *testing.T) {
	shell(t, "ip netns add old")
	t.Cleanup(func() { shell(t, "ip netns del old") })
	dir := newDir(t)
	before := nstest.Dump(t)
	up(t, dir, "a", "ns new; del ns old; sysctl net.ipv4.ip_forward 1")
	shell(t, "ip netns add old")
	strangers := inode(t, "/run/netns/old")
	_, err := down(t, dir, "a")
	var left *nsexec.UndoError
	if !errors.As(err, &left) || len(left.Left) != 1 || !strings.Contains(left.Left[0].Text, "restore ns old") {
		t.Fatalf("got %v, want that old can't come back", err)
	}
	if got := inode(t, "/run/netns/old"); got != strangers {
		t.Errorf("the stranger's namespace has inode %d, had %d", got, strangers)
	}
	if l := list(t, dir); l.Changes != 1 || l.State != journal.Interrupted {
		t.Errorf("got %+v", l)
	}
	shell(t, "ip netns del old")
	mustDown(t, dir, "a")
	same(t, before) // it has the inodes
	noJournals(t, dir)
}

// TestDown_wrong: a statement of a journal that can't be read stays, and is told of.
// Those that are read together with it are undone.
func TestDown_wrong(t *testing.T) {
	dir := newDir(t)
	before := dumpEmpty(t)
	up(t, dir, "a", "ns x; veth x:e p; addr p 10.1.0.1/24")
	n := list(t, dir).Changes
	f, err := os.OpenFile(string(dir)+"/a/journal.nes", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("defer unmake house x\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	undone, err := down(t, dir, "a")
	var left *nsexec.UndoError
	if !errors.As(err, &left) || len(left.Left) != 1 || left.Left[0].Text != "unmake house x" || !strings.Contains(left.Left[0].Err.Error(), "house") {
		t.Errorf("got %v, want that there is no house", err)
	}
	if undone != n {
		t.Errorf("%d changes were undone, of %d", undone, n)
	}
	same(t, before)
}

func inode(t testing.TB, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

// TestDown_cancelled: what a Down has not come to is for the next.
func TestDown_cancelled(t *testing.T) {
	empty := dumpEmpty(t)
	dir := newDir(t)
	up(t, dir, "a", "for i in 1..10 < ifb i$i >")
	ctx, cancel := context.WithCancel(t.Context())
	undone, err := lab.Down(ctx, "a", lab.DownConfig{Dir: dir, Engine: newEngine(t), Progress: func(done, total int) {
		if total != 10 {
			t.Errorf("there are %d changes, want 10", total)
		}
		if done == 4 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || undone != 4 {
		t.Errorf("%d were undone, want 4: %v", undone, err)
	}
	if l := list(t, dir); l.Changes != 6 || l.Links != 6 || l.State != journal.Interrupted {
		t.Errorf("got %+v, want 6 left", l)
	}
	mustDown(t, dir, "a")
	same(t, empty)
}

// TestRun_cancelled: a run whose context ends is undone by itself.
func TestRun_cancelled(t *testing.T) {
	empty := dumpEmpty(t)
	dir := newDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := run(ctx, t, "for i in 1..1000 < ns h$i; ifb i$i >", lab.Config{
		Dir: dir, Name: "a", Stays: true,
		Options: []interp.Option{interp.Progress(func(done int) {
			if done >= 20 {
				cancel()
			}
		})},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	same(t, empty)
	noJournals(t, dir)
}

// TestRun_fails: a run that fails leaves nothing, with a name and without one.
func TestRun_fails(t *testing.T) {
	empty := dumpEmpty(t)
	for _, name := range []string{"", "a"} {
		dir := newDir(t)
		err := run(t.Context(), t, `ns h; ifb i; fail "so it is"`, lab.Config{Dir: dir, Name: name, Stays: name != ""})
		if err == nil || !strings.Contains(err.Error(), "so it is") {
			t.Errorf("got %v", err)
		}
		same(t, empty)
		noJournals(t, dir)
	}
}

// TestRun_plain: what a run that is no lab has made stays, without a journal.
func TestRun_plain(t *testing.T) {
	dir := newDir(t)
	if err := run(t.Context(), t, "ns h", lab.Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	shell(t, "ip netns del h")
	noJournals(t, dir)
}

func TestRun_exists(t *testing.T) {
	dir := newDir(t)
	up(t, dir, "a", "ns h")
	before := nstest.Dump(t)
	err := run(t.Context(), t, "ns other", lab.Config{Dir: dir, Name: "a", Stays: true})
	var there *journal.ExistsError
	if !errors.As(err, &there) || there.State != journal.Up {
		t.Errorf("got %v, want that it is up", err)
	}
	same(t, before)
	mustDown(t, dir, "a")
}

// TestRun_keep: what a failed run is to keep, Down takes away.
func TestRun_keep(t *testing.T) {
	furnish(t)
	empty := steady(t)
	dir := newDir(t)
	err := run(t.Context(), t, `ns h; del link gone; fail "so it is"`, lab.Config{Dir: dir, Name: "a", Stays: true, Keep: true})
	var left *lab.LeftError
	if !errors.As(err, &left) || left.Name != "a" || !strings.Contains(err.Error(), "so it is") {
		t.Fatalf("got %v, want a LeftError", err)
	}
	if l := list(t, dir); l.State != journal.Interrupted || l.Namespaces != 1 {
		t.Errorf("got %+v", l)
	}
	mustDown(t, dir, "a")
	same(t, empty)
}

// TestRun_noJournal: without one nothing is done.
func TestRun_noJournal(t *testing.T) {
	empty := dumpEmpty(t)
	for _, c := range []struct {
		name  string
		spoil func(disk string) error
		want  error
	}{
		{"full", fill, unix.ENOSPC},
		{"read-only", func(disk string) error { return unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, "") }, unix.EROFS},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := smallDisk(t)
			if err := c.spoil(string(dir)); err != nil {
				t.Fatal(err)
			}
			err := run(t.Context(), t, "ns h", lab.Config{Dir: dir, Name: "a", Stays: true})
			var none *lab.NoJournalError
			if !errors.As(err, &none) || !errors.Is(err, c.want) {
				t.Errorf("got %v, want a NoJournalError for %v", err, c.want)
			}
			same(t, empty)
		})
	}
}

// TestRun_fills: a run for whose undoing there is no more room fails, and is
// undone.
func TestRun_fills(t *testing.T) {
	empty := dumpEmpty(t)
	dir := smallDisk(t)
	err := run(t.Context(), t, "for i in 1..1000 < ifb a-long-name$i >", lab.Config{Dir: dir, Name: "a", Stays: true})
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
	same(t, empty)
	noJournals(t, dir)
}

// TestDown_full: on a full disk labs can be taken down.
func TestDown_full(t *testing.T) {
	empty := dumpEmpty(t)
	dir := smallDisk(t)
	up(t, dir, "a", "ns h")
	if err := fill(string(dir)); err != nil {
		t.Fatal(err)
	}
	mustDown(t, dir, "a")
	same(t, empty)
}

func smallDisk(t testing.TB) journal.Dir {
	t.Helper()
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=16k,mode=700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	return journal.Dir(disk)
}

// fill takes what room there is on a disk.
func fill(disk string) error {
	f, err := os.Create(disk + "/.filling")
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); errors.Is(err, unix.ENOSPC) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestList(t *testing.T) {
	dir := newDir(t)
	if labs, err := lab.List(t.Context(), dir, newEngine(t)); err != nil || len(labs) != 0 {
		t.Errorf("without labs: %+v, %v", labs, err)
	}
	up(t, dir, "a", "ns h1 h2; veth h1:e h2:e; veth h1:f p; ifb i; addr i 10.1.0.1/24")
	l := list(t, dir)
	if l.State != journal.Up || l.Namespaces != 2 || l.Links != 5 || l.Changes < 4 || l.Gone != nil {
		t.Errorf("got %+v, want 2 namespaces and 5 links", l)
	}
	if l.PID != os.Getpid() || filepath.Base(l.Script) != "lab.nes" || l.Up == nil || time.Since(*l.Up) > time.Hour {
		t.Errorf("got %+v", l)
	}
	shell(t, "ip netns del h2; ip link del i")
	l = list(t, dir)
	if l.State != lab.PartlyGone || l.Namespaces != 1 || strings.Join(l.Gone, ",") != "ns h2,link i" {
		t.Errorf("got %+v, want ns h2 and link i gone", l)
	}
	mustDown(t, dir, "a")
}

// TestList_running looks at a lab from within.
// TestList_damaged: a journal that can't be read keeps nobody from the others.
func TestList_damaged(t *testing.T) {
	dir := newDir(t)
	up(t, dir, "good", "ns good1")
	if err := os.MkdirAll(string(dir)+"/bad", 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"what?\n": "no journal of version",
		"# NEScript journal 1: x\ndefer unmake house x\n": "house",
	} {
		if err := os.WriteFile(string(dir)+"/bad/journal.nes", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		labs, err := lab.List(t.Context(), dir, newEngine(t))
		if err != nil || len(labs) != 2 {
			t.Fatalf("got %+v, %v", labs, err)
		}
		if l := labs[0]; l.Name != "bad" || l.State != journal.Damaged || !strings.Contains(l.Error, want) {
			t.Errorf("got %+v, want one damaged by %q", l, want)
		}
		if l := labs[1]; l.Name != "good" || l.State != journal.Up || l.Namespaces != 1 {
			t.Errorf("got %+v", l)
		}
	}
	mustDown(t, dir, "good")
}

// TestRun_samePID: a run that nobody named does not mind an older one of the
// same process number.
func TestRun_samePID(t *testing.T) {
	dir := newDir(t)
	old, err := dir.Create(fmt.Sprintf("run-%d", os.Getpid()), journal.Head{Script: "old.nes", PID: os.Getpid(), Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), t, "ns a1; fail x", lab.Config{Dir: dir, Keep: true}); err == nil {
		t.Error("it passed")
	}
	mustDown(t, dir, fmt.Sprintf("run-%d-2", os.Getpid()))
	mustDown(t, dir, fmt.Sprintf("run-%d", os.Getpid()))
	noJournals(t, dir)
}

// TestDown_held: who keeps a namespace alive is told, and nobody who is in
// another of that name.
func TestDown_held(t *testing.T) {
	dir := newDir(t)
	up(t, dir, "a", "ns held1 held2")
	for _, name := range []string{"held1", "held2"} {
		cmd := exec.Command("ip", "netns", "exec", name, "sleep", "100")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
	const asleep = "while [ -z \"$(ip netns pids held1)\" ] || [ -z \"$(ip netns pids held2)\" ]; do sleep 0.01; done"
	shell(t, asleep)
	shell(t, "ip netns del held2; ip netns add held2")
	t.Cleanup(func() { shell(t, "ip netns del held2") })
	var got []nsexec.Holder
	_, err := lab.Down(t.Context(), "a", lab.DownConfig{Dir: dir, Engine: newEngine(t), Held: func(h nsexec.Holder) { got = append(got, h) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].NS != "held1" || got[0].PID == 0 || got[0].Command == "" {
		t.Errorf("got %+v, want the one in held1", got)
	}
}

func TestList_running(t *testing.T) {
	dir := newDir(t)
	seen := 0
	err := run(t.Context(), t, "ns h; ns g; fail 'enough'", lab.Config{
		Dir: dir, Name: "a", Stays: true,
		Options: []interp.Option{interp.Undoing(func(changes int) {
			seen = changes
			l := list(t, dir)
			if l.State != journal.Running || l.Namespaces != 2 || l.Changes != changes || l.Up != nil {
				t.Errorf("got %+v", l)
			}
			var busy *journal.BusyError
			if _, err := down(t, dir, "a"); !errors.As(err, &busy) {
				t.Errorf("Down of a lab that runs: got %v, want a BusyError", err)
			}
		})},
	})
	if err == nil || seen != 2 {
		t.Errorf("%d changes were about to be undone, want 2: %v", seen, err)
	}
}

// TestLab_json: programs read these names.
func TestLab_json(t *testing.T) {
	at := time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		lab  lab.Lab
		want string
	}{
		{lab.Lab{}, `{"name":"","state":"","script":"","pid":0,"started":"0001-01-01T00:00:00Z","age_seconds":0,` +
			`"namespaces":0,"links":0,"changes":0,"journal":""}`},
		{
			lab.Lab{
				Name: "a", State: lab.PartlyGone, Script: "/a.nes", PID: 4, Started: at, Up: &at, Age: 1.5,
				Namespaces: 1, Links: 2, Changes: 3, Gone: []string{"ns h"}, Journal: "/j",
			},
			`{"name":"a","state":"partly gone","script":"/a.nes","pid":4,"started":"2026-11-24T20:00:00Z","up":"2026-11-24T20:00:00Z",` +
				`"age_seconds":1.5,"namespaces":1,"links":2,"changes":3,"gone":["ns h"],"journal":"/j"}`,
		},
	} {
		got, err := json.Marshal(c.lab)
		if err != nil || string(got) != c.want {
			t.Errorf("got %s, want %s: %v", got, c.want, err)
		}
	}
}
