//go:build linux

package builtins

import (
	"fmt"
	"io"
	"strings"
)

// Synopsis is the verb's form, as iproute2 writes it.
func (s *Spec) Synopsis(mod Modifiers) string {
	parts := []string{s.Name}
	if mod != 0 {
		parts = []string{mod.String(), s.Name}
	}
	for _, p := range s.ParamsFor(mod) {
		text := p.Name
		if p.Many {
			text += "…"
		}
		if p.Optional {
			text = "[" + text + "]"
		}
		parts = append(parts, text)
		for _, o := range p.Options {
			parts = append(parts, o.form())
		}
	}
	for _, o := range s.Options {
		parts = append(parts, o.form())
	}
	if s.Enter != nil {
		parts = append(parts, "[< … >]")
	}
	return strings.Join(parts, " ")
}

// form is how an option is written: `[mtu 68..65535]`.
func (o Option) form() string {
	text := o.Name
	switch {
	case len(o.Options) > 0:
		text += " " + optionForms(o.Options)
	case o.Type != nil:
		text += " " + o.valueForm()
		if o.Many {
			text += "…"
		}
	}
	text = "[" + text + "]"
	if o.Repeat {
		text += "…"
	}
	return text
}

// valueForm is how an option's value is written: `[lock] 0..4294967295`.
func (o Option) valueForm() string {
	if len(o.Leads) == 0 {
		return o.Type.String()
	}
	return "[" + strings.Join(o.Leads, "|") + "] " + o.Type.String()
}

func optionForms(opts []Option) string {
	var out []string
	for _, o := range opts {
		out = append(out, o.form())
	}
	return strings.Join(out, " ")
}

func optionNames(opts []Option) string {
	var out []string
	for _, o := range opts {
		out = append(out, o.Name)
	}
	return strings.Join(out, ", ")
}

// Help writes what a person needs to use a verb.
func Help(w io.Writer, s *Spec) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", s.Name, s.Doc)
	for _, form := range s.forms() {
		fmt.Fprintf(&b, "    %s\n", form)
	}
	writeParams(&b, s.Params)
	writeOptions(&b, "options", s.Options)
	fmt.Fprintf(&b, "\nexample:\n    %s\n", s.Example)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeParams(b *strings.Builder, params []Param) {
	for _, p := range params {
		if p.Doc != "" {
			fmt.Fprintf(b, "\n%s (%s): %s\n", p.Name, p.Type, p.Doc)
		}
		writeOptions(b, "options of "+p.Name, p.Options)
	}
}

func writeOptions(b *strings.Builder, title string, opts []Option) {
	if len(opts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	writeOptionRows(b, "    ", opts)
}

// writeOptionRows writes a line for each option, those of options below them.
func writeOptionRows(b *strings.Builder, indent string, opts []Option) {
	for _, o := range opts {
		text := o.Name
		switch {
		case len(o.Options) > 0:
			text += " …"
		case o.Type != nil:
			text += " " + o.valueForm()
			if o.Many {
				text += "…"
			}
		}
		fmt.Fprintf(b, "%-36s %s\n", indent+text, o.Doc)
		writeOptionRows(b, indent+"    ", o.Options)
	}
}
