//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/nsexec"
)

// Verbs for objects of generic netlink: what SRv6, in-situ OAM, fou, L2TP and MPTCP
// have in a namespace.

// genlNeeds is what a kernel must have for a verb that is about objects of a kind.
func genlNeeds(kind nsexec.GenlKind) func(*Call) []nsexec.Kind {
	return func(*Call) []nsexec.Kind { return []nsexec.Kind{nsexec.GenlNeeds(kind)} }
}

// genlSteps is the step that a modifier asks for.
func genlSteps(c *Call, ns nsexec.Ref, cfg nsexec.GenlConfig) []nsexec.Step {
	cfg.Text = c.String()
	return []nsexec.Step{{NS: ns, Action: nsexec.Genl(modeOf(c.Modifier), cfg)}}
}

// flushGenl is the step of a flush.
func flushGenl(c *Call, kind nsexec.GenlKind) ([]nsexec.Step, error) {
	if given := c.Options(); len(given) > 0 {
		return nil, fmt.Errorf("%q takes no options: it is of all", "flush "+c.Spec.Name)
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushGenl(kind, c.String())}}, nil
}

// needed is an error for the first of some options that is missing.
func needed(c *Call, names ...string) error {
	for _, name := range names {
		if !c.Has(name) {
			return fmt.Errorf("%q needs %q: %s", c.Spec.Name, name, findOption(c.Spec.Options, name).Doc)
		}
	}
	return nil
}
