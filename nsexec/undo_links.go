//go:build linux

package nsexec

import (
	"context"

	"golang.org/x/sys/unix"
)

// noteLink notes all there is of an older link, and of those made on it.
func (u *Undo) noteLink(ctx context.Context, c *Conn, index int) error {
	if u.ownsLink(c, index) {
		return nil
	}
	r, err := c.recordOf([]int{index}, false)
	if err != nil {
		return err
	}
	return u.noteRecord(ctx, c, r)
}

// noteLinkRef is noteLink of a link that is yet to be found.
func (u *Undo) noteLinkRef(ctx context.Context, c *Conn, link LinkRef) error {
	index, err := c.Index(link)
	if err != nil {
		return err
	}
	return u.noteLink(ctx, c, index)
}

// noteAttrs notes what an older link is, without what is on it.
func (u *Undo) noteAttrs(ctx context.Context, c *Conn, index int) error {
	if u.ownsLink(c, index) {
		return nil
	}
	r, err := c.attrsOnly(index)
	if err != nil {
		return err
	}
	return u.noteRecord(ctx, c, r)
}

// noteMaster notes what an older link is that gets a port of an MTU, 0 for what
// the kernel chooses: it may take its MTU and its MAC from its ports.
func (u *Undo) noteMaster(ctx context.Context, c *Conn, index, mtu int) error {
	if u.ownsLink(c, index) || !isTooSmall(mtu) {
		return u.noteAttrs(ctx, c, index)
	}
	return u.noteShrinking(ctx, c, index)
}

// isTooSmall reports whether an MTU is one with which the kernel takes IPv6 from
// a link: addresses, routes and sysctls (IPV6_MIN_MTU, RFC 8200 section 5).
func isTooSmall(mtu int) bool { return mtu > 0 && mtu < 1280 }

// noteShrinking notes all there is of a link and of its master, which may get
// the link's MTU, their sysctls too.
func (u *Undo) noteShrinking(ctx context.Context, c *Conn, index int) error {
	is, err := c.linkState(ByIndex(index))
	if err != nil {
		return err
	}
	var of []int
	for _, i := range []int{index, is.attrs.int(unix.IFLA_MASTER)} {
		if i != 0 && !u.ownsLink(c, i) {
			of = append(of, i)
		}
	}
	r, err := c.recordOf(of, true)
	if err != nil {
		return err
	}
	return u.noteRecord(ctx, c, r)
}

// noteIPv6 notes what the links have of which IPv6 is switched: one by its
// name, or with all or default every one.
func (u *Undo) noteIPv6(ctx context.Context, c *Conn, name string) error {
	states, _, err := c.states()
	if err != nil {
		return err
	}
	var indexes []int
	for _, s := range states {
		if name == "all" || name == "default" || s.name() == name {
			indexes = append(indexes, s.index)
		}
	}
	r, err := c.recordOf(indexes, false)
	if err != nil {
		return err
	}
	return u.noteRecord(ctx, c, r)
}

// noteRecord notes that a record is to be put back.
func (u *Undo) noteRecord(ctx context.Context, c *Conn, r *Record) error {
	if r.IsEmpty() {
		return nil
	}
	return u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: r.title(), Record: r}})
}

// title is the name of the first link of a record.
func (r *Record) title() string {
	s, err := readLinkState(r.msgs[0].body)
	if err != nil {
		return ""
	}
	return s.name()
}
