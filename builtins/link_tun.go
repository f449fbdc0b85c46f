//go:build linux

package builtins

import (
	"slices"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// tunSpec is the verb for TUN and TAP links, which are made through
// /dev/net/tun rather than by netlink (the kernel's tuntap.rst).
func tunSpec(name, doc string) *Spec {
	s := kind{name: name, doc: doc, example: name + " " + name + "0 user 1000 up"}.spec()
	s.Options = append([]Option{
		{Name: "user", Type: number(0, 1<<32-2), Doc: "the user, by number, that may attach to it"},
		{Name: "groupid", Type: number(0, 1<<32-2), Doc: "the group, by number, that may attach to it"},
		{Name: "multi_queue", Doc: "let several programs attach"},
		{Name: "vnet_hdr", Doc: "put a virtio header before each packet"},
		{Name: "pi", Doc: "put the packet's protocol before each packet"},
	}, slices.DeleteFunc(s.Options, func(o Option) bool {
		return strings.HasSuffix(o.Name, "xqueues") // each program that attaches has a queue
	})...)
	s.ModParams = map[Modifiers][]Param{Del: {{Name: "LINK", Type: linkType, Many: true}}}
	s.Needs = nil // it is made through /dev/net/tun, not as a kind of links
	s.Verify = nil
	s.Compile = func(c *Call) ([]nsexec.Step, error) { return compileTun(c, name) }
	return s
}

func compileTun(c *Call, name string) ([]nsexec.Step, error) {
	if c.Modifier == Del {
		return perLink(c, "LINK", func(l nsexec.LinkRef) nsexec.Action { return nsexec.DelLink(l, name) }), nil
	}
	link := c.Link("NAME")
	cfg := nsexec.LinkConfig{Kind: name, Name: link.Link.Name}
	common(c, -1, &cfg)
	tun := nsexec.TunConfig{Tap: name == "tap", MultiQueue: c.Has("multi_queue"), VNetHdr: c.Has("vnet_hdr"), PI: c.Has("pi"), User: -1, Group: -1}
	if uid, ok := Opt[int64](c, "user"); ok {
		tun.User = int(uid)
	}
	if gid, ok := Opt[int64](c, "groupid"); ok {
		tun.Group = int(gid)
	}
	action := nsexec.NewTun(cfg, tun, c.Modifier == Ensure)
	if c.Modifier == Replace {
		action = nsexec.ReplaceTun(cfg, tun)
	}
	return []nsexec.Step{{NS: link.NS, Action: action}}, nil
}
