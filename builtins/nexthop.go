//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// groupBalance are the options of a resilient group, NHA_RES_GROUP_* of
// linux/nexthop.h.
var groupBalance = []kindOption{
	{name: "buckets", attr: 1, typ: number(1, 1<<16-1), encode: u16, doc: "how many shares the flows of a resilient group are spread over"},
	{name: "idle_timer", attr: 2, typ: clockType, encode: clockTicks, doc: "how long a share must be idle before it may move to another member"},
	{name: "unbalanced_timer", attr: 3, typ: clockType, encode: clockTicks, doc: "how long the group may be out of balance; 0 is for ever"},
}

// clockType is a time that the kernel counts in hundredths of a second.
var clockType = ofText("SECONDS|TIME", func(s string) (time.Duration, error) {
	const most = (1<<32 - 1) / 100
	d, err := parseTime(s)
	if n, bad := strconv.ParseInt(s, 10, 64); bad == nil {
		d, err = time.Duration(min(max(n, -1), most+1))*time.Second, nil
	}
	if err == nil && (d < 0 || d > most*time.Second) {
		err = fmt.Errorf("%s is not in 0..%d seconds", s, most)
	}
	return d, err
})

func clockTicks(v any) ([]byte, error) {
	return nl.Uint32Attr(uint32(v.(time.Duration) / (10 * time.Millisecond))), nil
}

// nhGroupType is the members of a group as iproute2 writes them: ID[,WEIGHT]/….
var nhGroupType = ofText("ID[,WEIGHT][/ID[,WEIGHT]]…", parseGroup)

func parseGroup(s string) ([]nsexec.NexthopMember, error) {
	var out []nsexec.NexthopMember
	seen := map[int]bool{}
	for _, part := range strings.Split(s, "/") {
		id, weight, weighted := strings.Cut(part, ",")
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%q is not the number of a nexthop; a group is written as 1/2 or, with weights, 1,10/2,20", id)
		}
		m := nsexec.NexthopMember{ID: int(n)}
		if weighted {
			w, err := strconv.ParseUint(weight, 10, 32)
			if err != nil || w < 1 || w > 256 {
				return nil, fmt.Errorf("the weight %q of nexthop %d is not in 1..256", weight, n)
			}
			m.Weight = int(w)
		}
		if seen[m.ID] {
			return nil, fmt.Errorf("nexthop %d is in the group twice", n)
		}
		seen[m.ID] = true
		out = append(out, m)
	}
	return out, nil
}

const mpathGroup, resilientGroup = 0, 1 // NEXTHOP_GRP_TYPE_*

var nexthopSpec = &Spec{
	Name: "nexthop", Group: Layer3,
	Doc:       "add a nexthop object, which many routes can share",
	Example:   "nexthop id 5 via 10.0.0.1 dev eth0",
	Modifiers: Del | Replace | Ensure | Flush,
	Options: append(append([]Option{
		{Name: "id", Type: number(1, 1<<32-1), Doc: "its number"},
	}, viaOptions...), append([]Option{
		{Name: "blackhole", Doc: "drop the packets"},
		{Name: "fdb", Doc: "for forwarding entries of a VXLAN rather than for routes"},
		{Name: "group", Type: nhGroupType, Doc: "a group of nexthops, which share the flows by their weights"},
		{Name: "groups", Doc: "with flush: groups only"},
		{Name: "type", Type: oneOf(word{"mpath", mpathGroup}, word{"resilient", resilientGroup}), Doc: "how a group spreads flows: by their hash, or with flows kept where they are as members come and go"},
		{Name: "hw_stats", Type: switchType, Doc: "of a group: have hardware count what goes by each member (Linux 6.9)"},
		{Name: "proto", Aliases: []string{"protocol"}, Type: protoType, Doc: "who set it"},
		{Name: "family", Type: familyType, Doc: "IPv4 or IPv6, where no gateway tells: inet unless said otherwise"},
	}, optionsOfTable(groupBalance)...)...),
	Verify:  compiles,
	Compile: compileNexthop,
}

func compileNexthop(c *Call) ([]nsexec.Step, error) {
	if err := checkNexthop(c); err != nil {
		return nil, err
	}
	if c.Modifier == Flush {
		f := nsexec.NexthopFilter{Proto: optInt(c, "proto"), FDB: c.Has("fdb"), Groups: c.Has("groups"), Text: c.String()}
		if l, ok := Opt[LinkArg](c, "dev"); ok {
			f.Dev = l.Link
		}
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushNexthops(f)}}, nil
	}
	cfg := nsexec.NexthopConfig{
		ID: optInt(c, "id"), Family: optInt(c, "family"), Proto: optInt(c, "proto"), Blackhole: c.Has("blackhole"),
		FDB: c.Has("fdb"), Resilient: optInt(c, "type") == resilientGroup, Text: c.String(),
	}
	cfg.Group, _ = Opt[[]nsexec.NexthopMember](c, "group")
	if on, ok := Opt[bool](c, "hw_stats"); ok {
		cfg.HWStats = &on
	}
	var err error
	if cfg.Hop, err = nextHop(c, c.Options()); err != nil {
		return nil, err
	}
	if err := encapFits(cfg.Hop.Encap, cfg.Family == unix.AF_INET6 || cfg.Hop.Via.Is6()); err != nil {
		return nil, err
	}
	if cfg.Balance, err = encoded(c, groupBalance); err != nil {
		return nil, err
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: nexthopped(c.Modifier, cfg)}}, nil
}

func nexthopped(mod Modifiers, cfg nsexec.NexthopConfig) nsexec.Action {
	switch mod {
	case Del:
		return nsexec.DelNexthop(cfg)
	case Replace, Ensure:
		return nsexec.ReplaceNexthop(cfg)
	}
	return nsexec.AddNexthop(cfg)
}

// checkNexthop refuses what makes no nexthop, and words that would be passed
// over.
func checkNexthop(c *Call) error {
	switch c.Modifier {
	case Flush:
		return onlyWith(c, "flush nexthop", "dev", "proto", "fdb", "groups")
	case Del:
		if !c.Has("id") {
			return fmt.Errorf(`"del nexthop" needs "id": the nexthop's number`)
		}
		return onlyWith(c, "del nexthop", "id")
	}
	if !c.Has("id") {
		return fmt.Errorf(`a nexthop needs "id": its number`)
	}
	if c.Has("groups") {
		return fmt.Errorf(`"groups" is for "flush nexthop"; a group is made by "group ID/ID…"`)
	}
	if c.Has("group") {
		if c.Modifier == 0 && optInt(c, "type") == resilientGroup && !c.Has("buckets") {
			return fmt.Errorf(`"type resilient" needs "buckets": %s`, groupBalance[0].doc)
		}
		if !c.Has("type") || optInt(c, "type") != resilientGroup {
			for _, o := range groupBalance {
				if c.Has(o.name) {
					return fmt.Errorf(`%q needs "type resilient"`, o.name)
				}
			}
		}
		return onlyWith(c, "a group", "id", "group", "type", "fdb", "hw_stats", "proto", "buckets", "idle_timer", "unbalanced_timer")
	}
	for _, name := range []string{"type", "hw_stats", "buckets", "idle_timer", "unbalanced_timer"} {
		if c.Has(name) {
			return fmt.Errorf(`%q is for a group: it needs "group ID/ID…"`, name)
		}
	}
	switch {
	case c.Has("blackhole"):
		return onlyWith(c, "a blackhole", "id", "blackhole", "proto", "family")
	case c.Has("fdb"):
		if !c.Has("via") {
			return fmt.Errorf(`"fdb" needs "via" or "group"`)
		}
		return onlyWith(c, "a nexthop for forwarding entries", "id", "fdb", "via", "proto", "family")
	case !c.Has("dev"):
		return fmt.Errorf("a nexthop needs a way: dev LINK, blackhole, fdb or group ID/ID…")
	}
	return nil
}

// onlyWith refuses options that do not go with something.
func onlyWith(c *Call, what string, names ...string) error {
	for _, g := range c.Options() {
		found := false
		for _, name := range names {
			found = found || name == g.Option.Name
		}
		if !found {
			return fmt.Errorf("%q does not go with %s, which takes %s", g.Option.Name, what, strings.Join(names, ", "))
		}
	}
	return nil
}

// optionsOfTable are the options of a table of attributes.
func optionsOfTable(table []kindOption) []Option {
	var out []Option
	for _, o := range table {
		out = append(out, Option{Name: o.name, Aliases: o.aliases, Type: o.typ, Doc: o.doc})
	}
	return out
}

// encoded are the attributes of the options that were given of a table.
func encoded(c *Call, table []kindOption) ([]nsexec.Attr, error) {
	attrs, _, err := encodedOf(c.Options(), table)
	return attrs, err
}
