//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/sys/unix"
)

// runner compares tools.
type runner struct {
	config
	tools     []tool
	once      []tool // of them, those that take their turn in the first round only
	workloads []workload
	rounds    int
	cpu, json bool
	calm      func() error // waits before the next run
}

func runMain(args []string) error {
	r, err := newRunner(args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("it makes namespaces without a user namespace, which takes root")
	}
	cleanup, err := r.findNEScript()
	if err != nil {
		return err
	}
	defer cleanup()
	r.leaveOut(os.Stderr)
	rep := &report{out: os.Stdout, tools: r.tools, cpu: r.cpu, asRecords: r.json}
	if err := rep.begin(lookAtMachine()); err != nil {
		return err
	}
	for _, w := range r.workloads {
		c, err := r.compare(w)
		if err != nil {
			return err
		}
		if err := rep.write(c); err != nil {
			return err
		}
	}
	return rep.end()
}

func newRunner(args []string) (*runner, error) {
	r := &runner{calm: calm}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&r.rounds, "rounds", 5, "how often each tool builds each workload")
	only := flags.String("only", "", "of the workloads, only those that match this regular `expression`")
	names := flags.String("tools", "", "only these, by comma")
	once := flags.String("once", "", "these in the first round only, by comma: slow ones, whose ratios are far from 1")
	flags.StringVar(&r.NEScript, "nescript", "", "the binary to measure; built from this module if none is given")
	flags.BoolVar(&r.cpu, "cpu", false, "also user and system time, and memory")
	flags.BoolVar(&r.json, "json", false, "one record a line rather than a table")
	flags.Usage = func() { usage(flags) }
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if r.rounds < 1 {
		return nil, fmt.Errorf("--rounds %d is none", r.rounds)
	}
	if err := r.choose(flags.Args(), *only); err != nil {
		return nil, err
	}
	var err error
	if r.once, err = findTools(*once); err != nil {
		return nil, err
	}
	if r.tools, err = findTools(*names); err == nil && r.tools == nil {
		r.tools = tools()
	}
	return r, err
}

// choose chooses the workloads.
func (r *runner) choose(names []string, only string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	all := allWorkloads()
	if len(names) > 0 {
		all = nil
	}
	for _, name := range names {
		w, err := parseWorkload(name)
		if err != nil {
			return err
		}
		all = append(all, w)
	}
	for _, w := range all {
		if match.MatchString(w.String()) {
			r.workloads = append(r.workloads, w)
		}
	}
	if len(r.workloads) == 0 {
		return fmt.Errorf("no workload matches %q", only)
	}
	return nil
}

func usage(flags *flag.FlagSet) {
	out := flags.Output()
	fmt.Fprint(out, "usage: bench [OPTION…] [WORKLOAD…]\n\n")
	flags.PrintDefaults()
	fmt.Fprint(out, "\nWorkloads, each with a size as in star-300:\n")
	for _, f := range families() {
		fmt.Fprintf(out, "  %-12s %s\n", f.name, f.about)
	}
	fmt.Fprint(out, "\nTools:\n")
	for _, t := range tools() {
		fmt.Fprintf(out, "  %-12s %s\n", t.name, t.about)
	}
}

// findNEScript builds the binary where none was given.
func (r *runner) findNEScript() (cleanup func(), err error) {
	if r.NEScript != "" {
		r.NEScript, err = filepath.Abs(r.NEScript)
		if err == nil {
			_, err = os.Stat(r.NEScript)
		}
		return func() {}, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	r.NEScript = filepath.Join(dir, "nescript")
	if err := buildNEScript(r.NEScript); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return func() { os.RemoveAll(dir) }, nil
}

// buildNEScript builds the command of this module, as it is installed.
func buildNEScript(path string) error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "github.com/nescript/nescript/cmd/nescript")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build nescript: %w: %s", err, out)
	}
	return nil
}

// leaveOut drops the tools that can't be used here, and says so.
func (r *runner) leaveOut(w io.Writer) {
	kept := r.tools[:0:0]
	for _, t := range r.tools {
		if t.missing != nil {
			if err := t.missing(&r.config); err != nil {
				fmt.Fprintf(w, "bench: without %s: %v\n", t.name, err)
				continue
			}
		}
		kept = append(kept, t)
	}
	r.tools = kept
}

// compare has the tools build a workload in turn.
func (r *runner) compare(w workload) (*comparison, error) {
	c := &comparison{workload: w, results: map[string][]result{}}
	for round := range r.rounds {
		for _, t := range r.turns(w, round) {
			r.progress("%s: round %d of %d: %s", w, round+1, r.rounds, t.name)
			res, err := runInside(request{config: r.config, Tool: t.name, Workload: w.String()})
			if err != nil {
				r.progress("")
				return nil, fmt.Errorf("%s by %s: %w", w, t.name, err)
			}
			c.results[t.name] = append(c.results[t.name], res)
			if err := letGo(); err != nil {
				return nil, fmt.Errorf("wait for the kernel: %w", err)
			}
			if err := r.calm(); err != nil {
				return nil, err
			}
		}
	}
	r.progress("")
	return c, nil
}

// turns are the tools that take their turn in a round, in order. Each round begins
// with another one, so that what the last one has left behind is nobody's burden.
func (r *runner) turns(w workload, round int) []tool {
	var some []tool
	for _, t := range r.tools {
		if t.can(w) && (round == 0 || !r.isOnce(t)) {
			some = append(some, t)
		}
	}
	if len(some) == 0 {
		return nil
	}
	first := round % len(some)
	return slices.Concat(some[first:], some[:first])
}

func (r *runner) isOnce(t tool) bool {
	return slices.ContainsFunc(r.once, func(o tool) bool { return o.name == t.name })
}

// progress shows what is being done, on a terminal.
func (r *runner) progress(format string, args ...any) {
	if _, err := unix.IoctlGetTermios(int(os.Stderr.Fd()), unix.TCGETS); err == nil {
		fmt.Fprintf(os.Stderr, "\r\033[K"+format, args...)
	}
}
