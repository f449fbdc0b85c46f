//go:build linux

package builtins

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Groups are the headings of the reference, in order.
var Groups = []Group{Namespaces, Joining, Links, LinkState, Bridging, Layer3, Traffic, System, Programs, Checks, Undoing}

// Reference writes every built-in verb with its options as Markdown.
func Reference(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# NEScript's verbs\n\nWritten from the table in this folder; `nescript help VERB` shows the same.\n")
	for _, g := range Groups {
		fmt.Fprintf(&b, "\n## %s\n", g)
		for _, s := range Table() {
			if s.Group == g {
				referenceOf(&b, s)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func referenceOf(b *strings.Builder, s *Spec) {
	fmt.Fprintf(b, "\n### %s\n\n%s.\n\n```nes\n%s\n```\n\n", s.Name, upperFirst(s.Doc), s.Example)
	for _, form := range s.forms() {
		fmt.Fprintf(b, "    %s\n", form)
	}
	rows := optionRows(s.Options, "")
	for _, p := range s.Params {
		rows = append(rows, optionRows(p.Options, "of "+p.Name+": ")...)
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n| option | |\n| --- | --- |\n")
	for _, r := range rows {
		b.WriteString(r)
	}
}

// forms are the ways to write a verb: bare, and under each modifier.
func (s *Spec) forms() []string {
	var out []string
	if !s.ModOnly {
		out = append(out, s.ShortForm(0))
	}
	for _, m := range modifierWords {
		if s.Modifiers&m.m != 0 {
			out = append(out, s.ShortForm(m.m))
		}
	}
	return out
}

// ShortForm is the synopsis with the options left to their lists.
func (s *Spec) ShortForm(mod Modifiers) string {
	bare := *s
	bare.Options = fewOrAny(s.Options)
	params := slices.Clone(s.ParamsFor(mod))
	for i, p := range params {
		params[i].Options = fewOrAny(p.Options)
	}
	bare.Params, bare.ModParams = params, nil
	return bare.Synopsis(mod)
}

// fewOrAny are the options themselves where they are few, or one that stands
// for all.
func fewOrAny(opts []Option) []Option {
	const few = 3
	if len(opts) <= few {
		return opts
	}
	return []Option{{Name: "OPTION…"}}
}

func optionRows(opts []Option, prefix string) []string {
	var out []string
	for _, o := range opts {
		text := o.Name
		if o.Type != nil {
			text += " " + o.valueForm()
		}
		out = append(out, fmt.Sprintf("| `%s` | %s%s |\n", strings.ReplaceAll(text, "|", "\\|"), prefix, o.Doc))
		out = append(out, optionRows(o.Options, "of "+o.Name+": ")...)
	}
	return out
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
