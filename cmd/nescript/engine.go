//go:build linux

package main

import "github.com/nescript/nescript/nsexec"

// newEngine makes an engine that knows every kind of namespace. The caller
// closes it.
func newEngine() (*nsexec.Engine, error) {
	return nsexec.NewEngine()
}
