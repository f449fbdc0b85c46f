//go:build linux

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
)

func newPlan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "plan FILE [x=v…] [-- args]",
		Short: "write what a script would do",
		Long: `Write the actions that a run of the script would take, flat, as a script that
does the same. Nothing is changed. It needs privilege only where the script asks
the kernel something, which is answered as things are now.`,
		Example: "  nescript plan lab.nes hosts=2",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.readScript(cmd, args)
			if err != nil {
				return err
			}
			ctx, stop := a.interruptible()
			defer stop()
			return a.writePlan(ctx, s)
		},
		ValidArgsFunction: completeScript,
	}
}

func (a *app) writePlan(ctx context.Context, s *script) error {
	in, end, err := newInterp(interp.Params(s.params), interp.Args(s.args...))
	if err != nil {
		return err
	}
	defer end()
	file, err := lang.ParseString(s.name, s.src)
	if err != nil {
		return in.CheckString(s.name, s.src)
	}
	return in.Plan(ctx, file, a.out)
}
