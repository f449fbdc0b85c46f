//go:build linux

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
)

// The codes of a program that can't be started, as shells have them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

func newExec(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exec NS -- CMD…",
		Short: "run a program in a namespace",
		Long: `Run a program in a namespace. It takes nescript's place: its exit code, signals
and terminal are its own. NS is a name, or REF words such as pid 12. After a
name the -- may be left out.

As with ip netns exec, /sys is that of the namespace, and the files in
/etc/netns/NAME stand for those in /etc.`,
		Example: `  nescript exec h1 -- ping -c1 10.0.0.2
  nescript exec pid 1234 -- ss -lnt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, argv, err := splitExec(args)
			if err != nil {
				return err
			}
			return become(ref, argv)
		},
		ValidArgsFunction: completeNamespace,
	}
	cmd.Flags().SetInterspersed(false) // what follows NS is the program's
	return cmd
}

// splitExec reads `NS [--] CMD…`.
func splitExec(args []string) (nsexec.Ref, []string, error) {
	words, argv := args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		words, argv = args[:i], args[i+1:]
	} else if len(args) > 0 {
		words, argv = args[:1], args[1:]
	}
	if len(words) == 0 || len(argv) == 0 {
		return nsexec.Ref{}, nil, usagef("nescript exec --help says more", "nescript exec takes a namespace and a program")
	}
	ref, err := refArgs(words)
	return ref, argv, err
}

func refArgs(words []string) (nsexec.Ref, error) {
	ref, err := interp.ParseRef(words...)
	if err != nil {
		return ref, usagef("", "%v", err)
	}
	return ref, nil
}

// become replaces this process by a program in a namespace. It returns only
// where that fails.
func become(ref nsexec.Ref, argv []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return cantStart(argv[0], err)
	}
	engine, err := newEngine()
	if err != nil {
		return err
	}
	defer engine.Close()
	err = engine.Become(context.Background(), ref, path, argv, os.Environ())
	var failed *nsexec.StartError
	if errors.As(err, &failed) {
		return cantStart(path, failed.Err)
	}
	return err
}

func cantStart(program string, err error) error {
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		err = lookup.Err
	}
	code := exitNotExecutable
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = exitNotFound
	}
	return &codedError{code, &nsexec.StartError{Program: program, Err: err}}
}

// completeNamespace completes the first argument to a namespace.
func completeNamespace(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return namespaces(), cobra.ShellCompDirectiveNoFileComp
}

// namespaces are the named namespaces that there are.
func namespaces() []string {
	names, err := nsexec.Namespaces()
	if err != nil {
		return nil
	}
	return names
}
