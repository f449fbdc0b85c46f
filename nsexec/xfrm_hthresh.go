//go:build linux

package nsexec

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// XfrmThreshold says which policies of IPsec the kernel finds by a hash: those of
// a family whose prefixes are at least as long (linux/xfrm.h, struct
// xfrmu_spdhthresh). The others it looks through one by one.
type XfrmThreshold struct {
	Six           bool  // of IPv6
	Local, Remote uint8 // bits of this end's and of the other end's prefix
}

// SetXfrmThreshold sets one of the two families. It needs CAP_NET_ADMIN.
func SetXfrmThreshold(t XfrmThreshold) NsAction {
	return nsAction("xfrm-hthresh", xfrmThresholdOp{t})
}

// xfrmThreshold is the kind of a threshold in a [Record].
const xfrmThreshold = xfrmKind | nl.XFRM_MSG_NEWSPDINFO

// Attributes of linux/xfrm.h that the netlink library has no names for.
const (
	xfrmaSPDIPv4Threshold = 3
	xfrmaSPDIPv6Threshold = 4
)

type xfrmThresholdOp struct{ t XfrmThreshold }

func (o xfrmThresholdOp) String() string {
	family := 4
	if o.t.Six {
		family = 6
	}
	return fmt.Sprintf("xfrm hthresh%d %d %d", family, o.t.Local, o.t.Remote)
}

func (t XfrmThreshold) attr() uint16 {
	if t.Six {
		return xfrmaSPDIPv6Threshold
	}
	return xfrmaSPDIPv4Threshold
}

// prepare notes what there is.
func (o xfrmThresholdOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	msgs, err := c.xfrm(nl.XFRM_MSG_GETSPDINFO, 0, make([]byte, headers[xfrmThreshold]))
	if err != nil {
		return nil, err
	}
	r := &Record{}
	for _, body := range msgs {
		if m := (message{xfrmThreshold, body}); len(body) >= headers[xfrmThreshold] && len(m.attrs().get(o.t.attr())) == 2 {
			r.msgs = append(r.msgs, message{xfrmThreshold, o.t.message(m.attrs().get(o.t.attr()))})
		}
	}
	if len(r.msgs) == 0 {
		return nil, fmt.Errorf("the kernel does not say what it is now (Linux 3.18): %w", unix.EOPNOTSUPP)
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: "hthresh", Record: r}})
}

func (t XfrmThreshold) message(bits []byte) []byte {
	return appendAttr(make([]byte, headers[xfrmThreshold]), Attr{Type: t.attr(), Data: bits})
}

func (o xfrmThresholdOp) act(_ context.Context, c *Conn) error {
	if err := c.fault("request xfrm"); err != nil {
		return err
	}
	_, err := c.xfrm(nl.XFRM_MSG_NEWSPDINFO, 0, o.t.message([]byte{o.t.Local, o.t.Remote}))
	return err
}
