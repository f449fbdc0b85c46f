//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Engine does steps in many namespaces. It keeps a netlink socket open in each
// one that it works in: a socket stays in the namespace it was made in, so most
// actions need no thread to enter it. It is safe for concurrent use; each Run
// is in order by itself. Close it at the end.
type Engine struct {
	pool      *pool
	runs      atomic.Uint64
	resolvers map[RefKind]func(context.Context, string) (int, error)
	faults    func(point string) error // of InjectFaults; nil but in tests
	undoes    atomic.Int32             // how many Backs are under way
	stepwise  bool                     // of StepByStep
	holds     bool                     // of HoldProcessor
	kinds     sync.Map                 // the Kinds that the kernel has, as far as Lacks has tried
}

// Option sets up an Engine.
type Option func(*Engine)

// Resolver has the engine find the process whose namespace a [Docker] or a
// [Podman] ref means.
func Resolver(kind RefKind, f func(ctx context.Context, name string) (pid int, err error)) Option {
	return func(e *Engine) { e.resolvers[kind] = f }
}

// MaxOpen bounds how many namespaces the engine keeps open at a time. The
// default is as many as the process's limit of descriptors allows, which
// NewEngine raises as far as it may.
func MaxOpen(n int) Option {
	return func(e *Engine) { e.pool.max = max(n, 1) }
}

// StepByStep has the engine do each step by itself, as it stands, without what
// makes it fast: steps in one message, namespaces made ahead, indexes that are
// known or chosen. What is there in the end, and what is said of a failure, is
// the same; it is for tests that look whether that is so.
func StepByStep() Option { return func(e *Engine) { e.stepwise = true } }

// NewEngine returns an Engine. It needs no privilege; what its actions do may.
func NewEngine(opts ...Option) (*Engine, error) {
	host, err := openRef(Host())
	if err != nil {
		return nil, err
	}
	e := &Engine{resolvers: map[RefKind]func(context.Context, string) (int, error){}}
	e.pool = newPool(e, host)
	for _, opt := range opts {
		opt(e)
	}
	return e, nil
}

// Close ends the namespaces that have no name and closes all descriptors. No
// Run may be under way.
func (e *Engine) Close() error { return e.pool.close() }

// Run does the steps in order. It stops at the first that fails, or before the
// next one when ctx is done, with a *StepError. With the context of a [Later] the
// error may be of a step that an earlier Run has put off.
func (e *Engine) Run(ctx context.Context, steps ...Step) (err error) {
	later, only := laterOf(ctx)
	w := &later.waiting
	w.engine, w.timer = e, timerOf(ctx)
	defer func() {
		if err != nil {
			w.drop()
		}
	}()
	run := e.newRun()
	ahead := e.startAhead(ctx, steps)
	defer ahead.close()
	ctx = withAhead(ctx, ahead)
	for done := 0; done < len(steps); {
		if w.concern(steps[done]) {
			if err := w.send(ctx); err != nil {
				return err
			}
		}
		n, err := e.timed(ctx, run, w, steps, done)
		done += n
		if err != nil && len(w.batches) > 0 && ctx.Err() == nil {
			if err := w.send(ctx); err != nil {
				return err
			}
			n, err = e.timed(ctx, run, w, steps, done)
			done += n
		}
		if err != nil {
			return stepError(steps, done, err)
		}
	}
	if only {
		return w.send(ctx)
	}
	return nil
}

// stepError is the error of a step of a Run.
func stepError(run []Step, at int, err error) *StepError {
	step := run[at]
	out := &StepError{Index: at, Step: step, Err: explain(step.NS, step.Action, err)}
	if at > 0 {
		out.Before = run[at-1]
	}
	return out
}

// timed is some, of which the context's timer is told, but for steps that wait.
func (e *Engine) timed(ctx context.Context, run uint64, w *waiting, all []Step, at int) (int, error) {
	start, before := w.timer.start(), len(w.batches)
	n, err := e.some(ctx, run, w, all, at)
	if len(w.batches) == before {
		w.timer.ended(start, all[at:], n, err)
	}
	return n, err
}

// newRun begins what the names of namespaces and links are looked at anew for.
func (e *Engine) newRun() uint64 {
	e.pool.sweep()
	e.pool.names.next()
	return e.runs.Add(1)
}

// some does the first of the steps, and with it those right behind that go with
// it, or has them wait. It returns how many. They are those of a Run from a place
// on.
func (e *Engine) some(ctx context.Context, run uint64, w *waiting, all []Step, at int) (done int, err error) {
	steps := all[at:]
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	pc, err := e.pool.get(ctx, steps[0].NS, run)
	if err != nil {
		return 0, err
	}
	defer e.pool.put(pc)
	if !steps[0].Action.NeedsThread() {
		if fused, n := e.fuse(steps); n > 1 && e.fused(ctx, &pc.Conn, fused) == nil {
			return n, nil
		}
		if n := w.puts(ctx, pc, all, at); n > 0 {
			return n, nil
		}
		if n, err := e.batch(ctx, &pc.Conn, steps); n > 0 || err != nil {
			return n, err
		}
		if err := steps[0].Action.act(ctx, &pc.Conn); err != nil {
			return 0, err
		}
		return 1, nil
	}
	err = inNamespace(pc.nsfd, func(*thread) error {
		for done < len(steps) && steps[done].NS == pc.ref && steps[done].Action.NeedsThread() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := steps[done].Action.act(ctx, &pc.Conn); err != nil {
				return err
			}
			done++
		}
		return nil
	})
	if done == len(steps) && err != nil { // all were done, but the thread is lost
		done--
	}
	return done, err
}

// Look calls f with the connection to a namespace, to read from it. f runs on
// no thread of the namespace: for what needs one, Run an action.
func (e *Engine) Look(ctx context.Context, ns Ref, f func(*Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	pc, err := e.pool.get(ctx, ns, e.newRun())
	if err != nil {
		return explain(ns, looking, err)
	}
	defer e.pool.put(pc)
	return explain(ns, looking, f(&pc.Conn))
}

// looking stands for a Look in errors.
var looking = NsAction{name: "look"}

// NewAnonymous makes a namespace that has no name, its loopback up. It ends
// with Drop, or with the engine.
func (e *Engine) NewAnonymous(ctx context.Context) (Ref, error) {
	if err := ctx.Err(); err != nil {
		return Ref{}, err
	}
	fd, err := newNamespace(loopbackUp)
	if err != nil {
		return Ref{}, err
	}
	return e.pool.adopt(fd)
}

// Drop ends a namespace that NewAnonymous has made, unless a program still runs
// in it: then it ends with that.
func (e *Engine) Drop(ref Ref) error {
	if ref.Kind != RefAnonymous {
		return errors.New("only a namespace without a name can be dropped")
	}
	return e.pool.drop(ref)
}

// locate returns the file of a namespace, that of its process for a container.
func (e *Engine) locate(ctx context.Context, ref Ref) (string, error) {
	if ref.Kind != RefDocker && ref.Kind != RefPodman {
		return ref.path()
	}
	find, ok := e.resolvers[ref.Kind]
	if !ok {
		return "", fmt.Errorf("this engine has no resolver for %s", ref.phrase())
	}
	pid, err := find(ctx, ref.Name)
	if err != nil {
		return "", err
	}
	return Process(pid).path()
}

// loopbackUp sets lo up in the calling thread's namespace.
func loopbackUp() error {
	c := &Conn{nsfd: -1}
	defer c.close()
	if err := c.dial(); err != nil {
		return err
	}
	return c.loUp()
}

// loUp sets lo up. It is always the first link of a namespace.
func (c *Conn) loUp() error {
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index, msg.Flags, msg.Change = 1, unix.IFF_UP, unix.IFF_UP
	req.AddData(msg)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
