//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

func newEngine(t testing.TB, opts ...nsexec.Option) *nsexec.Engine {
	t.Helper()
	e, err := nsexec.NewEngine(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestRun_names(t *testing.T) {
	e := newEngine(t)
	ns := nstest.NS(t)
	err := e.Look(t.Context(), ns, func(c *nsexec.Conn) error {
		i, err := c.Index(nsexec.ByName("lo"))
		if i != 1 {
			t.Errorf("lo has index %d", i)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(t.Context(), nsexec.Step{NS: ns, Action: nsexec.ActionFunc("x", "", false, func(_ context.Context, c *nsexec.Conn) error {
		_, err := c.Link(nsexec.ByName("br1"))
		return err
	})})
	var no *nsexec.NoLinkError
	if !errors.As(err, &no) || len(no.Have) != 1 || no.Have[0] != "lo" {
		t.Errorf("%v", err)
	}
	if !errors.Is(err, unix.ENODEV) {
		t.Error(err)
	}
	t.Log(err)
}
