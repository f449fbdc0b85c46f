//go:build linux

package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// letGo waits until the kernel has dismantled all the namespaces that have been
// let go of: it does so in batches, in order, long after the call that deletes
// one. When a namespace that is made and deleted now has gone, its batch is
// under way; when the next one has, that batch is over.
func letGo() error {
	for range 2 {
		if err := awaitLast(); err != nil {
			return err
		}
	}
	return nil
}

// awaitLast joins a namespace to another, deletes the one, and waits until the
// end in the other has gone, too.
func awaitLast() error {
	const index = 7
	stays, err := nameless()
	if err != nil {
		return err
	}
	defer stays.close()
	goes, err := nameless()
	if err != nil {
		return err
	}
	err = stays.sock.listen()
	if err == nil {
		var m batch
		m.newVeth(vethEnd{index: index, name: "a", nsfd: -1}, vethEnd{index: index, name: "b", nsfd: goes.nsfd})
		err = stays.sock.send(&m)
	}
	if err := errors.Join(err, goes.close()); err != nil {
		return err
	}
	return stays.sock.awaitGone(index)
}

func (s space) close() error { return errors.Join(unix.Close(int(s.sock)), unix.Close(s.nsfd)) }
