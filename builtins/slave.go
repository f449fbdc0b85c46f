//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// slaveOptions are those of `ip link set type bond_slave`, with the attributes
// IFLA_BOND_SLAVE_* of linux/if_link.h.
var slaveOptions = []kindOption{
	{name: "queue_id", attr: nl.IFLA_BOND_SLAVE_QUEUE_ID, typ: number(0, 65535), encode: u16, doc: "the transmit queue whose packets it sends, 0 for none"},
	{name: "prio", attr: 9, typ: number(-1<<31, 1<<31-1), encode: u32, doc: "the higher, the rather it becomes the active one (Linux 6.0)"},
}

func slaveSpec() *Spec {
	return &Spec{
		Name: "slave", Group: LinkState, Doc: "change how a bond treats one of its links", Example: "slave eth0 queue_id 2 prio 10",
		Params:  []Param{{Name: "LINK", Type: linkType}},
		Options: asOptions(slaveOptions),
		Verify:  changesSomething,
		Compile: compileSlave,
	}
}

func compileSlave(c *Call) ([]nsexec.Step, error) {
	if err := c.verified(); err != nil {
		return nil, err
	}
	var options []nsexec.Attr
	for _, o := range slaveOptions {
		g, ok := c.Option(o.name)
		if !ok {
			continue
		}
		data, err := o.encode(g.Value())
		if err != nil {
			return nil, fmt.Errorf("%q: %w", o.name, err)
		}
		options = append(options, nsexec.Attr{Type: o.attr, Data: data})
	}
	link := c.Link("LINK")
	return []nsexec.Step{{NS: link.NS, Action: nsexec.SetLink(link.Link, "slave", c.String(), nsexec.LinkChange{Attrs: []nsexec.Attr{nsexec.SlaveAttr("bond", options)}})}}, nil
}
