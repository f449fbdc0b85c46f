//go:build linux

package nsexec

import "context"

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
