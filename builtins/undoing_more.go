//go:build linux

package builtins

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// restores are the readers of `restore` for what is not a record.
var restores = map[int]func(c *Call) (nsexec.NsAction, error){
	ofOffload:    restoreOffload,
	ofNft:        restoreNft,
	ofMasquerade: restoreMasquerade,
	ofWireguard:  restoreWireguard,
}

func restoreOffload(c *Call) (nsexec.NsAction, error) {
	g, ok := c.Option("feature")
	if !ok || !c.Has("index") {
		return nsexec.NsAction{}, errors.New(`"restore offload" needs "index" and "feature"`)
	}
	had := map[string]bool{}
	for _, text := range texts(g.Values) {
		name, state, _ := strings.Cut(text, "=")
		if state != "on" && state != "off" {
			return nsexec.NsAction{}, fmt.Errorf("%q is no FEATURE=on or FEATURE=off", text)
		}
		had[name] = state == "on"
	}
	return nsexec.RestoreOffloads(c.Str("NAME"), optInt(c, "index"), had), nil
}

func restoreNft(c *Call) (nsexec.NsAction, error) {
	var tables []string
	if g, ok := c.Option("nftable"); ok {
		tables = texts(g.Values)
	}
	if len(tables) == 0 && !c.Has("exact") {
		return nsexec.NsAction{}, errors.New(`"restore nft" needs "nftable" or "exact"`)
	}
	return nsexec.RestoreNft(tables, c.Has("exact"))
}

func restoreMasquerade(c *Call) (nsexec.NsAction, error) {
	var rules []string
	if g, ok := c.Option("masqrule"); ok {
		rules = texts(g.Values)
	}
	return nsexec.RestoreMasquerade(c.Str("NAME"), rules)
}

func restoreWireguard(c *Call) (nsexec.NsAction, error) {
	g, ok := c.Option("wg")
	if !ok || !c.Has("index") {
		return nsexec.NsAction{}, errors.New(`"restore wireguard" needs "index" and "wg"`)
	}
	return nsexec.RestoreWireguard(c.Str("NAME"), optInt(c, "index"), texts(g.Values))
}
