//go:build linux

package main

import (
	"os"
	"runtime/debug"
)

// The program lives shortly, and what it allocates for a statement is garbage
// once that has been done. So it collects less often than Go does, as long as
// that costs no more than some tens of megabytes.
const (
	fewCollections = 400     // per cent of growth, for scripts of any usual size
	bigScript      = 2 << 20 // bytes; of these the tree itself takes the memory
	moreOfBig      = 100
)

// collectFor sets how often to collect for a script of a size, unless GOGC does.
func collectFor(script int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := fewCollections
	if script > bigScript {
		percent = moreOfBig
	}
	debug.SetGCPercent(percent)
}
