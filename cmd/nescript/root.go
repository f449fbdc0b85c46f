//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/lang"
)

// newRoot makes the command with all its sub-commands.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "nescript",
		Short: "scripts for Linux network namespaces",
		Long: `nescript runs scripts that make, change, check and take down links, addresses,
routes and programs in Linux network namespaces.

nescript FILE is short for nescript run FILE.`,
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			cmd.SetOut(a.err)
			cmd.Usage()
			return codeError(exitUsage)
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef(fmt.Sprintf("%s --help lists them", cmd.CommandPath()), "%v", err)
	})
	root.AddCommand(newRun(a), newUp(a), newDown(a), newLs(a), newCheck(a), newPlan(a), newFmt(a), newREPL(a), newExec(a), newShell(a),
		newVersion(a), newCompletion(a))
	root.SetHelpCommand(newHelp(a))
	for _, c := range root.Commands() {
		c.DisableFlagsInUseLine = true
	}
	return root
}

// unknownCommand says what may have been meant.
func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	help := "nescript help lists the commands"
	if near := lang.Nearest(name, names); near != "" {
		help = fmt.Sprintf("did you mean %q?", near)
	}
	return usagef(help, "%q is neither a command nor a script", name)
}

// shorthand puts `run` before the name of a script: what a script's `#!` line
// starts is `nescript FILE ARG…`.
func shorthand(root *cobra.Command, args []string) []string {
	if len(args) == 0 || !isScript(root, args[0]) {
		return args
	}
	return append([]string{"run"}, args...)
}

func isScript(root *cobra.Command, arg string) bool {
	switch {
	case arg == "-":
		return true
	case arg == "" || strings.HasPrefix(arg, "-"):
		return false
	case strings.Contains(arg, "/") || strings.HasSuffix(arg, ".nes"):
		return true
	}
	if cmd, _, err := root.Find([]string{arg}); err == nil && cmd != root {
		return false
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir()
}

// needArgs is how many arguments a command takes; most is -1 for any number.
func needArgs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usagef(fmt.Sprintf("%s --help says more", cmd.CommandPath()), "%s takes %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// fileError is what the user is told of a file that can't be read.
func fileError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return usagef("", "can't read %q: %v", name, err)
}
