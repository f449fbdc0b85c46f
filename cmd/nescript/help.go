//go:build linux

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
)

func newHelp(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "help [TOPIC]",
		Short: "say what a verb, a function, a statement or a command is for",
		Long: `Say what a verb, a function or a statement of the language, or a command of the
program, is for. Without one, list them all.`,
		Example: "  nescript help veth",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic := strings.Join(args, " ")
			command := commandOf(cmd.Root(), topic)
			switch {
			case topic == "":
				return helpAll(a.out, cmd.Root())
			case len(topicsNamed(topic)) > 0:
				return help(a.out, topic, command)
			case command != nil:
				return command.Help()
			}
			return unknownTopic(topic, commandNames(cmd.Root()))
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return append(topicNames(), commandNames(cmd.Root())...), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func commandOf(root *cobra.Command, name string) *cobra.Command {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// topicNames are the names of all that help knows of the language, sorted.
func topicNames() []string {
	var names []string
	for _, spec := range builtins.Table() {
		names = append(names, spec.Name)
	}
	for _, f := range interp.Functions() {
		names = append(names, f.Name)
	}
	for _, s := range statements {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func unknownTopic(topic string, more []string) error {
	help := "nescript help lists what there is"
	if near := lang.Nearest(topic, append(topicNames(), more...)); near != "" {
		help = "did you mean \"" + near + "\"?"
	}
	return usagef(help, "no help for %q: it is no verb, function, statement or command", topic)
}
