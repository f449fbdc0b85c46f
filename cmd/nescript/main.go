//go:build linux

// Command nescript checks, formats, plans and runs scripts for Linux network
// namespaces, and has a prompt to try statements at. `nescript help` lists what
// it does.
//
// It exits with 0 when all went well, 1 when something failed, 2 when the
// command line or a script was wrong and nothing was touched, 3 when something
// could not be undone, 130 when it was interrupted.
package main

import (
	"os"

	_ "github.com/nescript/nescript/cmd/nescript/early" // so that the program starts sooner
)

func main() {
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run is the whole program but for the process around it.
func run(args []string, std streams) int {
	a := &app{streams: std}
	root := newRoot(a)
	root.SetArgs(shorthand(root, args))
	return a.finish(root.Execute())
}
