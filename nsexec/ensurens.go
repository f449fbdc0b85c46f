//go:build linux

package nsexec

import (
	"context"
	"errors"
)

// EnsureNS makes a named namespace unless there is one of that name.
func EnsureNS(name string, loUp bool) NsAction {
	make := NewNS(name, loUp)
	return ActionFunc("ensure-ns", "ensure "+make.String(), make.NeedsThread(), func(ctx context.Context, c *Conn) error {
		var there *NSExistsError
		if err := make.act(ctx, c); !errors.As(err, &there) {
			return err
		}
		return nil
	})
}

// ReplaceNS makes a named namespace, after it has deleted one of that name.
func ReplaceNS(name string, loUp bool) NsAction {
	make, del := NewNS(name, loUp), DelNS(name)
	return ActionFunc("replace-ns", "replace "+make.String(), make.NeedsThread(), func(ctx context.Context, c *Conn) error {
		var none *NoNamespaceError
		if err := del.act(ctx, c); err != nil && !errors.As(err, &none) {
			return err
		}
		return make.act(ctx, c)
	})
}
