//go:build linux

package builtins

import (
	"github.com/nescript/nescript/nsexec"
)

var chainSpec = &Spec{
	Name: "chain", Group: Traffic,
	Doc:     "make a chain of filters that is there without any; deleted, it goes with those that are in it",
	Example: "chain eth0 ingress 5",
	Params: []Param{
		{Name: "LINK", Type: linkType, Optional: true},
		{Name: "CHAIN", Type: number(0, mostChain), Doc: "its number, by which goto chain finds it"},
	},
	Modifiers: Del,
	Options:   placeOptions,
	Verify:    verifyChain,
	Compile:   compileChain,
}

func verifyChain(c *Call) *ArgError {
	if n := len(c.Param("LINK")); c.known() || n > 0 {
		return verifyPlace(c, "chain", n > 0)
	}
	return nil
}

func compileChain(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	cfg := nsexec.TrafficConfig{Text: c.String(), Parent: filterPlace(c), Chain: uint32(c.Int("CHAIN")), Block: uint32(optInt(c, "block"))}
	if cfg.Block != 0 {
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.BlockChain(modeOf(c.Modifier), cfg)}}, nil
	}
	link := c.Link("LINK")
	cfg.Link = link.Link
	return []nsexec.Step{{NS: link.NS, Action: nsexec.Chain(modeOf(c.Modifier), cfg)}}, nil
}
