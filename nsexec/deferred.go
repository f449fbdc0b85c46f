//go:build linux

package nsexec

import "context"

// The far end of a pair comes up by a message of its own. From then on the host
// behind it sends what IPv6 has it send, and a bridge passes that on to all of the
// ports that are up: the work grows with the square of the hosts, and slows down
// what is still to be made. So batches in namespaces of the run's own wait, until
// something is done to their namespace, until an operation may look at anything,
// and at the latest for the end of the Run. Should a step fail, those that wait
// are done first and the step once more, so that what fails is what would have.

// waiting are batches that are to be sent, in the order of their steps.
type waiting struct {
	engine  *Engine
	timer   stepTimer
	batches []waitingBatch
	spaces  map[Ref]bool // that they are in
}

// waitingBatch is a batch, and where its steps begin in the Run's.
type waitingBatch struct {
	conn  *pooled
	first int
	steps []Step
	reqs  []*Request
}

// waitingMost bounds how many batches wait, each with a connection in use.
const waitingMost = 4096

type inOrderKey struct{}

// InOrder returns a context whose Runs do nothing later than it is its turn, for
// runs of which, where they fail, what was done is left.
func InOrder(ctx context.Context) context.Context {
	return context.WithValue(ctx, inOrderKey{}, true)
}

// mayWait reports whether batches of a context may wait.
func mayWait(ctx context.Context) bool {
	return undoOf(ctx) != nil && ctx.Value(inOrderKey{}) == nil
}

// puts has the steps that come first wait, if they are a batch, and returns how
// many those are.
func (w *waiting) puts(ctx context.Context, pc *pooled, at int, steps []Step) int {
	e := w.engine
	if !mayWait(ctx) || e.stepwise || e.faults != nil || !undoOf(ctx).owns(pc.id) || len(w.batches) >= min(waitingMost, e.pool.max/2) {
		return 0
	}
	reqs := pc.batchOf(steps)
	if len(reqs) == 0 {
		return 0
	}
	if w.spaces == nil {
		w.spaces = map[Ref]bool{}
	}
	w.spaces[pc.ref] = true
	e.pool.again(pc)
	w.batches = append(w.batches, waitingBatch{pc, at, steps[:len(reqs)], reqs})
	return len(reqs)
}

// concern reports whether a step has to see the effect of those that wait.
func (w *waiting) concern(s Step) bool {
	if len(w.batches) == 0 {
		return false
	}
	op := operationOf(s.Action)
	if !namesStay(op) || w.spaces[s.NS] {
		return true
	}
	if link, ok := op.(newLinkOp); ok && link.cfg.Peer != nil && w.spaces[link.cfg.Peer.NS] {
		return true
	}
	return s.NS.Kind != RefHost && s.NS.Kind != RefName // it may be one of theirs by another name
}

// send does what waits. Where one fails the error is its own, at says which step
// of the Run that is, and the rest is dropped.
func (w *waiting) send(ctx context.Context) (at int, err error) {
	batches := w.batches
	w.batches = nil
	clear(w.spaces)
	for i, b := range batches {
		if err == nil {
			at, err = b.first, ctx.Err()
		}
		if err == nil {
			start := w.timer.start()
			var n int
			n, err = w.engine.sendBatch(ctx, &b.conn.Conn, b.steps, b.reqs)
			for err == nil && n < len(b.steps) { // behind one that was refused at first
				if err = b.steps[n].Action.act(ctx, &b.conn.Conn); err == nil {
					n++
				}
			}
			at = b.first + n
			w.timer.ended(start, b.steps, n, err)
		}
		w.engine.pool.put(batches[i].conn)
	}
	return at, err
}

// drop lets go of what waits.
func (w *waiting) drop() {
	for _, b := range w.batches {
		w.engine.pool.put(b.conn)
	}
	w.batches = nil
}
