//go:build linux

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func seconds(times ...float64) (out []result) {
	for _, s := range times {
		out = append(out, result{Seconds: s, User: s / 4, System: s / 2, RSS: 4 << 20})
	}
	return out
}

func exampleReport(out *strings.Builder) (*report, *comparison) {
	return &report{out: out, tools: []tool{floorTool, nescriptTool, shellTool}, cpu: true}, &comparison{
		workload: workload{star, 100},
		results: map[string][]result{
			"floor":    seconds(0.2, 0.1, 9),
			"nescript": seconds(0.3, 0.25, 0.21),
			"shell":    {{Seconds: 2}}, // as one that goes on after it has built
		},
	}
}

func TestReport_table(t *testing.T) {
	var out strings.Builder
	rep, c := exampleReport(&out)
	if err := rep.write(c); err != nil {
		t.Fatal(err)
	}
	const want = `
star-100: 101 namespaces, 201 links, 101 addresses, 100 routes; 3 rounds, of shell 1
      tool   median      min  µs a host  ×floor  ×nescript  ×shell     user      sys  MiB
     floor  0.200 s  0.100 s     2000.0    1.00       0.80    0.10  0.050 s  0.100 s  4.0
  nescript  0.250 s  0.210 s     2500.0    1.25       1.00    0.12  0.062 s  0.125 s  4.0
     shell  2.000 s  2.000 s    20000.0   10.00       8.00    1.00                       
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReport_records(t *testing.T) {
	var out strings.Builder
	rep, c := exampleReport(&out)
	rep.asRecords = true
	if err := rep.write(c); err != nil {
		t.Fatal(err)
	}
	var got []row
	for line := range strings.Lines(out.String()) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 3 || got[1].Tool != "nescript" || got[1].Ratios["floor"] != 1.25 || got[1].Min != 0.21 || len(got[1].AllSeconds) != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestParseWorkload(t *testing.T) {
	for name, want := range map[string]string{
		"star-3":       "",
		"down-star-3":  "",
		"fattree-8":    "",
		"fattree-7":    "a multiple of 2",
		"star-1024":    "from 1 to 1023",
		"star-0":       "from 1 to 1023",
		"star-x":       "from 1 to 1023",
		"ring-3":       "there are star-N, grid-N",
		"star":         "no workload",
		"down-check-3": "no workload",
	} {
		w, err := parseWorkload(name)
		switch {
		case want == "" && (err != nil || w.String() != name):
			t.Errorf("%s: %v, %v", name, w, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: the error is %v, want one with %q", name, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	p := planStar(2)
	want := p.lines()
	if err := compare(want, want); err != nil {
		t.Error(err)
	}
	for name, got := range map[string][]string{
		"missing h1: addr eth0 10.0.0.1/16": want[1:],
		"not asked for z: link lo up":       append(append([]string{}, want...), "z: link lo up"),
		"objects instead of":                append(append([]string{}, want...), want[len(want)-1]),
	} {
		if err := compare(want, got); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want one with %q", err, name)
		}
	}
}

// TestWrongThing has a tool that builds nothing.
func TestWrongThing(t *testing.T) {
	_, err := runInside(request{config: config{NEScript: "true"}, Tool: "nescript", Workload: "star-3"})
	if err == nil || !strings.Contains(err.Error(), "built a wrong thing") {
		t.Errorf("the error is %v", err)
	}
}

// TestSizes has the plans be as large as their workloads say.
func TestSizes(t *testing.T) {
	for name, want := range map[string]string{
		"star-1000":    "1001 namespaces, 2001 links, 1001 addresses, 1000 routes",
		"grid-33":      "1089 namespaces, 4224 links, 4224 addresses, 0 routes",
		"fattree-8":    "208 namespaces, 768 links, 768 addresses, 448 routes",
		"addrs-10000":  "1 namespaces, 100 links, 10000 addresses, 0 routes",
		"routes-10000": "1 namespaces, 1 links, 1 addresses, 10000 routes",
		"mixed-10000":  "1 namespaces, 2000 links, 10001 addresses, 10000 routes",
	} {
		w, err := parseWorkload(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.plan(w.n).size(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
