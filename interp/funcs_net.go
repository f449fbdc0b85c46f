//go:build linux

package interp

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
)

var netFuncs = []*Function{
	{Name: "subnet", Params: []string{"PREFIX", "NEWBITS", "I"}, Doc: "the I-th of the networks that PREFIX splits into with NEWBITS more bits", Example: `subnet(10.0.0.0/16, 8, 3)`,
		pure: func(a *args) (value.Value, error) {
			p, bits, i := a.prefix(0), a.int(1), a.int(2)
			if a.err != nil {
				return nil, nil
			}
			return p.Subnet(bits, i)
		}},
	{Name: "host", Params: []string{"PREFIX", "I"}, Doc: "the I-th address of PREFIX, without its length", Example: `host(10.0.0.0/24, 5)`,
		pure: func(a *args) (value.Value, error) {
			p, i := a.prefix(0), a.int(1)
			if a.err != nil {
				return nil, nil
			}
			at, err := p.At(i)
			if err != nil {
				return nil, err
			}
			return value.IP{Addr: at.Addr()}, nil
		}},
	{Name: "mac", Params: []string{"I"}, Doc: "the I-th locally administered MAC, counted from 02:00:00:00:00:00", Example: `mac(1)`,
		pure: func(a *args) (value.Value, error) {
			const most = 1<<40 - 1 // what the five bytes after 02 hold
			i := a.int(0)
			if a.err == nil && (i < 0 || i > most) {
				a.fail(0, fmt.Errorf("mac: I goes from 0 to %d, this is %d", int64(most), i))
			}
			return value.MACFrom(2<<40 + i), nil
		}},
}
