//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
)

func newDown(a *app) *cobra.Command {
	var all, quiet bool
	cmd := &cobra.Command{
		Use:   "down NAME…",
		Short: "take labs down, and what interrupted runs have left",
		Long: `Take away exactly what a lab has made, last first, and put back what it changed.
What is gone already is left out, and what others have made by the same names is
not touched. It waits until the kernel has let go.

What can't be undone is listed, and stays for another down.`,
		Example: "  nescript down lab\n  nescript down --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usagef("nescript ls lists the labs", "%s takes names of labs, or --all", cmd.CommandPath())
			}
			return a.down(args, all, quiet)
		},
		ValidArgsFunction: completeLab,
	}
	cmd.Flags().BoolVar(&all, "all", false, "all labs and interrupted runs")
	cmd.Flags().BoolVar(&a.json, "json", false, "write errors and the result as JSON")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return cmd
}

func (a *app) down(names []string, all, quiet bool) error {
	start := time.Now()
	ctx, stop := a.interruptible()
	defer stop()
	if all {
		infos, err := journal.Default.List()
		if err != nil {
			return err
		}
		for _, info := range infos {
			if info.State != journal.Running {
				names = append(names, info.Name)
			}
		}
	}
	engine, err := newEngine()
	if err != nil {
		return err
	}
	defer engine.Close()
	cfg := lab.DownConfig{Engine: engine, Options: []interp.Option{interp.Stdio(nil, a.out, a.err)}, Held: a.held}
	var errs []error
	for _, name := range names {
		errs = append(errs, a.downOne(ctx, name, cfg, quiet))
	}
	a.summary.Seconds = time.Since(start).Seconds()
	return errors.Join(errs...)
}

// downOne takes one lab down. A name that can be none is a wrong command line.
func (a *app) downOne(ctx context.Context, name string, cfg lab.DownConfig, quiet bool) error {
	if err := journal.CheckName(name); err != nil {
		return usagef("nescript ls lists the labs", "%v", err)
	}
	if !quiet && isTerminal(a.err) {
		bar := &downBar{app: a, name: name, start: time.Now()}
		cfg.Progress = bar.draw
		defer bar.erase()
	}
	undone, err := lab.Down(ctx, name, cfg)
	a.summary.Undone += undone
	return err
}

// held tells of what keeps a namespace alive that is down.
func (a *app) held(h nsexec.Holder) {
	if a.json {
		a.summary.Held = append(a.summary.Held, h)
		return
	}
	fmt.Fprintf(a.err, "note: process %d (%s) is still in the namespace that was %q, which ends when it does\n", h.PID, printable(h.Command), h.NS)
}

// downBar says how far a lab is down, once that takes long.
type downBar struct {
	app   *app
	name  string
	start time.Time
	last  time.Time
}

func (b *downBar) draw(done, total int) {
	now := time.Now()
	if now.Sub(b.start) < progressAfter || now.Sub(b.last) < progressEvery {
		return
	}
	b.last = now
	fmt.Fprintf(b.app.err, "\r\033[K%s: %d of %s undone", b.name, done, plural(total, "change"))
}

func (b *downBar) erase() {
	if !b.last.IsZero() {
		fmt.Fprint(b.app.err, "\r\033[K")
	}
}
