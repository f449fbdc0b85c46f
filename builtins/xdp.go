//go:build linux

package builtins

import (
	"fmt"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// xdpModes are the options of `set` that say what a link runs, as `ip link set`
// has them, and where.
var xdpModes = []struct {
	name string
	mode nsexec.XDPMode
	doc  string
}{
	{"xdp", nsexec.XDPAny, "have it run a BPF program on what comes in, in the place of another: in the driver if that can; off takes away what there is"},
	{"xdpgeneric", nsexec.XDPGeneric, "the same, in the kernel, whatever the driver can"},
	{"xdpdrv", nsexec.XDPDriver, "the same, in the driver or not at all"},
	{"xdpoffload", nsexec.XDPOffload, "the same, in the hardware"},
}

// xdpOptions are those of `set`. A link has XDP as it has an MTU, so it is set as
// that is, with the words of `ip link set`; no verb of its own would say more.
func xdpOptions() []Option {
	var out []Option
	for _, m := range xdpModes {
		words := append(objectOptions(), Option{Name: "off", Aliases: []string{"none"}, Doc: "run none"})
		out = append(out, Option{Name: m.name, Options: words, Doc: m.doc})
	}
	return out
}

// verifyXDP refuses two modes at once, and no program.
func verifyXDP(c *Call) *ArgError {
	seen := ""
	for _, m := range xdpModes {
		g, ok := c.Option(m.name)
		if !ok {
			continue
		}
		if seen != "" {
			return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("one mode at once: %s or %s", seen, m.name)}
		}
		seen = m.name
		if _, err := xdpProgram(c, g); err != nil {
			return err
		}
	}
	return nil
}

// xdpProgram is the program of one of the options; nil for off.
func xdpProgram(c *Call, g Given) (*nsexec.BPFProgram, *ArgError) {
	if _, off := givenOption(g.Given, "off"); !off {
		return programOf(c, nsexec.BPFXDP, g.Option.Name, g.Given)
	}
	if len(g.Given) > 1 {
		return nil, &ArgError{Arg: g.Arg, Msg: g.Option.Name + " is off or a program, not both"}
	}
	return nil, nil
}

// xdpSteps are what the options of `set` ask for.
func xdpSteps(c *Call, link LinkArg) ([]nsexec.Step, error) {
	for _, m := range xdpModes {
		g, ok := c.Option(m.name)
		if !ok {
			continue
		}
		program, err := xdpProgram(c, g)
		if err != nil {
			return nil, err
		}
		action := nsexec.SetXDP(link.Link, c.String(), m.mode, program)
		if program == nil {
			action = nsexec.XDPOff(link.Link, c.String(), m.mode)
		}
		return []nsexec.Step{{NS: link.NS, Action: action}}, nil
	}
	return nil, nil
}

func isXDP(name string) bool { return strings.HasPrefix(name, "xdp") }
