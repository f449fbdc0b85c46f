//go:build linux

package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp"
)

func newCheck(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "say what is wrong with scripts, and run nothing",
		Long: `Say what is wrong with scripts: everything that is found before a run touches
anything. It needs no privilege. FILE may be - for standard input.

With --json each finding is a record, one a line, on standard output; a last one
says how it went.`,
		Example: "  nescript check *.nes",
		Args:    needArgs(1, -1, "one FILE or more, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.check(args)
		},
		ValidArgsFunction: completeFiles,
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "write what is found as JSON")
	return cmd
}

// check goes through all the files, whatever it finds in each.
func (a *app) check(files []string) error {
	var found []error
	for _, name := range files {
		if err := a.checkFile(name); err != nil {
			found = append(found, err)
		}
	}
	return errors.Join(found...)
}

func (a *app) checkFile(name string) error {
	src, err := a.readSource(name)
	if err != nil {
		return err
	}
	in, err := interp.New()
	if err != nil {
		return err
	}
	defer in.Close()
	return in.CheckString(name, src)
}
