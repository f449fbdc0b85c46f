//go:build linux

package interp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// nothing is a Runner that does nothing at all.
type nothing struct{}

func (nothing) Run(context.Context, ...nsexec.Step) error { return nil }

func (nothing) Look(context.Context, nsexec.Ref, func(*nsexec.Conn) error) error { return nil }

// flat is a script of n statements without any loop.
func flat(n int) []byte {
	var b strings.Builder
	for i := range n {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "bridge br%d\n", i)
		case 1:
			fmt.Fprintf(&b, "addr br%d 10.%d.%d.1/24\n", i-1, i>>8&255, i&255)
		case 2:
			fmt.Fprintf(&b, "up br%d\n", i-2)
		case 3:
			fmt.Fprintf(&b, "route 10.%d.%d.0/24 via 10.0.0.1\n", i>>8&255, i&255)
		}
	}
	return []byte(b.String())
}

const flatSize = 200_000

func BenchmarkCheck(b *testing.B) {
	src := flat(flatSize)
	in, err := interp.New(interp.Engine(nothing{}))
	if err != nil {
		b.Fatal(err)
	}
	f, err := lang.Parse("flat.nes", src)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := in.Check(f); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/flatSize, "ns/statement")
}

func BenchmarkParseAndCheck(b *testing.B) {
	src := string(flat(flatSize))
	in, err := interp.New(interp.Engine(nothing{}))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := in.CheckString("flat.nes", src); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/flatSize, "ns/statement")
}

// BenchmarkLoop is what the evaluation of a statement in a loop costs.
func BenchmarkLoop(b *testing.B) {
	const turns = 10_000
	for _, bench := range []struct{ name, stmt string }{
		{"let", `let x = i + 1`},
		{"literal", `up lo`},
		{"word", `up h$i:eth0`},
		{"addr", `addr eth0 (net[i])`},
		{"route", `route (host(net, i)) via 10.0.0.2 dev br0`},
		{"veth", `veth h$i:eth0 (net[i]) r:p$i master br0 up`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			in, err := interp.New(interp.Engine(nothing{}))
			if err != nil {
				b.Fatal(err)
			}
			src := fmt.Sprintf("let net = 10.0.0.0/8\nfor i in 1..%d < %s >", turns, bench.stmt)
			f, err := lang.Parse("loop.nes", []byte(src))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := in.Run(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/turns, "ns/statement")
		})
	}
}

// BenchmarkEval is the evaluation of whole scripts, without the kernel. Each
// statement comes to the steps that an engine would get.
func BenchmarkEval(b *testing.B) {
	const star = `param hosts = 1000
		let net = 10.0.0.0/16
		ns r < bridge br0 up; addr br0 (net[65534]) >
		for i in 1..hosts <
			ns h$i
			veth h$i:eth0 (net[i]) r:p$i master br0 up
			in ns h$i < route default via (net[65534].ip) >
		>`
	const grid = `let net = 10.0.0.0/16
		let last = 32
		for y in 0..last < for x in 0..last < ns n$x-$y > >
		let k = 0
		for y in 0..last <
			for x in 0..last <
				if (x < last) <
					let p = subnet(net, 15, k)
					let right = x + 1
					veth n$x-$y:e (p[0]) n$right-$y:w (p[1]) up
					k = k + 1
				>
			>
		>`
	for _, bench := range []struct {
		name, src string
		verbs     int // that run
	}{
		{"star", star, 2 + 1 + 3*1000},
		{"grid", grid, 33*33 + 33*32},
		{"flat", string(flat(10_000)), 10_000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			done := 0
			in, err := interp.New(interp.Engine(nothing{}), interp.Progress(func(n int) { done = n }))
			if err != nil {
				b.Fatal(err)
			}
			f, err := lang.Parse(bench.name+".nes", []byte(bench.src))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := in.Run(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
			if done != bench.verbs {
				b.Fatalf("%d statements have run, want %d", done, bench.verbs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bench.verbs), "ns/statement")
		})
	}
}
