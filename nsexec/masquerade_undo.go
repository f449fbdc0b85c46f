//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// UnmakeMasquerade deletes a table that Masquerade has made, if it is there.
func UnmakeMasquerade(table string) (NsAction, error) {
	if !strings.HasPrefix(table, masqueradePrefix) {
		return NsAction{}, fmt.Errorf("%q is not the table of a masquerade: %w", table, unix.EINVAL)
	}
	return nsAction("unmake-masquerade", unmakeMasqueradeOp{table}), nil
}

type unmakeMasqueradeOp struct{ table string }

func (o unmakeMasqueradeOp) String() string { return "unmake masquerade " + quote(o.table) }

func (o unmakeMasqueradeOp) act(_ context.Context, c *Conn) error {
	if err := c.delMasquerade(o.table); !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// RestoreMasquerade makes a table again that Masquerade had made, with rules as a
// journal has them, unless it is there.
func RestoreMasquerade(table string, rules []string) (NsAction, error) {
	o := restoreMasqueradeOp{masqueradeTable{name: table}}
	if _, err := UnmakeMasquerade(table); err != nil {
		return NsAction{}, err
	}
	for _, text := range rules {
		r, err := parseMasqueradeRule(text)
		if err != nil {
			return NsAction{}, err
		}
		o.table.rules = append(o.table.rules, r)
	}
	return nsAction("restore-masquerade", o), nil
}

type restoreMasqueradeOp struct{ table masqueradeTable }

func (o restoreMasqueradeOp) String() string {
	text := "restore masquerade " + quote(o.table.name)
	if len(o.table.rules) > 0 {
		text += " masqrule"
	}
	for _, r := range o.table.rules {
		text += " " + quote(r.String())
	}
	return text
}

func (o restoreMasqueradeOp) act(_ context.Context, c *Conn) error {
	if err := c.addMasquerade(o.table); !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}
