//go:build linux

package nsexec

import (
	"context"
	"errors"
)

// EnsureNS makes a named namespace unless there is one of that name.
func EnsureNS(name string, loUp bool) NsAction {
	return nsAction("ensure-ns", ensureNSOp{newNSOp{dir: DefaultMountPath, name: name, loUp: loUp}})
}

// ReplaceNS makes a named namespace, after it has deleted one of that name.
func ReplaceNS(name string, loUp bool) NsAction {
	return nsAction("replace-ns", replaceNSOp{newNSOp{dir: DefaultMountPath, name: name, loUp: loUp}})
}

type ensureNSOp struct{ make newNSOp }

func (o ensureNSOp) String() string { return "ensure " + o.make.String() }

// prepare notes nothing: the operations that it consists of do.
func (o ensureNSOp) prepare(context.Context, *Conn, *Undo) (operation, error) { return o, nil }

func (o ensureNSOp) act(ctx context.Context, c *Conn) error {
	var there *NSExistsError
	if err := perform(ctx, c, o.make); !errors.As(err, &there) {
		return err
	}
	return nil
}

// replaceNSOp deletes a namespace, if there is one, before another is made.
type replaceNSOp struct{ make newNSOp }

func (o replaceNSOp) String() string { return "replace " + o.make.String() }

// prepare notes nothing: the operations that it consists of do.
func (o replaceNSOp) prepare(context.Context, *Conn, *Undo) (operation, error) { return o, nil }

func (o replaceNSOp) act(ctx context.Context, c *Conn) error {
	var none *NoNamespaceError
	err := perform(ctx, c, delNSOp{o.make.dir, o.make.name})
	if err != nil && !errors.As(err, &none) {
		return err
	}
	return perform(ctx, c, o.make)
}
