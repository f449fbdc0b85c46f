//go:build linux

package nsexec

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// UnsettledError says what had not come to rest in time.
type UnsettledError struct {
	NS     Ref
	Within time.Duration
	What   []string // such as `eth0 has no carrier`
}

func (e *UnsettledError) Error() string {
	return fmt.Sprintf("%s has not settled within %s: %s", e.NS, e.Within, strings.Join(e.What, ", "))
}

// Unwrap returns ETIMEDOUT.
func (e *UnsettledError) Unwrap() error { return unix.ETIMEDOUT }

// settlePoll is how often Settle looks: carrier comes within milliseconds.
const settlePoll = 5 * time.Millisecond

// Settle waits until the links that are up have carrier and no IPv6 address is
// tentative (RFC 4862). Links that get carrier from nothing in the namespace
// are not waited for: bridges without a port that is up, and TUN and TAP links.
func Settle(within time.Duration) NsAction { return nsAction("settle", settleOp{within}) }

type settleOp struct{ within time.Duration }

func (o settleOp) String() string { return "settle within " + o.within.String() }

func (o settleOp) act(ctx context.Context, c *Conn) error {
	deadline := time.Now().Add(o.within)
	for {
		what, err := unsettled(c)
		if err != nil || len(what) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return &UnsettledError{NS: c.Ref(), Within: o.within, What: what}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settlePoll):
		}
	}
}

// unsettled says what in the namespace has not come to rest.
func unsettled(c *Conn) ([]string, error) {
	links, err := c.Handle().LinkList()
	if err != nil {
		return nil, err
	}
	var what []string
	skip := map[int]string{}
	names := map[int]string{}
	for _, l := range links {
		a := l.Attrs()
		names[a.Index] = a.Name
		switch {
		case a.Flags&net.FlagUp == 0 || neverCarrier(l, links):
			skip[a.Index] = a.Name
		case a.RawFlags&unix.IFF_LOWER_UP == 0:
			what = append(what, a.Name+" has no carrier")
		}
	}
	addrs, err := c.Handle().AddrList(nil, unix.AF_INET6)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if _, skipped := skip[a.LinkIndex]; skipped || a.Flags&unix.IFA_F_TENTATIVE == 0 {
			continue
		}
		text := "is tentative"
		if a.Flags&unix.IFA_F_DADFAILED != 0 {
			text = "is taken by another host"
		}
		what = append(what, fmt.Sprintf("%s on %s %s", a.IP, names[a.LinkIndex], text))
	}
	return what, nil
}

// neverCarrier reports whether a link that is up may rest without carrier.
func neverCarrier(l netlink.Link, all []netlink.Link) bool {
	switch l.Type() {
	case "tun", "tuntap":
		return true
	case "bridge":
		for _, port := range all {
			if a := port.Attrs(); a.MasterIndex == l.Attrs().Index && a.Flags&net.FlagUp != 0 {
				return false
			}
		}
		return true
	}
	return false
}
