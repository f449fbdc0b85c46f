//go:build linux

package builtins_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

// sameAsIP are statements and what ip is told to the same end. What they make
// must be the same, to the word.
type sameAsIP struct{ needs, script, ip string }

// compare makes both, in namespaces that have what before makes.
func (s sameAsIP) compare(t *testing.T, before string) {
	if !inTurn(s.needs) && !claims(t, s.script) {
		return
	}
	t.Run(s.script, func(t *testing.T) {
		needAll(t, s.needs)
		ours, err := runIn(t, before+s.script)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := runIn(t, before)
		if err != nil {
			t.Fatal(err)
		}
		old := shownBefore(t, theirs, before)
		ipBatch(t, theirs, s.ip)
		got, want := layer3Lines(t, ours), layer3Lines(t, theirs)
		slices.Sort(got) // the kernel lists what is of links as they came up
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s", nstest.DumpDiff(strings.Join(want, "\n"), strings.Join(got, "\n")))
		}
		if slices.Equal(old, got) {
			t.Errorf("nothing of it can be seen in %q", got)
		}
		claimSame(t, before, s.script, func(ns nsexec.Ref) bool {
			lines := layer3Lines(t, ns)
			slices.Sort(lines)
			return slices.Equal(lines, got)
		})
	})
}

// linesOf is what was seen in namespaces that have what a script makes, in order:
// many rows start from the same.
var linesOf = map[string][]string{}

func shownBefore(t *testing.T, ns nsexec.Ref, script string) []string {
	t.Helper()
	lines, known := linesOf[script]
	if !known {
		lines = layer3Lines(t, ns)
		slices.Sort(lines)
		linesOf[script] = lines
	}
	return lines
}

// turns counts what inTurn was asked.
var turns int

// inTurn reports whether something is to be tried. In the VM, which is slow, that
// is what only it has, and of what other machines try, too, one in four.
func inTurn(needs string) bool {
	if strings.Contains(needs, "mpls") || strings.Contains(needs, "link ") {
		return true
	}
	turns++
	if nstest.OnlyNeeded() {
		return false
	}
	return !nstest.InVM() || turns%nstest.Sample(1, 4, 8) == 0
}

// needAll needs all of a list with commas.
func needAll(t *testing.T, needs string) {
	for _, what := range strings.Split(needs, ",") {
		if what != "" {
			nstest.NeedLayer3(t, what)
		}
	}
}

// ipBatch has ip do some lines in a namespace. Those that start with an option of
// ip itself, as -6, are done one by one.
func ipBatch(t *testing.T, ns nsexec.Ref, lines string) {
	t.Helper()
	var batch []string
	run := func(stdin []string, args ...string) {
		if _, err := nstest.Output(ns, strings.Join(stdin, "\n"), append([]string{"ip"}, args...)...); err != nil {
			t.Fatalf("%v in\n%s", err, lines)
		}
	}
	flush := func() {
		if len(batch) > 0 {
			run(batch, "-batch", "-")
		}
		batch = nil
	}
	for line := range strings.Lines(lines) {
		if !strings.HasPrefix(line, "-") {
			batch = append(batch, line)
			continue
		}
		flush()
		run(nil, strings.Fields(line)...)
	}
	flush()
}

// layer3Shows are what ip is asked to show, a line for each object, by the option
// that chooses the family; without one, ip shows all, but the routes and rules of
// IPv4.
var layer3Shows = map[string][]string{
	"-o": {"nexthop", "route show table all", "rule", "neigh show nud all", "neigh show proxy", "addr", "addrlabel", "token"},
	"-6": {"route show table all", "rule"},
	"-M": {"route"},
}

// layer3Lines is what ip shows of all that is not a link, but for what the
// kernel makes by itself, some of it only after a while, and what counts down.
func layer3Lines(t *testing.T, ns nsexec.Ref) []string {
	t.Helper()
	families := []string{"-o", "-6"}
	if nstest.HasLayer3(t, "mpls") {
		families = append(families, "-M")
	}
	var out, labels []string
	for _, family := range families {
		text, err := nstest.Output(ns, strings.Join(layer3Shows[family], "\n"), "ip", family, "-o", "-d", "-batch", "-")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			line = countdown.ReplaceAllString(strings.TrimSpace(line), "$1 some")
			line = asked.ReplaceAllString(line, "asked")
			line = linkNumber.ReplaceAllString(line, "")
			switch {
			case line == "" || itsOwn.MatchString(line):
			case strings.HasPrefix(line, "prefix "):
				labels = append(labels, line) // in no order but that of the prefixes' lengths
			default:
				out = append(out, family+" "+line)
			}
		}
	}
	slices.Sort(labels)
	return append(out, labels...)
}

var (
	linkNumber = regexp.MustCompile(`^\d{4,}: `)                  // the kernel's choice
	asked      = regexp.MustCompile(`(INCOMPLETE|FAILED|PROBE)$`) // as it goes on asking
	countdown  = regexp.MustCompile(`\b(expires|valid_lft|preferred_lft) \d+sec`)
	itsOwn     = regexp.MustCompile(`^[a-z].*proto kernel|fe80::|ff02::|dev \w+ lladdr \S+ (REACHABLE|STALE|DELAY|NOARP)|224\.0\.0\.`)
)

// undoneLayer3 are runs on what ip has made before; they fail, and all is to be
// as it was.
type undoneLayer3 struct{ needs, older, run string }

// undone has the run fail, and has another end and be taken back by its journal
// alone.
func (u undoneLayer3) undone(t *testing.T, before string) {
	if !inTurn(u.needs) {
		return
	}
	t.Run(u.run, func(t *testing.T) {
		needAll(t, u.needs)
		ns, err := runIn(t, before)
		if err != nil {
			t.Fatal(err)
		}
		ipBatch(t, ns, u.older)
		was := layer3Lines(t, ns)
		run := fmt.Sprintf("in ns %s <\n%s\n>", ns.Name, u.run)
		err = runWith(t, "atomic < "+run+"\nfail 'now' >")
		if err == nil || !strings.HasSuffix(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
			t.Fatalf("it failed with %v", err)
		}
		if is := layer3Lines(t, ns); !slices.Equal(is, was) {
			t.Errorf("undone:\n%s", nstest.DumpDiff(strings.Join(was, "\n"), strings.Join(is, "\n")))
		}
		down := asLab(t, run)
		if is := layer3Lines(t, ns); slices.Equal(is, was) {
			t.Errorf("it changes nothing that can be seen")
		}
		down()
		if is := layer3Lines(t, ns); !slices.Equal(is, was) {
			t.Errorf("by the journal:\n%s", nstest.DumpDiff(strings.Join(was, "\n"), strings.Join(is, "\n")))
		}
	})
}

func runWith(t *testing.T, script string, options ...interp.Option) error {
	t.Helper()
	in, err := interp.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	return in.RunString(t.Context(), "t.nes", script)
}

// asLab has a script make a lab, which down takes down by its journal.
func asLab(t *testing.T, script string) (down func()) {
	t.Helper()
	dir, name := journal.Dir(t.TempDir()), "lab"
	engine, err := nsexec.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	f, err := lang.Parse("t.nes", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Run(t.Context(), f, lab.Config{Dir: dir, Name: name, Stays: true}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := lab.Down(t.Context(), name, lab.DownConfig{Dir: dir, Engine: engine}); err != nil {
			t.Fatalf("down: %v", err)
		}
	}
}

// wrong wants a statement to be refused before anything is done.
func wrong(t *testing.T, stmt, want string) {
	t.Helper()
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.CheckString("t.nes", stmt); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %s", stmt, err, want)
	}
}
