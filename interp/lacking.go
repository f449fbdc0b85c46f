//go:build linux

package interp

import (
	"context"
	"slices"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// need is what a statement that is sure to run needs of the kernel.
type need struct {
	file *lang.File
	cmd  *lang.Command
	kind nsexec.Kind
}

// needs takes note of the kinds that a statement needs of the kernel, if it is
// sure to run and nothing before it may have changed what there is: a program
// may load a module, and a `fail` ends the script.
func (c *checker) needs(spec *builtins.Spec, cmd *lang.Command, kinds []nsexec.Kind) {
	if spec.NoUndo == builtins.ProgramsOwn || spec.Name == "fail" {
		c.changed = true
	}
	if !c.certain() || c.blind > 0 || c.deferred || c.changed {
		return
	}
	for _, k := range kinds {
		// What is lacking is told of the first statement that needs it.
		if !slices.ContainsFunc(c.prog.needs, func(n need) bool { return n.kind == k }) {
			c.prog.needs = append(c.prog.needs, need{c.file, cmd, k})
		}
	}
}

// prober is a Runner that can say what its kernel lacks, as the Engine.
type prober interface {
	Lacks(ctx context.Context, kinds []nsexec.Kind) (at int, err error)
}

// lacks is the error of the first statement that is sure to run and fail, since
// the kernel lacks something, before anything is done. A plan asks nothing.
func (m *machine) lacks(ctx context.Context) error {
	needs := m.prog.needs
	if len(needs) == 0 || m.plan != nil {
		return nil
	}
	runner, err := m.in.runner()
	if err != nil {
		return err
	}
	p, ok := runner.(prober)
	if !ok {
		return nil
	}
	kinds := make([]nsexec.Kind, len(needs))
	for i, n := range needs {
		kinds[i] = n.kind
	}
	at, err := p.Lacks(ctx, kinds)
	if err == nil {
		return nil
	}
	e := &env{m: m, ctx: ctx, vars: m.in.globals, ns: m.in.Namespace(), file: needs[at].file}
	out := e.failed(needs[at].cmd, nil, err)
	out.Clean = true
	return out
}
