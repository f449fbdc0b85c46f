//go:build linux

package builtins

import (
	"errors"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

var nftSpec = &Spec{
	Name: "nft", Group: System,
	Doc:     "have the program nft do a ruleset in its own language, all of it or nothing",
	Example: "nft 'add table inet filter'",
	Params:  []Param{{Name: "RULESET", Type: nftRuleset, Many: true, Doc: "as nft -f takes it; several words are joined by blanks, and no shell sees them"}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		cfg := nsexec.NftConfig{Ruleset: strings.Join(All[string](c, "RULESET"), " ") + "\n", Stdout: c.Env.Stdout, Stderr: c.Env.Stderr}
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.Nft(cfg)}}, nil
	},
}

var nftRuleset = ofText("RULESET", func(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", errors.New("a ruleset must not be empty, as 'add table inet filter' is not")
	}
	return s, nil
})

var masqueradeSpec = &Spec{
	Name: "masquerade", Group: System,
	Doc:       "give what leaves the namespace the address of the link that it leaves by",
	Example:   "masquerade out eth0 from 10.0.0.0/24",
	Modifiers: Del | Ensure | Flush,
	ModParams: map[Modifiers][]Param{Flush: {}},
	Options: []Option{
		{Name: "out", Aliases: []string{"oif", "dev"}, Type: localLink, Doc: "only what leaves by the link, known by its name"},
		{Name: "from", Type: hostOrNet, Many: true, Doc: "only what comes from there"},
	},
	Verify:  masqueradeFits,
	Compile: compileMasquerade,
}

// masqueradeFits refuses options where all are meant.
func masqueradeFits(c *Call) *ArgError {
	if given := c.Options(); c.Modifier == Flush && len(given) > 0 {
		return &ArgError{Arg: given[0].Arg, Msg: `"flush masquerade" takes all away and has no options`, Help: "del masquerade takes one away"}
	}
	return nil
}

func compileMasquerade(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	var cfg nsexec.MasqueradeConfig
	if l, ok := Opt[LinkArg](c, "out"); ok {
		cfg.Out = l.Link
	}
	if g, ok := c.Option("from"); ok {
		for _, v := range g.Values {
			cfg.From = append(cfg.From, v.(value.Prefix).Prefix)
		}
	}
	a := nsexec.Masquerade(cfg)
	switch c.Modifier {
	case Del:
		a = nsexec.DelMasquerade(cfg)
	case Ensure:
		a = nsexec.EnsureMasquerade(cfg)
	case Flush:
		a = nsexec.FlushMasquerades()
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: a}}, nil
}
