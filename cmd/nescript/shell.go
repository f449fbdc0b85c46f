//go:build linux

package main

import (
	"os"

	"github.com/spf13/cobra"
)

func newShell(*app) *cobra.Command {
	return &cobra.Command{
		Use:   "shell NS",
		Short: "a shell in a namespace",
		Long: `Start $SHELL, or /bin/sh, in a namespace. NS is a name, or REF words such as
pid 12.`,
		Example: "  nescript shell h1",
		Args:    needArgs(1, 3, "a namespace"),
		RunE: func(_ *cobra.Command, args []string) error {
			ref, err := refArgs(args)
			if err != nil {
				return err
			}
			shell := os.Getenv("SHELL")
			if shell == "" {
				shell = "/bin/sh"
			}
			return become(ref, []string{shell})
		},
		ValidArgsFunction: completeNamespace,
	}
}
