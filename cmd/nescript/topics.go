//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
)

// topic writes the help of one thing; a name may stand for several, as sysctl
// does for a verb and a function.
type topic func(w io.Writer)

func topicsNamed(name string) []topic {
	var out []topic
	if spec := builtins.Lookup(name); spec != nil {
		out = append(out, func(w io.Writer) { builtins.Help(w, spec) })
	}
	for _, s := range statements {
		if s.name == name {
			out = append(out, func(w io.Writer) { describe(w, s.name, s.doc, s.form, s.example) })
		}
	}
	for _, f := range interp.Functions() {
		if f.Name == name {
			out = append(out, func(w io.Writer) { describe(w, f.Name, f.Doc, f.String(), f.Example) })
		}
	}
	return out
}

// describe is laid out as builtins.Help is.
func describe(w io.Writer, name, doc, form, example string) {
	fmt.Fprintf(w, "%s: %s\n\n    %s\n\nexample:\n    %s\n", name, doc, form, example)
}

// help writes all that there is about a topic.
func help(w io.Writer, name string, command *cobra.Command) error {
	topics := topicsNamed(name)
	if len(topics) == 0 {
		return unknownTopic(name, nil)
	}
	b := &strings.Builder{}
	for i, t := range topics {
		if i > 0 {
			b.WriteByte('\n')
		}
		t(b)
	}
	if command != nil {
		fmt.Fprintf(b, "\n%s --help is about the command of that name\n", command.CommandPath())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// helpAll lists the commands and the language.
func helpAll(w io.Writer, root *cobra.Command) error {
	if _, err := fmt.Fprintf(w, "%s\n\ncommands (nescript COMMAND --help says more):\n", root.Long); err != nil {
		return err
	}
	tab := columns(w)
	for _, c := range root.Commands() {
		if !c.Hidden {
			fmt.Fprintf(tab, "  %s\t%s\n", c.Name(), c.Short)
		}
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return helpLanguage(w)
}

// helpLanguage lists the verbs by group, the statements and the functions.
func helpLanguage(w io.Writer) error {
	tab := columns(w)
	for _, g := range verbGroups() {
		fmt.Fprintf(tab, "%s:\n", g.name)
		for _, spec := range g.specs {
			fmt.Fprintf(tab, "  %s\t%s\n", spec.Name, spec.Doc)
		}
		fmt.Fprintln(tab)
	}
	fmt.Fprintln(tab, "statements:")
	for _, s := range statements {
		fmt.Fprintf(tab, "  %s\t%s\n", s.name, s.doc)
	}
	fmt.Fprintln(tab, "\nfunctions:")
	for _, f := range interp.Functions() {
		fmt.Fprintf(tab, "  %s\t%s\n", f, f.Doc)
	}
	return tab.Flush()
}

func columns(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

type verbGroup struct {
	name  builtins.Group
	specs []*builtins.Spec
}

func verbGroups() []verbGroup {
	var groups []verbGroup
	for _, spec := range builtins.Table() {
		i := slices.IndexFunc(groups, func(g verbGroup) bool { return g.name == spec.Group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, verbGroup{name: spec.Group})
		}
		groups[i].specs = append(groups[i].specs, spec)
	}
	slices.SortStableFunc(groups, func(a, b verbGroup) int { return cmp.Compare(groupPlace(a.name), groupPlace(b.name)) })
	return groups
}

// groupPlace is where a group stands; one that is not among them, last.
func groupPlace(g builtins.Group) int {
	if i := slices.Index(builtins.Groups, g); i >= 0 {
		return i
	}
	return len(builtins.Groups)
}
