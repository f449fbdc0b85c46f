//go:build linux

package nsexec

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// NewerAttr is an attribute of a flower filter that older kernels pass over: the
// filter would match more than it should, and nobody be told.
type NewerAttr struct {
	Name  string
	Since string // the Linux that brought it
	Wrong []byte // the attribute, with what it needs and a value that is refused by who knows it
}

// knowsNewer is an error where the kernel does not know all of the newer
// attributes of a filter. It is asked for a filter that none of them makes: one
// that has an attribute's wrong value and, as what is looked at last, flags
// without their mask.
func (c *Conn) knowsNewer(cfg TrafficConfig, m message) error {
	head := bytes.Clone(m.body[:headers[m.kind]])
	byteOrder.PutUint32(head[8:], 0)                                   // any handle,
	byteOrder.PutUint32(head[16:], byteOrder.Uint32(head[16:])&0xffff) // any preference
	const flags = nl.TCA_FLOWER_KEY_FLAGS
	for _, a := range cfg.Newer {
		body := appendAttr(bytes.Clone(head), Attr{Type: nl.TCA_KIND, Data: nl.ZeroTerminated(cfg.Kind)})
		if cfg.Chain != 0 {
			body = appendUint32(body, nl.TCA_CHAIN, cfg.Chain)
		}
		options := append(bytes.Clone(a.Wrong), nl.NewRtAttr(flags, make([]byte, 4)).Serialize()...)
		err := c.add(message{m.kind, appendAttr(body, Attr{Type: nl.TCA_OPTIONS, Data: options})}, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
		if text, _ := kernelText(err); errors.Is(err, unix.EINVAL) && text == "Missing flags mask" {
			return fmt.Errorf("this kernel's %s has no %q (Linux %s): %w", cfg.Kind, a.Name, a.Since, unix.EOPNOTSUPP)
		}
	}
	return nil
}
