//go:build linux

package nsexec

import "context"

// The far end of a pair comes up by a message of its own. From then on the host
// behind it sends what IPv6 has it send, and a bridge passes that on to all of the
// ports that are up: the work grows with the square of the hosts, and slows down
// what is still to be made. So batches in namespaces of the run's own wait, until
// something is done to their namespace, until an operation may look at anything,
// and at the latest for the end of the Run, or of the [Later] that its context has.
// Should a step fail, those that wait are done first and the step once more, so
// that what fails is what would have.

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
	run   []Step // all of the Run's
	first int
	size  int
	msgs  *packet
}

func (b *waitingBatch) steps() []Step { return b.run[b.first : b.first+b.size] }

// free lets go of what the batch was sent by.
func (b *waitingBatch) free(e *Engine) {
	e.pool.put(b.conn)
	b.msgs.free()
}

// Later keeps what Runs that follow each other have put off, so that all of them
// are as one Run, whose steps need not all be there when it begins. Until Send or
// Drop, which somebody has to call, the steps of the Runs may not be changed. The
// zero Later is ready for use, by one goroutine at a time.
type Later struct{ waiting waiting }

type laterKey struct{}

// Context returns a context for the Runs, all of one Engine.
func (l *Later) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, laterKey{}, l)
}

// Empty reports whether nothing has been put off.
func (l *Later) Empty() bool { return len(l.waiting.batches) == 0 }

// Send does what has been put off. The error is a [*StepError], whose Index is
// the step's in its own Run.
func (l *Later) Send(ctx context.Context) error {
	l.waiting.timer = timerOf(ctx)
	return l.waiting.send(ctx)
}

// Drop forgets what has been put off.
func (l *Later) Drop() { l.waiting.drop() }

// laterOf is the Later of a context, or one for a single Run.
func laterOf(ctx context.Context) (l *Later, only bool) {
	if l, ok := ctx.Value(laterKey{}).(*Later); ok {
		return l, false
	}
	return &Later{}, true
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

// puts has the steps that come at a place of a Run wait, if they are a batch, and
// returns how many those are.
func (w *waiting) puts(ctx context.Context, pc *pooled, run []Step, at int) int {
	e := w.engine
	if !mayWait(ctx) || e.stepwise || e.faults != nil || !undoOf(ctx).owns(pc.id) || len(w.batches) >= min(waitingMost, e.pool.max/2) {
		return 0
	}
	p := pc.batchOf(run[at:])
	n := len(p.msgs)
	if n == 0 {
		p.free()
		return 0
	}
	if w.spaces == nil {
		w.spaces = map[Ref]bool{}
	}
	w.spaces[pc.ref] = true
	e.pool.again(pc)
	w.batches = append(w.batches, waitingBatch{pc, run, at, n, p})
	return n
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
	if link, ok := op.(*newLinkOp); ok && link.cfg.Peer != nil && w.spaces[link.cfg.Peer.NS] {
		return true
	}
	return s.NS.Kind != RefHost && s.NS.Kind != RefName // it may be one of theirs by another name
}

// send does what waits. Where one fails the error is its own, a *StepError, and
// the rest is dropped.
func (w *waiting) send(ctx context.Context) error {
	all := w.batches
	defer func() {
		w.drop()
		w.batches = all[:0]
	}()
	for len(w.batches) > 0 {
		b := w.batches[0]
		n, err := 0, ctx.Err()
		if err == nil {
			n, err = w.sendOne(ctx, &b)
		}
		if err != nil {
			return stepError(b.run, b.first+n, err)
		}
		b.free(w.engine)
		w.batches = w.batches[1:]
	}
	return nil
}

// sendOne sends a batch and returns how many of its steps were done.
func (w *waiting) sendOne(ctx context.Context, b *waitingBatch) (n int, err error) {
	start, steps := w.timer.start(), b.steps()
	n, err = w.engine.sendBatch(ctx, &b.conn.Conn, steps, b.msgs)
	for err == nil && n < len(steps) { // behind one that was refused at first
		if err = steps[n].Action.act(ctx, &b.conn.Conn); err == nil {
			n++
		}
	}
	w.timer.ended(start, steps, n, err)
	return n, err
}

// drop lets go of what waits.
func (w *waiting) drop() {
	for _, b := range w.batches {
		b.conn.unlearn(b.msgs.msgs)
		b.free(w.engine)
	}
	w.batches = nil
	clear(w.spaces)
}
