//go:build linux

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/nsexec/journal"
)

func newUp(a *app) *cobra.Command {
	var f runFlags
	var name string
	cmd := &cobra.Command{
		Use:   "up FILE [x=v…] [-- args]",
		Short: "run a script as a lab that can be taken down",
		Long: `Run a script as a lab that stays until nescript down takes it away. How to undo
each change is written down before it is made, so that it can be taken down
whatever happens, also after the script was killed half-way.

The lab's name is that of the file, without its ending, unless --name says
otherwise. One that fails is undone, as with run.`,
		Example: `  nescript up lab.nes hosts=50
  nescript up lab.nes --name second
  nescript ls
  nescript down lab`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.quiet && f.verbose {
				return usagef("", "--quiet and --verbose exclude each other")
			}
			s, err := a.readScript(cmd, args)
			if err != nil {
				return err
			}
			cfg := lab.Config{Name: name, Stays: true, Keep: f.keep}
			if name == "" {
				if cfg.Name, err = labName(s.name); err != nil {
					return err
				}
			} else if err := journal.CheckName(name); err != nil {
				return usagef("", "%v", err)
			}
			ctx, stop := a.interruptible()
			defer stop()
			return a.runScript(ctx, s, f, cfg)
		},
		ValidArgsFunction: completeScript,
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "the lab's name")
	flags.BoolVar(&a.json, "json", false, "write errors and the result as JSON")
	flags.BoolVar(&f.keep, "keep", false, "leave what there is when it fails, rather than undo it")
	flags.BoolVar(&f.timing, "timing", false, timingUsage)
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress, nothing but what the script prints and errors")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "write each statement to standard error as it runs")
	return cmd
}

// labName is the name of a lab that a script makes.
func labName(file string) (string, error) {
	name := strings.TrimSuffix(filepath.Base(file), ".nes")
	if file == stdinName {
		return "", usagef("", "a script from standard input needs a --name")
	}
	if err := journal.CheckName(name); err != nil {
		return "", usagef("--name gives it another", "%v", err)
	}
	return name, nil
}

// completeLab completes the names of labs.
func completeLab(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	infos, err := journal.Default.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, info := range infos {
		names = append(names, fmt.Sprintf("%s\t%s", info.Name, info.State))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
