//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// What a run has made is taken away by the operations here. They know it by
// what can't be had by another: a namespace by its cookie, a link by the index
// that the run chose for it. What is gone, or is another's by now, they leave
// alone, so doing them twice does no harm.

// UnmakeNS deletes a named namespace if it is still the one with that cookie.
func UnmakeNS(name string, cookie uint64) NsAction {
	return nsAction("unmake-ns", unmakeNSOp{DefaultMountPath, name, cookie})
}

// UnmakeLink deletes the link with an index. The name is for people.
func UnmakeLink(name string, index int) NsAction {
	return nsAction("unmake-link", unmakeLinkOp{name, index})
}

// Unmake deletes the addresses, routes, rules, neighbours and the like of a
// record.
func Unmake(text string, r *Record) NsAction { return nsAction("unmake", unmakeOp{text, r}) }

type unmakeNSOp struct {
	dir, name string
	cookie    uint64
}

func (o unmakeNSOp) String() string {
	if o.dir != DefaultMountPath {
		return fmt.Sprintf("unmake ns %s cookie %d", quote(o.dir+"/"+o.name), o.cookie)
	}
	return fmt.Sprintf("unmake ns %s cookie %d", quote(o.name), o.cookie)
}

func (o unmakeNSOp) act(ctx context.Context, c *Conn) error {
	path, err := namedPath(o.dir, o.name)
	if err != nil {
		return err
	}
	there, err := o.look(path, func(fd int) { meetTenants(ctx, fd, o.name, o.cookie) })
	if err != nil || !there {
		return err
	}
	if p, ok := c.space.(*pool); ok {
		p.forgetCookie(o.cookie)
	}
	err = delNSOp{o.dir, o.name}.delete()
	if IsGone(err) {
		return nil
	}
	return err
}

// isThere reports whether the name is bound to the namespace, or is the file
// that it was about to be bound to, which holds its cookie.
func (o unmakeNSOp) isThere(path string) (bool, error) { return o.look(path, func(int) {}) }

// look is isThere, which calls f with the namespace if it is bound.
func (o unmakeNSOp) look(path string, f func(fd int)) (bool, error) {
	fd, err := openNetns(path)
	switch {
	case err == nil:
		defer unix.Close(fd)
		cookie, err := cookieOf(fd)
		if err == nil && cookie == o.cookie {
			f(fd)
		}
		return cookie == o.cookie, err
	case errors.Is(err, unix.ENOENT):
		return false, nil
	case errors.Is(err, unix.EINVAL): // it is a file, but no namespace
		text, err := os.ReadFile(path)
		return err == nil && string(text) == nameMark(o.cookie), nil
	}
	return false, err
}

// nameMark is what the file of a namespace's name holds, under the namespace
// that is bound over it, so that it is known whose it is where that has not
// come to pass.
func nameMark(cookie uint64) string { return fmt.Sprintf("nescript %d\n", cookie) }

// Present reports whether what the step of an [UnmakeNS] or an [UnmakeLink] would
// take away is still there. Of other steps it is true.
func (e *Engine) Present(ctx context.Context, s Step) (there bool, err error) {
	ns, ok := s.Action.(NsAction)
	if !ok {
		return true, nil
	}
	switch o := ns.op.(type) {
	case unmakeNSOp:
		path, err := namedPath(o.dir, o.name)
		if err != nil {
			return false, err
		}
		return o.isThere(path)
	case unmakeLinkOp:
		err = e.Look(ctx, s.NS, func(c *Conn) error {
			_, err := c.askLink(int32(o.index), nil)
			return err
		})
		if IsGone(err) {
			return false, nil
		}
	}
	return err == nil, err
}

// Unmade is the namespace that an [UnmakeNS] takes away.
func Unmade(a Action) (Ref, bool) {
	ns, ok := a.(NsAction)
	if !ok {
		return Ref{}, false
	}
	o, ok := ns.op.(unmakeNSOp)
	return Cookie(o.cookie, o.name), ok
}

// Makes says what an action takes away: "namespace", "link" or the like, or ""
// where it is to put something back.
func Makes(a Action) string {
	ns, ok := a.(NsAction)
	if !ok {
		return ""
	}
	return makes(ns.op)
}

func makes(op operation) string {
	switch o := op.(type) {
	case unmakeNSOp:
		return "namespace"
	case unmakeLinkOp:
		return "link"
	case unmakeMasqueradeOp:
		return "masquerade"
	case unmakeOp:
		return o.record.what()
	}
	return ""
}

type unmakeLinkOp struct {
	name  string
	index int
}

func (o unmakeLinkOp) String() string {
	return fmt.Sprintf("unmake link %s index %d", quote(o.name), o.index)
}

func (o unmakeLinkOp) act(_ context.Context, c *Conn) error {
	err := c.delLink(o.index)
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// delLink deletes a link by its index.
func (c *Conn) delLink(index int) error {
	req := c.Request(unix.RTM_DELLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(index)
	req.AddData(msg)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// unmakeOp deletes what a record describes.
type unmakeOp struct {
	text   string
	record *Record
}

func (o unmakeOp) String() string {
	return fmt.Sprintf("unmake %s %s data %s", o.record.what(), quote(o.text), o.record.encode())
}

func (o unmakeOp) summary() string {
	return fmt.Sprintf("unmake %s %s", o.record.what(), quote(o.text))
}

func (o unmakeOp) act(_ context.Context, c *Conn) error {
	for _, m := range o.record.msgs {
		var err error
		switch {
		case m.kind == unix.RTM_NEWADDR && m.body[0] == unix.AF_INET:
			err = c.removeAddr(m)
		case m.isXfrm():
			err = c.removeXfrm(m)
		case m.isMacsec():
			err = c.unmakeMacsec(m)
		case m.isGenl():
			err = c.unmakeGenl(m)
		case m.isTraffic():
			err = c.removeTraffic(m)
		case m.kind == unix.RTM_NEWNEXTHOP:
			err = c.removeNexthop(m)
		case m.isFDB():
			err = c.removeFDB(m)
		case m.kind == unix.RTM_NEWVLAN:
			err = c.removeVLANs(m)
		case m.kind == unix.RTM_NEWMDB:
			err = c.removeMDB(m)
		case m.kind == rtmNewTunnel:
			err = c.removeVNIs(m)
		case m.isPrefixRoute():
			err = c.removePrefixRoute(m)
		default:
			err = c.remove(m)
		}
		if err != nil && !isMissing(err) && !c.lacksNexthop(m, err) {
			return err
		}
	}
	return nil
}

// lacksNexthop reports whether the kernel does not know a route because its
// nexthop object is gone, and the route with it.
func (c *Conn) lacksNexthop(m message, err error) bool {
	id := m.attrs().get(rtaNHID)
	if m.kind != unix.RTM_NEWROUTE || id == nil || !errors.Is(err, unix.EINVAL) {
		return false
	}
	_, found, err := c.nexthopByID(id)
	return err == nil && !found
}

// remove deletes what a message describes.
func (c *Conn) remove(m message) error {
	if m.kind == unix.RTM_NEWNEXTHOP {
		m = m.byID()
	}
	req := c.Request(int(m.kind)+1, unix.NLM_F_ACK) // RTM_DEL… follows RTM_NEW…
	req.AddRawData(m.body)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// removeThere deletes what messages describe, as far as it is there.
func (c *Conn) removeThere(all ...message) error {
	for _, m := range all {
		if err := c.remove(m); err != nil && !isMissing(err) {
			return err
		}
	}
	return nil
}

func (m message) equal(other message) bool {
	return m.kind == other.kind && bytes.Equal(m.body, other.body)
}

// isMissing reports whether the kernel says that what is to be deleted is not
// there.
func isMissing(err error) bool {
	for _, errno := range []unix.Errno{unix.ESRCH, unix.ENOENT, unix.EADDRNOTAVAIL, unix.ENODEV} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
