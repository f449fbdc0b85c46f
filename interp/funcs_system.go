//go:build linux

package interp

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// systemFuncs do something on a thread in the namespace, or send packets.
var systemFuncs = []*Function{
	{Name: "sysctl", Params: []string{"KEY", "[NS]"}, Asks: true, Doc: "a sysctl's value, as text", Example: `sysctl("net.ipv4.ip_forward")`, ask: askSysctl},
	{Name: "capture", Params: []string{"CMD", "ARG…"}, Asks: true, Doc: "what a program prints, without the line's end at its end; failing is an error", Example: `capture("uname", "-r")`, ask: capture},
	{Name: "ping", Params: []string{"IP", "[NS]"}, Asks: true, Doc: "whether an address answers a ping", Example: `ping("10.0.0.2")`, ask: askPing},
}

// exists turns the error of what is not there into false.
func (q *asker) exists(a *args, ns nsexec.Ref, look func(*nsexec.Conn) error) (value.Value, error) {
	if a.err != nil {
		return nil, nil
	}
	err := q.e.look(ns, look)
	var link *nsexec.NoLinkError
	var space *nsexec.NoNamespaceError
	if errors.As(err, &link) || errors.As(err, &space) {
		return value.Bool(false), nil
	}
	return value.Bool(err == nil), err
}

func askSysctl(q *asker, a *args) (value.Value, error) {
	key, ns := a.str(0), q.in(a, 1)
	if a.err != nil {
		return nil, nil
	}
	file, err := nsexec.SysctlPath(key)
	if err != nil {
		return nil, &argError{arg: 0, err: err}
	}
	var text []byte
	err = q.e.act(ns, nsexec.ActionFunc("sysctl", "sysctl "+key, true, func(context.Context, *nsexec.Conn) (err error) {
		text, err = os.ReadFile(file)
		return err
	}))
	if errors.Is(err, os.ErrNotExist) && !missingNamespace(err) {
		return nil, &argError{arg: 0, err: &nsexec.NoSysctlError{Key: key}}
	}
	return value.String(strings.TrimSpace(string(text))), err
}

func missingNamespace(err error) bool {
	var ns *nsexec.NoNamespaceError
	return errors.As(err, &ns)
}

func capture(q *asker, a *args) (value.Value, error) {
	argv := make([]string, a.len())
	for i := range argv {
		argv[i] = a.str(i)
	}
	if a.err != nil {
		return nil, nil
	}
	var out bytes.Buffer
	env := q.e.m.envOf(q.e.ns, q.e.file)
	err := q.e.act(q.e.ns, nsexec.Exec(nsexec.ExecConfig{
		Args: argv, Dir: env.Dir, Stdin: env.Stdin, Stdout: &out, Stderr: env.Stderr,
	}))
	return value.String(strings.TrimRight(out.String(), "\n")), err
}

func askPing(q *asker, a *args) (value.Value, error) {
	to, ns := a.ip(0), q.in(a, 1)
	if a.err != nil {
		return nil, nil
	}
	err := q.e.act(ns, nsexec.Ping(nsexec.PingConfig{IP: to.Addr}))
	if err != nil && unmet(err) {
		return value.Bool(false), nil
	}
	return value.Bool(err == nil), err
}

// unmet reports whether an error of a check says that what it looks for is not
// so, rather than that it could not look.
func unmet(err error) bool {
	for _, other := range []error{unix.EPERM, unix.EACCES, unix.ENOENT, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}
