//go:build linux

package nsexec

import (
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// keptLinkAttrs are what a record keeps of a link. The rest is state, or can't
// be set.
var keptLinkAttrs = map[uint16]bool{
	unix.IFLA_IFNAME: true, unix.IFLA_ADDRESS: true, unix.IFLA_MTU: true, unix.IFLA_MASTER: true,
	unix.IFLA_TXQLEN: true, unix.IFLA_IFALIAS: true, unix.IFLA_GROUP: true, unix.IFLA_LINKINFO: true,
	unix.IFLA_PROP_LIST: true, unix.IFLA_GSO_MAX_SIZE: true, unix.IFLA_GRO_MAX_SIZE: true,
	unix.IFLA_GSO_MAX_SEGS: true, unix.IFLA_LINK: true, unix.IFLA_LINK_NETNSID: true,
	unix.IFLA_NUM_TX_QUEUES: true, unix.IFLA_NUM_RX_QUEUES: true, unix.IFLA_AF_SPEC: true,
	unix.IFLA_BROADCAST: true, unix.IFLA_LINKMODE: true, unix.IFLA_PROTO_DOWN: true, unix.IFLA_PROTO_DOWN_REASON: true,
	unix.IFLA_GSO_IPV4_MAX_SIZE: true, unix.IFLA_GRO_IPV4_MAX_SIZE: true, unix.IFLA_XDP: true,
}

// linkMessage is what a record keeps of a link.
func linkMessage(kind uint16, body []byte) message {
	m := message{unix.RTM_NEWLINK, body}
	a := m.attrs()
	runs := xdpOf(a) != nil
	out := m.without(func(attr uint16) bool {
		return !keptLinkAttrs[attr] || attr == unix.IFLA_AF_SPEC || attr == unix.IFLA_XDP && !runs
	})
	out.kind = kind
	var inet6 []Attr
	if mode := addrGen(a); mode != nil {
		inet6 = append(inet6, Attr{Type: inet6AddrGenMode, Data: mode})
	}
	if token := tokenOf(a); token != nil {
		inet6 = append(inet6, Attr{Type: inet6Token, Data: token})
	}
	if inet6 != nil {
		spec := Attr{Type: unix.IFLA_AF_SPEC, Nested: []Attr{{Type: unix.AF_INET6, Nested: inet6}}}
		out.body = appendAttr(out.body, spec)
	}
	return out
}

const inet6AddrGenMode = 8 // IFLA_INET6_ADDR_GEN_MODE

// addrGen is how a link makes its IPv6 link-local address; nil without IPv6.
func addrGen(a attrs) []byte {
	mode := a.nested(unix.IFLA_AF_SPEC).nested(unix.AF_INET6).get(inet6AddrGenMode)
	if len(mode) != 1 {
		return nil
	}
	return mode
}

func addrGenAttr(mode byte) Attr {
	return Attr{Type: unix.IFLA_AF_SPEC, Nested: []Attr{
		{Type: unix.AF_INET6, Nested: []Attr{{Type: inet6AddrGenMode, Data: []byte{mode}}}},
	}}
}

// isPair reports whether a link is one end of two.
func (s linkState) isPair() bool {
	return slices.Contains([]string{"veth", "netkit", "vxcan"}, s.kind())
}

// under is the index of the link that one is made on, in the same namespace; 0
// is none. The other end of a pair is none.
func (s linkState) under() int {
	switch {
	case s.isPair():
		return 0
	case s.kind() == "vxlan":
		return s.data().int(nl.IFLA_VXLAN_LINK)
	}
	if s.attrs.has(unix.IFLA_LINK_NETNSID) {
		return 0
	}
	if lower := s.attrs.int(unix.IFLA_LINK); lower != s.index {
		return lower
	}
	return 0
}

// states are all links of the namespace.
func (c *Conn) states() (states []linkState, bodies map[int][]byte, err error) {
	msgs, err := c.dumpLinks()
	if err != nil {
		return nil, nil, err
	}
	bodies = make(map[int][]byte, len(msgs))
	for _, msg := range msgs {
		s, err := readLinkState(msg)
		if err != nil {
			return nil, nil, err
		}
		states = append(states, s)
		bodies[s.index] = msg
	}
	return states, bodies, nil
}

// family are the links that a change of some may reach: those made on them come
// right behind.
func family(states []linkState, indexes []int) []int {
	out := slices.Clone(indexes)
	for i := 0; i < len(out); i++ {
		for _, s := range states {
			if s.under() == out[i] && !slices.Contains(out, s.index) {
				out = append(out, s.index)
			}
		}
	}
	return out
}

// recordOf records links with those that are made on them, all that they have,
// and what their masters are. A link that is not there is left out.
func (c *Conn) recordOf(indexes []int, sysctls bool) (*Record, error) {
	states, bodies, err := c.states()
	if err != nil {
		return nil, err
	}
	r := &Record{}
	all := map[int]bool{}
	var masters []int
	for _, index := range family(states, indexes) {
		body, ok := bodies[index]
		if !ok {
			continue
		}
		all[index] = true
		m := linkMessage(unix.RTM_NEWLINK, body)
		r.msgs = append(r.msgs, m)
		a := m.attrs()
		if master := a.int(unix.IFLA_MASTER); master != 0 && !slices.Contains(masters, master) {
			masters = append(masters, master)
		}
		if sysctls {
			values, err := c.sysctlsOf(index, a.text(unix.IFLA_IFNAME))
			if err != nil {
				return nil, err
			}
			r.sysctls = append(r.sysctls, values...)
		}
	}
	for _, master := range masters {
		if body, ok := bodies[master]; ok && !all[master] {
			r.msgs = append(r.msgs, linkMessage(unix.RTM_SETLINK, body))
		}
	}
	return r, c.recordObjects(r, all)
}

// recordObjects adds what some links have: addresses, nexthop objects, routes,
// neighbours, traffic control.
func (c *Conn) recordObjects(r *Record, indexes map[int]bool) error {
	addrs, err := c.addrs(func(m message) bool { return indexes[m.addrIndex()] })
	if err != nil {
		return err
	}
	var ips [][]byte
	for _, m := range addrs {
		ips = append(ips, m.attrs().get(unix.IFA_LOCAL))
	}
	hops, used, err := c.nexthopsWith(func(_ message, a attrs) bool { return indexes[a.int(nhaOIF)] })
	if err != nil {
		return err
	}
	routes, err := c.routes(func(_ message, a attrs) bool {
		return routeUses(a, indexes, ips) || used[a.int(rtaNHID)]
	})
	if err != nil {
		return err
	}
	neighs, err := c.neighs(func(m message) bool { return indexes[m.linkIndex()] && m.lastingNeigh() })
	if err != nil {
		return err
	}
	traffic, err := c.trafficOf(indexes)
	if err != nil {
		return err
	}
	vlans, err := c.recordVLANs(r, indexes)
	if err != nil {
		return err
	}
	groups, err := c.recordMDB(indexes)
	if err != nil {
		return err
	}
	vnis, err := c.recordVNIs(r, indexes)
	if err != nil {
		return err
	}
	r.msgs = slices.Concat(r.msgs, addrs, hops, routes, neighs, traffic, vlans, groups, vnis)
	return nil
}

// attrsOnly records what some links are themselves.
func (c *Conn) attrsOnly(indexes ...int) (*Record, error) {
	r := &Record{}
	for _, index := range indexes {
		body, err := c.getLink(ByIndex(index))
		if err != nil {
			return nil, err
		}
		r.msgs = append(r.msgs, linkMessage(unix.RTM_SETLINK, body))
	}
	return r, nil
}
