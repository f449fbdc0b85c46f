//go:build linux

package main

import _ "embed"

//go:embed peers/mininet_peer.py
var mininetScript string

// mininetTool is mininet with its LinuxBridge. It has hosts and switches, no
// routers, so it builds stars and grids only.
var mininetTool = tool{
	name: "mininet", about: "mininet's Python API; stars on its LinuxBridge, and grids",
	missing: needsPython("mininet.net", "mininet", "mnexec", "brctl", "ifconfig"),
	does:    map[task]func(*job) ([]string, error){build: pythonPeer("mininet.net", mininetScript)},
	only:    []string{"star", "grid"},
	stays:   true,
}
