//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

func TestRef_String(t *testing.T) {
	for ref, want := range map[nsexec.Ref]string{
		nsexec.Host():               "host",
		nsexec.Named("h1"):          "ns h1",
		nsexec.Process(3):           "pid 3",
		nsexec.Thread(3, 4):         "thread 3 4",
		nsexec.Path("/x"):           "path /x",
		nsexec.Docker("c"):          "docker c",
		nsexec.Podman("c"):          "podman c",
		{Kind: nsexec.RefAnonymous}: "new",
	} {
		if got := ref.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for link, want := range map[nsexec.LinkRef]string{
		nsexec.ByName("eth0"): "eth0", nsexec.ByIndex(3): "index:3", nsexec.ByAlias("up"): "alias:up",
	} {
		if got := link.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	up := nsexec.SetUp(nsexec.ByName("eth0"))
	op := &nsexec.OpError{NS: nsexec.Named("blue"), Action: "up eth0", Link: "eth0", Err: unix.EPERM, Kernel: "not you"}
	for _, c := range []struct {
		err  error
		want string
		is   error
	}{
		{op, "ns blue: up eth0: operation not permitted: not you", unix.EPERM},
		{&nsexec.StepError{Index: 1, Step: nsexec.Step{NS: nsexec.Named("blue"), Action: up}, Err: op}, "ns blue: action 2 (up eth0): operation not permitted: not you", unix.EPERM},
		{&nsexec.NoLinkError{NS: nsexec.Named("blue"), Link: "eth0"}, `no link "eth0" in namespace "blue"`, unix.ENODEV},
		{&nsexec.NoLinkError{Link: "index:3"}, "no link with index 3 in the host's namespace", unix.ENODEV},
		{&nsexec.NoNamespaceError{Ref: nsexec.Named("blue")}, `no namespace "blue"`, fs.ErrNotExist},
		{&nsexec.NoNamespaceError{Ref: nsexec.Docker("web")}, `no running docker container "web"`, unix.ENOENT},
		{&nsexec.NSExistsError{Name: "blue"}, `namespace "blue" exists already`, fs.ErrExist},
		{&nsexec.NoKindError{Kind: "dummy", Module: "dummy", Config: "CONFIG_DUMMY"}, `this kernel has no "dummy" links (module dummy, CONFIG_DUMMY)`, unix.EOPNOTSUPP},
		{&nsexec.ExitError{Cmd: "false", Code: 1, Stderr: "no\n"}, "false: exit status 1: no", nil},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if c.is != nil && !errors.Is(c.err, c.is) {
			t.Errorf("%v is no %v", c.err, c.is)
		}
	}
}

func TestDo_zeroActions(t *testing.T) {
	for _, a := range []nsexec.Action{nsexec.NsAction{}, nsexec.LinkAction{}} {
		if err := nsexec.Do(nsexec.NPNow(), a); err == nil || !strings.Contains(err.Error(), "empty") || a.String() != "" || a.Name() != "" {
			t.Errorf("%T: got %v", a, err)
		}
	}
	if err := nsexec.Do(nsexec.NsProvider{}); err == nil {
		t.Error("the zero provider provides")
	}
	if _, err := (nsexec.LinkProvider{}).Provide(); err == nil {
		t.Error("the zero link provider provides")
	}
	if lo, err := nsexec.LPName("lo").Provide(); err != nil || lo.Attrs().Index != 1 {
		t.Errorf("%v, %v", lo, err)
	}
}

func TestDoContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ran := 0
	count := nsexec.NAGeneric("count", func() error { ran++; cancel(); return nil })
	err := nsexec.DoContext(ctx, nsexec.NPNow(), count, count)
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 1 || !errors.Is(err, context.Canceled) || ran != 1 {
		t.Errorf("ran %d, got %v", ran, err)
	}
}
