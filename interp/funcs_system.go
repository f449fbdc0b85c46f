//go:build linux

package interp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"

	"github.com/nescript/nescript/builtins"
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
	file, err := sysctlFile(key)
	if err != nil {
		return nil, &argError{arg: 0, err: err}
	}
	var text []byte
	err = q.e.act(ns, nsexec.ActionFunc("sysctl", "sysctl "+key, true, func(context.Context, *nsexec.Conn) (err error) {
		text, err = os.ReadFile(file)
		return err
	}))
	if errors.Is(err, os.ErrNotExist) {
		return nil, &argError{arg: 0, err: fmt.Errorf("there is no sysctl %q", key)}
	}
	return value.String(strings.TrimSpace(string(text))), err
}

// sysctlFile is the file of a key below /proc/sys. As in sysctl(8), the first
// separator of a key tells whether dots or slashes separate; the other one then
// stands for itself the other way round.
func sysctlFile(key string) (string, error) {
	if i := strings.IndexAny(key, "./"); i >= 0 && key[i] == '.' {
		key = strings.NewReplacer(".", "/", "/", ".").Replace(key)
	}
	if key == "" || key != path.Clean(key) || path.IsAbs(key) || strings.HasPrefix(key, "..") {
		return "", fmt.Errorf("%q is not a sysctl", key)
	}
	return path.Join("/proc/sys", key), nil
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
	io := q.e.m.envOf(q.e.ns)
	run := func(ctx context.Context, _ *nsexec.Conn) error {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir = io.Stdin, &out, io.Stderr, io.Dir
		return exitError(argv, cmd.Run())
	}
	if err := q.e.act(q.e.ns, nsexec.ActionFunc("capture", "exec "+strings.Join(argv, " "), true, run)); err != nil {
		return nil, err
	}
	return value.String(strings.TrimRight(out.String(), "\n")), nil
}

func exitError(argv []string, err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return &nsexec.ExitError{Cmd: strings.Join(argv, " "), Code: code}
}

// askPing is the check `expect ping` as a question.
func askPing(q *asker, a *args) (value.Value, error) {
	to, ns := a.ip(0), q.in(a, 1)
	spec := q.e.m.in.verbs.Lookup("expect ping")
	if a.err != nil || spec == nil {
		return nil, a.err
	}
	call, wrong := spec.Bind(q.e.m.envOf(ns), 0, []builtins.Arg{{Value: to}})
	if wrong != nil {
		return nil, errors.New(wrong.Msg)
	}
	steps, err := spec.Compile(call)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if err := q.e.act(s.NS, s.Action); err != nil {
			return value.Bool(false), onlyUnmet(err)
		}
	}
	return value.Bool(true), nil
}

// onlyUnmet lets errors pass that are not about the check itself.
func onlyUnmet(err error) error { return err }
