//go:build linux

package nstest

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"

	"github.com/nescript/nescript/nsexec"
)

// Output runs a program in a named namespace and returns what it prints; what it
// says of an error is in the error. The program runs on a thread that is in the
// namespace: `ip -n` and the like would mount a new /sys each time, which in the
// VM takes longer than all else that they do.
func Output(ns nsexec.Ref, stdin string, program ...string) (string, error) {
	return output(nsexec.NPName(ns.Name), stdin, program...)
}

func output(ns nsexec.NsProvider, stdin string, program ...string) (string, error) {
	var out, errOut bytes.Buffer
	err := nsexec.Do(ns, nsexec.NAGeneric(program[0], func() error {
		cmd := exec.Command(program[0], program[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
		return cmd.Run()
	}))
	if err != nil {
		return out.String(), fmt.Errorf("%q: %w: %s", program, err, bytes.TrimSpace(errOut.Bytes()))
	}
	return out.String(), nil
}
