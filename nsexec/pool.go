//go:build linux

package nsexec

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pool keeps connections to namespaces, the least recently used of which it
// closes before descriptors run out.
//
// A name may come to mean another namespace. Within one Run only the engine's
// own actions are looked at: they call forget. At a name's first use in a Run,
// what it means is compared with what is kept; an open connection keeps its
// namespace alive and with it the inode, so equal inodes are the same one.
type pool struct {
	engine *Engine
	max    int // connections at a time

	mu      sync.Mutex
	conns   map[Ref]*pooled
	recent  *list.List // of *pooled, those of conns; the latest used first, but for those that are still in use
	host    int        // where the program was started
	anon    map[Ref]int
	gone    map[uint64]bool // cookies that were looked for and are not to be found
	anons   int
	sweeper sweeper
	names   nameAge
	changes atomic.Uint64 // counts what may have taken away something, in any namespace
	closed  bool
}

type pooled struct {
	Conn
	inode   nsID
	path    string // names the namespace; empty where that can't change
	users   int
	run     uint64 // the last Run that compared it
	own     bool   // the engine has made the namespace
	dropped bool   // no longer in conns: closed once nobody uses it
	place   *list.Element
}

// descriptorsEach is how many descriptors a connection holds: its namespace's
// and its socket's.
const descriptorsEach = 2

var errClosed = errors.New("the engine is closed")

func newPool(e *Engine, host int) *pool {
	return &pool{
		engine: e,
		max:    max(8, (descriptorLimit()-reserved)/descriptorsEach),
		conns:  map[Ref]*pooled{},
		recent: list.New(),
		host:   host,
		anon:   map[Ref]int{},
		gone:   map[uint64]bool{},
	}
}

// reserved is how many descriptors are left to the rest of the program.
const reserved = 96

// descriptorLimit raises the process's limit of open files as far as it may be
// raised and returns it. The Go runtime mostly has done so already; raising it
// again would keep it from giving the old limit to programs it starts.
func descriptorLimit() int {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return 1024
	}
	if lim.Cur < lim.Max {
		raised := unix.Rlimit{Cur: lim.Max, Max: lim.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			lim.Cur = lim.Max
		}
	}
	return int(min(lim.Cur, 1<<20))
}

// get returns the connection to a namespace, for one user, who puts it back.
// Two users may ask for one that is not open at the same time; then the second
// to have opened it throws its own away.
func (p *pool) get(ctx context.Context, ref Ref, run uint64) (*pooled, error) {
	if pc, err := p.lookup(ref, run); pc != nil || err != nil {
		return pc, err
	}
	pc, err := p.dial(ctx, ref)
	for errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		if !p.shrink() {
			break
		}
		pc, err = p.dial(ctx, ref)
	}
	if err != nil {
		return nil, err
	}
	return p.insert(pc, run)
}

// lookup returns a connection that is open and to what its ref means now.
func (p *pool) lookup(ref Ref, run uint64) (*pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	pc := p.conns[ref]
	if pc == nil {
		return nil, nil
	}
	if pc.run != run && !pc.current() {
		p.remove(pc)
		return nil, nil
	}
	p.use(pc, run)
	return pc, nil
}

// current reports whether a connection is still to what its ref means.
func (pc *pooled) current() bool {
	if pc.path == "" {
		return true
	}
	id, err := idAt(pc.path)
	return err == nil && id == pc.inode
}

// insert adds a new connection, for one user.
func (p *pool) insert(pc *pooled, run uint64) (*pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		pc.close()
		return nil, errClosed
	}
	if had := p.conns[pc.ref]; had != nil {
		if had.inode == pc.inode {
			pc.close()
			p.use(had, run)
			return had, nil
		}
		p.remove(had)
	}
	for len(p.conns) >= p.max && p.removeIdle() {
	}
	p.conns[pc.ref], pc.place = pc, p.recent.PushFront(pc)
	pc.socket.holds = p.engine.holds
	p.use(pc, run)
	return pc, nil
}

// dial opens a connection: the namespace, and a socket made inside of it.
func (p *pool) dial(ctx context.Context, ref Ref) (*pooled, error) {
	pc := &pooled{Conn: Conn{ref: ref, nsfd: -1, space: p}}
	if err := p.dialAs(ctx, pc); err != nil {
		pc.close()
		return nil, err
	}
	return pc, nil
}

func (p *pool) dialAs(ctx context.Context, pc *pooled) (err error) {
	switch pc.ref.Kind {
	case RefHost:
		pc.nsfd, err = dup(p.host)
	case RefAnonymous:
		pc.nsfd, err = p.dupAnonymous(pc.ref)
	case RefCookie:
		pc.nsfd, err = p.openCookie(pc.ref)
	default:
		if pc.path, err = p.engine.locate(ctx, pc.ref); err == nil {
			pc.nsfd, err = openNetns(pc.path)
			err = missing(pc.ref, err)
		}
	}
	if err != nil {
		return err
	}
	if pc.inode, err = idOf(pc.nsfd); err != nil {
		return err
	}
	return inNamespace(pc.nsfd, func(*thread) error { return pc.dial() })
}

func dup(fd int) (int, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

func (p *pool) dupAnonymous(ref Ref) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fd, ok := p.anon[ref]
	if !ok {
		return -1, &NoNamespaceError{Ref: ref}
	}
	return dup(fd)
}

// use counts one more user. Like those below, it is called with mu held.
func (p *pool) use(pc *pooled, run uint64) {
	pc.users++
	pc.run = run
}

// again counts one more user of a connection that is in use.
func (p *pool) again(pc *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.use(pc, pc.run)
}

// remove closes a connection, once nobody uses it any more.
func (p *pool) remove(pc *pooled) {
	if p.conns[pc.ref] == pc {
		delete(p.conns, pc.ref)
	}
	if pc.place != nil {
		p.recent.Remove(pc.place)
		pc.place = nil
	}
	pc.dropped = true
	if pc.users == 0 {
		pc.close()
	}
}

// put gives a connection back that get has returned.
func (p *pool) put(pc *pooled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pc.users--
	switch {
	case pc.users > 0:
	case pc.dropped:
		pc.close()
	default:
		p.recent.MoveToFront(pc.place)
	}
}

// shrink closes the connection that was idle for longest, if there is one.
func (p *pool) shrink() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.removeIdle()
}

// removeIdle is shrink with mu held. What it finds in use comes to the front, so
// that it is not met each time.
func (p *pool) removeIdle() bool {
	for range p.recent.Len() {
		last := p.recent.Back()
		if pc := last.Value.(*pooled); pc.users == 0 {
			p.remove(pc)
			return true
		}
		p.recent.MoveToFront(last)
	}
	return false
}
