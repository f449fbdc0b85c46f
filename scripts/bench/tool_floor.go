//go:build linux

package main

import (
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// floorTool is what is left when a tool costs nothing: it knows the topology,
// chooses all indexes itself, and sends the fewest messages. A thread for each
// CPU makes the namespaces while the links are made already.
var floorTool = tool{
	name: "floor", about: "a Go program that knows the topology: the fewest messages, on sockets that it keeps",
	does: map[task]func(*job) ([]string, error){
		build: func(j *job) ([]string, error) { return self("floor", "build", j.workload.String()), nil },
		down:  func(j *job) ([]string, error) { return self("floor", "down", j.workload.String()), nil },
	},
	waits: true,
}

// floorMain is the floor's own process.
func floorMain(args []string) error {
	w, err := parseWorkload(args[1])
	if err != nil {
		return err
	}
	if task(args[0]) == down {
		return floorDown(w.plan(w.n))
	}
	return floorBuild(w.plan(w.n))
}

// floorDown takes all the names away and waits for the kernel.
func floorDown(p *plan) error {
	for _, name := range p.spaces {
		path := filepath.Join(netnsDir, name)
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return &os.PathError{Op: "umount", Path: path, Err: err}
		}
		if err := unix.Unlink(path); err != nil {
			return &os.PathError{Op: "unlink", Path: path, Err: err}
		}
	}
	return letGo()
}

func floorBuild(p *plan) error {
	if err := raiseFiles(); err != nil {
		return err
	}
	if err := shareNames(); err != nil {
		return err
	}
	f := &floor{makers: startMakers(p.spaces, runtime.NumCPU()), index: map[linkID]int{}}
	for i, r := range p.rooms() {
		if err := f.furnish(i, r); err != nil {
			return err
		}
	}
	return nil
}

// floor is a build.
type floor struct {
	*makers
	index map[linkID]int
	msgs  batch
}

// linkID is a link's place and name.
type linkID struct {
	space int
	name  string
}

// furnish makes what is in a namespace, but for the far ends of pairs, which
// are there already: it sends those messages by one call and waits for one
// answer. Each pair goes by itself, since the namespace of its other end may
// have to be awaited.
func (f *floor) furnish(i int, r room) error {
	s, err := f.wait(i)
	if err != nil {
		return err
	}
	for _, l := range r.links {
		index := f.choose(s, i, l.name)
		f.msgs.newLink(index, l.name, l.kind)
		for _, a := range l.addrs {
			f.msgs.newAddr(index, a)
			if err := f.bound(s); err != nil {
				return err
			}
		}
	}
	for _, p := range r.near {
		if err := f.pair(s, p); err != nil {
			return err
		}
	}
	for _, e := range r.far {
		f.finish(e)
	}
	for _, t := range r.routes {
		f.msgs.newRoute(f.index[linkID{i, t.dev}], t.to, t.via)
		if err := f.bound(s); err != nil {
			return err
		}
	}
	return s.sock.send(&f.msgs)
}

// pair makes a pair, and gives its near end its addresses.
func (f *floor) pair(s *space, p pair) error {
	other, err := f.wait(p.far.space)
	if err != nil {
		return err
	}
	near := vethEnd{name: p.near.name, index: f.choose(s, p.near.space, p.near.name), nsfd: -1}
	far := vethEnd{name: p.far.name, index: f.choose(other, p.far.space, p.far.name), nsfd: other.nsfd}
	if p.near.master != "" {
		near.master = f.index[linkID{p.near.space, p.near.master}]
	}
	f.msgs.newVeth(near, far)
	for _, a := range p.near.addrs {
		f.msgs.newAddr(near.index, a)
	}
	return s.sock.send(&f.msgs)
}

// finish has the far end of a pair up, a port of its master, and addressed.
func (f *floor) finish(e end) {
	index, master := f.index[linkID{e.space, e.name}], 0
	if e.master != "" {
		master = f.index[linkID{e.space, e.master}]
	}
	f.msgs.setUp(index, master)
	for _, a := range e.addrs {
		f.msgs.newAddr(index, a)
	}
}

func (f *floor) choose(s *space, i int, name string) int {
	index := s.next
	s.next++
	f.index[linkID{i, name}] = index
	return index
}

// bound sends what has gathered once it is much: the kernel takes no call of
// any size.
func (f *floor) bound(s *space) error {
	const most = 32 << 10
	if len(f.msgs.b) < most {
		return nil
	}
	return s.sock.send(&f.msgs)
}
