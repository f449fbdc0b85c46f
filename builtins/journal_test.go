//go:build linux

package builtins_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
)

// undoers are the ways in which a run is undone: by itself where it fails, and by
// the statements of its journal where another process finds them.
var undoers = []struct {
	name string
	undo func(t *testing.T, script string)
}{{"at a failure", undoneAtOnce}, {"from the journal", undoneFromJournal}}

// undoneAtOnce runs a script that fails in the end.
func undoneAtOnce(t *testing.T, script string) {
	t.Helper()
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	err = in.RunString(t.Context(), "t.nes", script+"\nfail 'in the end'")
	if err == nil || !strings.Contains(err.Error(), "in the end") || strings.Contains(err.Error(), "not undone") {
		t.Fatalf("%s: it failed with %v", script, err)
	}
}

// undoneFromJournal runs a script, and then what its journal says, last first and
// all of it twice over, as after an interruption.
func undoneFromJournal(t *testing.T, script string) {
	t.Helper()
	undoneFromJournalAfter(t, script, func() {})
}

// journaled runs a script, and returns what ran it and what its journal says.
func journaled(t *testing.T, script string) (*interp.Interp, []string) {
	t.Helper()
	kept := &keptJournal{}
	in, err := interp.New(interp.Journal(func() (nsexec.Journal, error) { return kept, nil }, true))
	if err != nil {
		t.Fatal(err)
	}
	if err := in.RunString(t.Context(), "t.nes", script); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	if len(kept.statements) == 0 {
		t.Fatalf("%s: nothing is in the journal", script)
	}
	return in, kept.statements
}

// undoneFromJournalAfter does something between the two.
func undoneFromJournalAfter(t *testing.T, script string, between func()) {
	t.Helper()
	in, statements := journaled(t, script)
	defer in.Close()
	between()
	for range 2 {
		for _, s := range slices.Backward(statements) {
			if s == "" { // struck
				continue
			}
			if err := in.Replay(t.Context(), s); err != nil && !nsexec.IsGone(err) {
				t.Errorf("%s: undoing with %s: %v", script, s, err)
			}
		}
	}
}

// undoesFromJournal is undoesAfter for what the journals of runs say.
func undoesFromJournal(t *testing.T, older func(t *testing.T, ns nsexec.Ref), runs []string, shows ...string) {
	t.Helper()
	for _, script := range runs {
		ns := quietNS(t)
		older(t, ns)
		before := shown(t, ns, shows)
		undoneFromJournal(t, fmt.Sprintf("in %s <\n%s\n>", ns, script))
		if diff := cmp.Diff(before, shown(t, ns, shows)); diff != "" {
			t.Errorf("%s, from the journal:\n%s", script, diff)
		}
	}
}

// runBefore runs a script, as another run does.
func runBefore(script string) func(t *testing.T, ns nsexec.Ref) {
	return func(t *testing.T, ns nsexec.Ref) {
		t.Helper()
		in, err := interp.New()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if err := in.RunString(t.Context(), "before.nes", fmt.Sprintf("in %s <\n%s\n>", ns, script)); err != nil {
			t.Fatal(err)
		}
	}
}

// linesBefore runs lines of ip and bridge.
func linesBefore(lines string) func(t *testing.T, ns nsexec.Ref) {
	return func(t *testing.T, ns nsexec.Ref) {
		t.Helper()
		runLines(t, ns, lines)
	}
}

// keptJournal keeps statements in memory. It can't hold namespaces.
type keptJournal struct {
	mu         sync.Mutex
	statements []string
}

func (j *keptJournal) Note(statement string) (func() error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.statements = append(j.statements, statement)
	i := len(j.statements) - 1
	return func() error {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.statements[i] = ""
		return nil
	}, nil
}

func (j *keptJournal) Hold(int) (string, error) { panic("this journal holds no namespaces") }

func (j *keptJournal) Release(string) error { return nil }

// check checks a script and runs nothing.
func check(t *testing.T, script string) error {
	t.Helper()
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	return in.CheckString("t.nes", script)
}
