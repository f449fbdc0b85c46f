//go:build linux

package builtins

import "github.com/nescript/nescript/nsexec"

var nsSpec = &Spec{
	Name: "ns", Group: Namespaces,
	Doc:       "make network namespaces, bound in /run/netns as ip netns does, with the loopback up",
	Example:   "ns h1 h2",
	Params:    []Param{{Name: "NAME", Type: newNSName, Many: true}},
	ModParams: map[Modifiers][]Param{Del: {{Name: "NAME", Type: nsName, Many: true}}},
	Options:   []Option{{Name: "lo", Type: switchType, Doc: "off leaves the loopback down"}},
	Modifiers: Del | Ensure | Replace,
	Compile:   compileNS,
	Enter: func(c *Call) []nsexec.Ref {
		var refs []nsexec.Ref
		for _, name := range All[string](c, "NAME") {
			refs = append(refs, nsexec.Named(name))
		}
		return refs
	},
}

// compileNS makes its steps in the host's namespace: a name is bound for the
// machine, whatever namespace the statement stands in.
func compileNS(c *Call) ([]nsexec.Step, error) {
	loUp := true
	if on, ok := Opt[bool](c, "lo"); ok {
		loUp = on
	}
	var steps []nsexec.Step
	for _, name := range All[string](c, "NAME") {
		add := func(a nsexec.Action) { steps = append(steps, nsexec.Step{NS: nsexec.Host(), Action: a}) }
		switch c.Modifier {
		case Del:
			add(nsexec.DelNS(name))
		case Ensure:
			add(nsexec.EnsureNS(name, loUp))
		case Replace:
			add(nsexec.ReplaceNS(name, loUp))
		default:
			add(nsexec.NewNS(name, loUp))
		}
	}
	return steps, nil
}

var moveSpec = &Spec{
	Name: "move", Group: Namespaces,
	Doc:     "move a link to another namespace; from there on it is REF:LINK",
	Example: "move eth0 ns h1",
	Params: []Param{
		{Name: "LINK", Type: linkType},
		{Name: "REF", Type: refWord, Many: true, Doc: "the namespace: ns NAME, pid N, thread PID TID, path FILE, docker NAME, podman NAME, cookie N NAME or host"},
	},
	Verify: verifyMove,
	Compile: func(c *Call) ([]nsexec.Step, error) {
		link := c.Link("LINK")
		ref, err := refOf(All[string](c, "REF"))
		if err != nil {
			return nil, err
		}
		return []nsexec.Step{{NS: link.NS, Action: nsexec.MoveLink(link.Link, ref)}}, nil
	},
}

// verifyMove reads the namespace, once all its words are known.
func verifyMove(c *Call) *ArgError {
	words := All[string](c, "REF")
	if len(words) < len(c.Param("REF")) {
		return nil
	}
	if _, err := refOf(words); err != nil {
		return &ArgError{Arg: 1, Msg: err.Error()}
	}
	return nil
}
