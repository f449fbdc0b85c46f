//go:build linux

package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/lang"
)

// runFlags are the flags of run.
type runFlags struct{ dryRun, sandbox, keep, quiet, verbose, timing bool }

func newRun(a *app) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FILE [x=v…] [-- args]",
		Short: "run a script",
		Long: `Run a script. It is checked first: one that is wrong touches nothing. One that
fails, or is interrupted, is undone: all that it changed is put back.

FILE may be - for standard input. x=v gives the script's param x; what follows --
it finds in $args. With --json every error is a record, one a line, on standard
output, and so is the result, last; what the script prints goes to standard error.
With --timing it says in the end where the time went.`,
		Example: `  nescript run lab.nes hosts=50
  nescript run --sandbox lab.nes
  echo 'in ns example < bridge br0 up >' | nescript run -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd, args, f)
		},
		ValidArgsFunction: completeScript,
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "write what it would do, and do nothing")
	flags.BoolVar(&f.sandbox, "sandbox", false, "run in namespaces of its own: needs no root, and all is gone at the end")
	flags.BoolVar(&a.json, "json", false, "write errors and the result as JSON")
	flags.BoolVar(&f.keep, "keep", false, "leave what there is when it fails, rather than undo it")
	flags.BoolVar(&f.timing, "timing", false, timingUsage)
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress, nothing but what the script prints and errors")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "write each statement to standard error as it runs")
	return cmd
}

func (a *app) run(cmd *cobra.Command, args []string, f runFlags) error {
	a.sandboxable = true
	if f.quiet && f.verbose {
		return usagef("", "--quiet and --verbose exclude each other")
	}
	if f.sandbox {
		if err := a.enterSandbox(); err != nil {
			return err
		}
	}
	s, err := a.readScript(cmd, args)
	if err != nil {
		return err
	}
	ctx, stop := a.interruptible()
	defer stop()
	if f.dryRun {
		return a.writePlan(ctx, s)
	}
	return a.runScript(ctx, s, f, lab.Config{Keep: f.keep})
}

// runScript runs a script on an engine that is watched, with a journal.
func (a *app) runScript(ctx context.Context, s *script, f runFlags, cfg lab.Config) error {
	start := time.Now()
	engine, err := newEngine()
	if err != nil {
		return err
	}
	defer engine.Close()
	w := &watch{Engine: engine}
	cfg.Options = a.options(s, f, w)
	if !f.quiet && !f.verbose && isTerminal(a.err) {
		defer w.show(a.err)()
	}
	var timing interp.Timing
	if f.timing {
		cfg.Options = append(cfg.Options, interp.Timed(&timing))
		defer writeTiming(a.err, &timing)
	}
	parsing := time.Now()
	file, err := lang.ParseString(s.name, s.src)
	timing.Parse = time.Since(parsing)
	if err != nil {
		return checkAlso(s, cfg.Options)
	}
	err = lab.Run(ctx, file, cfg)
	a.summary = w.summary()
	a.summary.Seconds = time.Since(start).Seconds()
	return err
}

// checkAlso is what is wrong with a script that does not parse: what the check
// finds besides.
func checkAlso(s *script, opts []interp.Option) error {
	in, err := interp.New(opts...)
	if err != nil {
		return err
	}
	defer in.Close()
	return in.CheckString(s.name, s.src)
}

func (a *app) options(s *script, f runFlags, w *watch) []interp.Option {
	out := a.out
	if a.json {
		out = a.err
	}
	opts := []interp.Option{
		interp.Stdio(s.stdin(a), out, a.err),
		interp.Params(s.params),
		interp.Args(s.args...),
		interp.Engine(w),
		interp.Progress(w.advance),
		interp.Patience(a.impatient),
	}
	if f.verbose {
		opts = append(opts, interp.Trace(a.err))
	}
	return opts
}
