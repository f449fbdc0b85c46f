//go:build linux

package builtins

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// Makes reports whether the verb makes links.
func (s *Spec) Makes() bool {
	return !s.ModOnly && (s.Group == Links || s.Group == Joining)
}

// EnterNS is the step before a block that starts by making a link in a named
// namespace: where there is none of that name, it is made, and stderr says so.
// A name that is nearly that of a namespace that is there is rather a slip, and
// an error.
func EnterNS(env *Env, name string) nsexec.Step {
	text := "in ns " + name
	a := nsexec.ActionFunc("in", text, false, func(ctx context.Context, c *nsexec.Conn) error {
		if _, err := os.Lstat(filepath.Join(nsexec.DefaultMountPath, name)); err == nil {
			return nil
		}
		have, err := nsexec.Namespaces()
		if err != nil {
			return err
		}
		if lang.Nearest(name, have) != "" {
			return &nsexec.NoNamespaceError{Ref: nsexec.Named(name), Have: have}
		}
		err = nsexec.Part(ctx, c, nsexec.NewNS(name, true))
		var there *nsexec.NSExistsError
		if err != nil && !errors.As(err, &there) {
			return err
		}
		c.Forget(nsexec.Named(name))
		if env.Stderr != nil {
			fmt.Fprintf(env.Stderr, "warning: there was no namespace %q; made it\n", name)
		}
		return nil
	})
	return nsexec.Step{NS: nsexec.Host(), Action: a}
}
