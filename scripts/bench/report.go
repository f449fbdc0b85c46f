//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// comparison is the results of a workload, by tool, a result a round.
type comparison struct {
	workload workload
	results  map[string][]result
}

// report writes what came of a run, workload by workload: who stops it half-way
// has what was done.
type report struct {
	out       io.Writer
	tools     []tool
	cpu       bool
	asRecords bool
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
	After      float64            `json:"after_seconds,omitempty"` // see takeDown
	AllSeconds []float64          `json:"all_seconds"`
}

// rows are a comparison's, in the order of the tools.
func (rep *report) rows(c *comparison) (rows []row) {
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
			After:  median(results, func(r result) float64 { return r.After }),
			Ratios: map[string]float64{},
		}
		for _, res := range results {
			r.AllSeconds = append(r.AllSeconds, res.Seconds)
		}
		r.Min = slices.Min(r.AllSeconds)
		for name, other := range medians {
			r.Ratios[name] = r.Median / other
		}
		rows = append(rows, r)
	}
	return rows
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

// write writes what came of a workload: a record a line, or a table.
func (rep *report) write(c *comparison) error {
	rows := rep.rows(c)
	if !rep.asRecords {
		return rep.table(rows)
	}
	enc := json.NewEncoder(rep.out)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// table writes the rows of a workload for people. A column ×TOOL says how many
// times as long as that tool's the row's time is.
func (rep *report) table(rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	first := rows[0]
	fmt.Fprintf(rep.out, "\n%s: %s; %s\n", first.Workload, first.Built, rounds(rows))
	isDown := slices.ContainsFunc(rows, func(r row) bool { return r.After > 0 })
	t := tabwriter.NewWriter(rep.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "tool\tmedian\tmin\tµs a %s\t", first.Unit)
	for _, r := range rows {
		fmt.Fprintf(t, "×%s\t", r.Tool)
	}
	if rep.cpu {
		fmt.Fprint(t, "user\tsys\tMiB\t")
	}
	if isDown {
		fmt.Fprint(t, "kernel still\t")
	}
	fmt.Fprintln(t)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%.3f s\t%.3f s\t%.1f\t", r.Tool, r.Median, r.Min, r.Each*1e6)
		for _, other := range rows {
			fmt.Fprintf(t, "%.2f\t", r.Ratios[other.Tool])
		}
		switch {
		case rep.cpu && r.RSS > 0:
			fmt.Fprintf(t, "%.3f s\t%.3f s\t%.1f\t", r.User, r.System, float64(r.RSS)/(1<<20))
		case rep.cpu: // it goes on after it has built
			fmt.Fprint(t, "\t\t\t")
		}
		switch {
		case r.After > 0:
			fmt.Fprintf(t, "%.3f s\t", r.After)
		case isDown: // the wait is in its time
			fmt.Fprint(t, "\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// rounds says how many rounds each tool has had.
func rounds(rows []row) string {
	most := slices.MaxFunc(rows, func(a, b row) int { return cmp.Compare(a.Rounds, b.Rounds) }).Rounds
	text := fmt.Sprintf("%d rounds", most)
	for _, r := range rows {
		if r.Rounds != most {
			text += fmt.Sprintf(", of %s %d", r.Tool, r.Rounds)
		}
	}
	return text
}

// begin and end write where and when it was.
func (rep *report) begin(m machine) error {
	if rep.asRecords {
		return json.NewEncoder(rep.out).Encode(m)
	}
	_, err := fmt.Fprintln(rep.out, m)
	return err
}

func (rep *report) end() error {
	if rep.asRecords {
		return json.NewEncoder(rep.out).Encode(struct {
			Load string `json:"load_after"`
		}{load()})
	}
	_, err := fmt.Fprintf(rep.out, "\nload after: %s\n", load())
	return err
}
