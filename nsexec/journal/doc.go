//go:build linux

// Package journal keeps, outside of a process, how to undo what it does.
//
// A [Journal] is a folder, /run/nescript/NAME, with a file journal.nes in it.
// Before each change a line is appended that undoes it, a statement behind the
// word defer:
//
//	# NEScript journal 1: how to undo "star".
//	# script "/home/ann/star.nes"
//	# started 2026-11-24T20:00:00Z by process 4711
//	defer unmake ns h1 cookie 4242
//	defer in cookie 1 host < restore sysctl net.ipv4.ip_forward sysctl net/ipv4/ip_forward=0 >
//	# up 2026-11-24T20:00:01Z
//
// The file is a script itself. Since what is deferred runs last first, running
// it from top to bottom undoes everything in the order that is needed. A
// statement that has been run is struck: its first letter becomes a #, so that
// it is a comment. All statements do no harm when they are run once more.
//
// Namespaces that are to outlive the process without a name are bound to files
// beside it, hold-1 and so on.
//
// # Locks and states
//
// Whoever writes a journal, or takes down what it has, holds a lock on the file
// (fcntl(2), F_OFD_SETLK), which ends with the process however that ends. So a
// journal that is not locked and not marked as up is one of a run that was
// interrupted.
//
// # Safety
//
// The folders belong to the user that runs, with mode 0700, and no symbolic link
// is followed to them: what stands in a journal is run with that user's
// privilege.
package journal
