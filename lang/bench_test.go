package lang

import (
	"fmt"
	"strings"
	"testing"
)

// flatScript is n statements as a generator of labs writes them.
func flatScript(n int) string {
	var b strings.Builder
	for i := 0; b.Len() == 0 || i < n; i += 4 {
		fmt.Fprintf(&b, "ns h%d\n", i)
		fmt.Fprintf(&b, "veth h%d:eth0 10.%d.%d.1/31 r:p%d master br0 up\n", i, i>>8&255, i&255, i)
		fmt.Fprintf(&b, "addr h%d:eth0 10.0.%d.%d/24\n", i, i>>8&255, i&255)
		fmt.Fprintf(&b, "route default via 10.0.0.254 dev \"eth%d\"\n", i)
	}
	return b.String()
}

const benchStatements = 200_000

func perStatement(b *testing.B, src string, n int) {
	b.SetBytes(int64(len(src)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/stmt")
}

func BenchmarkLex(b *testing.B) {
	src := flatScript(benchStatements)
	b.ReportAllocs()
	for b.Loop() {
		s := newScanner(src)
		s.ascii = true
		for !s.done() {
			if t, _ := s.Next(); t.Type == tokBad {
				b.Fatal(t)
			}
		}
	}
	perStatement(b, src, benchStatements)
}

func BenchmarkTokens(b *testing.B) {
	src := flatScript(benchStatements)
	b.ReportAllocs()
	for b.Loop() {
		s := newScanner(src)
		s.ascii = true
		for chunk := (tokens{scan: s}); !s.done(); {
			chunk.next()
		}
	}
	perStatement(b, src, benchStatements)
}

func BenchmarkParse(b *testing.B) {
	src := flatScript(benchStatements)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseString("flat.nes", src); err != nil {
			b.Fatal(err)
		}
	}
	perStatement(b, src, benchStatements)
}

func BenchmarkParse_structured(b *testing.B) {
	const n = 20_000
	src := strings.Repeat("let x = 1 + y * 2\nfor i in 1..3 < up eth$i >\nif (x < 3) < down lo >\nin ns h1 < up lo >\n", n/4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("structured.nes", []byte(src)); err != nil {
			b.Fatal(err)
		}
	}
	perStatement(b, src, n)
}

func BenchmarkFprint(b *testing.B) {
	const n = 20_000
	src := flatScript(n)
	f := mustParse(b, src)
	b.ReportAllocs()
	for b.Loop() {
		var out strings.Builder
		if err := Fprint(&out, f); err != nil {
			b.Fatal(err)
		}
	}
	perStatement(b, src, n)
}
