//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/nescript/nescript/lang"
)

// fmtFlags are the flags of fmt.
type fmtFlags struct{ list, diff, write bool }

func newFmt(a *app) *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [-l] [-d] [-w] [FILE…]",
		Short: "lay scripts out",
		Long: `Lay scripts out in the one way that there is, and write them to standard output.
Without a FILE, or for -, standard input is read. A file that does not parse is
left alone.

As with gofmt, -d exits with 1 where there is a difference; -l does not.`,
		Example: "  nescript fmt -w *.nes",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{stdinName}
			}
			return a.formatAll(args, f)
		},
		ValidArgsFunction: completeFiles,
	}
	cmd.Flags().BoolVarP(&f.list, "list", "l", false, "only name the files whose layout differs")
	cmd.Flags().BoolVarP(&f.diff, "diff", "d", false, "write what differs as a diff")
	cmd.Flags().BoolVarP(&f.write, "write", "w", false, "write the result back to the file")
	return cmd
}

// formatAll goes through all the files, whatever happens to each.
func (a *app) formatAll(files []string, f fmtFlags) error {
	var errs []error
	differs := false
	for _, name := range files {
		err := a.format(name, f)
		switch {
		case errors.Is(err, errDiffers):
			differs = true
		case err != nil:
			errs = append(errs, err)
		}
	}
	if differs && len(errs) == 0 {
		return codeError(exitFailed)
	}
	return errors.Join(errs...)
}

// errDiffers says that a diff was written.
var errDiffers = errors.New("the layout differs")

func (a *app) format(name string, f fmtFlags) error {
	if name == stdinName && f.write {
		return usagef("", "standard input can't be written back to")
	}
	src, err := a.readSource(name)
	if err != nil {
		return err
	}
	file, err := lang.ParseString(name, src)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := lang.Fprint(&out, file); err != nil {
		return err
	}
	if !f.list && !f.diff && !f.write {
		_, err = a.out.Write(out.Bytes())
		return err
	}
	if out.String() == src {
		return nil
	}
	return a.formatted(name, []byte(src), out.Bytes(), f)
}

// formatted does what the flags want for a file whose layout differs.
func (a *app) formatted(name string, before, after []byte, f fmtFlags) error {
	if f.list {
		if _, err := fmt.Fprintln(a.out, name); err != nil {
			return err
		}
	}
	if f.write {
		if err := replaceFile(name, after); err != nil {
			return err
		}
	}
	if f.diff {
		if _, err := a.out.Write(diff.Diff(name+".orig", before, name, after)); err != nil {
			return err
		}
		return errDiffers
	}
	return nil
}

// replaceFile gives a file a new content in one go: whoever looks sees the old
// one or the new one. Its mode and owner stay, and a link to it remains one.
func replaceFile(name string, content []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // it is gone once it has been renamed
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = keepOwner(tmp, info)
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
