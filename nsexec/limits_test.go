//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// again runs the test binary in a role, by way of a shell's command line.
func again(role, shell string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", shell+`exec /proc/self/fd/3`)
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	cmd.ExtraFiles = []*os.File{self}
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// TestRun_manyNamespaces: 1,200 namespaces in one Run, with 256 descriptors; in
// a VM without hardware's help 400, which are still too many for them.
func TestRun_manyNamespaces(t *testing.T) {
	out, err := again("many", "ulimit -n 256; ").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func manyRole() int {
	many := 1200
	if nstest.InVM() {
		many = 400
	}
	e, err := nsexec.NewEngine()
	if err != nil {
		return complain(err)
	}
	name := func(i int) string { return fmt.Sprint("many", i) }
	var steps []nsexec.Step
	for i := range many {
		steps = append(steps, nsexec.Step{Action: nsexec.NewNS(name(i), true)})
	}
	for i := range many { // each has had to be closed meanwhile
		ns, next, peer := nsexec.Named(name(i)), nsexec.Named(name((i+1)%many)), fmt.Sprint("from", i)
		steps = append(steps,
			nsexec.Step{NS: ns, Action: nsexec.NewLink(nsexec.LinkConfig{Kind: "veth", Name: "a", Peer: &nsexec.LinkConfig{Name: peer, NS: next}})},
			nsexec.Step{NS: next, Action: nsexec.LASetUp(nsexec.LPName(peer))})
	}
	for i := range many {
		steps = append(steps, nsexec.Step{NS: nsexec.Named(name(i)), Action: has(fmt.Sprint("from", (i+many-1)%many))})
	}
	for i := range many {
		steps = append(steps, nsexec.Step{Action: nsexec.DelNS(name(i))})
	}
	err = e.Run(context.Background(), steps...)
	return complain(errors.Join(err, e.Close()))
}

func complain(err error) int {
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestUnprivileged: without privilege the error is EPERM, whatever is tried.
func TestUnprivileged(t *testing.T) {
	ns := nstest.NS(t)
	cmd := again("unprivileged", "")
	cmd.Env = append(cmd.Env, "NSEXEC_TEST_NS="+ns.Name)
	// In a user namespace of its own it has no say over ours.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func unprivilegedRole() int {
	e, err := nsexec.NewEngine()
	if err != nil {
		return complain(err)
	}
	defer e.Close()
	ctx, ns := context.Background(), nsexec.Named(os.Getenv("NSEXEC_TEST_NS"))
	inHost := func(a nsexec.Action) error { return e.Run(ctx, nsexec.Step{Action: a}) }
	_, anonymous := e.NewAnonymous(ctx)
	failed := 0
	for what, err := range map[string]error{
		"netlink":       inHost(bridge("br0")),
		"ns":            inHost(nsexec.NewNS("mine", true)),
		"del ns":        inHost(nsexec.DelNS(ns.Name)),
		"enter":         e.Run(ctx, nsexec.Step{NS: ns, Action: has("lo")}),
		"thread":        e.Run(ctx, nsexec.Step{NS: ns, Action: nothing(true)}),
		"look":          e.Look(ctx, ns, func(*nsexec.Conn) error { return nil }),
		"anonymous":     anonymous,
		"Do":            nsexec.Do(nsexec.NPName(ns.Name), nsexec.LASetUp(nsexec.LPName("lo"))),
		"NewNamedNS":    nsexec.NewNamedNS("mine", false),
		"DeleteNamedNS": nsexec.DeleteNamedNS(ns.Name),
	} {
		if !errors.Is(err, unix.EPERM) {
			fmt.Printf("%s: got %v\n", what, err)
			failed++
		}
	}
	return failed
}
