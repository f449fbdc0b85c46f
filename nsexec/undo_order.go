//go:build linux

package nsexec

import (
	"context"
	"slices"
)

// Deleting a link takes the kernel tens of milliseconds, as it waits for all
// processors to forget it; the links of namespaces that are deleted it deletes
// in one go. So where namespaces and links are taken away in a row, the
// namespaces come first, and with them go most of the links. It begins with the
// first while others are still to come: the oldest is best, since what the rest is
// joined to, as a switch, mostly is made before them.

// NamespacesFirst sorts, within each run of changes that are undone by taking
// something away, the namespaces before the rest, and the oldest of them, which are
// the last, before the others. The changes are in the order
// to undo them in; makes says of each what [Makes] says of its step. What is put
// back stays in its place: a link that comes back from a namespace has to leave
// it before.
func NamespacesFirst[T any](undo []T, makes func(T) string) {
	for from := 0; from < len(undo); {
		to := from
		for to < len(undo) && makes(undo[to]) != "" {
			to++
		}
		row := undo[from:to]
		slices.SortStableFunc(row, func(a, b T) int { return rank(makes(a)) - rank(makes(b)) })
		spaces := slices.IndexFunc(row, func(what T) bool { return rank(makes(what)) > 0 })
		if spaces < 0 {
			spaces = len(row)
		}
		slices.Reverse(row[:spaces])
		from = to + 1
	}
}

func rank(makes string) int {
	if makes == "namespace" {
		return 0
	}
	return 1
}

// undoPasses is how often what could not be put back is tried once more.
const undoPasses = 3

// InPasses undoes changes in order, and returns the errors of those that could not
// be undone, by their places; of what it did not come to before ctx ended, that is
// ctx's. What could not be put back may be once the rest is: a route over two
// links, say, each of which comes back by itself. Then all is done again from there
// on, since what is oldest has to have the last word, but for what may be done only
// once: what a script says of its own undo may not bear it twice. undo is told
// whether it has undone a change before.
func InPasses[T any](ctx context.Context, todo []T, once func(T) bool, undo func(what T, again bool) error) map[int]error {
	failed := map[int]error{}
	done := make([]bool, len(todo))
	from := 0
	for range undoPasses {
		first := len(todo)
		for i := from; i < len(todo); i++ {
			err := ctx.Err()
			if err == nil && !(done[i] && once(todo[i])) {
				err = undo(todo[i], done[i])
			}
			if err == nil {
				done[i] = true
				delete(failed, i)
				continue
			}
			failed[i] = err
			first = min(first, i)
		}
		if from = first; len(failed) == 0 || ctx.Err() != nil {
			break
		}
	}
	return failed
}

// Dismantling waits for the kernel before links are deleted, where namespaces
// have been: with those, the other ends of links go by themselves. Tell it of
// each thing that is about to be taken away, as [Makes] names it, and at the end
// of how well the kernel has to be done. The zero Dismantling knows of nothing.
type Dismantling struct {
	spaces bool // namespaces were deleted, and not waited for yet
	any    bool // some were, at some time
	waited int  // how often was waited since the last of them
}

// Before waits if need be. Where it does not come to an end, the links are
// deleted one by one.
func (d *Dismantling) Before(ctx context.Context, makes string) {
	switch {
	case makes == "namespace":
		d.spaces, d.any, d.waited = true, true, 0
	case makes == "link" && d.spaces:
		d.spaces = false
		d.waited++
		_ = awaitLasts(ctx, 1)
	}
}

// Finish waits until the kernel has dismantled the namespaces that were deleted,
// as [Engine.LetGo] does if sure is set, and else until it has come to their end
// once. Where none were there is nothing to wait for.
func (d *Dismantling) Finish(ctx context.Context, sure bool) error {
	times := 1
	if sure {
		times = letGoTimes
	}
	if !d.any || d.waited >= times {
		return nil
	}
	times -= d.waited
	d.waited += times
	return awaitLasts(ctx, times)
}
