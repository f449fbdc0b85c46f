//go:build linux

package nsexec

import "strconv"

// LinkRef says which link of a namespace is meant. Exactly one field is set.
type LinkRef struct {
	Name  string // its name, or one of its altnames
	Index int
	Alias string // ifalias; to find it takes a dump of all links
}

// ByName refers to the link of that name or altname.
func ByName(name string) LinkRef { return LinkRef{Name: name} }

// ByIndex refers to the link with that index.
func ByIndex(index int) LinkRef { return LinkRef{Index: index} }

// ByAlias refers to the link with that alias.
func ByAlias(alias string) LinkRef { return LinkRef{Alias: alias} }

// String is the link as the language writes it: `eth0`, `index:3`, `alias:up`.
func (l LinkRef) String() string {
	switch {
	case l.Index != 0:
		return "index:" + strconv.Itoa(l.Index)
	case l.Alias != "":
		return "alias:" + l.Alias
	}
	return l.Name
}
