//go:build linux

package builtins

import (
	"errors"
	"fmt"

	"github.com/nescript/nescript/nsexec"
)

// objectWord is an option that says which BPF program is meant. They are the same
// for filters, links, routes and segments.
type objectWord struct {
	name    string
	aliases []string
	typ     Type
	doc     string
}

var objectWords = []objectWord{
	{"obj", []string{"object", "object-file"}, filled("FILE"), "the object file of a BPF program, from the script's folder"},
	{"sec", []string{"section"}, filled("NAME"), "the program's section; unless said otherwise the one of iproute2, else the only one"},
	{"program", []string{"prog"}, filled("NAME"), "the program's name, where a section has several"},
	{"pinned", []string{"object-pinned"}, filled("PATH"), "a program that is pinned in a file system of type bpf, rather than one of a file"},
}

// objectOptions are the options that choose a program, of places that are told
// apart by their own options.
func objectOptions() []Option {
	var out []Option
	for _, w := range objectWords {
		out = append(out, Option{Name: w.name, Aliases: w.aliases, Type: w.typ, Doc: w.doc})
	}
	return out
}

// filled is a text that is not empty: a string.
func filled(name string) Type {
	return ofText(name, func(s string) (string, error) {
		if s == "" {
			return "", errors.New("a name must not be empty")
		}
		return s, nil
	})
}

// programOf is the program that options choose. It reads the object file, but for
// one whose name is not known yet: then, as where the checker does not know which
// files there will be, it is nil.
func programOf(c *Call, hook nsexec.BPFHook, what string, given []Given) (*nsexec.BPFProgram, *ArgError) {
	obj, hasObj := givenOption(given, "obj")
	pin, pinned := givenOption(given, "pinned")
	sec, hasSec := givenOption(given, "sec")
	prog, hasProg := givenOption(given, "program")
	switch {
	case hasObj && pinned:
		return nil, &ArgError{Arg: pin.Arg, Msg: "a program is of an object file or pinned, not both"}
	case pinned && (hasSec || hasProg):
		return nil, &ArgError{Arg: pin.Arg, Msg: "a program that is pinned has no section and no other name"}
	case !hasObj && !pinned:
		return nil, &ArgError{Arg: -1, Msg: what + ` needs "obj": the object file of a BPF program`}
	case pinned:
		path, known := pin.Value().(string)
		if !known {
			return nil, nil
		}
		return nsexec.PinnedBPF(hook, c.Env.files().Path(path)), nil
	}
	name, known := obj.Value().(string)
	if !known || c.Env.Unread {
		return nil, nil
	}
	object, err := readObject(c, name)
	if err != nil {
		return nil, &ArgError{Arg: obj.Arg + 1, Msg: err.Error()}
	}
	section, _ := sec.Value().(string)
	program, _ := prog.Value().(string)
	if hasSec && section == "" || hasProg && program == "" {
		return nil, nil // not known yet
	}
	p, err := object.Program(hook, section, program)
	if err != nil {
		at := obj.Arg + 1
		switch {
		case hasProg:
			at = prog.Arg + 1
		case hasSec:
			at = sec.Arg + 1
		}
		return nil, &ArgError{Arg: at, Msg: err.Error()}
	}
	return p, nil
}

func readObject(c *Call, name string) (*nsexec.BPFObject, error) {
	data, err := c.Env.files().ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("can't read %q: %w", c.Env.files().Path(name), err)
	}
	return nsexec.ReadBPF(name, data)
}
