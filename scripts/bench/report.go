//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// comparison is the results of a workload, by tool, a result a round.
type comparison struct {
	workload workload
	results  map[string][]result
}

// report is all that came of a run.
type report struct {
	machine machine
	tools   []tool
	cpu     bool
	rows    []row
}

// row is a tool's result for a workload. Its times are medians unless they say
// otherwise.
type row struct {
	Workload   string             `json:"workload"`
	Built      string             `json:"built"`
	Tool       string             `json:"tool"`
	Rounds     int                `json:"rounds"`
	Median     float64            `json:"median_seconds"`
	Min        float64            `json:"min_seconds"`
	Each       float64            `json:"each_seconds"` // for a unit of the workload
	Unit       string             `json:"unit"`
	Ratios     map[string]float64 `json:"ratios"` // of the median to those of the tools
	User       float64            `json:"user_seconds"`
	System     float64            `json:"system_seconds"`
	RSS        int64              `json:"rss_bytes"`
	AllSeconds []float64          `json:"all_seconds"`
}

// add makes the rows of a comparison.
func (rep *report) add(c *comparison) {
	medians := map[string]float64{}
	for name, results := range c.results {
		medians[name] = median(results, func(r result) float64 { return r.Seconds })
	}
	w := c.workload
	for _, t := range rep.tools {
		results := c.results[t.name]
		if len(results) == 0 {
			continue
		}
		r := row{
			Workload: w.String(), Built: w.plan(w.n).size(), Tool: t.name, Rounds: len(results), Unit: w.unit,
			Median: medians[t.name],
			Each:   medians[t.name] / float64(w.count()),
			User:   median(results, func(r result) float64 { return r.User }),
			System: median(results, func(r result) float64 { return r.System }),
			RSS:    median(results, func(r result) int64 { return r.RSS }),
			Ratios: map[string]float64{},
		}
		for _, res := range results {
			r.AllSeconds = append(r.AllSeconds, res.Seconds)
		}
		r.Min = slices.Min(r.AllSeconds)
		for name, other := range medians {
			r.Ratios[name] = r.Median / other
		}
		rep.rows = append(rep.rows, r)
	}
}

// median is the middle one; of an even number the lower.
func median[T cmp.Ordered](results []result, of func(result) T) T {
	var all []T
	for _, r := range results {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// json writes the machine and each row as a record, one a line.
func (rep *report) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	if err := enc.Encode(rep.machine); err != nil {
		return err
	}
	for _, r := range rep.rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// table writes the rows for people. A column ×TOOL says how many times as long
// as that tool's the row's time is.
func (rep *report) table(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", rep.machine)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "workload\ttool\tmedian\tmin\teach\t")
	for _, other := range rep.tools {
		fmt.Fprintf(t, "×%s\t", other.name)
	}
	columns := 5 + len(rep.tools)
	if rep.cpu {
		fmt.Fprint(t, "user\tsys\tMiB\t")
		columns += 3
	}
	fmt.Fprintln(t)
	for i, r := range rep.rows {
		if i > 0 && rep.rows[i-1].Workload != r.Workload {
			fmt.Fprintln(t, strings.Repeat("\t", columns)) // an empty line would end the columns
		}
		fmt.Fprintf(t, "%s\t%s\t%.3f s\t%.3f s\t%s\t", r.Workload, r.Tool, r.Median, r.Min, perUnit(r))
		for _, other := range rep.tools {
			if ratio, ok := r.Ratios[other.name]; ok {
				fmt.Fprintf(t, "%.2f", ratio)
			}
			fmt.Fprint(t, "\t")
		}
		if rep.cpu {
			fmt.Fprintf(t, "%.3f s\t%.3f s\t%.1f\t", r.User, r.System, float64(r.RSS)/(1<<20))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func perUnit(r row) string {
	d := time.Duration(r.Each * 1e9)
	return fmt.Sprintf("%.1f µs a %s", float64(d)/1e3, r.Unit)
}
