//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// macvlanModes are MACVLAN_MODE_* of linux/if_link.h.
var macvlanModes = oneOf(word{"private", 1}, word{"vepa", 2}, word{"bridge", 4}, word{"passthru", 8}, word{"source", 16})

const (
	macvlanBcQueueLen = 7 // IFLA_MACVLAN_BC_QUEUE_LEN
	macvlanBcCutoff   = 9 // IFLA_MACVLAN_BC_CUTOFF
	macvlanNoPromisc  = 1 // MACVLAN_FLAG_NOPROMISC
)

func macvlanOf(name, doc string) kind {
	return kind{
		name: name, doc: doc, example: name + " mv0 link eth0 mode bridge up", parent: true,
		options: []kindOption{
			{name: "mode", attr: nl.IFLA_MACVLAN_MODE, typ: macvlanModes, encode: u32, doc: "who may talk to whom"},
			{name: "nopromisc", attr: nl.IFLA_MACVLAN_FLAGS, encode: func(any) ([]byte, error) { return u16(int64(macvlanNoPromisc)) }, doc: "in mode passthru, leave the lower link out of promiscuous mode"},
			{name: "bcqueuelen", attr: macvlanBcQueueLen, typ: number(0, 1<<32-1), encode: u32, doc: "the length of the queue for broadcasts"},
			{name: "bclim", attr: macvlanBcCutoff, typ: number(-1, 1<<31-1), encode: u32, doc: "when broadcasts are queued, -1 for never (Linux 6.4)"},
		},
		finish: needsParent(name),
	}
}

// needsParent refuses a link that is made on another without naming it.
func needsParent(kind string) func(*Call, *nsexec.LinkConfig) error {
	return func(c *Call, cfg *nsexec.LinkConfig) error {
		if cfg.Parent == (nsexec.LinkRef{}) && c.Modifier != Ensure {
			return fmt.Errorf("a %s needs the link that it is made on: link DEV", kind)
		}
		return nil
	}
}
