//go:build linux

package interp_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// lackingScripts need links of the kind dummy, or a netem. first says that a
// kernel without fails them before anything is done; undone, how many changes it
// undoes otherwise.
var lackingScripts = []struct {
	src, needs, at string
	first          bool
	undone         int
	succeeds       bool // without, too
}{
	{src: "ns a\nin ns a <\n    bridge br0\n    dummy d0 up\n>", needs: "dummy", at: "t.nes:4:5", first: true},
	{src: "ns a\nparallel <\n    atomic < ensure dummy a:d0 >\n>", needs: "dummy", at: "t.nes:3:14", first: true},
	{src: "ns a\nveth a:e f\nqdisc a:e root netem delay 1ms", needs: "qdisc netem", at: "t.nes:3:1", first: true},
	{src: "ns a\nlet on = true\nif on < in ns a < dummy d0 > >", needs: "dummy", at: "t.nes:3:19", undone: 1},
	{src: "ns a\nexec true\nin ns a < dummy d0 >", needs: "dummy", at: "t.nes:3:11", undone: 1},
	{src: "ns a\nlet x = capture(\"true\")\nin ns a < dummy d0 >", needs: "dummy", at: "t.nes:3:11", undone: 1},
	{src: "ns a\nin ns a < for i in [] < dummy d$i > >", needs: "dummy", succeeds: true},
	{src: "ns a\nin ns a < try < dummy d0 > catch < bridge d0 > >", needs: "dummy", succeeds: true},
	{src: "def made() < dummy d0 >\nns a", needs: "dummy", succeeds: true},
}

// TestLacking: what the kernel lacks is found before the first change, where a
// statement is sure to run.
func TestLacking(t *testing.T) {
	for _, test := range lackingScripts {
		has := nstest.HasKind
		if strings.Contains(test.needs, " ") {
			has = nstest.HasTraffic
		}
		kept := 0
		count := interp.Journal(func() (nsexec.Journal, error) { return countingJournal{&kept}, nil }, false)
		_, err := kernel(t, test.src, count)
		if has(t, test.needs) || test.succeeds {
			if err != nil {
				t.Errorf("%s: %v", test.src, err)
			}
			removeNamespaces(t)
			continue
		}
		var lacks *nsexec.NoKindError
		var at *interp.Error
		if !errors.As(err, &lacks) || !errors.As(err, &at) || !errors.Is(err, unix.EOPNOTSUPP) {
			t.Errorf("%s: %v", test.src, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), test.at+": ") || !strings.HasSuffix(test.needs, lacks.Kind) {
			t.Errorf("%s: %v, want it at %s", test.src, err, test.at)
		}
		if test.first != (kept == 0) || at.Undone != test.undone || !at.Clean {
			t.Errorf("%s: %d changes were noted and %d undone", test.src, kept, at.Undone)
		}
		removeNamespaces(t)
	}
	if nstest.HasKind(t, "dummy") {
		return
	}
	_, err := kernel(t, lackingScripts[0].src)
	const want = `error: this kernel has no "dummy" links (module dummy, CONFIG_DUMMY)`
	if got := rendered(err); !strings.HasPrefix(got, want) || !strings.Contains(got, "--> t.nes:4:5") || strings.Contains(got, "undone") {
		t.Errorf("it is rendered as\n%s", got)
	}
}

// countingJournal counts what is noted.
type countingJournal struct{ n *int }

func (j countingJournal) Note(string) (func() error, error) {
	*j.n++
	return func() error { return nil }, nil
}

func (j countingJournal) Hold(int) (string, error) {
	return "", errors.New("this journal holds nothing")
}

func (j countingJournal) Release(string) error { return nil }

// TestLacking_leaksNothing: trying leaves no namespace, descriptor or thread.
func TestLacking_leaksNothing(t *testing.T) {
	round := func() {
		in, err := interp.New()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if err := in.RunString(t.Context(), "t.nes", "in new < ifb i0; vxlan v0 id 5 dstport 4789; qdisc lo root tbf rate 1mbit burst 10k latency 1ms >"); err != nil {
			t.Fatal(err)
		}
	}
	round()
	nstest.NoLeaks(t)
	for range 10 {
		round()
	}
}
