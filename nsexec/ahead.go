//go:build linux

package nsexec

import (
	"context"
	"runtime"
	"sync"
)

// A namespace takes longer to make than all else that a host of a lab needs but
// its links. It is also the one thing that the kernel does on several processors
// at a time, beside links. So where a Run is to make some, they are made ahead,
// without a name: one that is not used, since the run failed before, goes when
// its descriptor is closed, and nobody has seen it.

// stock are the namespaces that are made ahead of a Run's need.
type stock struct {
	ready chan *Conn // closed once no more come
	stop  chan struct{}
}

const (
	// stockFrom is how many namespaces a Run has to make for it to pay.
	stockFrom = 4
	// stockMost is how many wait at most. Each holds two descriptors, of those
	// that the pool leaves to the rest of the program.
	stockMost = 16
)

// newStock starts to make the namespaces of steps; nil where they are few. Close
// it in the end.
func newStock(steps []Step) *stock {
	n := 0
	for _, s := range steps {
		if op, ok := plainNewNS(s); ok && op.loUp {
			n++
		}
	}
	if n < stockFrom {
		return nil
	}
	s := &stock{ready: make(chan *Conn, stockMost), stop: make(chan struct{})}
	go s.fill(n)
	return s
}

// plainNewNS is the operation of a step that makes a named namespace.
func plainNewNS(s Step) (newNSOp, bool) {
	a, ok := s.Action.(NsAction)
	if !ok {
		return newNSOp{}, false
	}
	op, ok := a.op.(newNSOp)
	return op, ok
}

// fill makes a number of namespaces, on a thread for each processor.
func (s *stock) fill(n int) {
	defer close(s.ready)
	tickets := make(chan struct{}, n)
	for range n {
		tickets <- struct{}{}
	}
	close(tickets)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), n) {
		workers.Go(func() {
			// Where it can't be made, whoever needs it makes it, and gets the error.
			_ = onWorker(func(t *thread) error { return s.work(t, tickets) })
		})
	}
	workers.Wait()
}

func (s *stock) work(t *thread, tickets <-chan struct{}) error {
	for range tickets {
		c, err := t.namespace()
		if err != nil {
			return err
		}
		select {
		case s.ready <- c:
		case <-s.stop:
			c.close()
			return nil
		}
	}
	return nil
}

// namespace makes a namespace, its loopback up, in which the thread then is. The
// connection to it has no ref yet.
func (t *thread) namespace() (*Conn, error) {
	if err := t.unshare(); err != nil {
		return nil, err
	}
	c := &Conn{nsfd: -1}
	err := c.openHere(true)
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// take returns a namespace that was made ahead; nil where there are none.
func (s *stock) take() *Conn {
	if s == nil {
		return nil
	}
	return <-s.ready // nil once it is closed
}

// close ends what is made ahead, and what was not used.
func (s *stock) close() {
	if s == nil {
		return
	}
	close(s.stop)
	for c := range s.ready {
		c.close()
	}
}

type stockKey struct{}

// withStock has the operations of a context make their namespaces from a stock.
func withStock(ctx context.Context, s *stock) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, stockKey{}, s)
}

func stockOf(ctx context.Context) *stock {
	s, _ := ctx.Value(stockKey{}).(*stock)
	return s
}
