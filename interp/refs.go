//go:build linux

package interp

import (
	"fmt"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// place is one namespace that `in` names, and the word that names it.
type place struct {
	ref   nsexec.Ref
	fresh bool // `new`: made when the block starts, gone after it
	node  lang.Node
	// known is false where a part of it is not known before the run.
	known bool
}

// refWords are the words that a namespace's naming starts with, and how many
// arguments each takes; ns takes one or more.
var refWords = map[string]int{"host": 0, "new": 0, "ns": 1, "pid": 1, "thread": 2, "path": 1, "docker": 1, "podman": 1, "cookie": 2}

// refNames are those that people write, sorted, for help.
var refNames = []string{"docker", "host", "new", "ns", "path", "pid", "podman", "thread"}

// readRefs reads the arguments of `in`. Both the checker, for which some values
// are nil, and the evaluator use it.
func readRefs(args arguments) ([]place, error) { return appendRefs(nil, args) }

// appendRefs is readRefs, and adds them to what there is.
func appendRefs(out []place, args arguments) ([]place, error) {
	for i := 0; i < len(args.vals); {
		word, n := args.vals[i], args.nodes[i]
		if word.Value == nil {
			if word.Spread { // may be none: `$nothing`, or a whole REF
				i++
				continue
			}
			return nil, at(n, fmt.Errorf("in needs one of %s", listOf(refNames)))
		}
		name := word.Value.String()
		takes, ok := refWords[name]
		if !ok {
			return nil, &placed{node: n, err: fmt.Errorf("%q does not say which kind of namespace", name), help: refHelp(name)}
		}
		i++
		for first := true; first || name == "ns" && more(args, i); first = false {
			if spreads(args, i, takes) { // any number of names, known when it runs
				i++
				continue
			}
			if i+takes > len(args.vals) {
				return nil, at(n, fmt.Errorf("%s needs %s", name, count(takes, "argument")))
			}
			p, err := onePlace(name, n, args.vals[i:i+takes], args.nodes[i:i+takes])
			if err != nil {
				return nil, err
			}
			out = append(out, p)
			i += takes
		}
	}
	return out, nil
}

// more reports whether another name of `ns NAME…` follows.
func more(args arguments, i int) bool {
	if i >= len(args.vals) {
		return false
	}
	a := args.vals[i]
	if !a.Bare {
		return true
	}
	_, starts := refWords[a.Value.String()]
	return !starts
}

func spreads(args arguments, i, takes int) bool {
	return takes > 0 && i < len(args.vals) && args.vals[i].Spread
}

func refHelp(name string) string {
	if near := lang.Nearest(name, refNames); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("in ns %s < … > runs a block in the namespace of that name", lang.QuoteWord(name))
}

func onePlace(word string, n lang.Node, args []builtins.Arg, nodes []lang.Node) (place, error) {
	p := place{node: n, known: true}
	for i, a := range args {
		p.node = nodes[i]
		if a.Value == nil {
			p.known = false
		}
	}
	switch {
	case word == "host":
		return p, nil
	case word == "new":
		p.fresh = true
		return p, nil
	case !p.known:
		return p, nil
	}
	var err error
	p.ref, err = refOf(word, args, nodes)
	return p, err
}

// refOf is the namespace of a word other than host and new.
func refOf(word string, args []builtins.Arg, nodes []lang.Node) (nsexec.Ref, error) {
	switch word {
	case "pid", "thread":
		var ids [2]int
		for i, a := range args {
			id, err := processID(a.Value)
			if err != nil {
				return nsexec.Ref{}, at(nodes[i], err)
			}
			ids[i] = id
		}
		if word == "pid" {
			return nsexec.Process(ids[0]), nil
		}
		return nsexec.Thread(ids[0], ids[1]), nil
	}
	name, err := refName(args[0].Value)
	if err != nil {
		return nsexec.Ref{}, at(nodes[0], err)
	}
	switch word {
	case "cookie":
		ref, err := builtins.CookieRef(name, args[1].Value.String())
		return ref, at(nodes[0], err)
	case "path":
		return nsexec.Path(name), nil
	case "docker":
		return nsexec.Docker(name), nil
	case "podman":
		return nsexec.Podman(name), nil
	}
	if err := checkNamespaceName(name); err != nil {
		return nsexec.Ref{}, at(nodes[0], err)
	}
	return nsexec.Named(name), nil
}

func processID(v value.Value) (int, error) {
	n, ok := v.(value.Int)
	if s, isText := v.(value.String); isText {
		parsed, err := value.ParseInt(string(s))
		n, ok = value.Int(parsed), err == nil
	}
	if !ok || n < 1 || n > 1<<22 {
		return 0, fmt.Errorf("%q is not the number of a process", v)
	}
	return int(n), nil
}

func refName(v value.Value) (string, error) {
	switch v.(type) {
	case value.List, *value.Record, value.Null, value.Range:
		return "", fmt.Errorf("a name is text, this is %s", describe(v))
	}
	if s := v.String(); s != "" {
		return s, nil
	}
	return "", fmt.Errorf("a name must not be empty")
}

// checkNamespaceName refuses a name that can't become a file's under
// /run/netns, or that could not be told from a link's.
func checkNamespaceName(name string) error {
	if strings.Contains(name, ":") {
		return fmt.Errorf("%q is not the name of a namespace: it must not hold a colon", name)
	}
	return nsexec.CheckNSName(name)
}

// refText is a namespace as a script names it, its name quoted where it must be.
func refText(ref nsexec.Ref) string {
	if ref.Name == "" || ref.Kind == nsexec.RefCookie {
		return ref.String()
	}
	return strings.TrimSuffix(ref.String(), ref.Name) + lang.QuoteWord(ref.Name)
}
