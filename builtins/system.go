//go:build linux

package builtins

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nescript/nescript/nsexec"
)

// A key and its value are two words, unlike with sysctl -w.
var (
	sysctlKey = ofText("KEY", func(s string) (string, error) {
		if key, val, ok := strings.Cut(s, "="); ok {
			return "", fmt.Errorf("a value stands behind its key and a blank: %s %s", key, val)
		}
		_, err := nsexec.SysctlPath(s)
		return s, err
	})
	sysctlValue = ofText("TEXT", func(s string) (string, error) {
		if strings.HasPrefix(s, "=") {
			return "", errors.New("a value stands behind its key and a blank, without =")
		}
		return s, nil
	})
)

var sysctlSpec = &Spec{
	Name: "sysctl", Group: System,
	Doc:       "set a sysctl of the namespace",
	Example:   "sysctl net.ipv4.tcp_rmem 4096 87380 6291456",
	Params:    []Param{{Name: "KEY", Type: sysctlKey, Doc: "with dots, or with slashes where a link's name has a dot"}, {Name: "VALUE", Type: sysctlValue, Many: true, Doc: "several words are joined by blanks"}},
	Modifiers: Ensure,
	Compile: func(c *Call) ([]nsexec.Step, error) {
		key, val := c.Str("KEY"), strings.Join(All[string](c, "VALUE"), " ")
		a := nsexec.SetSysctl(key, val)
		if c.Modifier == Ensure {
			a = nsexec.EnsureSysctl(key, val)
		}
		return []nsexec.Step{{NS: c.Env.NS, Action: a}}, nil
	},
}

var forwardSpec = &Spec{
	Name: "forward", Group: System,
	Doc:     "switch forwarding of IPv4 and IPv6, of the namespace or of some links",
	Example: "forward on",
	Params:  []Param{{Name: "ON", Type: switchType}, {Name: "LINK", Type: linkNameType, Many: true, Optional: true}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		on := One[bool](c, "ON")
		links := c.Links("LINK")
		if len(links) == 0 {
			return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.Forward("", on)}}, nil
		}
		var steps []nsexec.Step
		for _, l := range links {
			steps = append(steps, nsexec.Step{NS: l.NS, Action: nsexec.Forward(l.Link.Name, on)})
		}
		return steps, nil
	},
}

// linkNameType is a link by its name, for what the kernel knows by name alone.
var linkNameType = newLinkType

// settleTime is how long settle waits unless told.
const settleTime = 15 * time.Second

var settleSpec = &Spec{
	Name: "settle", Group: System, NoUndo: changesNothing,
	Doc:     "wait until the links that are up have carrier and no IPv6 address is tentative: in the namespace, in those named, or outside of one in all that the run has made",
	Example: "settle within 10s h1 h2",
	Params:  []Param{{Name: "NS", Type: nsName, Many: true, Optional: true}},
	Options: []Option{{Name: "within", Type: timeType, Doc: "how long to wait, 15s unless said otherwise"}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		within := settleTime
		if d, ok := Opt[time.Duration](c, "within"); ok {
			within = d
		}
		names := All[string](c, "NS")
		if len(names) == 0 {
			settle := nsexec.Settle
			if c.Env.NS == nsexec.Host() {
				settle = nsexec.SettleAll
			}
			return []nsexec.Step{{NS: c.Env.NS, Action: settle(within)}}, nil
		}
		var steps []nsexec.Step
		for _, n := range names {
			steps = append(steps, nsexec.Step{NS: nsexec.Named(n), Action: nsexec.Settle(within)})
		}
		return steps, nil
	},
}
