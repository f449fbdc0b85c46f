//go:build linux

package interp

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
)

// otherwise says what has a statement's verb take what is there already, where it
// failed because of that.
func (e *env) otherwise(n lang.Node, err error) string {
	c, ok := n.(*lang.Command)
	if !ok || c.Modifier != nil || !errors.Is(err, unix.EEXIST) {
		return ""
	}
	spec, _ := e.m.in.verb(c)
	if spec == nil {
		return ""
	}
	var help []string
	if spec.Modifiers&builtins.Ensure != 0 {
		help = append(help, "ensure "+spec.Name+" takes what is there")
	}
	if spec.Modifiers&builtins.Replace != 0 {
		help = append(help, "replace "+spec.Name+" puts this in its place")
	}
	if slices.ContainsFunc(spec.Options, func(o builtins.Option) bool { return o.Name == "append" }) {
		help = append(help, "append puts this beside it")
	}
	return strings.Join(help, ", ")
}
