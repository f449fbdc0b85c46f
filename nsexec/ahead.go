//go:build linux

package nsexec

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A namespace takes longer to make than all else that a host of a lab needs but
// its links. It is also the one thing that the kernel does on several processors
// at a time, beside links. So where a Run is to make some, they are made ahead
// of its need, and named ahead, too, where nothing in the Run can tell (see
// early). One that is not used, since the Run failed before, loses its name and
// goes. Somebody who looks from outside during a Run may see a namespace some
// statements early.

const (
	// aheadFrom is how many namespaces a Run has to make for it to pay.
	aheadFrom = 4
	// aheadMost is how many wait at most, and aheadShare which part of the
	// connections that the pool may have: each holds as many descriptors as one.
	aheadMost  = 256
	aheadShare = 8
)

// ahead is what a Run has made ahead.
type ahead struct {
	orders []*order
	by     map[string]*order // that nobody has taken yet
	next   atomic.Int64      // the order that a worker takes next
	room   chan struct{}     // holds one for each order that is begun and not taken
	stop   chan struct{}     // closed to have the workers end
	ended  chan struct{}     // closed once they have
}

// order is a namespace to be made. What is below done is set when that is closed.
type order struct {
	op    newNSOp
	early bool // it may get its name ahead
	undo  *Undo
	done  chan struct{} // closed once it is made, or can't be
	conn  *Conn         // nil where it can't
	named bool
	note  *note // how to undo it, once it has its name
}

// startAhead starts to make the namespaces of steps; nil where they are few.
// Close it in the end.
func (e *Engine) startAhead(ctx context.Context, steps []Step) *ahead {
	if e.stepwise {
		return nil
	}
	if !makesSome(steps) {
		return nil
	}
	orders := e.ordersOf(ctx, steps)
	if len(orders) < aheadFrom {
		return nil
	}
	a := &ahead{
		orders: orders, by: make(map[string]*order, len(orders)),
		room: make(chan struct{}, min(aheadMost, max(1, e.pool.max/aheadShare))), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	for _, o := range orders {
		a.by[o.op.name] = o
	}
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), len(orders)) {
		workers.Go(func() {
			// What can't be made, whoever needs it makes, and gets the error.
			_ = onWorker(a.work)
		})
	}
	go func() {
		workers.Wait()
		close(a.ended)
	}()
	return a
}

// makesSome reports whether steps make as many namespaces as it takes.
func makesSome(steps []Step) bool {
	n := 0
	for i := range steps {
		if _, ok := plainNewNS(&steps[i]); ok {
			n++
		}
	}
	return n >= aheadFrom
}

// ordersOf are the namespaces that steps make, in order; of two of one name only
// the first.
func (e *Engine) ordersOf(ctx context.Context, steps []Step) []*order {
	u := undoOf(ctx)
	var unseen unseen
	var orders []*order
	known := map[string]bool{}
	for i := range steps {
		op, ok := plainNewNS(&steps[i])
		may := unseen.passes(&steps[i])
		if !ok || !op.loUp || op.dir != DefaultMountPath || known[op.name] {
			continue
		}
		known[op.name] = true
		o := &order{op: op, early: may && e.faults == nil, undo: u, done: make(chan struct{})}
		if u != nil {
			o.op.made = func(cookie uint64) (err error) {
				u.hasMade(cookie)
				o.note, err = u.noteAhead(ctx, Host(), unmakeNSOp{op.dir, op.name, cookie})
				return err
			}
		}
		orders = append(orders, o)
	}
	return orders
}

// plainNewNS is the operation of a step that makes a named namespace.
func plainNewNS(s *Step) (newNSOp, bool) {
	a, ok := s.Action.(NsAction)
	if !ok {
		return newNSOp{}, false
	}
	op, ok := a.op.(newNSOp)
	return op, ok
}

// work makes namespaces on a worker's thread.
func (a *ahead) work(t *thread) error {
	for {
		select {
		case <-a.stop:
			return nil
		case a.room <- struct{}{}:
		}
		i := int(a.next.Add(1)) - 1
		if i >= len(a.orders) {
			<-a.room
			return nil
		}
		if err := a.orders[i].make(t); err != nil {
			return err
		}
	}
}

// make makes the namespace, in which the thread then is.
func (o *order) make(t *thread) error {
	defer close(o.done)
	if err := t.unshare(); err != nil {
		return err
	}
	c := &Conn{nsfd: -1}
	if err := c.openHere(true); err != nil {
		c.close()
		return err
	}
	o.conn = c
	if o.early {
		// Whoever needs it tries again, and gets the error.
		path, err := namedPath(o.op.dir, o.op.name)
		o.named = err == nil && o.op.christen(c, path) == nil
		if !o.named {
			o.forget()
		}
	}
	return nil
}

// forget drops the note of a namespace that has no name.
func (o *order) forget() {
	if o.note != nil {
		o.undo.done(o.note)
		o.note = nil
	}
}

// takeBack ends a namespace that nobody has taken.
func (o *order) takeBack() {
	if o.conn == nil {
		return
	}
	o.conn.close()
	if o.named && (delNSOp{o.op.dir, o.op.name}).delete() == nil {
		o.forget()
	}
}

// take returns the namespace that was made ahead for an operation, and whether
// it has its name; nil where there is none.
func (a *ahead) take(name string) (c *Conn, named bool) {
	if a == nil {
		return nil, false
	}
	o := a.by[name]
	if o == nil || !a.isDone(o) {
		return nil, false
	}
	delete(a.by, name)
	<-a.room
	return o.conn, o.named
}

// isDone waits for an order, and reports whether anybody has come to it: where
// the workers gave up before, nobody has.
func (a *ahead) isDone(o *order) bool {
	select {
	case <-o.done:
		return true
	case <-a.ended:
	}
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// close ends what is made ahead, and what was not used.
func (a *ahead) close() {
	if a == nil {
		return
	}
	close(a.stop)
	<-a.ended
	for _, o := range a.by {
		if a.isDone(o) {
			o.takeBack()
		}
	}
}

type aheadKey struct{}

// withAhead has the operations of a context take their namespaces from what is
// made ahead.
func withAhead(ctx context.Context, a *ahead) context.Context {
	if a == nil {
		return ctx
	}
	return context.WithValue(ctx, aheadKey{}, a)
}

func aheadOf(ctx context.Context) *ahead {
	a, _ := ctx.Value(aheadKey{}).(*ahead)
	return a
}
