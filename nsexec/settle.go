//go:build linux

package nsexec

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

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

// SettleAll is Settle in the namespace and in all named ones that the engine has
// made and keeps open. In a [Do] there are none of those.
func SettleAll(within time.Duration) NsAction {
	return nsAction("settle", settleAllOp{settleOp{within}})
}

type settleAllOp struct{ settleOp }

func (o settleAllOp) act(ctx context.Context, c *Conn) error {
	deadline := time.Now().Add(o.within)
	if err := o.until(ctx, c, deadline); err != nil {
		return err
	}
	p, ok := c.space.(*pool)
	if !ok {
		return nil
	}
	own := p.own()
	defer func() {
		for _, pc := range own {
			p.put(pc)
		}
	}()
	for _, pc := range own {
		if err := o.until(ctx, &pc.Conn, deadline); err != nil {
			return err
		}
	}
	return nil
}

// Settle waits until the links that are up have carrier and run, and no IPv6
// address is tentative (RFC 4862). Links that get carrier from nothing in the namespace
// are not waited for: bridges without a port that is up, and TUN and TAP links.
func Settle(within time.Duration) NsAction { return nsAction("settle", settleOp{within}) }

type settleOp struct{ within time.Duration }

func (o settleOp) String() string { return "settle within " + o.within.String() }

func (o settleOp) act(ctx context.Context, c *Conn) error {
	return o.until(ctx, c, time.Now().Add(o.within))
}

func (o settleOp) until(ctx context.Context, c *Conn, deadline time.Time) error {
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
	links, _, err := c.states()
	if err != nil {
		return nil, err
	}
	var what []string
	skip := map[int]bool{}
	names := map[int]string{}
	for _, l := range links {
		names[l.index] = l.name()
		switch {
		case l.flags&unix.IFF_UP == 0 || neverCarrier(l, links):
			skip[l.index] = true
		case l.flags&unix.IFF_LOWER_UP == 0:
			what = append(what, l.name()+" has no carrier")
		case comesUp(l):
			what = append(what, l.name()+" has carrier, but does not run yet")
		}
	}
	tentative, err := c.addrs(func(m message) bool {
		return m.body[0] == unix.AF_INET6 && !skip[m.addrIndex()] && m.addrFlags(m.attrs())&unix.IFA_F_TENTATIVE != 0
	})
	if err != nil {
		return nil, err
	}
	for _, m := range tentative {
		a := m.attrs()
		text := "is tentative"
		if m.addrFlags(a)&unix.IFA_F_DADFAILED != 0 {
			text = "is taken by another host"
		}
		what = append(what, fmt.Sprintf("%s on %s %s", a.addr(unix.IFA_ADDRESS), names[m.addrIndex()], text))
	}
	return what, nil
}

// comesUp reports whether a link has carrier of which the kernel has not told the
// rest yet, as net/core/link_watch.c does a moment later: IPv6 gives the link its
// address only then.
func comesUp(l linkState) bool {
	if l.flags&unix.IFF_RUNNING != 0 {
		return false
	}
	state := operStates[l.attrs.number(unix.IFLA_OPERSTATE)]
	return state == "DOWN" || state == "LOWERLAYERDOWN"
}

// neverCarrier reports whether a link that is up may rest without carrier.
func neverCarrier(l linkState, all []linkState) bool {
	switch l.kind() {
	case "tun", "tap":
		return true
	case "bridge":
		return !slices.ContainsFunc(all, func(port linkState) bool {
			return port.attrs.int(unix.IFLA_MASTER) == l.index && port.flags&unix.IFF_UP != 0
		})
	}
	return false
}
