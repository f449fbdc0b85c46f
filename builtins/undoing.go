//go:build linux

package builtins

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/nescript/nescript/nsexec"
)

// The verbs that journals are written in. They are statements like any other,
// so that a journal can be read and run, but they say what an object is by what
// nothing else can have, its cookie or its index, and leave alone what is gone.

// journaled is why the verbs of a journal are not undone themselves.
const journaled = "it undoes something, and undoing is not undone"

// cookieType is the cookie of a namespace.
var cookieType = ofText("N", func(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not the cookie of a namespace", s)
	}
	return n, nil
})

// madeKinds are the kinds of objects that a run makes.
var madeKinds = oneOf(word{"ns", ofNS}, word{"link", ofLink}, word{"addr", ofRecord}, word{"route", ofRecord}, word{"rule", ofRecord}, word{"neigh", ofRecord},
	word{"fdb", ofRecord}, word{"bvlan", ofRecord}, word{"mdb", ofRecord}, word{"nexthop", ofRecord}, word{"addrlabel", ofRecord},
	word{"qdisc", ofRecord}, word{"class", ofRecord}, word{"filter", ofRecord}, word{"masquerade", ofMasquerade},
	word{"xfrm", ofRecord}, word{"sr", ofRecord}, word{"ioam", ofRecord}, word{"fou", ofRecord}, word{"l2tp", ofRecord}, word{"mptcp", ofRecord}, word{"macsec", ofRecord})

const (
	ofNS = iota
	ofLink
	ofRecord
	ofOffload
	ofNft
	ofMasquerade
	ofWireguard
)

var cookieOption = Option{Name: "cookie", Type: cookieType, Doc: "the kernel's number for the namespace, which no other ever has"}

var unmakeSpec = &Spec{
	Name: "unmake", Group: Undoing, NoUndo: journaled,
	Doc:     "take away what a run has made, if it is still there and still the same; for journals",
	Example: "unmake ns h1 cookie 4711",
	Params: []Param{
		{Name: "KIND", Type: madeKinds},
		{Name: "NAME", Type: textType, Doc: "of a namespace its name, else a text for people"},
	},
	Options: []Option{
		cookieOption,
		{Name: "index", Type: number(1, 1<<31-1), Doc: "the link's index, which the run chose for it"},
		{Name: "data", Type: textType, Doc: "the object, as the kernel's messages in base64"},
	},
	Verify:  compiles,
	Compile: compileUnmake,
}

func compileUnmake(c *Call) ([]nsexec.Step, error) {
	name := c.Str("NAME")
	switch c.Int("KIND") {
	case ofNS:
		cookie, ok := Opt[uint64](c, "cookie")
		if !ok {
			return nil, fmt.Errorf(`"unmake ns" needs "cookie"`)
		}
		return []nsexec.Step{{NS: nsexec.Host(), Action: nsexec.UnmakeNS(name, cookie)}}, nsexec.CheckNSName(name)
	case ofLink:
		if !c.Has("index") {
			return nil, fmt.Errorf(`"unmake link" needs "index"`)
		}
		return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.UnmakeLink(name, optInt(c, "index"))}}, nil
	}
	if c.Int("KIND") == ofMasquerade {
		a, err := nsexec.UnmakeMasquerade(name)
		return []nsexec.Step{{NS: c.Env.NS, Action: a}}, err
	}
	record, err := recordOf(c)
	if err != nil {
		return nil, err
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.Unmake(name, record)}}, nil
}

// recordOf reads the options data and sysctl, as far as the verb has them.
func recordOf(c *Call) (*nsexec.Record, error) {
	data, _ := Opt[string](c, "data")
	var sysctls []string
	needs := `it needs "data"`
	if findOption(c.Spec.Options, "sysctl") != nil {
		needs += ` or "sysctl"`
	}
	if g, ok := c.Option("sysctl"); ok {
		sysctls = texts(g.Values)
	}
	record, err := nsexec.ReadRecord(data, sysctls)
	if err == nil && record.IsEmpty() {
		err = errors.New(needs)
	}
	return record, err
}

// restoredKinds are the kinds of what can be put back.
var restoredKinds = oneOf(word{"ns", ofNS}, word{"link", ofLink}, word{"addr", ofRecord}, word{"route", ofRecord},
	word{"rule", ofRecord}, word{"neigh", ofRecord}, word{"fdb", ofRecord}, word{"bvlan", ofRecord}, word{"mdb", ofRecord},
	word{"sysctl", ofRecord}, word{"nexthop", ofRecord}, word{"addrlabel", ofRecord},
	word{"qdisc", ofRecord}, word{"class", ofRecord}, word{"filter", ofRecord}, word{"offload", ofOffload},
	word{"nft", ofNft}, word{"masquerade", ofMasquerade}, word{"wireguard", ofWireguard}, word{"xfrm", ofRecord},
	word{"sr", ofRecord}, word{"ioam", ofRecord}, word{"fou", ofRecord}, word{"l2tp", ofRecord}, word{"mptcp", ofRecord}, word{"macsec", ofRecord})

var restoreSpec = &Spec{
	Name: "restore", Group: Undoing, NoUndo: journaled,
	Doc:     "put something back as it was before a run, unless it is so; for journals",
	Example: "restore sysctl net.ipv4.ip_forward sysctl net/ipv4/ip_forward=0",
	Params: []Param{
		{Name: "KIND", Type: restoredKinds},
		{Name: "NAME", Type: textType, Doc: "of a namespace its name, else a text for people"},
	},
	Options: []Option{
		cookieOption,
		{Name: "index", Type: number(1, 1<<31-1), Doc: "the index that the link has where it waits"},
		{Name: "from", Type: refWord, Many: true, Doc: "the namespace where a link waits, or the path that keeps a namespace"},
		{Name: "remake", Doc: "make the link again"},
		{Name: "replaced", Doc: "delete the routes that have taken the place of the old ones"},
		{Name: "data", Type: textType, Doc: "how it was, as the kernel's messages in base64"},
		{Name: "sysctl", Type: textType, Many: true, Doc: "sysctls as PATH=VALUE"},
		{Name: "feature", Type: textType, Many: true, Doc: "offloads as FEATURE=on or FEATURE=off"},
		{Name: "nftable", Type: textType, Many: true, Doc: "tables as nft lists them, or only their heads for those to be gone"},
		{Name: "exact", Doc: "there are to be no other tables"},
		{Name: "masqrule", Type: textType, Many: true, Doc: "the rules of a masquerade, in words"},
		{Name: "wg", Type: textType, Many: true, Doc: "what a WireGuard link and its peers had, in words"},
	},
	Verify:  compiles,
	Compile: compileRestore,
}

func compileRestore(c *Call) ([]nsexec.Step, error) {
	name := c.Str("NAME")
	var from nsexec.Ref
	if g, ok := c.Option("from"); ok {
		var err error
		if from, err = refOf(texts(g.Values)); err != nil {
			return nil, err
		}
	}
	if c.Int("KIND") == ofNS {
		cookie, ok := Opt[uint64](c, "cookie")
		if !ok || from.Kind != nsexec.RefPath {
			return nil, fmt.Errorf(`"restore ns" needs "cookie" and "from path"`)
		}
		return []nsexec.Step{{NS: nsexec.Host(), Action: nsexec.RestoreNS(name, cookie, from.Name)}}, nsexec.CheckNSName(name)
	}
	if restore := restores[c.Int("KIND")]; restore != nil {
		a, err := restore(c)
		return []nsexec.Step{{NS: c.Env.NS, Action: a}}, err
	}
	record, err := recordOf(c)
	if err != nil {
		return nil, err
	}
	cfg := nsexec.RestoreConfig{Text: name, Record: record, Index: optInt(c, "index"), Remake: c.Has("remake"), Replaced: c.Has("replaced")}
	if from.Kind == nsexec.RefPath {
		cfg.From = from.Name
	} else {
		cfg.FromNS = from
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.Restore(cfg)}}, nil
}

func texts(vals []any) []string {
	var out []string
	for _, v := range vals {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
