//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/nsexec/journal"
)

func newLs(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "list the labs that are up, and runs that were interrupted",
		Long: `List labs: those that nescript up has left, and runs that are under way or were
killed. The state is running, up, partly gone (something of it has been taken
away by others), going down, interrupted, or damaged (its journal can't be
read). nescript down takes all but those away.`,
		Example: "  nescript ls\n  nescript ls --json",
		Args:    needArgs(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := newEngine()
			if err != nil {
				return err
			}
			defer engine.Close()
			labs, err := lab.List(cmd.Context(), journal.Default, engine)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(labs)
			}
			return a.listLabs(labs)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write them as JSON")
	return cmd
}

// listLabs writes a table, which is empty but for its head where there are none.
func (a *app) listLabs(labs []lab.Lab) error {
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATE\tAGE\tNAMESPACES\tLINKS\tCHANGES\tSCRIPT")
	for _, l := range labs {
		state := string(l.State)
		if l.Error != "" {
			fmt.Fprintf(w, "%s\t%s\t-\t-\t-\t-\t%s\n", l.Name, state, printable(l.Error))
			continue
		}
		if len(l.Gone) > 0 {
			state += fmt.Sprintf(" (%s)", shortList(l.Gone))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", l.Name, state, age(l.Age), l.Namespaces, l.Links, l.Changes, printable(l.Script))
	}
	return w.Flush()
}

// shortList is a list of names, of which only the first are shown.
func shortList(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// age is a time as a person says it: in its greatest unit.
func age(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// printable is text that does not move the cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}
