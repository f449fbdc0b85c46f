//go:build linux

package nsexec

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrDirtyThread is wrapped by the error of a call whose thread could not be
// brought back to the namespace it came from. The thread is not used again: it
// has ended.
var ErrDirtyThread = errors.New("the thread could not return to its network namespace and was ended")

// StepError says which of several steps failed. Those before it were done,
// those after it were not tried.
type StepError struct {
	Index  int // into the steps
	Step   Step
	Before Step // the one before it, which was done; the zero Step before the first
	Err    error
}

// Error names the action: `ns blue: action 2 (mtu eth0 1400): invalid argument`.
func (e *StepError) Error() string {
	what := fmt.Sprintf("action %d (%s)", e.Index+1, e.Step.Action)
	if op, ok := e.Err.(*OpError); ok {
		return fmt.Sprintf("%s: %s: %s", op.NS, what, op.reason())
	}
	return what + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *StepError) Unwrap() error { return e.Err }

// OpError is what the operating system said to an action.
type OpError struct {
	NS     Ref
	Action string // as a person would write it
	Link   string // the link it is about; may be empty
	Err    error  // holds a unix.Errno
	Kernel string // the kernel's own explanation (extended ack); may be empty
}

// Error is such as `ns blue: mtu eth0 10: invalid argument: mtu less than device minimum`.
func (e *OpError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.NS, e.Action, e.reason())
}

func (e *OpError) reason() string {
	text := e.Err.Error()
	if e.Kernel != "" && !strings.Contains(text, e.Kernel) {
		text += ": " + e.Kernel
	}
	return text
}

// Unwrap returns Err.
func (e *OpError) Unwrap() error { return e.Err }

// NoLinkError says that a namespace has no such link. It is a unix.ENODEV.
type NoLinkError struct {
	NS   Ref
	Link string
	Have []string // the names of the links there are, in the order of their indexes
}

func (e *NoLinkError) Error() string {
	if kind, what, ok := strings.Cut(e.Link, ":"); ok {
		return fmt.Sprintf("no link with %s %s in %s", kind, what, e.NS.phrase())
	}
	return fmt.Sprintf("no link %q in %s", e.Link, e.NS.phrase())
}

// Unwrap returns unix.ENODEV.
func (e *NoLinkError) Unwrap() error { return unix.ENODEV }

// NoNamespaceError says that there is no such namespace. It is a unix.ENOENT,
// and so an fs.ErrNotExist.
type NoNamespaceError struct {
	Ref  Ref
	Have []string // the names of the named namespaces there are, sorted
}

func (e *NoNamespaceError) Error() string {
	r := e.Ref
	switch r.Kind {
	case RefName:
		return fmt.Sprintf("no namespace %q", r.Name)
	case RefProcess:
		return fmt.Sprintf("no process %d", r.PID)
	case RefThread:
		return fmt.Sprintf("no thread %d of process %d", r.TID, r.PID)
	case RefPath:
		return fmt.Sprintf("no namespace at %q", r.Name)
	case RefDocker:
		return fmt.Sprintf("no running docker container %q", r.Name)
	case RefPodman:
		return fmt.Sprintf("no running podman container %q", r.Name)
	case RefCookie:
		return r.phrase() + " is gone"
	}
	return "no such namespace: " + r.String()
}

// Unwrap returns unix.ENOENT.
func (e *NoNamespaceError) Unwrap() error { return unix.ENOENT }

// NSExistsError says that a namespace of that name exists already. It is a
// unix.EEXIST, and so an fs.ErrExist.
type NSExistsError struct{ Name string }

func (e *NSExistsError) Error() string {
	return fmt.Sprintf("namespace %q exists already", e.Name)
}

// Unwrap returns unix.EEXIST.
func (e *NSExistsError) Unwrap() error { return unix.EEXIST }

// NoKindError says that the running kernel has no links, or the like, of a
// kind. It is a
// unix.EOPNOTSUPP.
type NoKindError struct {
	Kind   string // "dummy"
	Of     string // what the kind is of: "qdisc", "filter" or "action"; empty for links
	Module string // "dummy": what modprobe would load
	Config string // "CONFIG_DUMMY": what the kernel was built without
}

func (e *NoKindError) Error() string {
	var hint string
	switch {
	case e.Module != "" && e.Config != "":
		hint = fmt.Sprintf(" (module %s, %s)", e.Module, e.Config)
	case e.Module != "":
		hint = fmt.Sprintf(" (module %s)", e.Module)
	case e.Config != "":
		hint = fmt.Sprintf(" (%s)", e.Config)
	}
	of := e.Of
	if of == "" {
		of = "links"
	}
	return fmt.Sprintf("this kernel has no \"%s\" %s%s", e.Kind, of, hint)
}

// Unwrap returns unix.EOPNOTSUPP.
func (e *NoKindError) Unwrap() error { return unix.EOPNOTSUPP }

// ExitError says that a program ended with a status other than 0.
type ExitError struct {
	Cmd    string // as it was written
	Code   int    // 128 and the signal's number for one that a signal ended
	Stderr string // the end of what it wrote there, where that was kept
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("%s: exit status %d", e.Cmd, e.Code)
	if tail := strings.TrimSpace(e.Stderr); tail != "" {
		text += ": " + tail
	}
	return text
}
