//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// RestoreConfig says how a link comes back.
type RestoreConfig struct {
	Text   string // what it is about, for people
	Record *Record
	Index  int    // of the link, if the record is of one that may be elsewhere
	From   string // the path of the namespace that it waits in; empty for none
	FromNS Ref    // the namespace that it was moved to
	Remake bool   // make it again where it is not there any more
	// Replaced says that other routes have taken the place of the record's.
	Replaced bool
}

// Restore puts back what a record holds: links as they were, with what was on
// them, routes, rules, neighbours, sysctls. Where all is as it was it does
// nothing.
func Restore(cfg RestoreConfig) NsAction { return nsAction("restore", restoreOp{cfg}) }

// restoreOp puts back what a record holds.
type restoreOp struct{ cfg RestoreConfig }

func (o restoreOp) String() string {
	text := o.summary()
	if len(o.cfg.Record.msgs) > 0 {
		text += " data " + o.cfg.Record.encode()
	}
	if len(o.cfg.Record.sysctls) > 0 {
		text += " sysctl"
		for _, s := range o.cfg.Record.sysctls {
			text += " " + quote(s.key+"="+s.value)
		}
	}
	return text
}

func (o restoreOp) summary() string {
	cfg := o.cfg
	text := fmt.Sprintf("restore %s %s", cfg.Record.what(), quote(cfg.Text))
	if cfg.Index != 0 {
		text += fmt.Sprintf(" index %d", cfg.Index)
	}
	switch {
	case cfg.From != "":
		text += " from path " + quote(cfg.From)
	case cfg.FromNS != Ref{}:
		text += " from " + cfg.FromNS.String()
	}
	if cfg.Remake {
		text += " remake"
	}
	if cfg.Replaced {
		text += " replaced"
	}
	return text
}

func (o restoreOp) act(ctx context.Context, c *Conn) error {
	if o.cfg.Index != 0 {
		if err := o.bringBack(ctx, c); err != nil {
			return err
		}
	}
	return o.cfg.Record.restoreIn(c, o.cfg.Replaced)
}

// restoreIn puts everything of the record in order: links first, those below
// before those above, then what is on them.
func (r *Record) restoreIn(c *Conn, replaced bool) error {
	by := map[uint16][]message{}
	for _, m := range r.msgs {
		by[m.kind] = append(by[m.kind], m)
	}
	gone := map[int]bool{}
	found := 0
	for _, kind := range []uint16{unix.RTM_NEWLINK, unix.RTM_SETLINK} {
		for _, m := range by[kind] {
			err := c.restoreLink(m)
			switch {
			case err == nil:
				found++
			case IsGone(err):
				gone[m.linkIndex()] = true
			default:
				return err
			}
		}
	}
	if len(gone) > 0 && found == 0 {
		return nil // and so is all that was on them
	}
	for _, kind := range []uint16{unix.RTM_NEWADDR, unix.RTM_NEWNEIGH} {
		by[kind] = slices.DeleteFunc(by[kind], func(m message) bool { return gone[m.linkIndex()] })
	}
	by[unix.RTM_NEWROUTE] = slices.DeleteFunc(by[unix.RTM_NEWROUTE], func(m message) bool { return routeUses(m.attrs(), gone, nil) })
	by[unix.RTM_NEWNEXTHOP] = slices.DeleteFunc(by[unix.RTM_NEWNEXTHOP], func(m message) bool { return gone[m.attrs().int(nhaOIF)] })
	var errs []error
	for _, restore := range []func() error{
		func() error { return c.restoreVLANs(r.links(), by[unix.RTM_NEWVLAN]) },
		func() error { return c.restoreGlobalVLANs(by[unix.RTM_NEWVLAN]) },
		func() error { return c.restoreVNIs(by[rtmNewTunnel]) },
		func() error { return c.restoreSysctls(r.sysctls) },
		func() error { return c.restoreAllAddrs(by[unix.RTM_NEWLINK], by[unix.RTM_NEWADDR]) },
		func() error { return c.dropKernelRoutes(by[unix.RTM_NEWLINK], by[unix.RTM_NEWROUTE]) },
		func() error { return c.restoreRoutes(by[unix.RTM_NEWNEXTHOP], by[unix.RTM_NEWROUTE], replaced) },
		func() error { return c.awaitRoutes(by[unix.RTM_NEWROUTE]) },
		func() error { return c.restoreRules(by[unix.RTM_NEWRULE]) },
		func() error { return c.restoreNeighs(by[unix.RTM_NEWNEIGH]) },
		func() error { return c.restoreMDB(by[unix.RTM_NEWMDB]) },
		func() error { return c.restoreTraffic(r.traffic(gone)) },
		func() error { return c.restoreXDP(slices.Concat(by[unix.RTM_NEWLINK], by[unix.RTM_SETLINK])) },
		func() error { return c.restoreL3Stats(by[rtmSetStats]) },
		func() error { return c.restoreXfrm(slices.Concat(by[xfrmState], by[xfrmThreshold], by[xfrmPolicy])) },
		func() error { return c.restoreGenl(r.genl()) },
		func() error { return c.restoreMacsec(r.msgs) },
		func() error { return c.settleAddrGen(by[unix.RTM_NEWLINK]) },
		func() error { return c.restoreSysctls(r.sysctls) }, // addresses may have moved some
		func() error { return c.restoreTokens(slices.Concat(by[unix.RTM_NEWLINK], by[unix.RTM_SETLINK])) },
		func() error { return c.restoreAddrLabels(by[unix.RTM_NEWADDRLABEL]) },
	} {
		errs = append(errs, restore()) // as much as can be
	}
	return errors.Join(errs...)
}

// links are the indexes of the links that the record describes.
func (r *Record) links() map[int]bool {
	out := map[int]bool{}
	for _, m := range r.msgs {
		if m.kind == unix.RTM_NEWLINK || m.kind == unix.RTM_SETLINK {
			out[m.linkIndex()] = true
		}
	}
	return out
}

// restoreAllAddrs gives links the addresses that they had, and without links
// those of the record alone.
func (c *Conn) restoreAllAddrs(links, addrs []message) error {
	indexes := map[int]bool{}
	for _, m := range links {
		indexes[m.linkIndex()] = true
	}
	for _, m := range addrs {
		indexes[m.addrIndex()] = true
	}
	for index := range indexes {
		for _, family := range bothFamilies {
			var want []message
			for _, m := range addrs {
				if m.addrIndex() == index && m.body[0] == family {
					want = append(want, m)
				}
			}
			err := c.restoreAddrs(index, family, want)
			if err != nil && !IsGone(err) {
				return err
			}
		}
	}
	return nil
}

// bringBack has the link be where the record is of: from the namespace that it
// waits in, or that it was moved to, or made again.
func (o restoreOp) bringBack(ctx context.Context, c *Conn) error {
	link := o.cfg.Record.msgs[0]
	_, err := c.askLink(int32(link.linkIndex()), nil)
	if err == nil || !errors.Is(err, unix.ENODEV) {
		return err
	}
	if o.cfg.Remake {
		return c.remake(link)
	}
	return o.from(ctx, c, func(other *Conn) error {
		return other.sendLink(o.cfg.Index, c.nsfd, link)
	})
}

// from calls f with a connection to where the link is.
func (o restoreOp) from(ctx context.Context, c *Conn, f func(*Conn) error) error {
	p, ok := c.space.(*pool)
	if !ok {
		return errors.New("only an engine brings links back")
	}
	ref := o.cfg.FromNS
	if o.cfg.From != "" {
		ref = Path(o.cfg.From)
	}
	pc, err := p.get(ctx, ref, p.engine.newRun())
	if err != nil {
		return err
	}
	err = f(&pc.Conn)
	p.put(pc)
	if o.cfg.From != "" {
		p.forget(ref) // nothing else is in it
	}
	return err
}

// sendLink moves a link to another namespace, under the name and the index that
// it had there.
func (c *Conn) sendLink(index, nsfd int, as message) error {
	now, err := c.getLink(ByIndex(index))
	if err != nil {
		return err
	}
	name := as.attrs().text(unix.IFLA_IFNAME)
	if linkAttr(now, unix.IFLA_IFNAME) != name {
		// It was renamed where it is. The old name may be taken there by now.
		if err := c.rename(index, name); err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
	return c.setNS(index, nsfd, as.linkIndex())
}

// setNS moves a link to another namespace, where it is to have an index. Its
// alternative names go with it.
func (c *Conn) setNS(index, nsfd, newIndex int) error {
	return c.setLink(index, 0, 0,
		Attr{Type: unix.IFLA_NET_NS_FD, Data: u32(nsfd)},
		Attr{Type: unix.IFLA_NEW_IFINDEX, Data: u32(newIndex)})
}
