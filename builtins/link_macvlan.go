//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// macvlanModes are MACVLAN_MODE_* of linux/if_link.h.
var macvlanModes = oneOf(word{"private", 1}, word{"vepa", 2}, word{"bridge", 4}, word{"passthru", 8}, word{"source", macvlanSource})

// Numbers of linux/if_link.h that the netlink library has no names for.
const (
	macvlanSource     = 16 // MACVLAN_MODE_SOURCE
	macvlanBcQueueLen = 7  // IFLA_MACVLAN_BC_QUEUE_LEN
	macvlanBcCutoff   = 9  // IFLA_MACVLAN_BC_CUTOFF
)

// macvlanFlags are MACVLAN_FLAG_*.
var macvlanFlags = []struct {
	name string
	bit  uint16
	doc  string
}{
	{"nopromisc", 1, "in mode passthru, leave the lower link out of promiscuous mode"},
	{"nodst", 2, "in mode source, leave packets to the link's own address alone"},
}

// macaddrCommands are MACVLAN_MACADDR_*.
var macaddrCommands = map[string]uint32{"add": 0, "del": 1, "flush": 2, "set": 3}

// macaddrType is a word of `macaddr set MAC…`: a command is a uint32, an
// address a value.MAC.
var macaddrType = ofText("set|add|del|flush|MAC", func(s string) (any, error) {
	if cmd, ok := macaddrCommands[s]; ok {
		return cmd, nil
	}
	return value.ParseMAC(s)
})

func macvlanOf(name, doc string) kind {
	k := kind{
		name: name, doc: doc, example: name + " mv0 link eth0 mode bridge up", parent: true, needs: []string{"link"},
		options: []kindOption{
			{name: "mode", attr: nl.IFLA_MACVLAN_MODE, typ: macvlanModes, encode: u32, doc: "who may talk to whom"},
			{name: "macaddr", typ: macaddrType, many: true, doc: "in mode source, whose packets it takes: set MAC…, add MAC, del MAC or flush"},
			{name: "bcqueuelen", attr: macvlanBcQueueLen, typ: number(0, 1<<32-1), encode: u32, doc: "the length of the queue for broadcasts"},
			{name: "bclim", attr: macvlanBcCutoff, typ: number(-1, 1<<31-1), encode: u32, doc: "when broadcasts are queued, -1 for never (Linux 6.4)"},
		},
		verify: verifyMacvlan,
		finish: finishMacvlan,
	}
	for _, f := range macvlanFlags {
		k.options = append(k.options, kindOption{name: f.name, doc: f.doc})
	}
	return k
}

func verifyMacvlan(c *Call) *ArgError {
	g, ok := c.Option("macaddr")
	if !ok {
		return nil
	}
	mode, has := Opt[int64](c, "mode")
	if has && mode != macvlanSource || !c.Has("mode") && c.Modifier != Ensure {
		return &ArgError{Arg: g.Arg, Msg: `"macaddr" is for mode source`}
	}
	_, _, err := macaddr(g)
	return err
}

// macaddr reads the words after macaddr.
func macaddr(g Given) (cmd uint32, macs []value.MAC, err *ArgError) {
	cmd = macaddrCommands["set"]
	for i, v := range g.Values {
		switch v := v.(type) {
		case value.MAC:
			macs = append(macs, v)
		case uint32:
			if i > 0 {
				return 0, nil, &ArgError{Arg: g.Arg + 1 + i, Msg: `"macaddr" takes set, add, del or flush once, and first`}
			}
			cmd = v
		default:
			return cmd, nil, nil // not known yet
		}
	}
	most := map[string]int{"add": 1, "del": 1}
	for name, n := range macaddrCommands {
		if n == cmd && name != "set" && len(macs) != most[name] {
			return 0, nil, &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("\"macaddr %s\" takes %d addresses, this has %d", name, most[name], len(macs))}
		}
	}
	return cmd, macs, nil
}

func finishMacvlan(c *Call, cfg *nsexec.LinkConfig) {
	var flags uint16
	for _, f := range macvlanFlags {
		if c.Has(f.name) {
			flags |= f.bit
		}
	}
	if flags != 0 {
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: nl.IFLA_MACVLAN_FLAGS, Data: nl.Uint16Attr(flags)})
	}
	g, ok := c.Option("macaddr")
	if !ok {
		return
	}
	cmd, macs, _ := macaddr(g)
	var list []nsexec.Attr
	for _, m := range macs {
		list = append(list, nsexec.Attr{Type: nl.IFLA_MACVLAN_MACADDR, Data: m[:]})
	}
	cfg.Data = append(cfg.Data, nsexec.Attr{Type: nl.IFLA_MACVLAN_MACADDR_MODE, Data: nl.Uint32Attr(cmd)})
	switch {
	case cmd == macaddrCommands["set"] && list != nil:
		cfg.Data = append(cfg.Data, nsexec.Attr{Type: nl.IFLA_MACVLAN_MACADDR_DATA, Nested: list})
	case list != nil:
		cfg.Data = append(cfg.Data, list[0])
	}
}
