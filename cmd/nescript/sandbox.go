//go:build linux

package main

import "github.com/nescript/nescript/nsexec"

// enterSandbox has the rest of the command happen in a sandbox: this process
// waits for another one that is in it. In that one it returns nil; here, what
// came of it.
func (a *app) enterSandbox() error {
	a.sandboxable = false // there is no other
	code, inside, err := nsexec.Sandbox()
	if err != nil {
		return err
	}
	if !inside {
		a.json = false // the record has been written inside
		return codeError(code)
	}
	return nil
}
