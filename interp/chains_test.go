//go:build linux

package interp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// long is a script of more calls than wait for each other, with room for a
// statement in the loop and for one behind it.
const long = `
ns c0
veth c0:a (10.9.0.1/24) c0:b up
for i in 1..1500 <
    in ns c0 < addr a (host(10.0.0.0/8, i)); route blackhole (host(11.0.0.0/8, i)) >
    if (i %% 300 == 0) < ns c$i; veth c$i:a c0:v$i up >
    %s
>
%s
`

// TestKernel_chains: that the engine works while the evaluation goes on changes
// neither what is there in the end nor where an error is.
func TestKernel_chains(t *testing.T) {
	nstest.NS(t) // the folder of names is there before
	for name, s := range map[string][2]string{
		"good":            {"", ""},
		"early":           {"if (i == 3) < route default via 10.9.0.77 dev nope >", "let x = 1 / 0"},
		"middle":          {"if (i == 700) < route default via 172.16.0.1 >", ""},
		"waiting":         {"if (i == 600) < ns w; veth w:x (10.7.0.1/24) c0:w up; in ns w < addr x 10.7.0.1/24 > >", ""},
		"put off":         {"if (i == 100) < ns w; in ns w < route default via 10.99.0.1 > >", ""},
		"put off, two":    {"if (i == 900 || i == 100) < ns w$i; in ns w$i < route default via 10.99.0.1 > >", "addr a nope"},
		"late":            {"if (i == 1500) < addr a 10.0.0.5/32 >", ""},
		"behind":          {"", "addr a 10.0.0.5/32"},
		"evaluation":      {"if (i == 1400) < let x = 1 / (i - 1400) >", ""},
		"print":           {"if (i % 400 == 0) < print $i >", "addr nope 10.0.0.1/32"},
		"try":             {"if (i == 900) < try < addr a 10.7.7.7/32; addr a 10.7.7.7/32 > catch < print caught > >", ""},
		"half a veth":     {"if (i == 800) < veth c0:h up c0:k master nosuch >", ""},
		"query":           {`if (i == 1000) < print (count(addresses("a"))) >`, ""},
		"deferred":        {"", "in ns c0 < defer addr a 12.0.0.1/32; up nosuch >"},
		"atomic":          {"if (i == 650) < atomic < in ns c0 < addr a 12.0.0.1/32; up nosuch > > >", ""},
		"what is no step": {"if (i == 650) < let y = undefined_thing >", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := nstest.Dump(t)
			script := fmt.Sprintf(long, s[0], s[1])
			slow, slowErr := chained(t, script, nsexec.StepByStep())
			fast, fastErr := chained(t, script)
			if diff := cmp.Diff(slow, fast); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(told(slowErr), told(fastErr)); diff != "" {
				t.Error(diff)
			}
			if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// chained runs a script and returns what it printed, and what is there of its
// namespace; then all of it is undone.
func chained(t *testing.T, script string, opts ...nsexec.Option) (text string, err error) {
	t.Helper()
	e, err := nsexec.NewEngine(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var out strings.Builder
	calls := 0
	in, err := interp.New(interp.Engine(e), interp.Stdio(nil, &out, &out), interp.Progress(func(done int) { calls = done }))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.RunString(t.Context(), "t.nes", script); err != nil {
		return out.String(), err
	}
	addrs := nstest.IP(t, "-n", "c0", "addr", "show", "dev", "a")[0]["addr_info"].([]any)
	routes := nstest.IP(t, "-n", "c0", "route", "show", "type", "blackhole")
	fmt.Fprintf(&out, "%d statements, %d addresses, %d routes\n", calls, len(addrs), len(routes))
	var gone strings.Builder
	names, err := nsexec.Namespaces()
	for _, name := range names {
		if !strings.HasPrefix(name, "c") {
			continue // the test's
		}
		fmt.Fprintf(&out, "ns %s\n", name)
		fmt.Fprintf(&gone, "del ns %s\n", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := in.RunString(t.Context(), "gone.nes", gone.String()); err != nil {
		t.Fatal(err)
	}
	return out.String(), nil
}

// told is what an error tells a person, and what a program.
func told(err error) string {
	if err == nil {
		return ""
	}
	var out strings.Builder
	for _, d := range interp.Diagnose(err) {
		d.Render(&out, false)
	}
	var e *interp.Error
	if errors.As(err, &e) {
		fmt.Fprintf(&out, "%d done, partly %v", e.Done, e.Partly)
	}
	return out.String()
}

// TestKernel_chains_cancelled: a run that is cancelled while the engine works and
// the evaluation goes on leaves nothing.
func TestKernel_chains_cancelled(t *testing.T) {
	nstest.NS(t)
	before := nstest.Dump(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, err := interp.New(interp.Progress(func(done int) {
		if done >= 700 {
			cancel()
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.RunString(ctx, "t.nes", fmt.Sprintf(long, "", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
		t.Error(diff)
	}
}
