//go:build linux

package interp

import (
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// ahead checks the commands of a long list from its end, on a thread of its own,
// while the checker comes from the list's start, until they meet. It looks only
// at those whose words are all literal: what the table of verbs says of them
// hangs on nothing around them. Whatever is wrong it leaves to the checker.
type ahead struct {
	stmts []lang.Stmt
	parts []aheadPart
	at    int // where the checker is
}

// aheadPart is aheadSize statements, which whoever comes first takes.
type aheadPart struct {
	taken atomic.Bool
	done  chan struct{}    // closed by the thread that is ahead, where it took the part
	right []*builtins.Spec // the verb of each command that was found to be right
	needs []aheadNeed      // the first of each kind
}

type aheadNeed struct {
	at    int // of the part
	kinds []nsexec.Kind
}

const (
	aheadSize  = 512
	aheadLeast = 8 * aheadSize // of a shorter list it would be no gain
)

// lookAhead begins with a list of statements, if it is long enough; else it
// returns nil. It ends by itself once the checker has gone through the list.
func (c *checker) lookAhead(list []lang.Stmt) *ahead {
	if len(list) < aheadLeast || runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	a := &ahead{stmts: list, parts: make([]aheadPart, (len(list)+aheadSize-1)/aheadSize)}
	for i := range a.parts {
		a.parts[i].done = make(chan struct{})
	}
	w := &aheadWorker{in: c.in, prog: c.prog, env: builtins.Env{Files: scriptFiles{c.in, c.file}}}
	go func() {
		for i, stmts := range slices.Backward(slices.Collect(slices.Chunk(list, aheadSize))) {
			if p := &a.parts[i]; !p.taken.Swap(true) {
				w.part(p, stmts)
				close(p.done)
			}
		}
	}()
	return a
}

// goTo says that the checker is at a statement.
func (a *ahead) goTo(at int) {
	if a == nil {
		return
	}
	a.at = at
	if at%aheadSize > 0 {
		return
	}
	if p := &a.parts[at/aheadSize]; p.taken.Swap(true) {
		<-p.done
	}
}

// found is the verb of a command and what it needs, if the checker is at it and
// it was found to be right; else nil.
func (a *ahead) found(cmd *lang.Command) (*builtins.Spec, []nsexec.Kind) {
	if a == nil || a.stmts[a.at] != lang.Stmt(cmd) {
		return nil, nil
	}
	p, at := &a.parts[a.at/aheadSize], a.at%aheadSize
	if p.right == nil || p.right[at] == nil {
		return nil, nil
	}
	for _, n := range p.needs {
		if n.at == at {
			return p.right[at], n.kinds
		}
	}
	return p.right[at], nil
}

// aheadWorker is what the thread has for itself.
type aheadWorker struct {
	in    *Interp
	prog  *program
	env   builtins.Env
	words wordValues
	args  []builtins.Arg
}

func (w *aheadWorker) part(p *aheadPart, stmts []lang.Stmt) {
	p.right = make([]*builtins.Spec, len(stmts))
	for i, s := range stmts {
		cmd, ok := s.(*lang.Command)
		if !ok {
			continue
		}
		spec, kinds := w.command(cmd)
		p.right[i] = spec
		if len(kinds) > 0 && !slices.ContainsFunc(p.needs, func(n aheadNeed) bool { return slices.Equal(n.kinds, kinds) }) {
			p.needs = append(p.needs, aheadNeed{i, kinds})
		}
	}
}

// command is the verb of a command that is right, and the kinds that it needs.
func (w *aheadWorker) command(cmd *lang.Command) (*builtins.Spec, []nsexec.Kind) {
	if cmd.Body != nil || w.prog.def(verbName(cmd.Verb)) != nil {
		return nil, nil
	}
	spec, words := w.in.verb(cmd)
	if spec == nil || isCheck(spec) {
		return nil, nil
	}
	var mod builtins.Modifiers
	if cmd.Modifier != nil {
		mod = modifiers[cmd.Modifier.Raw]
	}
	w.args = w.args[:0]
	for _, word := range words {
		arg, ok := w.words.literal(word)
		if !ok {
			return nil, nil
		}
		w.args = append(w.args, arg)
	}
	kinds, wrong := spec.Check(&w.env, mod, w.args)
	if wrong != nil {
		return nil, nil
	}
	return spec, kinds
}
