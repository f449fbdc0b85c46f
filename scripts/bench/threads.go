//go:build linux

package main

import (
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// The floor makes its namespaces itself. Only the thread that moves between them
// is held by nsexec, which is the one place that may do so.

// netnsDir is where ip netns keeps names.
const netnsDir = "/run/netns"

// here is the namespace of the thread that looks.
const here = "/proc/thread-self/ns/net"

// space is a namespace that has been made.
type space struct {
	nsfd int
	sock socket
	next int // the index for the next link
}

// makers makes namespaces on threads of their own, in order.
type makers struct {
	names  []string
	spaces []space
	ready  []chan error
	next   atomic.Int64
}

// startMakers has so many threads make namespaces with names, their loopbacks
// up, from now on.
func startMakers(names []string, threads int) *makers {
	m := &makers{names: names, spaces: make([]space, len(names)), ready: make([]chan error, len(names))}
	for i := range m.ready {
		m.ready[i] = make(chan error, 1)
	}
	for range threads {
		go m.run()
	}
	return m
}

// wait waits until a namespace is there. Only one goroutine may ask.
func (m *makers) wait(i int) (*space, error) {
	if m.ready[i] != nil {
		if err := <-m.ready[i]; err != nil {
			return nil, err
		}
		m.ready[i] = nil
	}
	return &m.spaces[i], nil
}

func (m *makers) run() {
	err := nsexec.OnThread(func(unshare func() error) error {
		var msgs batch
		for i := m.following(); i < len(m.names); i = m.following() {
			s, err := makeSpace(unshare, m.names[i], &msgs)
			m.spaces[i] = s
			m.ready[i] <- err
		}
		return nil
	})
	for i := m.following(); err != nil && i < len(m.names); i = m.following() {
		m.ready[i] <- err
	}
}

// following is the next namespace that nobody makes yet.
func (m *makers) following() int { return int(m.next.Add(1)) - 1 }

// makeSpace moves the thread into a new namespace, its loopback up.
func makeSpace(unshare func() error, name string, msgs *batch) (s space, err error) {
	if s.nsfd, err = newNamed(unshare, name); err != nil {
		return s, err
	}
	if s.sock, err = openSocket(); err != nil {
		return s, err
	}
	s.next = 2 // the loopback has 1
	msgs.setUp(1, 0)
	return s, s.sock.send(msgs)
}

// newNamed moves the thread into a new namespace, gives that its name, and
// returns a descriptor of it.
func newNamed(unshare func() error, name string) (nsfd int, err error) {
	if err := unshare(); err != nil {
		return -1, err
	}
	path := filepath.Join(netnsDir, name)
	file, err := unix.Open(path, unix.O_RDONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "make", Path: path, Err: err}
	}
	unix.Close(file)
	if err := unix.Mount(here, path, "", unix.MS_BIND, ""); err != nil {
		return -1, &os.PathError{Op: "mount", Path: path, Err: err}
	}
	if nsfd, err = unix.Open(here, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return -1, &os.PathError{Op: "open", Path: here, Err: err}
	}
	return nsfd, nil
}

// shareNames makes the folder of names what ip netns makes it: a shared mount
// of its own.
func shareNames() error {
	if err := os.MkdirAll(netnsDir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(netnsDir, netnsDir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return &os.PathError{Op: "mount", Path: netnsDir, Err: err}
	}
	err := unix.Mount("", netnsDir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if err != nil {
		return &os.PathError{Op: "share", Path: netnsDir, Err: err}
	}
	return nil
}

// raiseFiles has the program keep as many descriptors as it may.
func raiseFiles() error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return err
	}
	lim.Cur = lim.Max
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &lim)
}

// nameless makes a namespace that goes with its descriptor and its socket.
func nameless() (s space, err error) {
	err = nsexec.OnThread(func(unshare func() error) (err error) {
		if err := unshare(); err != nil {
			return err
		}
		if s.nsfd, err = unix.Open(here, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return &os.PathError{Op: "open", Path: here, Err: err}
		}
		s.sock, err = openSocket()
		return err
	})
	return s, err
}
