//go:build linux

package nsexec

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// explain makes an OpError of an error that holds an errno, unless the error
// says by itself what it is about. Other errors come back as they are.
func explain(ns Ref, a Action, err error) error {
	if err == nil || explained(err) {
		return err
	}
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err
	}
	op := &OpError{NS: ns, Action: a.String(), Err: err}
	if n, ok := a.(NsAction); ok && n.op != nil {
		op.Action = summary(n.op)
	}
	if la, ok := a.(LinkAction); ok {
		op.Link = la.Link().String()
	}
	op.Kernel, op.Err = kernelText(err)
	return op
}

// explained reports whether err is one of this package's errors that need no
// more context.
func explained(err error) bool {
	var (
		op     *OpError
		link   *NoLinkError
		ns     *NoNamespaceError
		exists *NSExistsError
		kind   *NoKindError
		exit   *ExitError
		moving *UnsettledError
	)
	return errors.As(err, &op) || errors.As(err, &link) || errors.As(err, &ns) ||
		errors.As(err, &exists) || errors.As(err, &kind) || errors.As(err, &exit) || errors.As(err, &moving)
}

// kernelText takes the extended ack's text out of an error, and returns what is
// left. The netlink package returns it as "ERRNO: TEXT" around the errno.
func kernelText(err error) (text string, rest error) {
	for e := err; e != nil; e = errors.Unwrap(e) {
		errno, ok := errors.Unwrap(e).(unix.Errno)
		if !ok {
			continue
		}
		text, ok = strings.CutPrefix(e.Error(), errno.Error()+": ")
		if !ok {
			return "", err
		}
		if e == err {
			return text, errno
		}
		return text, err
	}
	return "", err
}

// join is errors.Join that returns a single error as it is.
func join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}
