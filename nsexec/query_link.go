//go:build linux

package nsexec

import (
	"encoding/json"
	"net"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// LinkRecord is a link as `ip -j -d link` shows it, by the same names.
type LinkRecord struct {
	Index       int              `json:"ifindex"`
	Name        string           `json:"ifname"`
	Link        string           `json:"link,omitempty"`       // what it is on top of
	LinkIndex   int              `json:"link_index,omitempty"` // the same, where it is in another namespace
	Flags       []string         `json:"flags"`                // "UP", "LOWER_UP", …
	MTU         int              `json:"mtu"`
	Qdisc       string           `json:"qdisc"`
	Master      string           `json:"master,omitempty"`
	OperState   string           `json:"operstate"`
	LinkMode    string           `json:"linkmode"`
	Group       string           `json:"group"`
	TxQLen      int              `json:"txqlen,omitempty"`
	LinkType    string           `json:"link_type"`
	Address     net.HardwareAddr `json:"address,omitempty"`
	Broadcast   net.HardwareAddr `json:"broadcast,omitempty"`
	LinkNetnsID *int             `json:"link_netnsid,omitempty"`
	Promiscuity int              `json:"promiscuity"`
	Allmulti    int              `json:"allmulti"`
	MinMTU      int              `json:"min_mtu"`
	MaxMTU      int              `json:"max_mtu"`
	LinkInfo    *LinkKindRecord  `json:"linkinfo,omitempty"`
	AddrGenMode string           `json:"inet6_addr_gen_mode,omitempty"`
	NumTxQueues int              `json:"num_tx_queues"`
	NumRxQueues int              `json:"num_rx_queues"`
	GSOMaxSize  int              `json:"gso_max_size"`
	GSOMaxSegs  int              `json:"gso_max_segs"`
	GROMaxSize  int              `json:"gro_max_size,omitempty"`
	Alias       string           `json:"ifalias,omitempty"`
	AltNames    []string         `json:"altnames,omitempty"`
}

// LinkKindRecord is what kind of link one is, and a port of which kind.
type LinkKindRecord struct {
	Kind      string         `json:"info_kind,omitempty"`
	Data      map[string]any `json:"info_data,omitempty"`
	SlaveKind string         `json:"info_slave_kind,omitempty"`
	SlaveData map[string]any `json:"info_slave_data,omitempty"`
}

// MarshalJSON writes the hardware addresses as text.
func (l LinkRecord) MarshalJSON() ([]byte, error) {
	type plain LinkRecord
	return json.Marshal(struct {
		plain
		Address   string `json:"address,omitempty"`
		Broadcast string `json:"broadcast,omitempty"`
	}{plain(l), l.Address.String(), l.Broadcast.String()})
}

// Links returns all links of the namespace, in the order of their indexes.
func Links(c *Conn) ([]LinkRecord, error) {
	msgs, err := c.dumpLinks()
	if err != nil {
		return nil, err
	}
	names := make(map[int]string, len(msgs))
	for _, msg := range msgs {
		names[int(nl.DeserializeIfInfomsg(msg).Index)] = linkAttr(msg, unix.IFLA_IFNAME)
	}
	links := make([]LinkRecord, len(msgs))
	for i, msg := range msgs {
		if links[i], err = linkRecord(msg, func(index int) string { return names[index] }); err != nil {
			return nil, err
		}
	}
	return links, nil
}

// LinkInfo returns one link of the namespace.
func LinkInfo(c *Conn, link LinkRef) (LinkRecord, error) {
	msg, err := c.getLink(link)
	if err != nil {
		return LinkRecord{}, err
	}
	return linkRecord(msg, func(index int) string {
		other, err := c.getLink(ByIndex(index))
		if err != nil {
			return ""
		}
		return linkAttr(other, unix.IFLA_IFNAME)
	})
}

func linkRecord(msg []byte, nameOf func(int) string) (LinkRecord, error) {
	a, err := parseAttrs(msg, unix.SizeofIfInfomsg)
	if err != nil {
		return LinkRecord{}, err
	}
	head := nl.DeserializeIfInfomsg(msg)
	l := LinkRecord{
		Index:       int(head.Index),
		Name:        a.text(unix.IFLA_IFNAME),
		Flags:       linkFlags(head.Flags),
		MTU:         a.int(unix.IFLA_MTU),
		Qdisc:       a.text(unix.IFLA_QDISC),
		OperState:   named(operStates, a.number(unix.IFLA_OPERSTATE)),
		LinkMode:    named(linkModes, a.number(unix.IFLA_LINKMODE)),
		Group:       groupName(a.number(unix.IFLA_GROUP)),
		TxQLen:      a.int(unix.IFLA_TXQLEN),
		LinkType:    named(linkTypes, head.Type),
		Address:     a.get(unix.IFLA_ADDRESS),
		Broadcast:   a.get(unix.IFLA_BROADCAST),
		Promiscuity: a.int(unix.IFLA_PROMISCUITY),
		Allmulti:    a.int(unix.IFLA_ALLMULTI),
		MinMTU:      a.int(unix.IFLA_MIN_MTU),
		MaxMTU:      a.int(unix.IFLA_MAX_MTU),
		NumTxQueues: a.int(unix.IFLA_NUM_TX_QUEUES),
		NumRxQueues: a.int(unix.IFLA_NUM_RX_QUEUES),
		GSOMaxSize:  a.int(unix.IFLA_GSO_MAX_SIZE),
		GSOMaxSegs:  a.int(unix.IFLA_GSO_MAX_SEGS),
		GROMaxSize:  a.int(unix.IFLA_GRO_MAX_SIZE),
		Alias:       a.text(unix.IFLA_IFALIAS),
		AltNames:    altNames(a),
		LinkInfo:    linkKind(a, nameOf),
	}
	if mode := a.nested(unix.IFLA_AF_SPEC).nested(unix.AF_INET6); mode != nil {
		if mode.has(unix.IFLA_INET6_ADDR_GEN_MODE) {
			l.AddrGenMode = named(addrGenModes, mode.number(unix.IFLA_INET6_ADDR_GEN_MODE))
		}
	}
	if master := a.int(unix.IFLA_MASTER); master != 0 {
		l.Master = nameOf(master)
	}
	l.setParent(a, nameOf)
	return l, nil
}

// setParent says what a link is on top of, which may be in another namespace.
func (l *LinkRecord) setParent(a attrs, nameOf func(int) string) {
	parent := a.int(unix.IFLA_LINK)
	if id, ok := a.find(unix.IFLA_LINK_NETNSID); ok && len(id) == 4 {
		n := int(int32(a.number(unix.IFLA_LINK_NETNSID)))
		l.LinkNetnsID = &n
		l.LinkIndex = parent
		return
	}
	if parent != 0 {
		l.Link = nameOf(parent)
	}
}

func altNames(a attrs) []string {
	list, err := nl.ParseRouteAttr(a.get(unix.IFLA_PROP_LIST))
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range list {
		if p.Attr.Type == unix.IFLA_ALT_IFNAME {
			names = append(names, unix.ByteSliceToString(p.Value))
		}
	}
	return names
}

func groupName(n uint64) string {
	if n == 0 {
		return "default"
	}
	return strconv.FormatUint(n, 10)
}

// LinkStats counts what went through a link, as `ip -j -s link` shows it.
type LinkStats struct {
	RX struct {
		Bytes      uint64 `json:"bytes"`
		Packets    uint64 `json:"packets"`
		Errors     uint64 `json:"errors"`
		Dropped    uint64 `json:"dropped"`
		OverErrors uint64 `json:"over_errors"`
		Multicast  uint64 `json:"multicast"`
	} `json:"rx"`
	TX struct {
		Bytes         uint64 `json:"bytes"`
		Packets       uint64 `json:"packets"`
		Errors        uint64 `json:"errors"`
		Dropped       uint64 `json:"dropped"`
		CarrierErrors uint64 `json:"carrier_errors"`
		Collisions    uint64 `json:"collisions"`
	} `json:"tx"`
}

// Stats returns what went through a link so far.
func Stats(c *Conn, link LinkRef) (LinkStats, error) {
	var s LinkStats
	index, err := c.Index(link)
	if err != nil {
		return s, err
	}
	req := c.Request(unix.RTM_GETLINK, 0)
	head := nl.NewIfInfomsg(unix.AF_UNSPEC)
	head.Index = int32(index)
	req.AddData(head)
	msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err != nil {
		return s, err
	}
	if len(msgs) != 1 {
		return s, unix.ENODEV
	}
	a, err := parseAttrs(msgs[0], unix.SizeofIfInfomsg)
	if err != nil {
		return s, err
	}
	counters, err := parseStats64(a.get(unix.IFLA_STATS64))
	if err != nil {
		return s, err
	}
	s.RX.Packets, s.TX.Packets, s.RX.Bytes, s.TX.Bytes = counters[0], counters[1], counters[2], counters[3]
	s.RX.Errors, s.TX.Errors, s.RX.Dropped, s.TX.Dropped = counters[4], counters[5], counters[6], counters[7]
	s.RX.Multicast, s.TX.Collisions = counters[8], counters[9]
	s.RX.OverErrors, s.TX.CarrierErrors = counters[12], counters[17]
	return s, nil
}

// parseStats64 reads struct rtnl_link_stats64 of linux/if_link.h.
func parseStats64(data []byte) (counters [23]uint64, err error) {
	if len(data) < 8*len(counters) {
		return counters, unix.EBADMSG
	}
	for i := range counters {
		counters[i] = number(data[8*i : 8*i+8])
	}
	return counters, nil
}
