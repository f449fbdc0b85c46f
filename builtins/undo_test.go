//go:build linux

package builtins_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
)

// TestTable_undo fails for a verb whose actions neither know how to undo
// themselves nor say why that need not be, with any modifier that it takes.
func TestTable_undo(t *testing.T) {
	tried := 0
	for _, s := range builtins.Table() {
		if s.NoUndo != "" {
			continue
		}
		for _, stmt := range undoForms(s) {
			steps, err := compile(stmt)
			if err != nil {
				t.Errorf("%s: %v", stmt, err)
				continue
			}
			for _, step := range steps {
				tried++
				if !nsexec.Undoable(step.Action) {
					t.Errorf("%s: its action %q can't be undone, and the verb does not say why", stmt, step.Action.Name())
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d actions were looked at", tried)
	}
}

// undoForms are the verb's example, and what its modifiers make of it.
func undoForms(s *builtins.Spec) []string {
	forms := []string{s.Example}
	words := strings.Fields(strings.TrimPrefix(s.Example, s.Name))
	for _, mod := range []builtins.Modifiers{builtins.Del, builtins.Replace, builtins.Ensure, builtins.Flush} {
		if s.Modifiers&mod == 0 || s.ModOnly {
			continue
		}
		args := words
		if params, ok := s.ModParams[mod]; ok {
			params = slices.DeleteFunc(slices.Clone(params), func(p builtins.Param) bool { return p.Optional })
			args = args[:min(len(params), len(args))]
			if s.Name == "veth" || len(params) == 1 {
				args = words[:1]
			}
			if s.Group == builtins.Traffic {
				args = words
			}
		}
		if s.Name == "nexthop" && mod&(builtins.Del|builtins.Flush) != 0 {
			args = map[builtins.Modifiers][]string{builtins.Del: words[:2]}[mod]
		}
		forms = append(forms, strings.TrimSpace(mod.String()+" "+s.Name+" "+strings.Join(args, " ")))
	}
	return forms
}
