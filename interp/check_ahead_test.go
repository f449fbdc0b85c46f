//go:build linux

package interp_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
)

// TestCheck_ahead: of long scripts the same is said on one processor, where
// nothing is checked ahead, as on more, and the same is needed of the kernel.
func TestCheck_ahead(t *testing.T) {
	for seed := range 8 {
		src := longScript(rand.New(rand.NewPCG(uint64(seed), 1)), seed%2 == 0)
		found, needs := onProcessors(t, 1, src)
		if (len(found) > 0) != (seed%2 == 0) || (len(needs) > 0) == (seed%2 == 0) {
			t.Fatalf("%d: it found %d errors and asked for %v: that compares nothing; %q", seed, len(found), needs, found[:min(3, len(found))])
		}
		for range 3 {
			got, gotNeeds := onProcessors(t, max(2, runtime.NumCPU()), src)
			if !slices.Equal(got, found) {
				t.Errorf("%d: on more processors it found %d errors, on one %d:\n%s\n\n%s", seed, len(got), len(found),
					strings.Join(got, "\n"), strings.Join(found, "\n"))
			}
			if !slices.Equal(gotNeeds, needs) {
				t.Errorf("%d: on more processors it asked for %v, on one for %v", seed, gotNeeds, needs)
			}
		}
	}
}

// onProcessors runs a script that does nothing, and returns what was wrong and
// what the kernel was asked for.
func onProcessors(t *testing.T, n int, src string) (found []string, needs []nsexec.Kind) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	r := &asked{}
	in, err := interp.New(interp.Engine(r))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for _, d := range interp.Diagnose(in.CheckString("long.nes", src)) {
		found = append(found, fmt.Sprintf("%d:%d: %s %v %v", d.Start.Line, d.Start.Col, d.Message, d.Help, d.Notes))
	}
	if found == nil {
		if err := in.RunString(context.Background(), "long.nes", src); err != nil {
			t.Fatal(err)
		}
	}
	return found, r.kinds
}

// asked is a Runner that does nothing and keeps what it was asked for.
type asked struct {
	nothing
	kinds []nsexec.Kind
}

func (a *asked) Lacks(_ context.Context, kinds []nsexec.Kind) (int, error) {
	a.kinds = kinds
	return 0, nil
}

// longScript is one of many more statements than what is checked at once, with
// mistakes here and there if it is to have some.
func longScript(r *rand.Rand, mistakes bool) string {
	right := []string{
		"bridge br%d", "addr br%d 10.0.0.1/24", "up br%d", "ensure dummy d%d", "del link d%d", "let v%d = 1",
		"vlan v%d link eth0 id 7", "qdisc eth%d tbf rate 1mbit burst 10k latency 5ms", "up $name:e%d", "own thing%d", "up 'quoted%d'",
		"in ns n%d < up lo; bridge br0 >", "route 10.0.0.0/8 via 10.0.0.%d", "ns e%d < up lo >",
	}
	wrong := []string{
		"brdge br%d", "addr br%d 10.0.0.1/33", "flush bridge br%d", "own thing%d more", "up $nme%d", "bridge br%d mtu x", "bridge same",
		"in ns n%d < bridge br0 color red >", "up eth%d colour", "out %d", "ensure up eth%d", "expect nothing%d",
	}
	var b strings.Builder
	b.WriteString("let name = \"x\"\n")
	for i := range 10_000 {
		list := right
		if mistakes && r.IntN(400) == 0 {
			list = wrong
		}
		stmt := list[r.IntN(len(list))]
		if strings.Contains(stmt, "%d") {
			stmt = fmt.Sprintf(stmt, i)
		}
		if strings.HasPrefix(stmt, "route") {
			stmt = fmt.Sprintf("route 10.0.%d.0/24 via 10.0.0.1 metric %d", i%256, i)
		}
		b.WriteString(stmt + "\n")
	}
	b.WriteString("def own(a) < up $a >\n")
	return b.String()
}
