//go:build linux

package builtins

import (
	"time"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink"
)

// shapeNames are the options of netem that shape takes.
var shapeNames = []string{"rate", "delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "limit"}

// shapeKind is netem with these.
var shapeKind = func() tcKind {
	k := tcKind{name: "shape", verify: netemKind.verify, encode: netemKind.encode}
	for _, name := range shapeNames {
		k.options = append(k.options, *netemKind.option(name))
	}
	return k
}()

var shapeSpec = &Spec{
	Name: "shape", Group: Traffic,
	Doc:     "have what leaves a link be slow, late or lost, whatever its qdisc was",
	Example: "shape eth0 rate 10mbit delay 20ms jitter 2ms loss 1%",
	Params:  []Param{{Name: "LINK", Type: linkType, Many: true}},
	ModParams: map[Modifiers][]Param{
		Del: {{Name: "LINK", Type: linkType, Many: true}},
	},
	Modifiers: Del,
	Options:   shapeOptions(),
	Verify:    verifyShape,
	Compile:   compileShape,
}

// shapeOptions are the options, whose docs need not say of which kind they are.
func shapeOptions() []Option {
	opts := optionsOf([]tcKind{shapeKind})
	for i, o := range opts {
		opts[i].Doc = shapeKind.option(o.Name).doc
	}
	return opts
}

func verifyShape(c *Call) *ArgError {
	if c.Modifier == Del {
		return nil
	}
	if len(c.Options()) == 0 {
		return &ArgError{Arg: -1, Msg: "shape needs something to do", Help: "it takes " + shapeKind.optionNames()}
	}
	return verifyTC(c, &shapeKind, nil)
}

func compileShape(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	cfg := nsexec.TrafficConfig{Parent: netlink.HANDLE_ROOT, Text: c.String()}
	mode := nsexec.ModeDel
	if c.Modifier != Del {
		mode = nsexec.ModeReplace
		v, argErr := shapeKind.read(c, nil)
		if argErr != nil {
			return nil, argErr
		}
		var err error
		if cfg.Kind, cfg.Options, err = shaped(v); err != nil {
			return nil, err
		}
	}
	var steps []nsexec.Step
	for _, l := range c.Links("LINK") {
		cfg.Link = l.Link
		steps = append(steps, nsexec.Step{NS: l.NS, Action: nsexec.Qdisc(mode, cfg)})
	}
	return steps, nil
}

// shaped is the qdisc that does it: a tbf where a rate is all, as every kernel
// has it, else a netem.
func shaped(v tcValues) (kind string, options []byte, err error) {
	if !v.has("rate") || v.has("delay", "jitter", "loss", "duplicate", "reorder", "corrupt") {
		options, err = netemKind.data(v)
		return netemKind.name, options, err
	}
	const packet = 1514 // of Ethernet
	rate := v.rate("rate")
	burst := max(uint32(min(rate/250, 1<<30)), 10*packet) // what comes in a tick of a slow clock
	bucket := tcValues{"rate": v["rate"], "burst": {burst}, "limit": {max(waiting(rate, 50*time.Millisecond, burst), burst+30*packet)}}
	if v.has("limit") {
		bucket["limit"] = []any{uint32(min(v.int("limit", 0)*packet, 1<<32-1))}
	}
	options, err = tbfKind.data(bucket)
	return tbfKind.name, options, err
}
