//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// MacsecConfig is a secure channel of what a macsec link receives, or a secure
// association: a key of such a channel, or of what the link sends
// (linux/if_macsec.h, IEEE 802.1AE).
type MacsecConfig struct {
	Link    LinkRef
	Channel []byte // the SCI of what is received; nil for what is sent
	Attrs   []Attr // MACSEC_SA_ATTR_* of the association, or MACSEC_RXSC_ATTR_* of the channel
	SA      int    // the association's number; -1 for the channel itself
	Keyed   bool   // there is a key, so that the association can be made
	Text    string // the statement
}

// Macsec adds, changes or deletes a channel or an association. It needs
// CAP_NET_ADMIN in the machine's first user namespace. The kernel tells nobody a
// key, so none of an older link is deleted where that may have to be undone.
func Macsec(mode Mode, cfg MacsecConfig) NsAction {
	name := map[Mode]string{ModeAdd: "macsec", ModeEnsure: "ensure-macsec", ModeDel: "del-macsec"}[mode]
	return nsAction(name, macsecOp{mode, cfg})
}

var macsecFamily = &genlFamily{name: "macsec", lacks: NoKindError{Kind: "macsec", Of: "links", Module: "macsec", Config: "CONFIG_MACSEC"}, root: true}

// The kinds that they have in a [Record].
const (
	macsecChannel = genlRecord | 0x100 + iota
	macsecReceive
	macsecSend
)

// Commands and attributes of linux/if_macsec.h.
const (
	macsecGetTxSC = 0 // the dump of all
	macsecIfindex = 1 // MACSEC_ATTR_IFINDEX
	macsecRxSC    = 2 // MACSEC_ATTR_RXSC_CONFIG
	macsecSA      = 3 // MACSEC_ATTR_SA_CONFIG
	macsecTxSAs   = 5 // MACSEC_ATTR_TXSA_LIST
	macsecRxSCs   = 6 // MACSEC_ATTR_RXSC_LIST

	macsecSCI    = 1 // MACSEC_RXSC_ATTR_SCI
	macsecRxSAs  = 3 // MACSEC_RXSC_ATTR_SA_LIST
	macsecAN     = 1 // MACSEC_SA_ATTR_AN
	macsecActive = 2 // MACSEC_SA_ATTR_ACTIVE, and MACSEC_RXSC_ATTR_ACTIVE
	macsecPN     = 3 // MACSEC_SA_ATTR_PN
)

// macsecCommands are those that add, delete and change one of a kind.
var macsecCommands = map[uint16]struct{ add, del, set uint8 }{
	macsecChannel: {1, 2, 3}, macsecSend: {4, 5, 6}, macsecReceive: {7, 8, 9},
}

func init() {
	for kind := range macsecCommands {
		headers[kind] = nl.SizeofGenlmsg
		recordNames[kind] = "macsec"
	}
}

type macsecOp struct {
	mode Mode
	cfg  MacsecConfig
}

func (o macsecOp) String() string { return o.cfg.Text }

// message is the channel or the association on a link.
func (o macsecOp) message(index int) message {
	kind, list := uint16(macsecSend), []Attr{{Type: macsecIfindex, Data: nl.Uint32Attr(uint32(index))}}
	if o.cfg.Channel != nil {
		kind = macsecReceive
		channel := []Attr{{Type: macsecSCI, Data: o.cfg.Channel}}
		if o.cfg.SA < 0 {
			kind, channel = macsecChannel, append(channel, o.cfg.Attrs...)
		}
		list = append(list, Attr{Type: macsecRxSC | unix.NLA_F_NESTED, Nested: channel})
	}
	if o.cfg.SA >= 0 {
		number := []Attr{{Type: macsecAN, Data: []byte{byte(o.cfg.SA)}}}
		list = append(list, Attr{Type: macsecSA | unix.NLA_F_NESTED, Nested: append(number, o.cfg.Attrs...)})
	}
	return genlMessage(GenlKind(kind), list)
}

// prepare notes what is there, or that nothing is.
func (o macsecOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.cfg.Link)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	m := o.message(index)
	had, err := c.findMacsec(m)
	switch {
	case err != nil:
		return nil, err
	case had == nil && o.mode == ModeDel, had != nil && o.mode == ModeAdd:
		return o, nil // the kernel will refuse it
	case had == nil:
		return o, u.noteParts(ctx, c, o.cfg.Link.String(), nil, []message{m.macsecWithoutKey()})
	case o.mode == ModeDel && (m.kind != macsecChannel || len(had.attrs().nested(macsecRxSC).get(macsecRxSAs)) > 0):
		return nil, errMacsecKeys
	}
	return o, u.noteParts(ctx, c, o.cfg.Link.String(), []message{*had}, nil)
}

func (o macsecOp) act(_ context.Context, c *Conn) error {
	index, err := c.Index(o.cfg.Link)
	if err != nil {
		return err
	}
	if err := c.fault("request macsec"); err != nil {
		return err
	}
	m := o.message(index)
	commands := macsecCommands[m.kind]
	switch o.mode {
	case ModeDel:
		return c.removeMacsec(m)
	case ModeAdd:
		return c.sendMacsec(commands.add, m)
	}
	had, err := c.findMacsec(m)
	switch {
	case err != nil:
		return err
	case had != nil:
		return c.sendMacsec(commands.set, m.macsecWithoutKey())
	case m.kind != macsecChannel && !o.cfg.Keyed:
		return fmt.Errorf("there is no such association, and none is made without a key: %w", unix.ENOENT)
	}
	return c.sendMacsec(commands.add, m)
}

// sendMacsec sends a channel or an association with a command.
func (c *Conn) sendMacsec(command uint8, m message) error {
	err := c.genl(macsecFamily, func(ask genlAsk) error {
		a := m.attrs()
		list := []Attr{{Type: macsecIfindex, Data: a.get(macsecIfindex)}}
		for _, t := range []uint16{macsecRxSC, macsecSA} {
			if data, ok := a.find(t); ok {
				list = append(list, Attr{Type: t | unix.NLA_F_NESTED, Data: data})
			}
		}
		_, err := ask(command, 0, list)
		return err
	})
	switch {
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("there is one already: %w", unix.EEXIST)
	case errors.Is(err, unix.ENODEV):
		return fmt.Errorf("it is no macsec link, or has no such channel or association: %w", err)
	}
	return err
}

// macsecWithoutKey is what is told of a channel or of an association, and what of
// one that is there can be changed.
func (m message) macsecWithoutKey() message {
	a := m.attrs()
	out := []Attr{{Type: macsecIfindex, Data: a.get(macsecIfindex)}}
	if a.get(macsecRxSC) != nil {
		out = append(out, Attr{Type: macsecRxSC | unix.NLA_F_NESTED, Nested: some(a.nested(macsecRxSC), macsecSCI, macsecActive)})
	}
	if a.get(macsecSA) != nil {
		out = append(out, Attr{Type: macsecSA | unix.NLA_F_NESTED, Nested: some(a.nested(macsecSA), macsecAN, macsecActive, macsecPN)})
	}
	return genlMessage(GenlKind(m.kind), out)
}

// some are those of the attributes that there are.
func some(a attrs, types ...uint16) []Attr {
	var out []Attr
	for _, t := range types {
		if data, ok := a.find(t); ok {
			out = append(out, Attr{Type: t, Data: data})
		}
	}
	return out
}

// findMacsec is a channel or an association as it is now, or nil. A channel has
// the list of its associations.
func (c *Conn) findMacsec(m message) (found *message, err error) {
	want := m.attrs()
	sci, an := want.nested(macsecRxSC).number(macsecSCI), want.nested(macsecSA).number(macsecAN)
	err = c.genl(macsecFamily, func(ask genlAsk) error {
		msgs, err := ask(macsecGetTxSC, unix.NLM_F_DUMP, nil)
		for _, body := range msgs {
			has, bad := parseAttrs(body, nl.SizeofGenlmsg)
			if bad != nil || has.number(macsecIfindex) != want.number(macsecIfindex) {
				continue
			}
			associations := has.get(macsecTxSAs)
			list := []Attr{{Type: macsecIfindex, Data: has.get(macsecIfindex)}}
			if m.kind != macsecSend {
				channel := oneIn(has.get(macsecRxSCs), macsecSCI, sci)
				if channel == nil {
					return nil
				}
				associations = channel.get(macsecRxSAs)
				list = append(list, Attr{Type: macsecRxSC | unix.NLA_F_NESTED, Nested: some(channel, macsecSCI, macsecActive)})
				if m.kind == macsecChannel {
					list[1].Nested = some(channel, macsecSCI, macsecActive, macsecRxSAs)
				}
			}
			if m.kind != macsecChannel {
				association := oneIn(associations, macsecAN, an)
				if association == nil {
					return nil
				}
				list = append(list, Attr{Type: macsecSA | unix.NLA_F_NESTED, Nested: some(association, macsecAN, macsecActive, macsecPN)})
			}
			made := genlMessage(GenlKind(m.kind), list)
			found = &made
		}
		return err
	})
	return found, err
}

// oneIn is the one of a list whose number is n; nil where there is none.
func oneIn(list []byte, number uint16, n uint64) attrs {
	all, err := nl.ParseRouteAttr(list)
	if err != nil {
		return nil
	}
	for _, item := range all {
		if a, err := parseAttrs(item.Value, 0); err == nil && a.number(number) == n {
			return a
		}
	}
	return nil
}

var errMacsecKeys = fmt.Errorf("the macsec link is older than the run, or than the block that may be undone, and the kernel does not tell its keys, without which it could not be put back: %w", unix.EOPNOTSUPP)

// hasMacsecKeys reports whether a link has associations, which only it can keep.
func (c *Conn) hasMacsecKeys(s linkState) bool {
	if s.kind() != "macsec" {
		return false
	}
	keys := false
	_ = c.genl(macsecFamily, func(ask genlAsk) error {
		msgs, err := ask(macsecGetTxSC, unix.NLM_F_DUMP, nil)
		for _, body := range msgs {
			has, bad := parseAttrs(body, nl.SizeofGenlmsg)
			if bad == nil && has.int(macsecIfindex) == s.index && len(has.get(macsecTxSAs))+len(has.get(macsecRxSCs)) > 0 {
				keys = true
			}
		}
		return err
	})
	return keys
}

// isMacsec reports whether a message of a record is a channel or an association.
func (m message) isMacsec() bool { _, ok := macsecCommands[m.kind]; return ok }

// restoreMacsec makes channels and associations what they were. A channel that was
// deleted had no associations.
func (c *Conn) restoreMacsec(msgs []message) error {
	var errs []error
	for _, m := range msgs {
		if !m.isMacsec() {
			continue
		}
		now, err := c.findMacsec(m)
		command := macsecCommands[m.kind].set
		if now == nil {
			command = macsecCommands[m.kind].add
		}
		if err == nil {
			err = c.sendMacsec(command, m.macsecWithoutKey())
		}
		if !IsGone(err) { // as the link is
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// unmakeMacsec deletes what a message describes, if it is there.
func (c *Conn) unmakeMacsec(m message) error {
	if now, err := c.findMacsec(m); now == nil || err != nil {
		return err
	}
	return c.removeMacsec(m)
}

// removeMacsec deletes a channel or an association. The kernel deletes none of
// those that are in use.
func (c *Conn) removeMacsec(m message) error {
	if m.kind != macsecChannel {
		out := m.attrs()
		number := some(out.nested(macsecSA), macsecAN)
		list := some(out, macsecIfindex, macsecRxSC)
		off := genlMessage(GenlKind(m.kind), append(list, Attr{Type: macsecSA | unix.NLA_F_NESTED, Nested: append(number, MacsecActive(false))}))
		if err := c.sendMacsec(macsecCommands[m.kind].set, off); err != nil {
			return err
		}
	}
	return c.sendMacsec(macsecCommands[m.kind].del, m.macsecWithoutKey())
}

// MacsecSCI is the identifier of the channel of a port at an address.
func MacsecSCI(mac [6]byte, port uint16) []byte {
	return binary.BigEndian.AppendUint16(mac[:], port)
}

// MacsecActive is the attribute that has a channel or an association in use, or not.
func MacsecActive(on bool) Attr {
	if on {
		return Attr{Type: macsecActive, Data: []byte{1}}
	}
	return Attr{Type: macsecActive, Data: []byte{0}}
}
