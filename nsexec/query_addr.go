//go:build linux

package nsexec

import (
	"encoding/json"
	"math"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// AddrRecord is an address of a link as `ip -j addr` shows it in addr_info, by
// the same names, and the link's own name with it.
type AddrRecord struct {
	Link              string     `json:"ifname"`
	Family            string     `json:"family"` // "inet" or "inet6"
	Local             netip.Addr `json:"local"`
	Peer              netip.Addr `json:"address,omitzero"`
	PrefixLen         int        `json:"prefixlen"`
	Metric            int        `json:"metric,omitempty"`
	Broadcast         netip.Addr `json:"broadcast,omitzero"`
	Scope             string     `json:"scope"`
	Secondary         bool       `json:"secondary,omitempty"`
	Dynamic           bool       `json:"dynamic,omitempty"`
	Tentative         bool       `json:"tentative,omitempty"`
	DADFailed         bool       `json:"dadfailed,omitempty"`
	Deprecated        bool       `json:"deprecated,omitempty"`
	NoDAD             bool       `json:"nodad,omitempty"`
	NoPrefixRoute     bool       `json:"noprefixroute,omitempty"`
	ManagedTemporary  bool       `json:"mngtmpaddr,omitempty"`
	Home              bool       `json:"home,omitempty"`
	Label             string     `json:"label,omitempty"`
	ValidLifetime     uint32     `json:"valid_life_time"` // seconds; 4294967295 is for ever
	PreferredLifetime uint32     `json:"preferred_life_time"`
}

// Addrs returns the addresses of a link, IPv4 first. The zero LinkRef is for
// those of all links.
func Addrs(c *Conn, link LinkRef) ([]AddrRecord, error) {
	only := 0
	var names map[int]string
	var err error
	if link != (LinkRef{}) {
		msg, err := c.getLink(link)
		if err != nil {
			return nil, err
		}
		only = int(nl.DeserializeIfInfomsg(msg).Index)
		names = map[int]string{only: linkAttr(msg, unix.IFLA_IFNAME)}
	} else if names, err = c.linkIndexes(); err != nil {
		return nil, err
	}
	msgs, err := c.dump(unix.RTM_GETADDR, unix.RTM_NEWADDR, nl.NewIfAddrmsg(unix.AF_UNSPEC))
	if err != nil {
		return nil, err
	}
	records := []AddrRecord{}
	for _, msg := range msgs {
		a, err := parseAttrs(msg, unix.SizeofIfAddrmsg)
		if err != nil {
			return nil, err
		}
		head := nl.DeserializeIfAddrmsg(msg)
		if index := int(head.Index); only == 0 || only == index {
			records = append(records, addrRecord(names[index], head, a))
		}
	}
	return records, nil
}

func addrRecord(link string, head *nl.IfAddrmsg, a attrs) AddrRecord {
	flags := uint64(head.Flags)
	if a.has(unix.IFA_FLAGS) {
		flags = a.number(unix.IFA_FLAGS)
	}
	r := AddrRecord{
		Link:             link,
		Family:           "inet",
		Local:            a.addr(unix.IFA_LOCAL),
		PrefixLen:        int(head.Prefixlen),
		Metric:           a.int(unix.IFA_RT_PRIORITY),
		Broadcast:        a.addr(unix.IFA_BROADCAST),
		Scope:            named(scopes, head.Scope),
		Dynamic:          flags&unix.IFA_F_PERMANENT == 0,
		Tentative:        flags&unix.IFA_F_TENTATIVE != 0,
		DADFailed:        flags&unix.IFA_F_DADFAILED != 0,
		Deprecated:       flags&unix.IFA_F_DEPRECATED != 0,
		NoDAD:            flags&unix.IFA_F_NODAD != 0,
		NoPrefixRoute:    flags&unix.IFA_F_NOPREFIXROUTE != 0,
		ManagedTemporary: flags&unix.IFA_F_MANAGETEMPADDR != 0,
		Home:             flags&unix.IFA_F_HOMEADDRESS != 0,
		Label:            a.text(unix.IFA_LABEL),
	}
	if head.Family == unix.AF_INET6 {
		r.Family = "inet6"
	} else {
		r.Secondary = flags&unix.IFA_F_SECONDARY != 0
	}
	switch other := a.addr(unix.IFA_ADDRESS); {
	case !r.Local.IsValid(): // IPv6 without a peer has only this one
		r.Local = other
	case other != r.Local:
		r.Peer = other
	}
	r.ValidLifetime, r.PreferredLifetime = math.MaxUint32, math.MaxUint32
	if info := a.get(unix.IFA_CACHEINFO); len(info) >= 8 { // struct ifa_cacheinfo
		r.PreferredLifetime = uint32(number(info[:4]))
		r.ValidLifetime = uint32(number(info[4:8]))
	}
	return r
}

// NeighRecord is an entry of the ARP or neighbour table as `ip -j neigh` shows
// it, by the same names.
type NeighRecord struct {
	Dst    netip.Addr       `json:"dst"`
	Dev    string           `json:"dev"`
	LLAddr net.HardwareAddr `json:"lladdr,omitempty"`
	Router bool             `json:"router,omitempty"`
	Proxy  bool             `json:"proxy,omitempty"`
	State  []string         `json:"state"` // "REACHABLE", …
}

// MarshalJSON writes the hardware address as text.
func (n NeighRecord) MarshalJSON() ([]byte, error) {
	type plain NeighRecord
	return json.Marshal(struct {
		plain
		LLAddr string `json:"lladdr,omitempty"`
	}{plain(n), n.LLAddr.String()})
}

// Neighs returns the neighbours of all links, those of IPv4 first. Like `ip`,
// it leaves out what needs no resolving, such as multicast, and the proxies.
func Neighs(c *Conn) ([]NeighRecord, error) {
	names, err := c.linkIndexes()
	if err != nil {
		return nil, err
	}
	records := []NeighRecord{}
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		msgs, err := c.dump(unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, &ndmsg{unix.NdMsg{Family: family}})
		if err != nil {
			return nil, err
		}
		for _, msg := range msgs {
			a, err := parseAttrs(msg, unix.SizeofNdMsg)
			if err != nil {
				return nil, err
			}
			if head := readNdmsg(msg); head.State&unix.NUD_NOARP == 0 && head.State != unix.NUD_NONE {
				records = append(records, neighRecord(names[int(head.Ifindex)], head, a))
			}
		}
	}
	return records, nil
}

func neighRecord(dev string, head unix.NdMsg, a attrs) NeighRecord {
	r := NeighRecord{
		Dst:    a.addr(unix.NDA_DST),
		Dev:    dev,
		LLAddr: a.get(unix.NDA_LLADDR),
		Router: head.Flags&unix.NTF_ROUTER != 0,
		Proxy:  head.Flags&unix.NTF_PROXY != 0,
		State:  []string{},
	}
	for _, s := range neighStates {
		if head.State&s.state != 0 {
			r.State = append(r.State, s.name)
		}
	}
	return r
}
