//go:build linux

package builtins

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nescript/nescript/lang/value"
	"github.com/vishvananda/netlink/nl"
)

// tcKind is a kind of qdisc, class or filter: its name, its own options and how
// they become what TCA_OPTIONS holds.
type tcKind struct {
	name, doc string
	options   []tcOption
	needs     []string // options without which none is made
	// verify says what else is wrong, once all values are known.
	verify func(v tcValues) error
	// encode makes the options that have no attribute of their own, which come
	// first.
	encode func(v tcValues) ([]byte, error)
}

// tcOption is one option of a kind.
type tcOption struct {
	name    string
	aliases []string
	typ     Type   // nil: a flag
	more    []Type // of further values, which may be left out
	many    bool   // takes any number of values
	least   int    // takes so many values whatever they are called
	repeat  bool
	attr    uint16 // the attribute that it is, if it is one
	enc     func(any) []byte
	doc     string
}

// tcValues are the options that were given, by name; of a flag it is true.
type tcValues map[string][]any

func (v tcValues) has(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return v[n] != nil })
}

// tcGet is the value of an option at a place, or what it is otherwise.
func tcGet[T any](v tcValues, name string, at int, or T) T {
	if vals := v[name]; at < len(vals) {
		if got, ok := vals[at].(T); ok {
			return got
		}
	}
	return or
}

func (v tcValues) u32(name string) uint32          { return tcGet(v, name, 0, uint32(0)) }
func (v tcValues) rate(name string) uint64         { return tcGet(v, name, 0, uint64(0)) }
func (v tcValues) int(name string, or int64) int64 { return tcGet(v, name, 0, or) }
func (v tcValues) time(name string) time.Duration  { return tcGet(v, name, 0, time.Duration(0)) }

// optionsOf merges the options of kinds: one of each name, whose value is read
// once it is known which kind it is for.
func optionsOf(kinds []tcKind) []Option {
	most := 0
	for i := range kinds {
		most += len(kinds[i].options)
	}
	type use struct {
		kinds, docs []string
		types       []Type
	}
	out, uses := make([]Option, 0, most), make([]use, 0, most)
	at := make(map[string]int, most)
	for k := range kinds {
		for n := range kinds[k].options {
			o := &kinds[k].options[n]
			i, known := at[o.name]
			if !known {
				i = len(out)
				at[o.name] = i
				out = append(out, Option{Name: o.name, Aliases: o.aliases, Repeat: o.repeat, Least: o.least})
				uses = append(uses, use{})
			}
			out[i].Many = out[i].Many || o.many || len(o.more) > 0
			u := &uses[i]
			if o.typ != nil {
				u.types = append(u.types, o.typ)
			}
			if !slices.Contains(u.docs, o.doc) {
				u.docs = append(u.docs, o.doc)
			}
			u.kinds = append(u.kinds, kinds[k].name)
		}
	}
	for i, u := range uses {
		out[i].Doc = "of " + strings.Join(u.kinds, ", ") + ": " + strings.Join(u.docs, "; or ")
		if len(u.types) > 0 {
			out[i].Type = &severalTypes{u.types}
		}
	}
	return out
}

// severalTypes is a text that will be read as one of some types.
type severalTypes struct{ types []Type }

func (t *severalTypes) String() string {
	var names []string
	for _, one := range t.types {
		if name := one.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "|")
}

func (t *severalTypes) Parse(v value.Value) (any, error) {
	if !isPlain(v) {
		return nil, notPlainError(t, v)
	}
	return v.String(), nil
}

// findTC finds a kind by its name.
func findTC(kinds []tcKind, name string) *tcKind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
}

// tcKindType is the name of a kind: a *tcKind.
func tcKindType(what string, kinds []tcKind) Type {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return ofText(strings.Join(names, "|"), func(s string) (*tcKind, error) {
		if k := findTC(kinds, s); k != nil {
			return k, nil
		}
		return nil, fmt.Errorf("%q is no kind of %s: %s", s, what, strings.Join(names, ", "))
	})
}

func (k *tcKind) option(name string) *tcOption {
	for i, o := range k.options {
		if o.name == name {
			return &k.options[i]
		}
	}
	return nil
}

// optionNames lists what the kind takes.
func (k *tcKind) optionNames() string {
	var names []string
	for _, o := range k.options {
		names = append(names, o.name)
	}
	if len(names) == 0 {
		return "no options"
	}
	return strings.Join(names, ", ")
}

// read reads the options that were given as those of the kind; own are the
// verb's own.
func (k *tcKind) read(c *Call, own []Option) (tcValues, *ArgError) {
	v := tcValues{}
	for _, g := range c.Options() {
		if findOption(own, g.Option.Name) != nil {
			continue
		}
		o := k.option(g.Option.Name)
		if o == nil {
			return nil, &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%s has no option %q", k.name, g.Option.Name), Help: "it takes " + k.optionNames()}
		}
		vals, err := o.read(g)
		if err != nil {
			return nil, err
		}
		v[o.name] = append(v[o.name], vals...)
	}
	for _, name := range k.needs {
		if o := k.option(name); !v.has(name) {
			return nil, &ArgError{Arg: -1, Msg: fmt.Sprintf("%s needs %q: %s", k.name, name, o.doc)}
		}
	}
	return v, nil
}

// read reads the values of an option. One that is not known yet is nil.
func (o *tcOption) read(g Given) ([]any, *ArgError) {
	if o.typ == nil {
		return []any{true}, nil
	}
	var out []any
	for i, raw := range g.Values {
		t := o.typ
		if i > 0 && !o.many {
			if i > len(o.more) {
				return nil, &ArgError{Arg: g.Arg + i + 1, Msg: fmt.Sprintf("%q takes no further value", o.name)}
			}
			t = o.more[i-1]
		}
		s, ok := raw.(string)
		if !ok {
			out = append(out, nil)
			continue
		}
		got, err := t.Parse(value.String(s))
		if err != nil {
			return nil, &ArgError{Arg: g.Arg + i + 1, Msg: fmt.Sprintf("%q: %v", o.name, err)}
		}
		out = append(out, got)
	}
	if o.repeat {
		return []any{out}, nil
	}
	return out, nil
}

// data is what TCA_OPTIONS holds.
func (k *tcKind) data(v tcValues) ([]byte, error) {
	var out []byte
	if k.verify != nil {
		if err := k.verify(v); err != nil {
			return nil, err
		}
	}
	if k.encode != nil {
		var err error
		if out, err = k.encode(v); err != nil {
			return nil, err
		}
	}
	for _, o := range k.options {
		if vals := v[o.name]; vals != nil && o.enc != nil {
			out = append(out, tcAttr(o.attr, o.enc(vals[0]))...)
		}
	}
	return out, nil
}

// compile reads the options and makes of them what TCA_OPTIONS holds.
func (k *tcKind) compile(c *Call, own []Option) ([]byte, error) {
	v, err := k.read(c, own)
	if err != nil {
		return nil, err
	}
	return k.data(v)
}

// tcAttr is an attribute in bytes.
func tcAttr(kind uint16, data []byte) []byte { return nl.NewRtAttr(int(kind), data).Serialize() }

// Encodings of one value.

func tcU8(v any) []byte  { return []byte{byte(asInt(v))} }
func tcU16(v any) []byte { return nl.Uint16Attr(uint16(asInt(v))) }
func tcU32(v any) []byte {
	if n, ok := v.(uint32); ok {
		return nl.Uint32Attr(n)
	}
	return nl.Uint32Attr(uint32(asInt(v)))
}
func tcRate64(v any) []byte { return nl.Uint64Attr(v.(uint64)) }
func tcRate32(v any) []byte { return nl.Uint32Attr(uint32(min(v.(uint64), 1<<32-1))) }
func tcMicros(v any) []byte { return nl.Uint32Attr(microseconds(v.(time.Duration))) }
func tcFixed(n uint32) func(any) []byte {
	return func(any) []byte { return nl.Uint32Attr(n) }
}
