//go:build linux

package builtins

import (
	"slices"
	"strings"
)

// Use is an option in a call: what the account of witnessed options calls it,
// and the arguments that it takes up.
type Use struct {
	Item       string
	Start, End int
}

// Uses are the options that a call's arguments give, those of options too.
func Uses(s *Spec, mod Modifiers, args []Arg) ([]Use, *ArgError) {
	b := &binder{}
	if err := s.allows(mod); err != nil {
		return nil, err
	}
	b.reset(s, &Env{}, mod, args)
	var ends []int
	for i := 0; i < len(args); { // as split does
		o := b.optionAt(i)
		if o == nil {
			b.blur = b.blur || args[i].Spread
			b.free = append(b.free, i)
			i++
			continue
		}
		n, g, err := b.option(o, i, b.names)
		if err != nil {
			return nil, err
		}
		b.call.given, b.after = append(b.call.given, g), append(b.after, len(b.free))
		ends = append(ends, n)
		i = n
	}
	if err := b.place(); err != nil {
		return nil, err
	}
	if err := b.own(); err != nil {
		return nil, err
	}
	var out []Use
	for i, g := range b.call.given {
		of := s.Name
		if k := One[*tcKind](&b.call, "KIND"); k != nil && k.option(g.Option.Name) != nil {
			of += " " + k.name
		}
		if g.Param >= 0 {
			of += " " + s.ParamsFor(mod)[g.Param].Name
		}
		out = append(out, usesOf(g, of, ends[i])...)
	}
	return out, nil
}

// usesOf are an option and those within it.
func usesOf(g Given, of string, end int) []Use {
	item := of + " " + g.Option.Name
	out := []Use{{item, g.Arg, end}}
	if g.Lead == "lock" { // others are filler words, or must be given by what follows
		out = append(out, Use{item + " " + g.Lead, g.Arg + 1, g.Arg + 2})
	}
	if g.Option.Name == "action" && len(g.Values) > 0 {
		if word, ok := g.Values[0].(string); ok {
			if _, ok := controls[word]; ok {
				word = "gact"
			}
			out = append(out, Use{item + " " + word, g.Arg, end})
		}
	}
	for i, sub := range g.Given {
		subEnd := end
		if i+1 < len(g.Given) {
			subEnd = g.Given[i+1].Arg
		}
		out = append(out, usesOf(sub, item, subEnd)...)
	}
	return out
}

// Items are all that the account is of: each verb, bare and under its modifiers,
// and each option of it, where options hang on a kind for each kind.
func Items() []string {
	var out []string
	for _, s := range Table() {
		if s.Group == Undoing {
			continue // what journals say, and no person: every test of undoing runs them
		}
		if !s.ModOnly {
			out = append(out, s.Name)
		}
		for _, m := range modifierWords {
			if s.Modifiers&m.m != 0 {
				out = append(out, m.name+" "+s.Name)
			}
		}
		kinds := map[string][]tcKind{"qdisc": qdiscKinds, "class": classKinds, "filter": filterKinds}[s.Name]
		for _, o := range s.Options {
			if !ofKindAlone(kinds, s, o.Name) {
				out = append(out, itemsOf(o, s.Name)...)
			}
		}
		for _, k := range kinds {
			for _, o := range k.options {
				out = append(out, s.Name+" "+k.name+" "+o.name)
			}
		}
		for _, p := range s.Params {
			for _, o := range p.Options {
				out = append(out, itemsOf(o, s.Name+" "+p.Name)...)
			}
		}
	}
	for name := range actionReaders {
		out = append(out, "filter action "+name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ofKindAlone reports whether a verb has an option only from its kinds.
func ofKindAlone(kinds []tcKind, s *Spec, name string) bool {
	own := map[string][]Option{"qdisc": qdiscOwn, "class": classOwn, "filter": filterOwn}[s.Name]
	return len(kinds) > 0 && findOption(own, name) == nil
}

func itemsOf(o Option, of string) []string {
	item := of + " " + o.Name
	out := []string{item}
	if slices.Contains(o.Leads, "lock") {
		out = append(out, item+" lock")
	}
	for _, sub := range o.Options {
		out = append(out, itemsOf(sub, item)...)
	}
	return out
}

// Alternatives are values that an option might have instead of one: the other
// words of its type. There are none where the type does not list words.
func Alternatives(s *Spec, item, value string) []string {
	var out []string
	for _, o := range slices.Concat(s.Options, paramOptions(s)) {
		out = append(out, alternatives(o, s.Name+" "+o.Name, item)...)
	}
	return slices.DeleteFunc(out, func(w string) bool { return w == value })
}

func paramOptions(s *Spec) []Option {
	var out []Option
	for _, p := range s.Params {
		out = append(out, p.Options...)
	}
	return out
}

func alternatives(o Option, at, item string) []string {
	if len(o.Options) == 0 && o.Type != nil && strings.HasSuffix(item, " "+o.Name) && strings.Contains(o.Type.String(), "|") {
		return strings.Split(o.Type.String(), "|")
	}
	var out []string
	for _, sub := range o.Options {
		out = append(out, alternatives(sub, at+" "+sub.Name, item)...)
	}
	return out
}

// Flags are the options of a verb that take no value, a few of them.
func Flags(s *Spec) []string {
	var out []string
	for _, o := range s.Options {
		if o.Type == nil && len(o.Options) == 0 && len(out) < 6 {
			out = append(out, o.Name)
		}
	}
	return out
}
