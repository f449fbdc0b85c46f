//go:build linux

package nsexec

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

var _ space = (*pool)(nil)

func (p *pool) nsFd(c *Conn, ref Ref) (int, func(), error) {
	pc, err := p.get(context.Background(), ref, p.runOf(c))
	if err != nil {
		return -1, nil, err
	}
	return pc.nsfd, func() { p.put(pc) }, nil
}

// runOf is the last Run that used a connection.
func (p *pool) runOf(c *Conn) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pc := p.conns[c.ref]; pc != nil && &pc.Conn == c {
		return pc.run
	}
	return 0 // it was forgotten: compare
}

// forget closes the connections to a namespace, by whatever name.
func (p *pool) forget(ref Ref) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pc := p.conns[ref]
	if pc == nil {
		return
	}
	for _, other := range p.conns {
		if other.inode == pc.inode && other.path != "" {
			p.remove(other)
		}
	}
	p.remove(pc)
}

// forgetCookie closes the connections to a namespace that is to end.
func (p *pool) forgetCookie(cookie uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pc := range p.conns {
		if pc.Conn.id == cookie && (pc.path != "" || pc.ref.Kind == RefCookie) {
			p.remove(pc)
		}
	}
}

// made keeps the connection to a namespace that an action has made.
func (p *pool) made(c *Conn) error {
	path, err := c.ref.path()
	if err != nil {
		c.close()
		return err
	}
	id, err := idOf(c.nsfd)
	if err != nil {
		c.close()
		return err
	}
	pc, err := p.insert(&pooled{Conn: Conn{ref: c.ref, nsfd: c.nsfd, id: c.id, space: p, socket: c.socket}, inode: id, path: path}, 0)
	if err != nil {
		return err
	}
	if !p.engine.stepwise {
		pc.known.goOn(firstIndex)
	}
	p.mu.Lock()
	pc.own = true
	p.mu.Unlock()
	p.put(pc)
	return nil
}

// own are the connections to the namespaces that the engine has made, each for
// one user more, who puts it back.
func (p *pool) own() []*pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*pooled
	for _, pc := range p.conns {
		if pc.own {
			p.use(pc, pc.run)
			out = append(out, pc)
		}
	}
	return out
}

// moved does nothing: each of an engine's steps names its namespace.
func (p *pool) moved(int, string, Ref, int) error { return nil }

// adopt takes over a namespace without a name.
func (p *pool) adopt(fd int) (Ref, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		unix.Close(fd)
		return Ref{}, errClosed
	}
	p.anons++
	ref := Ref{Kind: RefAnonymous, TID: p.anons}
	p.anon[ref] = fd
	return ref, nil
}

// drop lets go of a namespace without a name.
func (p *pool) drop(ref Ref) error {
	p.forget(ref)
	p.mu.Lock()
	defer p.mu.Unlock()
	fd, ok := p.anon[ref]
	if !ok {
		return &NoNamespaceError{Ref: ref}
	}
	delete(p.anon, ref)
	return unix.Close(fd)
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	p.closed = true
	for _, pc := range p.conns {
		p.remove(pc)
	}
	err := unix.Close(p.host)
	for _, fd := range p.anon {
		err = errors.Join(err, unix.Close(fd))
	}
	clear(p.anon)
	return err
}
