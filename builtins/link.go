//go:build linux

package builtins

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// linkSpec makes links of the kinds that have no verb of their own, and deletes
// those of any kind.
var linkSpec = &Spec{
	Name: "link", Group: Links,
	Doc: "make a link of a kind that has no verb of its own, as the kernel makes one by itself; delete links of any kind", Example: "link team0 type team up",
	Params: []Param{{Name: "NAME", Type: newLinkType, Doc: "the new link, as NAME or NS:NAME"}},
	Options: slices.Concat([]Option{
		{Name: "type", Type: kindType, Doc: "the kind, as the kernel calls it"},
		{Name: "link", Aliases: []string{"dev"}, Type: localLink, Doc: "the link that it is made on"},
	}, commonOptions),
	Modifiers: Del | Ensure | Replace,
	ModParams: map[Modifiers][]Param{Del: {{Name: "LINK", Type: linkType, Many: true}}},
	Verify:    verifyBareLink,
	Compile:   compileBareLink,
}

// kindType is a kind of link that has no verb: a string.
var kindType = ofText("KIND", func(s string) (string, error) {
	if verb := verbOfKind(s); verb != "" {
		return "", fmt.Errorf("%q links have a verb, which knows their options: %s", s, verb)
	}
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-"
	if s == "" || strings.Trim(s, allowed) != "" || len(s) > 15 {
		return "", fmt.Errorf("%q is no kind of link", s)
	}
	return s, nil
})

// verbOfKind is how links of a kind are made with a verb, or "".
func verbOfKind(name string) string {
	for _, k := range kinds {
		if k.name == name {
			return k.name + " NAME"
		}
	}
	for _, p := range pairs {
		if p.name == name {
			return p.name + " A B"
		}
	}
	if name == "tun" || name == "tap" {
		return name + " NAME"
	}
	return ""
}

func verifyBareLink(c *Call) *ArgError {
	switch {
	case c.Modifier == Del && len(c.Options()) > 0:
		return &ArgError{Arg: c.Options()[0].Arg, Msg: `"del link" takes no options`}
	case c.Modifier != Del && !c.Has("type"):
		return &ArgError{Arg: -1, Msg: `"link" needs "type": the kind of link`, Help: "for example: " + c.Spec.Example}
	}
	return nil
}

func compileBareLink(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	if c.Modifier == Del {
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action { return nsexec.DelLink(l, "") }), nil
	}
	name, _ := Opt[string](c, "type")
	cfg, err := kind{name: name, parent: true}.config(c)
	if err != nil {
		return nil, err
	}
	return []nsexec.Step{{NS: c.Link("NAME").NS, Action: made(c.Modifier, cfg)}}, nil
}
