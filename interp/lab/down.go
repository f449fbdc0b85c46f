//go:build linux

package lab

import (
	"context"
	"errors"
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
	undone int
	spaces bool // a namespace was among it
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
	for i := len(entries) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return left, err
		}
		if l, ok := d.undo(ctx, entries[i]); !ok {
			left = append(left, l)
		}
		if d.Progress != nil {
			d.Progress(len(entries)-i, len(entries))
		}
	}
	if d.spaces {
		err = d.Engine.LetGo(ctx)
	}
	return left, err
}

// undo does one statement. What is gone needs no undoing.
func (d *down) undo(ctx context.Context, e journal.Entry) (nsexec.Leftover, bool) {
	err := d.in.Replay(context.WithoutCancel(ctx), e.Line)
	if err != nil && !nsexec.IsGone(err) {
		return nsexec.Leftover{Text: summary(e.Line), Err: cause(err)}, false
	}
	d.undone++
	d.spaces = d.spaces || strings.HasPrefix(e.Line, "unmake ns ")
	if err := d.j.Strike(e); err != nil {
		return nsexec.Leftover{Text: summary(e.Line), Err: err}, false
	}
	return nsexec.Leftover{}, true
}

// cause is an error without its place in the journal's text.
func cause(err error) error {
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
