//go:build linux

package main

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// stdinName is what errors call a script from standard input.
const stdinName = "-"

// script is a script and what the command line gives it.
type script struct {
	name   string
	src    string
	params map[string]string
	args   []string
}

// readScript reads `FILE [x=v…] [-- args]`.
func (a *app) readScript(cmd *cobra.Command, args []string) (*script, error) {
	var rest []string
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		args, rest = args[:n], args[n:]
	}
	if len(args) == 0 {
		return nil, usagef(cmd.CommandPath()+" --help says more", "%s takes a FILE, or - for standard input", cmd.CommandPath())
	}
	params, err := readParams(args[1:])
	if err != nil {
		return nil, err
	}
	src, err := a.readSource(args[0])
	return &script{args[0], src, params, rest}, err
}

func readParams(args []string) (map[string]string, error) {
	params := map[string]string{}
	for _, arg := range args {
		name, text, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, usagef("what the script finds in $args stands after --", "%q does not give a param: it must be NAME=VALUE", arg)
		}
		if _, twice := params[name]; twice {
			return nil, usagef("", "param %q is given twice", name)
		}
		params[name] = text
	}
	return params, nil
}

// readSource reads a file, or standard input for "-".
func (a *app) readSource(name string) (string, error) {
	var src strings.Builder
	if err := a.copySource(&src, name); err != nil {
		return "", fileError(name, err)
	}
	collectFor(src.Len())
	return src.String(), nil
}

// copySource writes a file, or standard input, to a builder with room for it.
func (a *app) copySource(to *strings.Builder, name string) error {
	if name == stdinName {
		_, err := io.Copy(to, a.in)
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		to.Grow(int(info.Size()))
	}
	_, err = io.Copy(to, f)
	return err
}

// stdin is what the script's programs read: nothing where the script itself
// came from there.
func (s *script) stdin(a *app) io.Reader {
	if s.name == stdinName {
		return nil
	}
	return a.in
}
