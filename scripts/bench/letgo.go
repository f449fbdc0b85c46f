//go:build linux

package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// letGo waits until the kernel has dismantled all the namespaces that have been
// let go of: it does so in batches, in order, long after the call that deletes
// one. When a namespace that is made and deleted now has gone, its batch is
// under way; when the next one has, that batch is over.
func letGo() error {
	const first = 7 // of the links' indexes
	stays, err := nameless()
	if err != nil {
		return err
	}
	defer stays.close()
	if err := stays.sock.listen(); err != nil {
		return err
	}
	var lasts []space
	for index := first; index < first+2; index++ {
		last, err := stays.join(index)
		if err != nil {
			return err
		}
		lasts = append(lasts, last)
	}
	for i, last := range lasts {
		if err := last.close(); err != nil {
			return err
		}
		if err := stays.sock.awaitGone(first + i); err != nil {
			return err
		}
	}
	return nil
}

// join joins a namespace to a new one, by a pair of links of which one has that
// index here.
func (s space) join(index int) (space, error) {
	last, err := nameless()
	if err != nil {
		return last, err
	}
	var m batch
	m.newVeth(vethEnd{index: index, name: fmt.Sprint("a", index), nsfd: -1}, vethEnd{index: index, name: "b", nsfd: last.nsfd})
	return last, s.sock.send(&m)
}

func (s space) close() error { return errors.Join(unix.Close(int(s.sock)), unix.Close(s.nsfd)) }
