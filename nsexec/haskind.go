//go:build linux

package nsexec

import (
	"context"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Kind is a kind of links, or of other objects that a kernel may lack.
type Kind struct {
	Of   string // "qdisc"; empty for links
	Name string
}

// commonKinds are those of every kernel that anybody makes labs with. To try them
// would only cost time.
var commonKinds = map[Kind]bool{{Name: "veth"}: true, {Name: "bridge"}: true}

// Lacks finds the first of some kinds that the kernel lacks, by trying to make
// one of each in a namespace of its own: err is a *NoKindError, and at is which.
// Where it can't try, as without privileges, no kind is missing. What the kernel
// has it remembers.
func (e *Engine) Lacks(ctx context.Context, kinds []Kind) (at int, err error) {
	var space Ref
	defer func() {
		if space != (Ref{}) {
			_ = e.Drop(space) // at the latest it goes with the engine
		}
	}()
	for i, k := range kinds {
		if _, known := e.kinds.Load(k); known || commonKinds[k] {
			continue
		}
		if space == (Ref{}) {
			if space, err = e.NewAnonymous(ctx); err != nil {
				space = Ref{}
				return 0, nil
			}
		}
		err := e.Look(ctx, space, func(c *Conn) error { return c.tryKind(k) })
		var none *NoKindError
		switch {
		case errors.As(err, &none):
			return i, none
		case ctx.Err() != nil || errors.Is(err, unix.EPERM):
			return 0, nil
		}
		e.kinds.Store(k, true)
	}
	return 0, nil
}

// tryKind makes an object of a kind, of which the kernel looks the kind up before
// it looks at anything else. Other errors are about what the object lacks.
func (c *Conn) tryKind(k Kind) error {
	if k.Of == genlKindOf {
		return c.tryGenl(k.Name)
	}
	if k.Of == "qdisc" {
		cfg := TrafficConfig{Link: ByIndex(1), Parent: tcIngress, Kind: k.Name}
		m, err := trafficOp{cfg: cfg, kind: unix.RTM_NEWQDISC}.message(c)
		if err != nil {
			return err
		}
		return cfg.unknown(c.try(m))
	}
	body := nl.NewIfInfomsg(unix.AF_UNSPEC).Serialize()
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated(k.Name))
	body = append(body, info.Serialize()...)
	return unknownKind(LinkConfig{Kind: k.Name}, c.try(message{unix.RTM_NEWLINK, body}))
}

// try is add without the faults of InjectFaults: it is no part of any action.
func (c *Conn) try(m message) error {
	req := c.sound(int(m.kind), unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddRawData(m.body)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
