//go:build linux

// Package lab runs scripts with a journal, and keeps, lists and takes down what
// they make.
//
// [Run] runs a script that leaves a lab behind, or one that only has to leave
// nothing behind if it fails. Either way it writes down how to undo each change
// before it makes it, in a journal (see package journal), so that [Down] can do
// that from another process: after the script has succeeded, after it was
// killed at any moment, or after an earlier Down was. [List] says what there
// is.
//
// A lab is taken away by what it is, never by name: namespaces by the kernel's
// cookie for them, links by an index that the run chose for them. What others
// have made by the same name meanwhile is not touched, and what is gone already
// is no error.
//
// All of it needs the privilege that the script needs, and to own the folder of
// the journals.
package lab
