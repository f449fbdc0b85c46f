//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
)

// report writes diagnostics: for a person to err, as records to out.
func (a *app) report(err error) {
	color := hasColor(a.err)
	for i, d := range a.diagnose(err) {
		switch {
		case a.json:
			json.NewEncoder(a.out).Encode(d)
		case i > 0:
			fmt.Fprintln(a.err)
			fallthrough
		default:
			d.Render(a.err, color)
		}
	}
}

// diagnose explains an error, with what the command line can do about it.
func (a *app) diagnose(err error) []*lang.Diagnostic {
	joined, several := err.(interface{ Unwrap() []error })
	if _, undo := err.(*nsexec.UndoError); undo {
		several = false
	}
	if _, one := err.(lang.Diagnostics); several && !one { // of several files
		var out []*lang.Diagnostic
		for _, e := range joined.Unwrap() {
			out = append(out, a.diagnose(e)...)
		}
		return out
	}
	var usage *usageError
	if errors.As(err, &usage) {
		d := &lang.Diagnostic{Message: usage.msg, Cause: err}
		if usage.help != "" {
			d.Help = []string{usage.help}
		}
		return []*lang.Diagnostic{d}
	}
	var left *lab.LeftError
	diags := interp.Diagnose(unleft(err, &left))
	for _, d := range diags {
		if lacksPrivilege(d) {
			d.Help = append(d.Help, a.needsRoot())
		}
		addLabHelp(d)
	}
	if left != nil {
		last := diags[len(diags)-1]
		last.Help = append(last.Help, fmt.Sprintf("nescript down %s takes away what is left", left.Name))
	}
	return diags
}

// unleft is an error without the wrapping that says that something is left.
func unleft(err error, left **lab.LeftError) error {
	if l, ok := err.(*lab.LeftError); ok {
		*left = l
		return l.Err
	}
	return err
}

// addLabHelp says what can be done about an error that is about labs.
func addLabHelp(d *lang.Diagnostic) {
	var there *journal.ExistsError
	var none *journal.NoLabError
	switch {
	case errors.As(d, &there):
		d.Help = append(d.Help, fmt.Sprintf("nescript down %s takes it down; --name gives this one another name", there.Name))
	case errors.As(d, &none):
		if near := lang.Nearest(none.Name, none.Have); near != "" {
			d.Help = append(d.Help, fmt.Sprintf("did you mean %q?", near))
		}
		d.Help = append(d.Help, "nescript ls lists them")
	}
}

// lacksPrivilege reports whether root would have got past an error. The kernel
// says EACCES rather than EPERM where a file of its own guards the way.
func lacksPrivilege(err error) bool {
	if errors.As(err, new(*nsexec.BPFError)) {
		return false // it says itself what it takes
	}
	if !errors.Is(err, unix.EACCES) {
		return errors.Is(err, unix.EPERM)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return strings.HasPrefix(path.Path, "/proc/") || strings.HasPrefix(path.Path, nsexec.DefaultMountPath) || strings.HasPrefix(path.Path, string(journal.Default))
	}
	var op *nsexec.OpError
	return errors.As(err, &op)
}

func (a *app) needsRoot() string {
	if a.sandboxable {
		return "needs root (CAP_NET_ADMIN); --sandbox needs none"
	}
	return "needs root (CAP_NET_ADMIN)"
}
