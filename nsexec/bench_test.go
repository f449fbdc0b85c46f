//go:build linux

package nsexec_test

import (
	"context"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

func nothing(thread bool) nsexec.NsAction {
	return nsexec.ActionFunc("nothing", "", thread, func(context.Context, *nsexec.Conn) error { return nil })
}

func benchRun(b *testing.B, a nsexec.Action, each int) {
	e := newEngine(b)
	ns := nstest.NS(b)
	steps := make([]nsexec.Step, each)
	for i := range steps {
		steps[i] = nsexec.Step{NS: ns, Action: a}
	}
	for b.Loop() {
		if err := e.Run(b.Context(), steps...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRun_nothing(b *testing.B)    { benchRun(b, nothing(false), 1) }
func BenchmarkRun_thread(b *testing.B)     { benchRun(b, nothing(true), 1) }
func BenchmarkRun_nothing100(b *testing.B) { benchRun(b, nothing(false), 100) }
func BenchmarkRun_thread100(b *testing.B)  { benchRun(b, nothing(true), 100) }
func BenchmarkDo(b *testing.B) {
	ns := nstest.NS(b)
	for b.Loop() {
		if err := nsexec.Do(nsexec.NPName(ns.Name), nothing(true)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun_index is one small request to the kernel.
func BenchmarkRun_index(b *testing.B) {
	benchRun(b, nsexec.ActionFunc("index", "", false, func(_ context.Context, c *nsexec.Conn) error {
		_, err := c.Index(nsexec.ByName("lo"))
		return err
	}), 1)
}

// The actions below change something and change it back, in a namespace that is
// kept: two requests to the kernel.

var (
	benchAddr = nsexec.AddrConfig{Link: nsexec.ByName("lo"), Prefix: netip.MustParsePrefix("10.0.0.1/32")}
	addrPair  = []nsexec.Action{nsexec.AddAddr(benchAddr), nsexec.DelAddr(benchAddr)}
	// A link that is made and deleted would mostly measure how long the kernel
	// waits before it lets go of it.
	linkPair = []nsexec.Action{nsexec.SetDown(nsexec.ByName("lo")), nsexec.SetUp(nsexec.ByName("lo"))}
)

// benchPair measures a pair of actions by the engine; the first with undo, which
// does what the second does; and by Do, which enters the namespace each time.
func benchPair(b *testing.B, pair []nsexec.Action) {
	e, ns := newEngine(b), nstest.NS(b)
	steps := []nsexec.Step{{NS: ns, Action: pair[0]}, {NS: ns, Action: pair[1]}}
	b.Run("run", func(b *testing.B) {
		for b.Loop() {
			if err := e.Run(b.Context(), steps...); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("undo", func(b *testing.B) {
		for b.Loop() {
			u := e.Begin(nil)
			ctx := u.Context(b.Context())
			if err := e.Run(ctx, steps[0]); err != nil {
				b.Fatal(err)
			}
			if _, err := u.Back(ctx, 0); err != nil {
				b.Fatal(err)
			}
			if err := u.Commit(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("do", func(b *testing.B) {
		for b.Loop() {
			if err := nsexec.Do(nsexec.NPName(ns.Name), pair...); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAddr(b *testing.B) { benchPair(b, addrPair) }
func BenchmarkLink(b *testing.B) { benchPair(b, linkPair) }

func BenchmarkNewNS(b *testing.B) {
	e := newEngine(b)
	for b.Loop() {
		err := e.Run(b.Context(), nsexec.Step{Action: nsexec.NewNS("bench", true)}, nsexec.Step{Action: nsexec.DelNS("bench")})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSyscall is a system call to measure the others by.
func BenchmarkSyscall(b *testing.B) {
	for b.Loop() {
		var st unix.Stat_t
		_ = unix.Stat("/proc/self/ns/net", &st)
	}
}
