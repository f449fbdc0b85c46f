//go:build linux

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp"
)

func newREPL(a *app) *cobra.Command {
	var sandbox bool
	var ref string
	cmd := &cobra.Command{
		Use:   "repl [--sandbox] [--in REF]",
		Short: "a prompt to try statements at",
		Long: `Read statements and run each when it is complete. The prompt names the current
namespace: "in ns x" without a block enters one, "out" leaves it. An expression in
parentheses is printed. Tab completes verbs, options, variables, and the links and
namespaces that there are; Ctrl-C clears the line or interrupts what runs; Ctrl-D
leaves. :help [VERB] says more.

Where standard input is no terminal, statements are read from it without a
prompt, and the program exits with 1 if any of them failed.`,
		Example: `  nescript repl --sandbox
  nescript repl --in h1
  nescript repl --in 'pid 1234'`,
		Args: needArgs(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			a.sandboxable = true
			if sandbox {
				if err := a.enterSandbox(); err != nil {
					return err
				}
			}
			return a.repl(ref)
		},
	}
	cmd.Flags().BoolVar(&sandbox, "sandbox", false, "in namespaces of its own: needs no root, and all is gone at the end")
	cmd.Flags().StringVar(&ref, "in", "", "start in this namespace: a name, or REF words such as 'pid 12'")
	cmd.RegisterFlagCompletionFunc("in", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return namespaces(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func (a *app) repl(ref string) error {
	interactive := isTerminal(a.in) && isTerminal(a.out)
	opts := []interp.Option{interp.Stdio(a.in, a.out, a.err)}
	if !interactive { // the statements come from there
		opts = []interp.Option{interp.Stdio(nil, a.out, a.err)}
	}
	in, end, err := newInterp(opts...)
	if err != nil {
		return err
	}
	defer end()
	s := &session{app: a, in: in}
	if ref != "" {
		if err := s.start(strings.Fields(ref)); err != nil {
			return err
		}
	}
	if !interactive {
		s.lines = newPlainLines(a.in)
		return s.loop()
	}
	lines, err := newTerminalLines(a, in)
	if err != nil {
		return err
	}
	defer lines.close()
	s.lines, s.interactive = lines, true
	return s.loop()
}
