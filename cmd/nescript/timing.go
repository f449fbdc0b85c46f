//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/nescript/nescript/interp"
)

const timingUsage = "in the end, write to standard error where the time went: the phases, and each verb"

// writeTiming says where the time of a run went, what took longest first.
func writeTiming(w io.Writer, t *interp.Timing) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer table.Flush()
	fmt.Fprintf(w, "time: %s\n", seconds(t.Total()))
	for _, phase := range []struct {
		name string
		time time.Duration
	}{
		{"parse", t.Parse}, {"check", t.Check}, {"evaluate", t.Evaluate}, {"execute", t.Execute},
		{"  in the kernel", t.Kernel}, {"undo", t.Undo}, {"commit", t.Commit},
	} {
		fmt.Fprintf(w, "  %-16s%12s\n", phase.name, seconds(phase.time))
	}
	if len(t.Verbs) == 0 {
		return
	}
	fmt.Fprintln(table, "verb\tcalls\tsteps\ttime\ta call\t")
	for _, v := range t.Verbs {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%.1f µs\t\n", v.Name, v.Calls, v.Steps, seconds(v.Time),
			float64(v.Time.Nanoseconds())/1e3/float64(max(v.Calls, 1)))
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f s", d.Seconds()) }
