//go:build linux

package nsexec

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Record is the state of some objects of one namespace, as the kernel has
// described them: what is needed to put them back. Its messages are those of
// rtnetlink(7) that make such objects, so nothing is lost of what a kernel knows
// of them, be it newer than this program.
//
// A link that stands in it as RTM_NEWLINK has its addresses, routes and
// neighbours in it too, all of them; of one that stands in it as RTM_SETLINK
// only what it is itself.
type Record struct {
	msgs    []message
	sysctls []sysctlValue
}

// message is an rtnetlink message without its nlmsghdr.
type message struct {
	kind uint16 // RTM_NEW…
	body []byte // its header and its attributes
}

type sysctlValue struct{ key, value string }

// IsEmpty reports whether there is nothing in the record.
func (r *Record) IsEmpty() bool { return len(r.msgs) == 0 && len(r.sysctls) == 0 }

// byteOrder is that of netlink's numbers.
var byteOrder = binary.NativeEndian

// headers are the sizes of what stands before the attributes.
var headers = map[uint16]int{
	unix.RTM_NEWLINK:      unix.SizeofIfInfomsg,
	unix.RTM_SETLINK:      unix.SizeofIfInfomsg,
	unix.RTM_NEWADDR:      unix.SizeofIfAddrmsg,
	unix.RTM_NEWROUTE:     unix.SizeofRtMsg,
	unix.RTM_NEWNEIGH:     unix.SizeofNdMsg,
	unix.RTM_NEWRULE:      len(ruleHeader{}),
	unix.RTM_NEWNEXTHOP:   sizeofNhMsg,
	unix.RTM_NEWADDRLABEL: sizeofIfAddrLblMsg,
	unix.RTM_NEWQDISC:     nl.SizeofTcMsg,
	unix.RTM_NEWTCLASS:    nl.SizeofTcMsg,
	unix.RTM_NEWTFILTER:   nl.SizeofTcMsg,
	unix.RTM_NEWCHAIN:     nl.SizeofTcMsg,
	unix.RTM_NEWVLAN:      sizeofVLANMsg,
	unix.RTM_NEWMDB:       sizeofPortMsg,
	rtmNewTunnel:          sizeofTunnelMsg,
	rtmSetStats:           sizeofIfStatsMsg,
	xfrmState:             nl.SizeofXfrmUsersaInfo,
	xfrmPolicy:            nl.SizeofXfrmUserpolicyInfo,
	xfrmThreshold:         4,
}

const sizeofNhMsg = 8 // struct nhmsg of linux/nexthop.h

var recordNames = map[uint16]string{
	unix.RTM_NEWLINK: "link", unix.RTM_SETLINK: "link", unix.RTM_NEWADDR: "addr", unix.RTM_NEWROUTE: "route",
	unix.RTM_NEWNEIGH: "neigh", unix.RTM_NEWRULE: "rule", unix.RTM_NEWNEXTHOP: "nexthop",
	unix.RTM_NEWADDRLABEL: "addrlabel",
	unix.RTM_NEWQDISC:     "qdisc", unix.RTM_NEWTCLASS: "class", unix.RTM_NEWTFILTER: "filter", unix.RTM_NEWCHAIN: "chain",
	unix.RTM_NEWVLAN: "bvlan", unix.RTM_NEWMDB: "mdb", rtmNewTunnel: "vni", rtmSetStats: "stats",
	xfrmState: "xfrm", xfrmPolicy: "xfrm", xfrmThreshold: "xfrm",
}

const fdbName = "fdb" // whose messages are of the kind of neighbours

// RecordKinds are what records hold, as the language calls it, sorted.
func RecordKinds() []string {
	all := append(slices.Collect(maps.Values(recordNames)), fdbName)
	slices.Sort(all)
	return slices.Compact(all)
}

// what is the kind of the first object, as the language calls it.
func (r *Record) what() string {
	switch {
	case len(r.msgs) == 0:
		return "sysctl"
	case r.msgs[0].isFDB():
		return fdbName
	}
	return recordNames[r.msgs[0].kind]
}

const recordHead = 4 + 2 // the length and the kind

// encode writes the messages as text: each as its length, its kind and its body,
// in base64.
func (r *Record) encode() string {
	size := 0
	for _, m := range r.msgs {
		size += recordHead + len(m.body)
	}
	b := make([]byte, 0, size) // it may be of a hundred thousand
	for _, m := range r.msgs {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m.body)))
		b = binary.LittleEndian.AppendUint16(b, m.kind)
		b = append(b, m.body...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ReadRecord reads what a statement of a journal holds of a record: its messages
// and its sysctls, KEY=VALUE each.
func ReadRecord(data string, sysctls []string) (*Record, error) {
	b, err := base64.RawURLEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("the data is damaged: %w", err)
	}
	r := &Record{}
	for len(b) > 0 {
		if len(b) < recordHead || int64(len(b)-recordHead) < int64(binary.LittleEndian.Uint32(b)) {
			return nil, fmt.Errorf("the data ends too early: %w", unix.EBADMSG)
		}
		m := message{binary.LittleEndian.Uint16(b[4:]), b[recordHead : recordHead+int(binary.LittleEndian.Uint32(b))]}
		if size, ok := headers[m.kind]; !ok || len(m.body) < size {
			return nil, fmt.Errorf("the data holds no object of kind %d: %w", m.kind, unix.EBADMSG)
		}
		r.msgs = append(r.msgs, m)
		b = b[recordHead+len(m.body):]
	}
	for _, s := range sysctls {
		key, val, ok := bytes.Cut([]byte(s), []byte("="))
		if !ok {
			return nil, fmt.Errorf("%q is no KEY=VALUE", s)
		}
		r.sysctls = append(r.sysctls, sysctlValue{string(key), string(val)})
	}
	return r, nil
}

// attrs are the message's attributes.
func (m message) attrs() attrs {
	a, _ := parseAttrs(m.body, headers[m.kind])
	return a
}

// without is the message with only those attributes that keep wants.
func (m message) without(drop func(kind uint16) bool) message {
	head := headers[m.kind]
	out := message{m.kind, append([]byte(nil), m.body[:head]...)}
	list, err := nl.ParseRouteAttr(m.body[head:])
	if err != nil {
		return m
	}
	for _, a := range list {
		if !drop(a.Attr.Type &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)) {
			out.body = appendAttr(out.body, Attr{Type: a.Attr.Type, Data: a.Value})
		}
	}
	return out
}

// linkIndex is the index of a link's message, and of its addresses' and
// neighbours'.
func (m message) linkIndex() int {
	return int(binary.NativeEndian.Uint32(m.body[4:]))
}

// add sends a message that makes its object.
func (c *Conn) add(m message, flags int) error {
	req := c.Request(int(m.kind), flags|unix.NLM_F_ACK)
	req.AddRawData(m.body)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// list asks for all objects of a kind. A family that the kernel lacks has none.
func (c *Conn) list(kind uint16, header nl.NetlinkRequestData) ([]message, error) {
	msgs, err := c.dump(int(kind)+2, int(kind), header) // RTM_GET… is RTM_NEW… + 2
	if err != nil {
		if isUnsupported(err) {
			return nil, nil
		}
		return nil, err
	}
	out := make([]message, 0, len(msgs))
	for _, body := range msgs {
		if len(body) >= headers[kind] {
			out = append(out, message{kind, body})
		}
	}
	return out, nil
}
