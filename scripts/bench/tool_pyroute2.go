//go:build linux

package main

import _ "embed"

//go:embed peers/pyroute2.py
var pyroute2Script string

// pyroute2Tool is a program on Python's netlink library.
var pyroute2Tool = tool{
	name: "pyroute2", about: "Python on pyroute2, a connection for each namespace",
	missing: needsPython("pyroute2", "pyroute2"),
	does:    map[task]func(*job) ([]string, error){build: pythonPeer("pyroute2", pyroute2Script)},
}
