//go:build linux

package main

import (
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/docker"
)

// newEngine makes an engine that knows every kind of namespace. The caller
// closes it.
func newEngine() (*nsexec.Engine, error) {
	return nsexec.NewEngine(docker.Resolvers(), nsexec.HoldProcessor())
}

// newInterp makes an interpreter with such an engine. The caller calls end.
func newInterp(opts ...interp.Option) (in *interp.Interp, end func(), err error) {
	engine, err := newEngine()
	if err != nil {
		return nil, nil, err
	}
	in, err = interp.New(append(opts, interp.Engine(engine))...)
	if err != nil {
		engine.Close()
		return nil, nil, err
	}
	return in, func() { in.Close(); engine.Close() }, nil
}
