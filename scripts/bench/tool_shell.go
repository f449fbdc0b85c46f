//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// shellTool is a shell script with an ip for each step, as most are.
var shellTool = tool{
	name: "shell", about: "sh with an ip for each step",
	missing: needs("ip"),
	does: map[task]func(*job) ([]string, error){
		build: func(j *job) ([]string, error) {
			path, err := j.write("build.sh", j.plan.shell())
			return []string{"sh", path}, err
		},
		down: func(j *job) ([]string, error) {
			var b strings.Builder
			for _, name := range j.plan.spaces {
				fmt.Fprintf(&b, "ip netns del %s\n", name)
			}
			path, err := j.write("down.sh", "set -e\n"+b.String())
			return []string{"sh", path}, err
		},
	},
}

// shell makes everything by one command after the other.
func (p *plan) shell() string {
	var b strings.Builder
	b.WriteString("set -e\n")
	say := func(format string, args ...any) { fmt.Fprintf(&b, "ip "+format+"\n", args...) }
	for _, name := range p.spaces {
		say("netns add %s", name)
		say("-n %s link set lo up", name)
	}
	for _, l := range p.links {
		ns := p.spaces[l.space]
		say("-n %s link add name %s type %s", ns, l.name, l.kind)
		say("-n %s link set dev %s up", ns, l.name)
		for _, a := range l.addrs {
			say("-n %s addr add %s dev %s", ns, a, l.name)
		}
	}
	for _, pr := range p.pairs {
		say("link add name %s netns %s type veth peer name %s netns %s",
			pr.near.name, p.spaces[pr.near.space], pr.far.name, p.spaces[pr.far.space])
		for _, e := range []end{pr.near, pr.far} {
			ns := p.spaces[e.space]
			if e.master != "" {
				say("-n %s link set dev %s master %s", ns, e.name, e.master)
			}
			for _, a := range e.addrs {
				say("-n %s addr add %s dev %s", ns, a, e.name)
			}
			say("-n %s link set dev %s up", ns, e.name)
		}
	}
	for _, r := range p.routes {
		say("-n %s route add %s via %s dev %s", p.spaces[r.space], r.dst(), r.via, r.dev)
	}
	return b.String()
}

// needs says that a tool needs a program.
func needs(program string) func(*config) error {
	return func(*config) error {
		_, err := exec.LookPath(program)
		return err
	}
}
