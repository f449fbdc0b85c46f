//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// SetL3Stats has the hardware of a link count the IP packets that it forwards by
// itself, or stop counting, as `ip stats set` does (RTM_SETSTATS of
// linux/rtnetlink.h, Linux 5.18). The kernel keeps the wish for any link; whether a
// driver fulfils it is the driver's to say. text is the statement that errors show.
// It needs CAP_NET_ADMIN.
func SetL3Stats(link LinkRef, text string, on bool) LinkAction {
	return linkAction("l3-stats", link, l3StatsOp{link, text, on})
}

type l3StatsOp struct {
	link LinkRef
	text string
	on   bool
}

func (o l3StatsOp) String() string { return o.text }

// keepsNames is told so that what follows need not look links up anew.
func (l3StatsOp) keepsNames() bool { return true }

// prepare notes whether they are counted.
func (o l3StatsOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.indexOf(o.link)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	was, err := c.l3Stats(index)
	if err != nil || was == o.on {
		return o, err
	}
	return o, u.noteParts(ctx, c, o.link.String(), []message{l3StatsMessage(index, was)}, nil)
}

func (o l3StatsOp) act(_ context.Context, c *Conn) error {
	index, err := c.indexOf(o.link)
	if err != nil {
		return err
	}
	if _, err := c.l3Stats(index); err != nil {
		return err
	}
	err = c.add(l3StatsMessage(index, o.on), 0)
	if err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("the driver of %s refuses l3_stats: %w", o.link, err)
	}
	return err
}

// Of linux/rtnetlink.h and linux/if_link.h.
const (
	rtmSetStats = 95 // RTM_SETSTATS

	statsOffloadXstats = 4 // IFLA_STATS_LINK_OFFLOAD_XSTATS
	statsGetFilters    = 1 // IFLA_STATS_GET_FILTERS
	statsSetL3         = 2 // IFLA_STATS_SET_OFFLOAD_XSTATS_L3_STATS
	xstatsHWInfo       = 2 // IFLA_OFFLOAD_XSTATS_HW_S_INFO
	xstatsL3           = 3 // IFLA_OFFLOAD_XSTATS_L3_STATS
	hwInfoRequest      = 1 // IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST

	sizeofIfStatsMsg = 12
)

// statsMsg is struct if_stats_msg of linux/if_link.h.
type statsMsg struct{ index, filter int }

func (m statsMsg) Len() int { return sizeofIfStatsMsg }

func (m statsMsg) Serialize() []byte {
	b := byteOrder.AppendUint32(make([]byte, 4, sizeofIfStatsMsg), uint32(m.index))
	return byteOrder.AppendUint32(b, uint32(m.filter))
}

// bitOf is the bit of an attribute in a filter (IFLA_STATS_FILTER_BIT).
func bitOf(attr uint16) int { return 1 << (attr - 1) }

// l3StatsMessage is the message that has them counted, or not, and the record of
// that.
func l3StatsMessage(index int, on bool) message {
	set := Attr{Type: statsSetL3, Data: []byte{0}}
	if on {
		set.Data[0] = 1
	}
	return message{rtmSetStats, appendAttr(statsMsg{index: index}.Serialize(), set)}
}

// l3Stats reports whether a link's hardware is wanted to count.
func (c *Conn) l3Stats(index int) (on bool, err error) {
	req := c.Request(unix.RTM_GETSTATS, 0)
	req.AddData(statsMsg{index, bitOf(statsOffloadXstats)})
	req.AddRawData(appendAttr(nil, Attr{Type: statsGetFilters | unix.NLA_F_NESTED, Nested: []Attr{
		{Type: statsOffloadXstats, Data: nl.Uint32Attr(uint32(bitOf(xstatsHWInfo)))},
	}}))
	msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWSTATS)
	if err != nil && !isUnsupported(err) {
		return false, err
	}
	for _, body := range msgs {
		a, err := parseAttrs(body, sizeofIfStatsMsg)
		if err != nil {
			return false, err
		}
		if info := a.nested(statsOffloadXstats).nested(xstatsHWInfo).nested(xstatsL3); info != nil {
			return info.int(hwInfoRequest) != 0, nil
		}
	}
	return false, errNoL3Stats
}

var errNoL3Stats = fmt.Errorf("this kernel has no l3_stats, which are in Linux since 5.18: %w", unix.EOPNOTSUPP)

// withL3Stats adds to a record that a link's hardware is wanted to count: one that is
// made again starts without.
func (c *Conn) withL3Stats(r *Record, index int) error {
	on, err := c.l3Stats(index)
	if err != nil && !errors.Is(err, errNoL3Stats) {
		return err
	}
	if on {
		r.msgs = append(r.msgs, l3StatsMessage(index, on))
	}
	return nil
}

// restoreL3Stats has links count, or not, as they did.
func (c *Conn) restoreL3Stats(want []message) error {
	var errs []error
	for _, m := range want {
		is, err := c.linkState(ByIndex(m.linkIndex()))
		if err == nil {
			err = c.add(l3StatsMessage(is.index, m.attrs().int(statsSetL3) != 0), 0)
		}
		if !IsGone(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
