//go:build linux

package interp

import (
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec"
)

// ofType adds what an argument of a type may be. A type says what it takes by
// its name, which is also what help shows: LINK, NAMESPACE, or the words that
// there are, as on|off.
func (c *completion) ofType(t builtins.Type) {
	switch name := t.String(); name {
	case "LINK":
		c.links()
	case "[NS:]NAME":
		c.namespaces(":")
	case "NAMESPACE":
		c.namespaces("")
	default:
		if words := strings.Split(name, "|"); len(words) > 1 && !strings.ContainsAny(name, " .") {
			c.add(words...)
		}
	}
}

// namespaces adds the namespaces that there are, each with a suffix.
func (c *completion) namespaces(suffix string) {
	names, err := nsexec.Namespaces()
	if err != nil {
		return
	}
	for _, n := range names {
		c.add(n + suffix)
	}
}

// links adds the links of the current namespace, and `NS:` for those of others;
// after `NS:`, the links there.
func (c *completion) links() {
	if ns, _, ok := strings.Cut(c.word, ":"); ok {
		c.linksOf(nsexec.Named(ns), ns+":")
		return
	}
	c.linksOf(c.ns, "")
	c.namespaces(":")
}

func (c *completion) linksOf(ns nsexec.Ref, prefix string) {
	runner, err := c.in.runner()
	if err != nil {
		return
	}
	runner.Look(c.ctx, ns, func(conn *nsexec.Conn) error {
		links, err := conn.Handle().LinkList()
		for _, l := range links {
			c.add(prefix + l.Attrs().Name)
		}
		return err
	})
}
