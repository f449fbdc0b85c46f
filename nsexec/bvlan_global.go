//go:build linux

package nsexec

import (
	"context"

	"golang.org/x/sys/unix"
)

// GlobalVLANConfig says how a bridge as a whole treats VLANs that it or its ports
// are in.
type GlobalVLANConfig struct {
	Bridge LinkRef
	VLANs  []VLANRange
	Attrs  []Attr // BRIDGE_VLANDB_GOPTS_*
}

// SetGlobalVLANs sets options that VLANs of a bridge have on all of its ports
// (RTM_NEWVLAN with BRIDGE_VLANDB_GLOBAL_OPTIONS, Linux 5.15). text is the statement
// that errors show. It needs CAP_NET_ADMIN.
func SetGlobalVLANs(text string, cfg GlobalVLANConfig) LinkAction {
	return linkAction("bvlan-global", cfg.Bridge, globalVLANOp{text, cfg})
}

type globalVLANOp struct {
	text string
	cfg  GlobalVLANConfig
}

func (o globalVLANOp) String() string { return o.text }

// prepare notes the options as they are.
func (o globalVLANOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.cfg.Bridge)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	all, err := c.globalVLANs()
	if err != nil {
		return nil, err
	}
	return o, u.noteParts(ctx, c, o.cfg.Bridge.String(), all[index].only(vidsOf(o.cfg.VLANs)).messages(index), nil)
}

func (o globalVLANOp) act(_ context.Context, c *Conn) error {
	is, err := c.linkState(o.cfg.Bridge)
	if err != nil {
		return err
	}
	if err := is.isOf("bridge"); err != nil {
		return err
	}
	var entries []Attr
	for _, r := range o.cfg.VLANs {
		entries = append(entries, globalVLANEntry(r, o.cfg.Attrs))
	}
	return c.withoutVLANs(c.sendVLANs(unix.RTM_NEWVLAN, is.index, entries))
}
