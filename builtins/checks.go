//go:build linux

package builtins

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// fromOption chooses the namespace that a check is made from.
var fromOption = Option{Name: "from", Type: nsName, Doc: "the namespace to try from, by name"}

// from is where a check is made.
func from(c *Call) nsexec.Ref {
	if name, ok := Opt[string](c, "from"); ok {
		return nsexec.Named(name)
	}
	return c.Env.NS
}

var expectPing = &Spec{
	Name: "expect ping", Group: Checks, NoUndo: changesNothing,
	Doc:     "an address answers ICMP echo requests",
	Example: "expect within 3s ping from h1 10.0.0.2 count 3",
	Params:  []Param{{Name: "IP", Type: hostAddress}},
	Options: []Option{
		fromOption,
		{Name: "count", Type: number(1, 10000), Doc: "how many requests, all of which must be answered"},
		{Name: "size", Type: number(24, 65507), Doc: "the payload's bytes"},
		{Name: "timeout", Type: timeType, Doc: "how long to wait for all replies"},
	},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		cfg := nsexec.PingConfig{IP: One[value.IP](c, "IP").Addr, Count: optInt(c, "count"), Size: optInt(c, "size")}
		cfg.Timeout, _ = Opt[time.Duration](c, "timeout")
		return []nsexec.Step{{NS: from(c), Action: nsexec.Ping(cfg)}}, nil
	},
}

// hostAddress is an address; a prefix's own address will do.
var hostAddress = ofText("IP", func(s string) (value.IP, error) {
	if p, err := value.ParsePrefix(s); err == nil {
		return value.IP{Addr: p.Addr()}, nil
	}
	return value.ParseIP(s)
})

var addrPort = ofText("IP:PORT", func(s string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(s)
	if err != nil || ap.Port() == 0 {
		return ap, fmt.Errorf("%q is no address with a port, as 10.0.0.1:80 or \"[2001:db8::1]:80\" is", s)
	}
	return ap, nil
})

// tcpTimeout is how long one try waits unless told.
const tcpTimeout = time.Second

var expectTCP = &Spec{
	Name: "expect tcp", Group: Checks, NoUndo: changesNothing,
	Doc:     "a TCP port takes connections",
	Example: "expect within 3s tcp from h1 10.0.0.2:80",
	Params:  []Param{{Name: "IP:PORT", Type: addrPort}},
	Options: []Option{fromOption, {Name: "timeout", Type: timeType, Doc: "how long to wait for the connection"}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		timeout := tcpTimeout
		if d, ok := Opt[time.Duration](c, "timeout"); ok {
			timeout = d
		}
		return []nsexec.Step{{NS: from(c), Action: nsexec.ConnectTCP(One[netip.AddrPort](c, "IP:PORT"), timeout)}}, nil
	},
}

var expectExec = &Spec{
	Name: "expect exec", Group: Checks, NoUndo: ProgramsOwn,
	Doc:     "a program ends with status 0",
	Example: "expect exec test -e /etc/hosts",
	Params:  execSpec.Params,
	Compile: execSpec.Compile,
}
