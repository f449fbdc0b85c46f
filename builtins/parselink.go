//go:build linux

package builtins

// ParseLink reads the text of a link argument: `eth0`, `h1:eth0`, `index:3` or
// `alias:uplink`. Where it is not Elsewhere, its NS is the caller's to say.
func ParseLink(s string) (LinkArg, error) { return parseLink(s) }
