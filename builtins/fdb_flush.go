//go:build linux

package builtins

import (
	"fmt"
	"slices"

	"github.com/nescript/nescript/nsexec"
	"golang.org/x/sys/unix"
)

// fdbFlushes are the words of `flush fdb` that say which entries go: NUD_* and NTF_*
// that they have, of those in the mask. They mean what they mean to `bridge fdb
// flush`: what is local is static, too, so that nostatic is neither.
var fdbFlushes = []struct {
	name        string
	state, mask int
	flag, flags int
}{
	{name: "local", state: unix.NUD_PERMANENT, mask: unix.NUD_PERMANENT},
	{name: "static", state: unix.NUD_NOARP, mask: unix.NUD_NOARP | unix.NUD_PERMANENT},
	{name: "dynamic", mask: unix.NUD_NOARP | unix.NUD_PERMANENT},
	{name: "nopermanent", mask: unix.NUD_PERMANENT},
	{name: "nostatic", mask: unix.NUD_NOARP},
	{name: "nodynamic", state: unix.NUD_NOARP, mask: unix.NUD_NOARP},
	{name: "extern_learn", flag: unix.NTF_EXT_LEARNED, flags: unix.NTF_EXT_LEARNED},
	{name: "noextern_learn", flags: unix.NTF_EXT_LEARNED},
	{name: "sticky", flag: ntfSticky, flags: ntfSticky},
	{name: "nosticky", flags: ntfSticky},
	{name: "router", flag: unix.NTF_ROUTER, flags: unix.NTF_ROUTER},
	{name: "norouter", flags: unix.NTF_ROUTER},
}

// flushesFDB reports whether `flush fdb` takes an option.
func flushesFDB(name string) bool {
	for _, o := range fdbFlushes {
		if o.name == name {
			return true
		}
	}
	return slices.Contains([]string{"self", "master", "vlan", "dst", "port", "vni", "src_vni", "nhid"}, name)
}

// verifyFDBFlush refuses words about the same thing.
func verifyFDBFlush(c *Call) *ArgError {
	for i, o := range fdbFlushes {
		g, ok := c.Option(o.name)
		if !ok {
			continue
		}
		for _, other := range fdbFlushes[:i] {
			if c.Has(other.name) && (other.mask&o.mask != 0 || other.flags&o.flags != 0) {
				return &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q and %q can't both be said of an entry to flush", other.name, o.name)}
			}
		}
	}
	return nil
}

func fdbFilter(c *Call) nsexec.FDBFilter {
	cfg := fdbConfig(c)
	f := nsexec.FDBFilter{Place: cfg.Flags & (unix.NTF_SELF | unix.NTF_MASTER), Dst: cfg.Dst, Attrs: cfg.Attrs}
	f.Attrs = slices.DeleteFunc(f.Attrs, func(a nsexec.Attr) bool { return a.Type == unix.NDA_VLAN })
	if vlan, ok := Opt[int64](c, "vlan"); ok {
		f.VLAN = uint16(vlan)
	}
	for _, o := range fdbFlushes {
		if c.Has(o.name) {
			f.State, f.StateMask = f.State|o.state, f.StateMask|o.mask
			f.Flags, f.FlagsMask = f.Flags|o.flag, f.FlagsMask|o.flags
		}
	}
	return f
}
