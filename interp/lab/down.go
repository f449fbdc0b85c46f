//go:build linux

package lab

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
)

// DownConfig says how a lab is taken down.
type DownConfig struct {
	Dir      journal.Dir           // as in Config
	Engine   *nsexec.Engine        // what does it
	Options  []interp.Option       // for what the script's own undo runs
	Progress func(done, total int) // may be nil; called as changes are undone
	// Held, which may be nil, is called for each process that is in a namespace
	// which has been taken away: that has no name any more, but lives on.
	Held func(nsexec.Holder)
}

// Down takes a lab away, or what is left of a run that did not end: all that
// its journal has is undone, last first. It returns how many changes that were,
// once the kernel has let go of the namespaces. Where some could not be undone
// the error is an [*nsexec.UndoError], and they stay in the journal for another
// Down, as they do when ctx ends.
func Down(ctx context.Context, name string, cfg DownConfig) (undone int, err error) {
	dir := Config{Dir: cfg.Dir}.dir()
	j, err := dir.Open(name)
	if err != nil {
		return 0, err
	}
	d := &down{DownConfig: cfg, j: j}
	left, err := d.all(ctx)
	if err == nil && len(left) > 0 {
		err = &nsexec.UndoError{Left: left}
	}
	if err != nil {
		return d.undone, errors.Join(err, j.Close())
	}
	return d.undone, j.Remove()
}

// down is a lab that is being taken down.
type down struct {
	DownConfig
	j      *journal.Journal
	in     *interp.Interp
	steps  map[int64]nsexec.Step // of statements of journals' verbs, by offset
	undone int
	total  int

	dismantling nsexec.Dismantling
	tenants     nsexec.Tenants
}

func (d *down) all(ctx context.Context) (left []nsexec.Leftover, err error) {
	entries, err := d.j.Entries()
	if err != nil {
		return nil, err
	}
	if err := d.j.MarkDown(); err != nil {
		return nil, err
	}
	if d.in, err = interp.New(append(d.Options[:len(d.Options):len(d.Options)], interp.Engine(d.Engine))...); err != nil {
		return nil, err
	}
	defer d.in.Close()
	slices.Reverse(entries)
	nsexec.NamespacesFirst(entries, makes)
	d.total = len(entries)
	d.compile(ctx, entries)
	left = d.undoAll(ctx, entries)
	if err := ctx.Err(); err != nil {
		return left, err
	}
	held := make(chan bool, 1)
	go func() { held <- len(d.tenants.Processes()) > 0 }() // it takes as long as some namespaces
	err = d.dismantling.Finish(ctx, true)
	if <-held { // some may have ended meanwhile
		for _, h := range d.tenants.Processes() {
			d.Held(h)
		}
	}
	return left, err
}

// together is how many statements are read at once.
const together = 256

// compile finds out what statements do. Reading one by itself takes longer than
// doing it. Where one of those that are read together is wrong, none of them is
// known here, and undo finds out which it is.
func (d *down) compile(ctx context.Context, entries []journal.Entry) {
	d.steps = make(map[int64]nsexec.Step, len(entries))
	verbs := slices.DeleteFunc(slices.Clone(entries), isScripts)
	for some := range slices.Chunk(verbs, together) {
		lines := make([]string, len(some))
		for i, e := range some {
			lines[i] = e.Line
		}
		steps, err := d.in.Steps(ctx, lines...)
		if err != nil {
			continue
		}
		for i, e := range some {
			if len(steps[i]) == 1 {
				d.steps[e.Offset] = steps[i][0]
			}
		}
	}
}

// undoAll does statements in order, and returns those that could not be done.
func (d *down) undoAll(ctx context.Context, entries []journal.Entry) (left []nsexec.Leftover) {
	failed := nsexec.InPasses(ctx, entries, isScripts, func(e journal.Entry, again bool) error {
		d.dismantling.Before(ctx, makes(e))
		err := d.undo(ctx, e, again)
		if d.Progress != nil {
			d.Progress(d.undone, d.total)
		}
		return err
	})
	for _, i := range slices.Sorted(maps.Keys(failed)) {
		if d.covered(entries, i, failed) {
			_ = d.j.Strike(entries[i]) // what it says is of no more use
			continue
		}
		left = append(left, nsexec.Leftover{Text: summary(entries[i].Line), Err: failed[i]})
	}
	return left
}

// covered reports whether an older statement has restored what one could not:
// how something was in the middle of the run no longer matters then.
func (d *down) covered(entries []journal.Entry, i int, failed map[int]error) bool {
	mine, known := d.steps[entries[i].Offset]
	if !known {
		return false
	}
	for k := i + 1; k < len(entries); k++ {
		if failed[k] != nil || !strings.Contains(entries[k].Line, "restore link ") {
			continue
		}
		if older, known := d.steps[entries[k].Offset]; known && nsexec.Covers(older, mine) {
			return true
		}
	}
	return false
}

// makes is what a statement takes away, as [nsexec.Makes] names it.
func makes(e journal.Entry) string {
	statement := e.Line
	if _, inner, in := strings.Cut(statement, " < "); in && strings.HasPrefix(statement, "in cookie ") {
		statement = inner
	}
	what, ok := strings.CutPrefix(statement, "unmake ")
	if !ok {
		return ""
	}
	what, _, _ = strings.Cut(what, " ")
	if what == "ns" {
		return "namespace"
	}
	return what
}

// isScripts reports whether a statement is a script's own undo, rather than one of
// the verbs of journals.
func isScripts(e journal.Entry) bool {
	return !strings.HasPrefix(e.Line, "unmake ") && !strings.HasPrefix(e.Line, "restore ") && !strings.HasPrefix(e.Line, "in cookie ")
}

// undo does one statement. What is gone needs no undoing.
func (d *down) undo(ctx context.Context, e journal.Entry, again bool) error {
	if d.Held != nil {
		ctx = d.tenants.Context(ctx)
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	if step, known := d.steps[e.Offset]; known {
		err = d.Engine.Run(ctx, step)
	} else {
		err = d.in.Replay(ctx, e.Line)
	}
	if err != nil && !nsexec.IsGone(err) {
		return cause(err)
	}
	if again {
		return nil
	}
	d.undone++
	return d.j.Strike(e)
}

// cause is an error without its place in the journal's text.
func cause(err error) error {
	var failed *nsexec.StepError
	if errors.As(err, &failed) {
		return failed.Err
	}
	var at *interp.Error
	if errors.As(err, &at) {
		return at.Err
	}
	var diags lang.Diagnostics
	if errors.As(err, &diags) && len(diags) > 0 {
		return errors.New(diags[0].Message)
	}
	return err
}

// summary is a statement without the data that only a program reads.
func summary(line string) string {
	before, data, found := strings.Cut(line, " data ")
	if !found {
		return line
	}
	_, after, _ := strings.Cut(data, " ")
	return strings.TrimSpace(before + " " + after)
}
