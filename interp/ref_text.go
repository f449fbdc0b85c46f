//go:build linux

package interp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// ParseRef reads the words that name one namespace, as after `in`: `ns h1`,
// `pid 12`, `host`. One word alone is the name of a namespace.
func ParseRef(words ...string) (nsexec.Ref, error) {
	if len(words) == 1 && words[0] != "host" {
		words = []string{"ns", words[0]}
	}
	var args arguments
	for _, w := range words {
		args.vals = append(args.vals, builtins.Arg{Value: value.String(w), Bare: true})
		args.nodes = append(args.nodes, &lang.Word{Raw: w})
	}
	places, err := readRefs(args)
	switch {
	case err != nil:
		return nsexec.Ref{}, unplaced(err)
	case len(places) != 1:
		return nsexec.Ref{}, fmt.Errorf("%q names %s, not one", strings.Join(words, " "), count(len(places), "namespace"))
	case places[0].fresh:
		return nsexec.Ref{}, errors.New("a namespace without a name needs a block that it ends with")
	}
	return places[0].ref, nil
}

// unplaced is an error without the node that it is about.
func unplaced(err error) error {
	var p *placed
	if errors.As(err, &p) {
		return p.err
	}
	return err
}

// Reach reports whether a namespace is there and can be entered.
func (in *Interp) Reach(ctx context.Context, ns nsexec.Ref) error {
	runner, err := in.runner()
	if err != nil {
		return err
	}
	return runner.Look(ctx, ns, func(*nsexec.Conn) error { return nil })
}
