//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/safchain/ethtool"
	"golang.org/x/sys/unix"
)

// Offload is what a link is to do, or not to do, for the rest of the network
// stack: a feature, or several that go by one name.
type Offload struct {
	Name     string   // for errors
	Features []string // as the kernel calls them
	On       bool
}

// SetOffloads switches features of a link, as ethtool -K does. Of several that
// go by one name those are switched that the link can switch; if it can't switch
// any, that is a unix.EOPNOTSUPP. It needs CAP_NET_ADMIN over the namespace.
func SetOffloads(link LinkRef, text string, offloads ...Offload) LinkAction {
	return linkAction("offload", link, offloadOp{link, text, offloads})
}

type offloadOp struct {
	link     LinkRef
	text     string
	offloads []Offload
}

func (o offloadOp) String() string { return o.text }

// prepare notes which of the features were on.
func (o offloadOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	index, err := c.Index(o.link)
	if err != nil || u.ownsLink(c, index) {
		return o, err
	}
	var had map[string]bool
	var name string
	err = onFeatures(c, ByIndex(index), func(f *features) error {
		name = f.link
		_, err := f.wanted(o.offloads)
		had = f.requested(o.offloads)
		return err
	})
	if err != nil || len(had) == 0 {
		return o, err
	}
	return o, u.note(ctx, c.cookieRef(), restoreOffloadsOp{name, index, had})
}

func (o offloadOp) act(_ context.Context, c *Conn) error {
	return onFeatures(c, o.link, func(f *features) error {
		want, err := f.wanted(o.offloads)
		if err != nil || len(want) == 0 {
			return err
		}
		if err := c.fault("request ethtool"); err != nil {
			return err
		}
		if err := f.tool.Change(f.link, want); err != nil {
			return err
		}
		return f.check(o.offloads)
	})
}

// features are those of one link.
type features struct {
	tool  *ethtool.Ethtool
	link  string // its name, which is all that the ioctl takes
	state map[string]ethtool.FeatureState
}

// onFeatures calls f with the features of a link, on a thread in its namespace.
func onFeatures(c *Conn, link LinkRef, f func(*features) error) error {
	msg, err := c.getLink(link)
	if err != nil {
		return err
	}
	return inNamespace(c.nsfd, func(*thread) error {
		tool, err := ethtool.NewEthtool()
		if err != nil {
			return err
		}
		defer tool.Close()
		of := &features{tool: tool, link: linkAttr(msg, unix.IFLA_IFNAME)}
		if err := of.read(); err != nil {
			return err
		}
		return f(of)
	})
}

func (f *features) read() (err error) {
	f.state, err = f.tool.FeaturesWithState(f.link)
	return err
}

// switchable are those of an offload's features that the link can switch.
func (f *features) switchable(o Offload) []string {
	return slices.DeleteFunc(slices.Clone(o.Features), func(name string) bool {
		return !f.state[name].Available || f.state[name].NeverChanged
	})
}

// wanted are the features to switch. An offload that the link can't switch but
// has as it is to be is none.
func (f *features) wanted(offloads []Offload) (map[string]bool, error) {
	want := map[string]bool{}
	for _, o := range offloads {
		list := f.switchable(o)
		for _, name := range list {
			want[name] = o.On
		}
		if len(list) == 0 && !f.has(o) {
			return nil, f.refusal(o)
		}
	}
	return want, nil
}

// has reports whether an offload, none of whose features can be switched, is as it
// is to be. It is on where one of them is.
func (f *features) has(o Offload) bool {
	on := slices.ContainsFunc(o.Features, func(name string) bool { return f.state[name].Active })
	return on == o.On
}

func (f *features) refusal(o Offload) error {
	known := slices.ContainsFunc(o.Features, func(name string) bool { _, ok := f.state[name]; return ok })
	if !known {
		return fmt.Errorf("this kernel has no offload %q: %w", o.Name, unix.EOPNOTSUPP)
	}
	state := "on"
	if o.On {
		state = "off"
	}
	return fmt.Errorf("%q of %s is fixed to %s; this link can switch %s: %w", o.Name, f.link, state, strings.Join(f.all(), ", "), unix.EOPNOTSUPP)
}

// all are the features that the link can switch.
func (f *features) all() []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(f.state)), func(name string) bool {
		return !f.state[name].Available || f.state[name].NeverChanged
	})
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}

// check finds an offload that the kernel has not switched although it took the
// request: one that needs another, mostly.
func (f *features) check(offloads []Offload) error {
	if err := f.read(); err != nil {
		return err
	}
	for _, o := range offloads {
		if slices.ContainsFunc(f.switchable(o), func(name string) bool { return f.state[name].Active != o.On }) {
			state := "on"
			if o.On {
				state = "off, as what it needs is off (such as scatter-gather and checksumming)"
			}
			return fmt.Errorf("the kernel leaves %q of %s %s: %w", o.Name, f.link, state, unix.EOPNOTSUPP)
		}
	}
	return nil
}

// requested is what was asked for so far of the features that offloads switch.
// Which of them are on is the kernel's to find out from that.
func (f *features) requested(offloads []Offload) map[string]bool {
	had := map[string]bool{}
	for _, o := range offloads {
		for _, name := range f.switchable(o) {
			had[name] = f.state[name].Requested
		}
	}
	return had
}

// noteOffloads notes all the features that a link can switch, for one that is made
// again: then it has those of a new link.
func (u *Undo) noteOffloads(ctx context.Context, c *Conn, index int) error {
	o := restoreOffloadsOp{index: index, had: map[string]bool{}}
	err := onFeatures(c, ByIndex(index), func(f *features) error {
		o.name = f.link
		for name, state := range f.state {
			if state.Available && !state.NeverChanged {
				o.had[name] = state.Requested
			}
		}
		return nil
	})
	if errors.Is(err, unix.EOPNOTSUPP) || err == nil && len(o.had) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return u.note(ctx, c.cookieRef(), o)
}

// RestoreOffloads switches features of the link with an index back. The name is
// for people. A link that is gone is left alone.
func RestoreOffloads(name string, index int, had map[string]bool) NsAction {
	return nsAction("restore-offloads", restoreOffloadsOp{name, index, had})
}

type restoreOffloadsOp struct {
	name  string
	index int
	had   map[string]bool
}

func (o restoreOffloadsOp) String() string {
	text := fmt.Sprintf("restore offload %s index %d feature", quote(o.name), o.index)
	for _, name := range slices.Sorted(maps.Keys(o.had)) {
		state := "off"
		if o.had[name] {
			state = "on"
		}
		text += " " + quote(name+"="+state)
	}
	return text
}

func (o restoreOffloadsOp) act(_ context.Context, c *Conn) error {
	err := onFeatures(c, ByIndex(o.index), func(f *features) error {
		want := maps.Clone(o.had)
		maps.DeleteFunc(want, func(name string, on bool) bool { return f.state[name].Requested == on })
		if len(want) == 0 {
			return nil
		}
		return f.tool.Change(f.link, want)
	})
	if IsGone(err) {
		return nil
	}
	return err
}
