//go:build linux

package builtins

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// typ is a Type made of a name and a reading of text.
type typ[T any] struct {
	name  string
	parse func(v value.Value) (T, error)
}

func (t typ[T]) String() string { return t.name }

func (t typ[T]) Parse(v value.Value) (any, error) {
	if !isPlain(v) {
		return nil, notPlainError(t, v)
	}
	return t.parse(v)
}

// isPlain reports whether a value's text may be one of a type's.
func isPlain(v value.Value) bool {
	switch v.(type) {
	case *value.Record, value.Null, value.Range, value.List:
		return false
	}
	return true
}

func notPlainError(t Type, v value.Value) error {
	return fmt.Errorf("wants %s, this is a %s", t, v.Kind())
}

// ofText makes a Type of a function that reads the text of a value.
func ofText[T any](name string, parse func(string) (T, error)) Type {
	return typ[T]{name, func(v value.Value) (T, error) { return parse(v.String()) }}
}

// LinkArg is a link and the namespace that it is in.
type LinkArg struct {
	NS        nsexec.Ref
	Elsewhere bool // NS was named, as in `h1:eth0`
	Link      nsexec.LinkRef
}

// String is the argument as the language writes it.
func (l LinkArg) String() string {
	if l.Elsewhere {
		return l.NS.Name + ":" + l.Link.String()
	}
	return l.Link.String()
}

// The types that many verbs share. Beside each stands what Parse returns.
var (
	linkType    = ofText("LINK", ParseLink)                                                                            // LinkArg
	localLink   = ofText("LINK", parseLocalLink)                                                                       // LinkArg, of the same namespace as what the statement is about
	newLinkType = ofText("[NS:]NAME", parseNewLink)                                                                    // LinkArg, its Link a name
	ifName      = ofText("NAME", func(s string) (string, error) { return s, checkLinkName(s) })                        // string
	nsName      = ofText("NAMESPACE", func(s string) (string, error) { return s, nsexec.CheckNSName(s) })              // string: one that is there
	newNSName   = ofText("NAME", func(s string) (string, error) { return s, nsexec.CheckNSName(s) })                   // string
	ipType      = typ[value.IP]{"IP", readIP}                                                                          // value.IP
	prefixType  = typ[value.Prefix]{"IP/LEN", readPrefix}                                                              // value.Prefix
	hostOrNet   = typ[value.Prefix]{"IP[/LEN]", readHostOrNet}                                                         // value.Prefix
	macType     = ofText("MAC", value.ParseMAC)                                                                        // value.MAC
	ownMAC      = ofText("MAC", parseOwnMAC)                                                                           // value.MAC, that a link can have
	switchType  = ofText("on|off", func(s string) (bool, error) { b, err := value.ParseBool(s); return bool(b), err }) // bool
	textType    = ofText("TEXT", func(s string) (string, error) { return s, nil })                                     // string
	aliasType   = ofText("TEXT", parseAlias)                                                                           // string
	timeType    = ofText("TIME", parseTime)                                                                            // time.Duration
)

// readIP takes an address that a script has made as it is, without going by its
// text.
func readIP(v value.Value) (value.IP, error) {
	if ip, ok := v.(value.IP); ok {
		return ip, nil
	}
	return value.ParseIP(v.String())
}

// readPrefix is readIP of prefixes.
func readPrefix(v value.Value) (value.Prefix, error) {
	if p, ok := v.(value.Prefix); ok {
		return p, nil
	}
	return value.ParsePrefix(v.String())
}

// readHostOrNet reads an address alone as a prefix that holds nothing else.
func readHostOrNet(v value.Value) (value.Prefix, error) {
	switch v := v.(type) {
	case value.Prefix:
		return v, nil
	case value.IP:
		return hostPrefix(v), nil
	}
	return parseHostOrNet(v.String())
}

func hostPrefix(ip value.IP) value.Prefix {
	return value.Prefix{Prefix: netip.PrefixFrom(ip.Addr, ip.BitLen())}
}

func parseTime(s string) (time.Duration, error) {
	d, err := value.ParseDuration(s)
	return time.Duration(d), err
}

// number is a whole number from lo to hi: an int64.
func number(lo, hi int64) Type { return numberType{lo, hi} }

// numberType has its text made only where somebody reads it: there are hundreds,
// and the program starts often.
type numberType struct{ lo, hi int64 }

func (t numberType) String() string { return fmt.Sprintf("%d..%d", t.lo, t.hi) }

func (t numberType) Parse(v value.Value) (any, error) {
	if !isPlain(v) {
		return nil, notPlainError(t, v)
	}
	n, err := value.ParseInt(v.String())
	if err != nil {
		return nil, err
	}
	if n := int64(n); n < t.lo || n > t.hi {
		return nil, fmt.Errorf("%d is not in %s", n, t)
	}
	return int64(n), nil
}

// oneOf is one of some words: the int64 that it stands for.
func oneOf(words ...word) Type { return &wordType{words} }

// wordType has its text made where it is needed, as numberType.
type wordType struct{ words []word }

func (t *wordType) String() string { return t.list("|") }

func (t *wordType) list(sep string) string {
	names := make([]string, len(t.words))
	for i, w := range t.words {
		names[i] = w.name
	}
	return strings.Join(names, sep)
}

func (t *wordType) Parse(v value.Value) (any, error) {
	switch v.(type) {
	case value.IP, value.Prefix: // whose text takes time to make, and is no word
		return nil, &noneOfError{v, t}
	}
	if !isPlain(v) {
		return nil, notPlainError(t, v)
	}
	s := v.String()
	for _, w := range t.words {
		if w.name == s {
			return w.value, nil
		}
	}
	return nil, &noneOfError{v, t}
}

// noneOfError says which words there are. Its text is made only where somebody
// reads it: Bind tries types that do not fit.
type noneOfError struct {
	got   value.Value
	words *wordType
}

func (e *noneOfError) Error() string {
	return fmt.Sprintf("%q is none of %s", e.got, e.words.list(", "))
}

// parseOwnMAC reads an address that a link may have for its own, as
// is_valid_ether_addr of the kernel has it.
func parseOwnMAC(s string) (value.MAC, error) {
	m, err := value.ParseMAC(s)
	switch {
	case err != nil:
		return m, err
	case m[0]&1 != 0:
		return m, fmt.Errorf("%s is a multicast address, which no link can have for its own; the first byte must be even", m)
	case m == value.MAC{}:
		return m, fmt.Errorf("%s is no address that a link can have", m)
	}
	return m, nil
}

// word is a word with what it stands for.
type word struct {
	name  string
	value int64
}

// ifNameMax is IFNAMSIZ of linux/if.h without the end's NUL.
const ifNameMax = 15

// checkLinkName reports why a name is none for a link, as dev_valid_name of the
// kernel does, and the language's own rule: no colon.
func checkLinkName(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("a link's name must not be empty")
	case len(s) > ifNameMax:
		return fmt.Errorf("a link's name has at most %d bytes, %q has %d", ifNameMax, s, len(s))
	case s == "." || s == "..":
		return fmt.Errorf("%q is no name for a link", s)
	case strings.ContainsAny(s, "/: \t\n\v\f\r\x00"):
		return fmt.Errorf("a link's name holds no blank, slash or colon, as %q does", s)
	}
	return nil
}

// ParseLink reads the text of a link argument: `eth0`, `h1:eth0`, `index:3` or
// `alias:uplink`. Where it is not Elsewhere, its NS is the caller's to say.
func ParseLink(s string) (LinkArg, error) {
	head, rest, found := strings.Cut(s, ":")
	if !found {
		return LinkArg{Link: nsexec.LinkRef{Name: s}}, checkLinkName(s)
	}
	switch head {
	case "index":
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 {
			return LinkArg{}, fmt.Errorf("%q is no index of a link", rest)
		}
		return LinkArg{Link: nsexec.LinkRef{Index: n}}, nil
	case "alias":
		if rest == "" {
			return LinkArg{}, fmt.Errorf("an alias must not be empty")
		}
		return LinkArg{Link: nsexec.LinkRef{Alias: rest}}, nil
	}
	return parseNewLink(s)
}

// parseLocalLink reads a link that is looked for where the statement acts.
func parseLocalLink(s string) (LinkArg, error) {
	l, err := ParseLink(s)
	if err == nil && l.Elsewhere {
		return l, fmt.Errorf("%q must be in the same namespace, so it is written %q", s, l.Link.Name)
	}
	return l, err
}

func parseNewLink(s string) (LinkArg, error) {
	ns, name, found := strings.Cut(s, ":")
	if !found {
		return LinkArg{Link: nsexec.LinkRef{Name: s}}, checkLinkName(s)
	}
	if err := nsexec.CheckNSName(ns); err != nil {
		return LinkArg{}, err
	}
	return LinkArg{NS: nsexec.Named(ns), Elsewhere: true, Link: nsexec.LinkRef{Name: name}}, checkLinkName(name)
}

func parseHostOrNet(s string) (value.Prefix, error) {
	if strings.Contains(s, "/") {
		return value.ParsePrefix(s)
	}
	ip, err := value.ParseIP(s)
	if err != nil {
		return value.Prefix{}, err
	}
	return hostPrefix(ip), nil
}

// parseAlias reads an alias: IFALIASZ of linux/if.h bounds it.
func parseAlias(s string) (string, error) {
	const most = 255
	if len(s) > most {
		return "", fmt.Errorf("an alias has at most %d bytes, this has %d", most, len(s))
	}
	return s, nil
}
