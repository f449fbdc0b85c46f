//go:build linux

package nsexec

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Index returns the index of a link of the namespace: one message to the kernel
// and one back, but for an alias, which the kernel can't look up, so that all
// links are gone through. Where there is none the error is a *NoLinkError.
func (c *Conn) Index(link LinkRef) (int, error) {
	msg, err := c.getLink(link)
	if err != nil {
		return 0, err
	}
	return int(nl.DeserializeIfInfomsg(msg).Index), nil
}

// Link returns a link of the namespace with all its attributes but the
// statistics. Where there is none the error is a *NoLinkError.
func (c *Conn) Link(link LinkRef) (netlink.Link, error) {
	msg, err := c.getLink(link)
	if err != nil {
		return nil, err
	}
	return netlink.LinkDeserialize(nil, msg)
}

// getLink returns the RTM_NEWLINK message that describes a link.
func (c *Conn) getLink(link LinkRef) ([]byte, error) {
	if to, ok := c.reindexed[link.Index]; ok {
		link.Index = to
	}
	var msg []byte
	var err error
	switch {
	case link.Alias != "":
		msg, err = c.linkByAlias(link.Alias)
	case link.Index != 0:
		msg, err = c.askLink(int32(link.Index), nil)
	case link.Name == "":
		return nil, errors.New("a link needs a name")
	default:
		if len(link.Name) < unix.IFNAMSIZ {
			msg, err = c.askLink(0, nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(link.Name)))
		} else {
			err = unix.ENODEV
		}
		if errors.Is(err, unix.ENODEV) && len(link.Name) < altNameSize {
			msg, err = c.askLink(0, nl.NewRtAttr(unix.IFLA_ALT_IFNAME, nl.ZeroTerminated(link.Name)))
		}
	}
	// A link that is not there is ENODEV; a kernel before 5.5 says EINVAL to an altname.
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) && link.Name != "" {
		return nil, &NoLinkError{NS: c.ref, Link: link.String(), Have: c.linkNames()}
	}
	if err != nil {
		return nil, fmt.Errorf("link %q: %w", link, err)
	}
	return msg, nil
}

// altNameSize is ALTIFNAMSIZ of linux/if.h.
const altNameSize = 128

// skipStats is RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h.
const skipStats = 1 << 3

func (c *Conn) askLink(index int32, by *nl.RtAttr) ([]byte, error) {
	req := c.Request(unix.RTM_GETLINK, 0)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = index
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStats)))
	if by != nil {
		req.AddData(by)
	}
	msgs, err := req.Execute(unix.NETLINK_ROUTE, 0)
	if err != nil {
		return nil, err
	}
	if len(msgs) != 1 || len(msgs[0]) < unix.SizeofIfInfomsg {
		return nil, unix.ENODEV
	}
	return msgs[0], nil
}

// dumpLinks returns the RTM_NEWLINK messages of all links.
func (c *Conn) dumpLinks() ([][]byte, error) {
	req := c.Request(unix.RTM_GETLINK, unix.NLM_F_DUMP)
	req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	req.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStats)))
	return req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
}

func (c *Conn) linkByAlias(alias string) ([]byte, error) {
	msgs, err := c.dumpLinks()
	if err != nil {
		return nil, err
	}
	for _, msg := range msgs {
		if linkAttr(msg, unix.IFLA_IFALIAS) == alias {
			return msg, nil
		}
	}
	return nil, unix.ENODEV
}

// linkNames returns the names of all links, as a help to who misspelt one.
func (c *Conn) linkNames() []string {
	msgs, _ := c.dumpLinks()
	var names []string
	for _, msg := range msgs {
		names = append(names, linkAttr(msg, unix.IFLA_IFNAME))
	}
	return names
}

// linkAttr is a text attribute of a link message; empty where it has none.
func linkAttr(msg []byte, kind uint16) string {
	a, _ := parseAttrs(msg, unix.SizeofIfInfomsg)
	return a.text(kind)
}
